"""Requests of every kind: what the edge gets, how the counters move, what the log says. One connector for them all."""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from spark_lab.connector.web import Exchange
from spark_lab.tunnel.gate import Broken, TunnelResponse
from tests.contract.bench import OPEN, PROTECTED, Bench, Connector
from tests.contract.masking import shapes
from tests.lab.edge_world import AUD, HOST

PROTECTED_HOST = "protected.example.org"
DEAD_HOST = "dead.example.org"
REWRITTEN_HOST = "rewritten.example.org"
SOCKET_HOST = "socket.example.org"
LARGE = 50_000_000
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = base64.b64encode(b"sixteen bytes...").decode()
_SOCKET = [("Sec-WebSocket-Key", _KEY), ("Sec-WebSocket-Version", "13")]
_OWN = {"host", "x-forwarded-host", "cf-warp-tag-id", "connection", "user-agent", "accept-encoding", "x-kept"}
"""Headers at the origin that are looked at."""


class Origin:
    """Answers by the path that it is asked for."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self.go_on = asyncio.Event()
        self.asked = asyncio.Event()

    async def handle(self, exchange: Exchange) -> None:
        self.seen.append(dict(exchange.headers))
        self.asked.set()
        kind, _, detail = exchange.path.removeprefix("/").partition("/")
        if kind == "status":
            await exchange.answer(int(detail), b"said the origin")
        elif kind == "echo":
            await exchange.answer(200, await exchange.body())
        elif kind == "stream":
            await exchange.start(200, [("Content-Type", "application/x-ndjson")])
            await exchange.send(b"first\n")
            await self.go_on.wait()
            await exchange.send(b"second\n")
        elif kind == "endless":
            await exchange.start(200, [])
            while True:
                await exchange.send(b"more" * 2_000)
                await asyncio.sleep(0.001)
        elif kind == "late":
            await self.go_on.wait()
            await exchange.answer(200)
        elif kind == "broken":
            await exchange.start(200, [("Content-Length", "100")])
            await exchange.send(b"too short")
        elif kind == "large":
            await exchange.start(200, [("Content-Length", str(LARGE))])
            for _ in range(LARGE // 1_000_000):
                await exchange.send(b"x" * 1_000_000)


async def _echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An origin that takes WebSockets, and says again what it hears."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    wanted = all(line in head for line in ("upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"))
    accept = base64.b64encode(hashlib.sha1((_KEY + _GUID).encode()).digest())  # noqa: S324 - RFC 6455 says so
    status = b"101 Switching Protocols" if wanted else b"400 Bad Request"
    writer.write(
        b"HTTP/1.1 %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
        % (status, accept)
    )
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()


class Rows:
    """Tries the rows one after the other."""

    def __init__(self, bench: Bench, connector: Connector, origin: Origin) -> None:
        self._bench = bench
        self._connector = connector
        self._origin = origin
        self.found: dict[str, Any] = {}

    async def row(self, name: str, act: Callable[[], Awaitable[Any]]) -> None:
        """Do something, and keep what it led to."""
        self._origin.go_on.clear()
        self._origin.asked.clear()
        async with self._connector.counted() as counted:
            result = await act()
        self.found[name] = {
            "seen": result,
            "total": counted.total,
            "errors": counted.errors,
            "codes": counted.codes,
            "log": shapes(counted.lines),
        }

    async def plain(self, path: str, host: str = OPEN, **more: Any) -> Any:
        """Status and length of an answer."""
        response = await self._bench.ask(path, host=host, **more)
        return [response.status, sum([len(chunk) async for chunk in response.body])]

    async def assertion(self, token: str) -> Any:
        return await self.plain("/status/200", PROTECTED_HOST, headers=[("cf-access-jwt-assertion", token)])

    def token(self, **changed: Any) -> str:
        issuer = "https://goldteam.cloudflareaccess.com"
        now = int(time.time())
        claims = {"iss": issuer, "aud": [AUD], "exp": now + 3600, "iat": now, "sub": "", "type": "app"}
        return self._bench.front.keys.sign({**claims, **changed})

    async def leave_in_the_middle(self) -> Any:
        response = await self._bench.ask("/endless")
        await anext(response.body)
        await response.body.aclose()
        return response.status

    async def leave_early(self) -> Any:
        asking = asyncio.create_task(self._bench.ask("/late"))
        await self._origin.asked.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return None

    async def stream(self) -> Any:
        response = await self._bench.ask("/stream")
        parts = [await anext(response.body)]
        self._origin.go_on.set()
        parts += [chunk async for chunk in response.body]
        return [part.decode() for part in parts]

    async def broken(self) -> Any:
        try:
            return await self.plain("/broken")
        except Broken:
            return "broken off"

    async def upload(self, *, length: bool) -> Any:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 100_000

        headers = [("content-length", "2000000")] if length else []
        return await self.plain("/echo", method="POST", body=body(), headers=headers)

    async def socket(self) -> Any:
        said: asyncio.Queue[bytes] = asyncio.Queue()

        async def body() -> AsyncIterator[bytes]:
            while data := await said.get():
                yield data

        response = await self._bench.ask("/", host=SOCKET_HOST, headers=_SOCKET, websocket=True, body=body())
        said.put_nowait(b"heard")
        heard = await _read(response, 5)
        names = {name.lower(): value for name, value in response.headers}
        said.put_nowait(b"")
        await response.body.aclose()
        return [response.status, heard.decode(), names.get("sec-websocket-accept", "")]

    async def headers(self, host: str) -> Any:
        sent = [("x-forwarded-host", "sent.example.org"), ("x-kept", "kept"), ("cf-ray", "0123456789abcdef-FRA")]
        await self.plain("/status/200", host, headers=sent)
        seen = self._origin.seen[-1]
        (connector,) = self._bench.world.connectors[next(iter(self._bench.world.tunnels))]
        told = {name: value for name, value in sorted(seen.items()) if name in _OWN}
        return {name: "<connector>" if value == connector else value for name, value in told.items()}


async def _read(response: TunnelResponse, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await anext(response.body)
    return data


async def requests(bench: Bench, protocol: str) -> dict[str, Any]:
    """Every row."""
    origin = Origin()
    url = await bench.origin(origin.handle)
    sockets = await asyncio.start_server(_echoing, "127.0.0.1", 0)
    port = sockets.sockets[0].getsockname()[1]
    version = bench.configure(
        {"hostname": OPEN, "service": url},
        {"hostname": HOST, "service": url},
        {"hostname": PROTECTED_HOST, "service": url, "originRequest": {"access": PROTECTED}},
        {"hostname": DEAD_HOST, "service": "http://127.0.0.1:9"},
        {"hostname": REWRITTEN_HOST, "service": url, "originRequest": {"httpHostHeader": "localhost:11434"}},
        {"hostname": SOCKET_HOST, "service": f"ws://127.0.0.1:{port}"},
    )
    async with sockets, bench.connector(protocol) as connector:
        await connector.configured(version)
        rows = Rows(bench, connector, origin)
        for status in (200, 204, 302, 403, 500):
            await rows.row(f"origin {status}", lambda status=status: rows.plain(f"/status/{status}"))  # type: ignore[misc]
        await rows.row("HEAD", lambda: rows.plain("/status/200", method="HEAD"))
        await rows.row("catch-all 404", lambda: rows.plain("/", "other.example.org"))
        await rows.row("edge denies", bench.ask_edge)
        await rows.row("origin down", lambda: rows.plain("/", DEAD_HOST))
        await rows.row("origin breaks off", rows.broken)
        await rows.row("validator: no token", lambda: rows.plain("/status/200", PROTECTED_HOST))
        await rows.row("validator: valid token", lambda: rows.assertion(rows.token()))
        await rows.row("validator: wrong audience", lambda: rows.assertion(rows.token(aud=["other"])))
        await rows.row("validator: no JWT", lambda: rows.assertion("rubbish"))
        await rows.row("validator: expired", lambda: rows.assertion(rows.token(exp=1)))
        await rows.row("validator: other issuer", lambda: rows.assertion(rows.token(iss="https://other.example.org")))
        await rows.row("validator: other key", lambda: rows.assertion(_resigned(rows.token())))
        await rows.row("client leaves in the middle", rows.leave_in_the_middle)
        await rows.row("client leaves early", rows.leave_early)
        origin.go_on.set()
        await rows.row("stream", rows.stream)
        await rows.row("upload", lambda: rows.upload(length=False))
        await rows.row("upload with a length", lambda: rows.upload(length=True))
        await rows.row("50 MB", lambda: rows.plain("/large"))
        await rows.row("WebSocket", rows.socket)
        await rows.row("headers", lambda: rows.headers(OPEN))
        await rows.row("headers with httpHostHeader", lambda: rows.headers(REWRITTEN_HOST))
        return rows.found


def _resigned(token: str) -> str:
    """The same claims under a signature that is not the team's."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature[::-1]}"
