"""A recorded request, sent as it was, and what is answered, taken apart."""

import asyncio
import re
import socket
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 130.0
"""A model may have to be loaded first, by a machine without a GPU."""
RECORDED_ON = "spark-291b"
"""The name of the machine that the recordings were made on: asked for by its own name, another says another."""


class BrokenAnswerError(AssertionError):
    """What came is no whole answer."""


@dataclass(frozen=True)
class Request:
    """One raw request; `host` None leaves the Host header out, `extra` is sent after the headers as it is."""

    method: str
    target: str
    host: str | None = "localhost:11434"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    version: str = "1.1"
    extra: str = ""

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Request":
        return cls(**said)

    def raw(self) -> bytes:
        """The bytes to send; the machine's own name stands for that of the recordings'."""
        lines = [f"{self.method} {self.target} HTTP/{self.version}"]
        if self.host is not None:
            lines.append(f"Host: {re.sub(f'^{RECORDED_ON}(?=:|$)', socket.gethostname(), self.host)}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        body = None if self.body is None else self.body.encode("latin-1")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        text = "\r\n".join([*lines, "Connection: close", ""]) + "\r\n"
        return text.replace("Connection: close\r\n", f"Connection: close\r\n{self.extra}").encode() + (body or b"")


@dataclass(frozen=True)
class Answer:
    """An answer; of one in chunks the body is what they hold."""

    status: str
    headers: tuple[str, ...]
    body: str


async def ask(address: tuple[str, int], request: Request) -> Answer:
    """Send one request; raises BrokenAnswerError where the answer is not whole."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(request.raw())
        raw = await reader.read()
        writer.close()
    return taken_apart(raw, request.method)


def taken_apart(raw: bytes, method: str) -> Answer:
    """The answer in these bytes. Raises BrokenAnswerError."""
    top, blank, rest = raw.partition(b"\r\n\r\n")
    status, *headers = top.decode().split("\r\n")
    if not blank or not status.startswith("HTTP/"):
        raise BrokenAnswerError(f"no answer: {raw[:200]!r}")
    said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
    if said.get("transfer-encoding") == "chunked":
        rest = _unchunked(rest)
    elif "content-length" in said and method != "HEAD" and int(said["content-length"]) != len(rest):
        raise BrokenAnswerError(f"{said['content-length']} bytes are announced, {len(rest)} came")
    return Answer(status, tuple(sorted(line for line in headers if not line.startswith("Date:"))), rest.decode())


def _unchunked(raw: bytes) -> bytes:
    parts: list[bytes] = []
    while True:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size or b"-", 16) if size.strip() else -1
        if length < 0:
            raise BrokenAnswerError("the last chunk is missing")
        if not length:
            return b"".join(parts)
        parts.append(raw[:length])
        raw = raw[length + 2 :]
