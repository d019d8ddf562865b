"""A WebSocket through the edge: judged like any request, and from the answer of 101 on a pipe."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from spark_lab.edge.raw import wants_websocket
from spark_lab.tunnel.gate import TunnelRequest, TunnelResponse
from tests.lab.edge_client import AGENT, Body, Client, FakeGate, with_edge
from tests.lab.edge_world import HOST, SERVICE_AUTH, a_world

UPGRADE = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
ANSWER = [("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ("Upgrade", "websocket"), ("Connection", "Upgrade")]


class Echo:
    """A gate's answer that switches, and sends back what it gets."""

    def __init__(self) -> None:
        self.body = Body()
        self.heard: list[bytes] = []
        self.over = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def __call__(self, request: TunnelRequest) -> TunnelResponse:
        self.task = asyncio.create_task(self._echo(request))
        return TunnelResponse(101, list(ANSWER), self.body)

    async def _echo(self, request: TunnelRequest) -> None:
        async for part in request.body:
            self.heard.append(part)
            self.body.parts.put_nowait(b"echo:" + part)
        self.body.parts.put_nowait(None)
        self.over.set()


@asynccontextmanager
async def opened(client: Client, more: str = "") -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    context = client.authority.client_context()
    reader, writer = await asyncio.open_connection("127.0.0.1", client.edge.port, ssl=context, server_hostname=HOST)
    writer.write(f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {AGENT}\r\n{UPGRADE}\r\n".encode() + more.encode())
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


def on_an_open_host(test: Callable[[Client, FakeGate], Awaitable[None]]) -> None:
    world = a_world()
    world.apps.clear()
    with_edge(world, test)


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode().split("\r\n")
    fields = (line.partition(": ") for line in lines[1:] if line)
    return int(lines[0].split()[1]), {name.lower(): value for name, _, value in fields}


def test_bytes_go_both_ways_also_those_that_came_before_the_answer() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        gate.answer = echo = Echo()
        async with opened(client, "early") as (reader, writer):
            status, headers = await head_of(reader)
            assert status == 101
            assert (headers["upgrade"], headers["connection"]) == ("websocket", "Upgrade")
            assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            assert headers["server"] == "cloudflare"
            assert await asyncio.wait_for(reader.readexactly(10), 60) == b"echo:early"
            writer.write(b"\x81\x02hi")
            assert await asyncio.wait_for(reader.readexactly(9), 60) == b"echo:\x81\x02hi"
        await asyncio.wait_for(echo.over.wait(), 60)
        await asyncio.wait_for(echo.body.closed.wait(), 60)
        request = gate.requests[0][1]
        assert request.websocket
        assert "upgrade" not in gate.headers
        assert gate.headers["sec-websocket-key"] == "dGhlIHNhbXBsZSBub25jZQ=="

    on_an_open_host(test)


def test_the_origin_ends_it() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        gate.answer = echo = Echo()
        async with opened(client) as (reader, _writer):
            await head_of(reader)
            for part in (b"last", None):
                echo.body.parts.put_nowait(part)
            assert await asyncio.wait_for(reader.read(), 60) == b"last"
            assert echo.task is not None
            echo.task.cancel()

    on_an_open_host(test)


def test_an_origin_that_refuses_answers_plainly_and_the_connection_lives_on() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        async with opened(client) as (reader, writer):
            for request in (b"", f"GET / HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {AGENT}\r\n\r\n".encode()):
                writer.write(request)
                assert (await head_of(reader))[0] == 200
                assert b"models" in await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 60)
        assert [request.websocket for _, request in gate.requests] == [True, False]

    on_an_open_host(test)


def test_access_stands_before_a_websocket_too() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        async with opened(client) as (reader, _writer):
            assert (await head_of(reader))[0] in {302, 401, 403}
        assert gate.requests == []

    with_edge(a_world(SERVICE_AUTH), test)


@pytest.mark.parametrize(
    ("method", "headers", "wanted"),
    [
        ("GET", [("connection", "Upgrade"), ("upgrade", "websocket")], True),
        ("GET", [("connection", "keep-alive"), ("connection", "upgrade"), ("upgrade", "WebSocket")], True),
        ("POST", [("connection", "Upgrade"), ("upgrade", "websocket")], False),
        ("GET", [("connection", "Upgrade"), ("upgrade", "h2c")], False),
        ("GET", [("upgrade", "websocket")], False),
        ("GET", [("connection", "Upgrade"), ("upgrade", "websocket"), ("content-length", "1")], False),
    ],
)
def test_what_asks_for_a_websocket(method: str, headers: list[tuple[str, str]], wanted: bool) -> None:
    assert wants_websocket(method, headers) is wanted
