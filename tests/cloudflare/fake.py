"""An HTTP server that answers what it is told, for the answers that a well-meaning stand-in never gives."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Got:
    """One request as it arrived."""

    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


Answer: TypeAlias = tuple[int, dict[str, str], bytes]
"""A status, headers and a body."""


@dataclass
class Fake:
    """A server; `answer` may be replaced at any time."""

    url: str = ""
    requests: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Answer] = lambda _: ok([])


def ok(result: Any, **more: Any) -> Answer:
    """A good answer in Cloudflare's envelope."""
    return said(200, {"success": True, "errors": [], "messages": [], "result": result, **more})


def no(status: int, code: int, message: str, **headers: str) -> Answer:
    """A refusal in Cloudflare's envelope."""
    body = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
    return said(status, body, **headers)


def said(status: int, body: Any, **headers: str) -> Answer:
    """Any JSON at all."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"content-type": "application/json", **names}, json.dumps(body).encode()


@contextmanager
def fake() -> Iterator[Fake]:
    """A server on a free port of loopback."""
    state = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            got = Got(parts.path, dict(parse_qsl(parts.query)), self.headers)  # type: ignore[arg-type]  # it is a mapping in all but name
            state.requests.append(got)
            status, headers, body = state.answer(got)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
