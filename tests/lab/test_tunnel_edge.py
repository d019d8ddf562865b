"""The edge's side of the tunnel over both protocols, against a connector that does what the test tells it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark_lab.authority import LabAuthority
from spark_lab.tunnel.gate import Broken, NoConnector, TunnelRequest, TunnelResponse, nothing
from spark_lab.tunnel.server import TunnelServer, serve
from spark_lab.tunnel.stream import WINDOW
from spark_lab.tunnel.wire.configuration import Applied
from spark_lab.tunnel.wire.registration import Refusal, Registered
from spark_lab.world import Connector, World
from tests.lab.tunnel_bench import HOST, NOW, TUNNEL, ingress, new_world, tracked
from tests.lab.tunnel_client import CONNECTOR, FakeConnection, Incoming, dialled

PATIENCE_S = 60
both = pytest.mark.parametrize("protocol", ["http2", "quic"])


@dataclass
class Lab:
    world: World
    server: TunnelServer
    ca: Path
    protocol: str
    parts: AsyncExitStack

    async def dial(self, address: int = 0) -> FakeConnection:
        opening = dialled(self.protocol, self.server.addresses[address], self.ca)
        return await asyncio.wait_for(self.parts.enter_async_context(opening), PATIENCE_S)

    async def connected(self, index: int = 0) -> FakeConnection:
        """A registered connection."""
        connection = await self.dial(index)
        assert isinstance(await connection.register(index), Registered)
        return connection

    @property
    def connector(self) -> Connector:
        return self.world.connectors[TUNNEL][CONNECTOR]

    def send(
        self,
        path: str = "/",
        body: AsyncIterator[bytes] | None = None,
        headers: list[tuple[str, str]] | None = None,
        *,
        websocket: bool = False,
    ) -> "asyncio.Task[TunnelResponse]":
        method = "GET" if body is None or websocket else "POST"
        request = TunnelRequest(method, path, HOST, headers or [], body or nothing(), websocket)
        return asyncio.create_task(self.server.request(TUNNEL, request))


def run(directory: Path, protocol: str, scenario: Callable[[Lab], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with laboratory(directory, protocol) as lab:
            await scenario(lab)

    asyncio.run(whole())


@asynccontextmanager
async def laboratory(directory: Path, protocol: str) -> AsyncGenerator[Lab]:
    world = new_world()
    authority = LabAuthority(directory)
    server = await serve(world, authority, 4)
    try:
        async with AsyncExitStack() as parts:
            yield Lab(world, server, authority.pem_path, protocol, parts)
    finally:
        await server.close()


async def soon(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), PATIENCE_S)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - neither the world nor flow control tells anybody
            await asyncio.sleep(0.005)


async def whole(response: TunnelResponse) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        return b"".join([chunk async for chunk in response.body])


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def slowly(queue: "asyncio.Queue[bytes | None]") -> AsyncIterator[bytes]:
    while (part := await queue.get()) is not None:
        yield part


# ------------------------------------------------------------------------------------------------------ registration


@both
def test_a_registered_connection_is_in_the_world_until_it_is_gone(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        async with dialled(protocol, lab.server.addresses[1], lab.ca) as connection:
            details = await connection.register(2)
            assert isinstance(details, Registered)
            assert (details.location, details.remotely_managed) == ("ams16", True)
            kept = lab.connector.connections[2]
            assert (kept.colo, kept.origin_ip, len(details.connection_id)) == ("ams16", "127.0.0.1", 16)
            assert (lab.connector.version, lab.connector.arch) == ("2026.8.2", "linux_arm64")
        await until(lambda: not lab.world.connectors[TUNNEL])

    run(tmp_path, protocol, scenario)


@both
def test_a_wrong_secret_is_refused_with_its_cause_and_the_edge_closes_when_the_connector_is_done(
    tmp_path: Path, protocol: str
) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.dial()
        assert await connection.register(secret=bytes(32)) == Refusal("Unauthorized: Invalid tunnel secret")
        assert not connection.closed.is_set()
        connection.end_control()
        await soon(connection.closed)

    run(tmp_path, protocol, scenario)


@both
def test_a_refused_index_is_told_whether_to_come_again(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        lab.server.switches.refuse = {1}
        lab.server.switches.retry_after_s = 2.5
        connection = await lab.dial()
        assert await connection.register(1) == Refusal(lab.server.switches.refusal, retry=True, retry_after_s=2.5)
        assert isinstance(await connection.register(0), Registered)

    run(tmp_path, protocol, scenario)


@both
def test_a_newer_connection_of_the_same_index_takes_the_place_of_the_older(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        first = await lab.connected()
        second = await lab.connected()
        await soon(first.closed)
        asked = lab.send()
        (await second.request()).answer(204)
        assert (await asked).status == 204
        assert list(lab.connector.connections) == [0]

    run(tmp_path, protocol, scenario)


@both
def test_who_speaks_something_else_is_cut_off(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.dial()
        connection.send_control(b"GET / HTTP/1.1\r\nHost: edge\r\n\r\n")
        await soon(connection.closed)

    run(tmp_path, protocol, scenario)


# ----------------------------------------------------------------------------------------------------- configuration


@both
def test_the_configuration_follows_the_registration_and_every_change(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        lab.world.configure(TUNNEL, ingress("http_status:201"), NOW)
        connection = await lab.connected()
        version, config = await asyncio.wait_for(connection.offered.get(), PATIENCE_S)
        assert (version, b"http_status:201" in config) == (1, True)
        await until(lambda: lab.connector.config_version == 1)
        connection.applied = Applied(1, "The last ingress rule must match all URLs")
        lab.world.configure(TUNNEL, {"ingress": []}, NOW)
        assert (await asyncio.wait_for(connection.offered.get(), PATIENCE_S))[0] == 2
        connection.applied = None
        lab.world.configure(TUNNEL, ingress("http_status:202"), NOW)
        assert (await asyncio.wait_for(connection.offered.get(), PATIENCE_S))[0] == 3
        await until(lambda: lab.connector.config_version == 3)

    run(tmp_path, protocol, scenario)


@both
def test_a_locally_managed_tunnel_gets_no_configuration(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        lab.world.tunnels[TUNNEL]["config_src"] = "local"
        lab.world.configure(TUNNEL, ingress("http_status:201"), NOW)
        connection = await lab.dial()
        details = await connection.register()
        assert isinstance(details, Registered)
        assert not details.remotely_managed
        await asyncio.wait_for(connection.control.local_configuration(b"{}"), PATIENCE_S)
        assert connection.offered.empty()

    run(tmp_path, protocol, scenario)


# ---------------------------------------------------------------------------------------------------------- requests


@both
def test_a_request_and_its_answer_arrive_as_they_were_sent(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        sent = [("accept", "*/*"), ("x-a", "b:c;d"), ("connection", "close"), ("te", "x"), ("host", "other")]
        forged = [("Cf-Cloudflared-Proxy-Connection-Upgrade", "control-stream")]
        asked = lab.send("/api/tags?x=1", headers=sent + forged)
        request = await connection.request()
        assert (request.method, request.path, request.host) == ("GET", "/api/tags?x=1", HOST)
        assert request.headers == sent[:2]
        assert request.kind in {"", "http"}
        await soon(request.ended)
        request.answer(203, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-U", "ü")], b"hello")
        response = await asked
        assert (response.status, response.error) == (203, None)
        assert response.headers == [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-U", "ü")]
        assert await whole(response) == b"hello"

    run(tmp_path, protocol, scenario)


@both
def test_bodies_stream_both_ways_at_once(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        upload: asyncio.Queue[bytes | None] = asyncio.Queue()
        asked = lab.send(body=slowly(upload))
        request = await connection.request()
        assert (("Transfer-Encoding", "chunked") in request.headers) == (protocol == "quic")
        request.answer(200, ends=False)
        response = await asked
        for part in (b"one", b"two"):
            upload.put_nowait(part)
            await request.received(3)
            request.body.clear()
            request.write(part)
            assert await asyncio.wait_for(anext(response.body), PATIENCE_S) == part
        upload.put_nowait(None)
        await soon(request.ended)
        request.write(b"", ends=True)
        assert await whole(response) == b""

    run(tmp_path, protocol, scenario)


@both
def test_a_large_upload_arrives_whole(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        size = 2 * WINDOW
        asked = lab.send(body=pieces(*[b"x" * WINDOW] * 2), headers=[("content-length", str(size))])
        request = await connection.request()
        assert ("content-length", str(size)) in request.headers
        await asyncio.wait_for(request.received(size), PATIENCE_S)
        request.answer(200)
        assert (await asked).status == 200

    run(tmp_path, protocol, scenario)


@both
def test_an_announced_body_of_nothing_ends_with_the_head(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        lab.send(body=pieces(), headers=[("content-length", "0")])
        request = await connection.request()
        await soon(request.ended)
        assert request.headers == [("content-length", "0")]

    run(tmp_path, protocol, scenario)


@both
def test_a_reader_that_stands_still_holds_the_connector_up(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        asked = lab.send()
        request = await connection.request()
        request.answer(200, ends=False)
        response = await asked
        sent = connection.room(request.number)
        assert 0 < sent <= WINDOW
        request.write(b"x" * sent)
        await until(lambda: connection.room(request.number) == 0)
        received = 0
        while received < sent:
            received += len(await asyncio.wait_for(anext(response.body), PATIENCE_S))
        await until(lambda: connection.room(request.number) > 0)

    run(tmp_path, protocol, scenario)


@both
def test_a_connector_without_an_answer_of_the_origin_says_so(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        asked = lab.send()
        (await connection.request()).fail("dial tcp 127.0.0.1:9: connect: connection refused")
        response = await asked
        assert response.status == 502
        assert response.error is not None
        assert ("connection refused" in response.error) == (protocol == "quic")
        assert await whole(response) == b""

    run(tmp_path, protocol, scenario)


@both
@pytest.mark.parametrize("answered", [False, True])
def test_what_breaks_off_at_the_connector_is_broken(tmp_path: Path, protocol: str, answered: bool) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        asked = lab.send()
        request = await connection.request()
        if answered:
            request.answer(200, body=b"half", ends=False)
            response = await asked
            assert await asyncio.wait_for(anext(response.body), PATIENCE_S) == b"half"
        request.give_up()
        with pytest.raises(Broken):
            await (whole(response) if answered else asked)

    run(tmp_path, protocol, scenario)


@both
@pytest.mark.parametrize("answered", [False, True])
def test_who_gives_up_cancels_the_request_at_the_connector(tmp_path: Path, protocol: str, answered: bool) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        asked = lab.send()
        request = await connection.request()
        if answered:
            request.answer(200, body=b"half", ends=False)
            await (await asked).body.aclose()
        else:
            asked.cancel()
        await soon(request.reset)

    run(tmp_path, protocol, scenario)


@both
def test_an_upload_that_breaks_off_breaks_the_request_off(tmp_path: Path, protocol: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError("the client is gone")

    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        asked = lab.send(body=broken())
        request = await connection.request()
        await soon(request.reset)
        with pytest.raises(Broken, match="body broke off"):
            await asked

    run(tmp_path, protocol, scenario)


@both
def test_a_websocket_is_a_pipe(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        upload: asyncio.Queue[bytes | None] = asyncio.Queue()
        asked = lab.send("/ws", slowly(upload), [("sec-websocket-key", "k")], websocket=True)
        request = await connection.request()
        assert request.kind == "websocket"
        assert not [name for name, _ in request.headers if name.lower() == "transfer-encoding"]
        request.answer(101, [("Sec-WebSocket-Accept", "a"), ("Upgrade", "websocket")], ends=False)
        response = await asked
        assert response.status == 101
        upload.put_nowait(b"\x81\x02hi")
        assert await request.received(4) == b"\x81\x02hi"
        request.write(b"\x81\x02ho")
        assert await asyncio.wait_for(anext(response.body), PATIENCE_S) == b"\x81\x02ho"
        upload.put_nowait(None)
        await soon(request.ended)
        request.write(b"", ends=True)
        assert await whole(response) == b""

    run(tmp_path, protocol, scenario)


# ------------------------------------------------------------------------------------------------------- connections


@both
def test_requests_take_turns_and_pending_connections_get_none(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        with pytest.raises(NoConnector):
            await lab.send()
        connections = [await lab.connected(index) for index in range(3)]
        for _ in range(6):
            lab.send()
        await until(lambda: [one.requests.qsize() for one in connections] == [2, 2, 2])
        tracked(lab.world, {0, 1})
        for _ in range(2):
            lab.send()
        await until(lambda: [one.requests.qsize() for one in connections] == [2, 2, 4])
        tracked(lab.world, {0, 1, 2})
        with pytest.raises(NoConnector):
            await lab.send()

    run(tmp_path, protocol, scenario)


@both
def test_an_unregistered_connection_finishes_its_requests_before_the_edge_closes_it(
    tmp_path: Path, protocol: str
) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        asked = lab.send()
        request = await connection.request()
        await asyncio.wait_for(connection.control.unregister(), PATIENCE_S)
        connection.end_control()
        with pytest.raises(NoConnector):
            await lab.send()
        request.answer(200, body=b"late")
        response = await asked
        assert not connection.closed.is_set()
        assert await whole(response) == b"late"
        await soon(connection.closed)
        assert lab.world.connectors[TUNNEL] == {}

    run(tmp_path, protocol, scenario)


@both
def test_dropped_connections_break_their_requests_and_only_theirs(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        first, second = [await lab.connected(index) for index in range(2)]
        asked = [lab.send(), lab.send()]
        requests: list[Incoming] = [await first.request(), await second.request()]
        lab.server.drop({0})
        await soon(first.closed)
        requests[1].answer(204)
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Broken", "TunnelResponse"]
        assert list(lab.connector.connections) == [1]

    run(tmp_path, protocol, scenario)


@both
def test_a_connector_that_vanishes_is_forgotten_when_its_own_patience_would_be_over(
    tmp_path: Path, protocol: str
) -> None:
    async def scenario(lab: Lab) -> None:
        async with dialled(protocol, lab.server.addresses[0], lab.ca, idle_s=2) as connection:
            await connection.register()
            asked = lab.send()
            await connection.request()
            connection.vanish()
            with pytest.raises(Broken):
                await asyncio.wait_for(asked, PATIENCE_S)
            assert lab.world.connectors[TUNNEL] == {}

    run(tmp_path, protocol, scenario)


@both
def test_cleaning_up_a_connector_s_connections_breaks_them(tmp_path: Path, protocol: str) -> None:
    async def scenario(lab: Lab) -> None:
        connection = await lab.connected()
        for tell in lab.world.connectors_removed:
            tell(TUNNEL, CONNECTOR)
        await soon(connection.closed)

    run(tmp_path, protocol, scenario)


@both
def test_an_unreachable_edge_says_not_a_word(tmp_path: Path, protocol: str) -> None:
    async def tried(lab: Lab) -> None:
        """Over QUIC the handshake is done before the edge can hang up."""
        connection = await lab.dial()
        await soon(connection.closed)
        raise ConnectionError

    async def scenario(lab: Lab) -> None:
        lab.server.switches.unreachable_by = {protocol}
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on when the edge hangs up
            await tried(lab)
        lab.server.switches.unreachable_by = {"http2", "quic"} - {protocol}
        await lab.connected()

    run(tmp_path, protocol, scenario)


def test_datagrams_can_be_lost_at_one_address(tmp_path: Path) -> None:
    async def scenario(lab: Lab) -> None:
        lab.server.switches.dead_udp = {0}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lab.dial(0), 0.3)
        await lab.connected(1)
        lab.protocol = "http2"
        await lab.connected(0)

    run(tmp_path, "quic", scenario)


def test_every_address_is_one_number_for_both_protocols_and_two_edges_live_side_by_side(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with laboratory(tmp_path, "quic") as first, laboratory(tmp_path, "http2") as second:
            assert len({*first.server.addresses, *second.server.addresses}) == 8
            for lab in (first, second):
                connection = await lab.connected()
                asked = lab.send()
                (await connection.request()).answer(204)
                assert (await asked).status == 204

    asyncio.run(scenario())


def test_the_documented_port_is_the_same_at_every_address_and_is_told_where_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        world, authority = new_world(), LabAuthority(tmp_path)
        passing = await serve(world, authority, 1)
        port = int(passing.addresses[0].rpartition(":")[2])
        await passing.close()
        monkeypatch.setattr("spark_lab.tunnel.server.PORT", port)
        server = await serve(world, authority, 3, fixed=True)
        assert server.addresses == [f"127.0.0.{number}:{port}" for number in (1, 2, 3)]
        with pytest.raises(OSError, match="in use"):
            await serve(world, authority, 3, fixed=True)
        await server.close()
        assert world.configuration_changed == []
        await (await serve(world, authority, 3, fixed=True)).close()

    asyncio.run(scenario())
