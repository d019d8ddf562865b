"""A bench for the tunnel: a world with one tunnel, the edge's side of it, connectors as processes, an origin."""

import asyncio
import json
import os
import re
import sys
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from spark_lab.authority import LabAuthority
from spark_lab.connector.web import Exchange, WebServer, listen
from spark_lab.tunnel.gate import TunnelRequest, TunnelResponse, nothing
from spark_lab.tunnel.server import TunnelServer, serve
from spark_lab.world import World

TUNNEL = "75a07d1a-0bc7-485f-86b2-ce676d7d1c35"
ACCOUNT = "0123456789abcdef0123456789abcdef"
SECRET = bytes(range(32))
HOST = "ollama.goldfish.io"
NOW = "2026-11-20T00:00:00Z"
PATIENCE_S = 60
Metrics = dict[str, float]


def token(secret: bytes = SECRET, tunnel: str = TUNNEL, account: str = ACCOUNT) -> str:
    said = {"a": account, "t": tunnel, "s": b64encode(secret).decode()}
    return b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


def ingress(service: str, **origin_request: object) -> dict[str, object]:
    first = {"hostname": HOST, "service": service, "originRequest": origin_request}
    return {"ingress": [first, {"service": "http_status:404"}], "warp-routing": {"enabled": False}}


def new_world() -> World:
    world = World(account={"id": ACCOUNT, "name": "lab"}, zone={}, team="goldfish")
    world.tunnels[TUNNEL] = {"id": TUNNEL, "name": "dgx-spark-ollama", "config_src": "cloudflare", "deleted_at": None}
    world.tunnel_secrets[TUNNEL] = SECRET
    return world


class Process:
    """A process whose standard error is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self._read: dict[str, int] = {}
        self._floor = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def mark(self) -> None:
        """From here on only lines count that are read later."""
        self._read.clear()
        self._floor = len(self.lines)

    async def line(self, pattern: str) -> str:
        """The next line that matches, after the one that was last waited for by the same pattern."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for number in range(self._read.get(pattern, self._floor), len(self.lines)):
                    if re.search(pattern, self.lines[number]):
                        self._read[pattern] = number + 1
                        return self.lines[number]
                assert self._process.stderr is not None
                raw = await self._process.stderr.readline()
                assert raw, f"ended without /{pattern}/:\n{self.text}"
                self.lines.append(raw.decode().rstrip("\n"))

    async def lines_of(self, pattern: str, count: int) -> list[str]:
        return [await self.line(pattern) for _ in range(count)]

    def terminate(self) -> None:
        self._process.terminate()

    async def end(self) -> int:
        """The exit code, once the process has ended by itself."""
        async with asyncio.timeout(PATIENCE_S):
            assert self._process.stderr is not None
            while raw := await self._process.stderr.readline():
                self.lines.append(raw.decode().rstrip("\n"))
            return await self._process.wait()

    async def reap(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        assert self._process.stderr is not None
        await self._process.stderr.read()
        await self._process.wait()


@asynccontextmanager
async def process(module: str, *arguments: str, **environment: str) -> AsyncGenerator[Process, None]:
    """A module of the lab as a process; it does not outlive the block."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "PYTHONPATH") if key in os.environ}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**kept, **environment},
    )
    watched = Process(started)
    try:
        yield watched
    finally:
        await watched.reap()


@dataclass
class Bench:
    world: World
    server: TunnelServer
    ca: Path
    root: Path
    origins: list[WebServer] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "TUNNEL_TOKEN": token(),
            "TUNNEL_EDGE": ",".join(self.server.addresses),
            "TUNNEL_CACERT": str(self.ca),
            "TUNNEL_METRICS": "127.0.0.1:0",
            "SPARK_LAB_BACKOFF": "0.01",
            "SPARK_LAB_ROOT": str(self.root),
            **more,
        }

    @asynccontextmanager
    async def connector(self, *arguments: str, ready: int = 4, **more: str) -> AsyncGenerator["Running", None]:
        """A connector with so many registered connections."""
        words = arguments or ("tunnel", "--no-autoupdate", "run")
        async with process("spark_lab.connector", *words, **self.environment(**more)) as started:
            running = Running(started)
            if ready:
                await started.lines_of("Registered tunnel connection", ready)
            yield running

    async def origin(self, handler: Callable[[Exchange], Awaitable[None]]) -> str:
        """Start an origin; returns its URL."""
        server = await listen(handler, "127.0.0.1", 0)
        self.origins.append(server)
        return f"http://127.0.0.1:{server.address[1]}"

    def configure(self, service: str, **origin_request: object) -> int:
        return int(self.world.configure(TUNNEL, ingress(service, **origin_request), NOW)["version"])

    async def request(
        self,
        path: str = "/",
        method: str = "GET",
        body: AsyncIterator[bytes] | None = None,
        headers: list[tuple[str, str]] | None = None,
        host: str = HOST,
    ) -> TunnelResponse:
        asked = TunnelRequest(method, path, host, headers or [], body or nothing())
        async with asyncio.timeout(PATIENCE_S):
            return await self.server.request(TUNNEL, asked)

    async def whole(self, path: str = "/", **more: str) -> tuple[int, bytes]:
        response = await self.request(path, **more)  # type: ignore[arg-type]  # only texts are handed on
        return response.status, b"".join([chunk async for chunk in response.body])


class Running:
    """A connector that runs."""

    def __init__(self, watched: Process) -> None:
        self.log = watched

    @property
    def port(self) -> int:
        """Where its metrics server listens, as its log says."""
        found = re.search(r"Starting metrics server on 127\.0\.0\.1:(\d+)/metrics", self.log.text)
        assert found, self.log.text
        return int(found[1])

    async def get(self, path: str) -> tuple[int, str]:
        return await fetch(self.port, path)

    async def metrics(self) -> Metrics:
        _, text = await self.get("/metrics")
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


async def fetch(port: int, path: str, head: str = "", body: bytes = b"", method: str = "GET") -> tuple[int, str]:
    """Status and body of a plain HTTP request to the loopback; `head` holds more header lines."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = head if "host:" in head.lower() else f"Host: 127.0.0.1:{port}\r\n{head}"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}Connection: close\r\n{length}\r\n".encode() + body)
        raw = await reader.read()
        writer.close()
    top, _, rest = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in top.lower():
        rest = _unchunked(rest)
    return int(top.split()[1]), rest.decode()


def _unchunked(raw: bytes) -> bytes:
    parts = []
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        parts.append(raw[: int(size, 16)])
        raw = raw[int(size, 16) + 2 :]
    return b"".join(parts)


@asynccontextmanager
async def bench(directory: Path) -> AsyncGenerator[Bench, None]:
    world = new_world()
    authority = LabAuthority(directory)
    server = await serve(world, authority)
    made = Bench(world, server, authority.pem_path, directory)
    try:
        yield made
    finally:
        for origin in made.origins:
            await origin.close()
        await server.close()


def tracked(world: World, indexes: set[int]) -> None:
    """Track the connections of these indexes, and no others, as waiting for a reconnection."""
    for connector in world.connectors[TUNNEL].values():
        for index, connection in connector.connections.items():
            connection.pending_reconnect = index in indexes
