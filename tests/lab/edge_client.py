"""A gate that stands for the tunnel, and a client that speaks to the edge over real sockets."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from spark_lab.authority import LabAuthority
from spark_lab.edge import Edge, serve
from spark_lab.tunnel.gate import TunnelRequest, TunnelResponse, nothing
from spark_lab.world import World
from tests.lab.edge_world import HOST

AGENT = "conformance-test/1"


class Body(AsyncGenerator[bytes, None]):
    """A response's body from a queue: bytes, an exception to raise, or None for its end."""

    def __init__(self) -> None:
        self.parts: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def __anext__(self) -> bytes:
        part = await self.parts.get()
        if part is None:
            raise StopAsyncIteration
        if isinstance(part, BaseException):
            raise part
        return part

    async def asend(self, _value: None) -> bytes:
        return await anext(self)

    async def athrow(self, *_details: object) -> bytes:
        raise NotImplementedError

    async def aclose(self) -> None:
        self.closed.set()


class FakeGate:
    """Notes what it is asked, and answers with `answer`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, TunnelRequest]] = []
        self.answer: Callable[[TunnelRequest], Awaitable[TunnelResponse]] = self.ok

    async def request(self, tunnel_id: str, request: TunnelRequest) -> TunnelResponse:
        self.requests.append((tunnel_id, request))
        return await self.answer(request)

    async def ok(self, _request: TunnelRequest) -> TunnelResponse:
        body = Body()
        for part in (b'{"models": []}', None):
            body.parts.put_nowait(part)
        return TunnelResponse(200, [("Content-Type", "application/json"), ("Server", "origin")], body)

    async def empty_403(self, _request: TunnelRequest) -> TunnelResponse:
        return TunnelResponse(403, [("Content-Length", "0")], nothing())

    @property
    def headers(self) -> dict[str, str]:
        """The last request's."""
        return dict(self.requests[-1][1].headers)


class Client:
    """Connects to the edge on loopback, names the host in TLS and in the request, follows and keeps nothing."""

    def __init__(self, edge: Edge, authority: LabAuthority) -> None:
        self.edge = edge
        self.authority = authority
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def get(self, path: str = "/api/tags", **more: Any) -> httpx.Response:
        response = await self.send(path, **more)
        await response.aread()
        return response

    async def send(self, path: str, host: str = HOST, sni: str | None = None, **more: Any) -> httpx.Response:
        """The response before its body. Connections are kept by the name of their handshake."""
        name = sni or host
        if name not in self._clients:
            self._clients[name] = httpx.AsyncClient(verify=self.authority.client_context(), timeout=60)
        http = self._clients[name]
        headers = {"host": host, "user-agent": AGENT, **more.pop("headers", {})}
        url, method = f"https://127.0.0.1:{self.edge.port}{path}", more.pop("method", "GET")
        request = http.build_request(method, url, headers=headers, extensions={"sni_hostname": name}, **more)
        response = await http.send(request, stream=True)
        http.cookies.clear()
        return response

    async def close(self) -> None:
        for http in self._clients.values():
            await http.aclose()


def with_edge(world: World, test: Callable[[Client, FakeGate], Awaitable[None]]) -> None:
    """Run the test against an edge of this world; afterwards nobody listens any more."""

    async def run(directory: str) -> None:
        gate, authority = FakeGate(), LabAuthority(Path(directory))
        edge = await serve(world, gate, authority)
        client = Client(edge, authority)
        try:
            await test(client, gate)
        finally:
            await client.close()
            await edge.close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(directory))
