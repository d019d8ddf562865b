"""A bench for one connector: the edge's side of the tunnel, the public edge before it, an origin, and the connector."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spark_lab import dns, doors, edge, isolation
from spark_lab.authority import LabAuthority
from spark_lab.connector.web import Exchange, WebServer, listen
from spark_lab.tunnel.gate import TunnelRequest, TunnelResponse, nothing
from spark_lab.tunnel.server import TunnelServer, serve
from spark_lab.world import World
from tests.contract.subject import PATIENCE_S, Subject, Tail, started
from tests.lab.edge_world import AUD, HOST, SERVICE_AUTH, TUNNEL, a_world

ACCOUNT = "0123456789abcdef0123456789abcdef"
SECRET = bytes(range(32))
NOW = "2026-11-20T00:00:00Z"
OPEN = "open.example.org"
"""A host name behind the tunnel that no application protects."""
FACTOR = "0.02"
HTTPS = 443
COUNTERS = {
    "total": "cloudflared_tunnel_total_requests",
    "errors": "cloudflared_tunnel_request_errors",
    "busy": "cloudflared_tunnel_concurrent_requests_per_tunnel",
}
_BY_CODE = "cloudflared_tunnel_response_by_code"


def token(secret: bytes = SECRET, tunnel: str = TUNNEL) -> str:
    said = {"a": ACCOUNT, "t": tunnel, "s": base64.b64encode(secret).decode()}
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


@dataclass
class Bench:
    """Everything but the connector."""

    subject: Subject
    world: World
    server: TunnelServer
    front: edge.Edge
    authority: LabAuthority
    directory: Path
    origins: list[WebServer] = field(default_factory=list)

    def environment(self, protocol: str, **more: str) -> dict[str, str]:
        """What the connector finds in its environment; an empty text takes a variable away."""
        said = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.directory),
            "SSL_CERT_FILE": str(self.authority.pem_path),
            "TUNNEL_TOKEN": token(),
            "TUNNEL_EDGE": ",".join(self.server.addresses),
            "TUNNEL_CACERT": str(self.authority.pem_path),
            "TUNNEL_METRICS": "127.0.0.1:0",
            "TUNNEL_TRANSPORT_PROTOCOL": protocol,
            "TUNNEL_NO_PRECHECKS": "true",
            "TUNNEL_ICMPV4_SRC": "127.0.0.1",
            "TUNNEL_ICMPV6_SRC": "::1",
        }
        if not self.subject.genuine:
            said |= {
                "SPARK_LAB_ROOT": str(self.directory),
                "SPARK_LAB_BACKOFF": FACTOR,
                "SPARK_LAB_EDGE": f"127.0.0.1:{self.front.port}",
            }
        return {name: value for name, value in (said | more).items() if value}

    @asynccontextmanager
    async def connector(
        self, protocol: str, *arguments: str, ready: int = 4, **more: str
    ) -> AsyncIterator["Connector"]:
        """A connector with so many registered connections."""
        words = list(arguments) or ["tunnel", "--no-autoupdate", "run"]
        async with started(self.subject, words, self.environment(protocol, **more)) as tail:
            if ready:
                await tail.wait("Registered tunnel connection", ready)
            yield Connector(self, tail)

    async def origin(self, handler: Callable[[Exchange], Awaitable[None]]) -> str:
        """Start an origin; returns its URL."""
        server = await listen(handler, "127.0.0.1", 0)
        self.origins.append(server)
        return f"http://127.0.0.1:{server.address[1]}"

    def configure(self, *rules: dict[str, Any]) -> int:
        """Hand out these rules, before a catch-all of 404."""
        config = {"ingress": [*rules, {"service": "http_status:404"}], "warp-routing": {"enabled": False}}
        return int(self.world.configure(TUNNEL, config, NOW)["version"])

    async def ask(  # noqa: PLR0913 - what a request may have
        self,
        path: str = "/",
        *,
        method: str = "GET",
        body: AsyncIterator[bytes] | None = None,
        headers: list[tuple[str, str]] | None = None,
        host: str = OPEN,
        websocket: bool = False,
    ) -> TunnelResponse:
        """Send a request into the tunnel."""
        asked = TunnelRequest(method, path, host, headers or [], body or nothing(), websocket)
        async with asyncio.timeout(PATIENCE_S):
            return await self.server.request(TUNNEL, asked)

    async def ask_edge(self, host: str = HOST) -> int:
        """Send a request to the public edge; returns the answer's status."""
        context = ssl.create_default_context(cafile=str(self.authority.pem_path))
        port = HTTPS if isolation.inside() else self.front.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host)
        writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: contract/1\r\nConnection: close\r\n\r\n".encode())
        raw = await reader.read()
        writer.close()
        return int(raw.split()[1])


class Connector:
    """A connector that runs."""

    def __init__(self, bench: Bench, log: Tail) -> None:
        self._bench = bench
        self.log = log

    async def configured(self, version: int) -> None:
        """Wait until it runs a configuration."""
        await self.log.wait(f"Updated to new configuration .*version={version}$")

    async def get(self, path: str) -> tuple[int, str]:
        """What its metrics server answers."""
        await self.log.wait("Starting metrics server on")
        line = next(line for line in self.log.lines if "Starting metrics server on" in line)
        port = int(line.rsplit(":", 1)[1].removesuffix("/metrics"))
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            raw = await reader.read()
            writer.close()
        head, _, body = raw.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    async def metrics(self) -> dict[str, float]:
        _, text = await self.get("/metrics")
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def ready(self) -> tuple[int, int]:
        """Status of `/ready`, and how many connections it tells."""
        status, body = await self.get("/ready")
        return status, int(json.loads(body)["readyConnections"])

    async def becomes_ready(self, connections: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (await self.ready())[1] != connections:  # noqa: ASYNC110 - it can only be asked
                await asyncio.sleep(0.03)

    async def idle(self) -> dict[str, float]:
        """The counters, once nothing is under way."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.metrics())[COUNTERS["busy"]]:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.02)
        return found

    @asynccontextmanager
    async def counted(self) -> AsyncIterator["Counted"]:
        """What the counters, and the log, say of what happens inside the block."""
        before, start = await self.idle(), len(self.log.lines)
        counted = Counted()
        yield counted
        after = await self.idle()
        await self.log.quiet(self._bench.subject.quiet_s)
        counted.lines = self.log.lines[start:]
        counted.total = int(after[COUNTERS["total"]] - before[COUNTERS["total"]])
        counted.errors = int(after[COUNTERS["errors"]] - before[COUNTERS["errors"]])
        counted.codes = [
            int(name.split('"')[1])
            for name, value in sorted(after.items())
            if name.startswith(_BY_CODE) and value != before.get(name, 0)
        ]


@dataclass
class Counted:
    total: int = 0
    errors: int = 0
    codes: list[int] = field(default_factory=list)
    """The statuses whose counters moved."""
    lines: list[str] = field(default_factory=list)


@asynccontextmanager
async def bench(directory: Path, subject: Subject) -> AsyncIterator[Bench]:
    """A bench; for a genuine connector only inside a network of its own, where it finds names and the team's keys."""
    assert isolation.inside() or not subject.genuine, "a genuine connector must not reach anything"
    world = a_world(SERVICE_AUTH)
    world.account = {"id": ACCOUNT, "name": "lab"}
    world.tunnels[TUNNEL] |= {"account_tag": ACCOUNT, "config_src": "cloudflare", "name": "contract"}
    world.tunnel_secrets[TUNNEL] = SECRET
    authority = LabAuthority(directory)
    async with AsyncExitStack() as parts:
        server = await serve(world, authority)
        parts.push_async_callback(server.close)
        front = await edge.serve(world, server, authority)
        parts.push_async_callback(front.close)
        if isolation.inside():
            await front.open(doors.bound_here("tcp", HTTPS))
            parts.push_async_callback((await dns.serve_inside(world)).close)
        made = Bench(subject, world, server, front, authority, directory)
        yield made
        for origin in made.origins:
            await origin.close()


PROTECTED = {"required": True, "teamName": "goldteam", "audTag": [AUD]}
"""A rule's "Protect with Access", for the application of the world."""
