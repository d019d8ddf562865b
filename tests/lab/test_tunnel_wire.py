"""What travels between edge and connector: calls, heads, headers. The recordings are what genuine programs sent."""

import asyncio
import contextlib
import ipaddress
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lab.tunnel.wire import configuration, headers, preamble, registration
from spark_lab.tunnel.wire.configuration import Applied, ConfigurationClient, configuration_server
from spark_lab.tunnel.wire.message import Malformed
from spark_lab.tunnel.wire.preamble import ConnectionType, ConnectRequest, ConnectResponse
from spark_lab.tunnel.wire.registration import Refusal, Registered, RegisterRequest, RegistrationClient
from spark_lab.tunnel.wire.rpc import CallFailed, Gone, Method, Peer
from tests.lab import tunnel_recordings as recordings
from tests.lab.tunnel_bench import TUNNEL

REQUEST = RegisterRequest(
    account="0123456789abcdef0123456789abcdef",
    secret=bytes(range(32)),
    tunnel_id=bytes(range(16)),
    index=3,
    connector_id=bytes(range(16, 32)),
    version="2026.8.2",
    arch="linux_arm64",
    features=("allow_remote_config", "serialized_headers"),
    origin_ip=bytes([127, 0, 0, 1]),
    attempts=2,
)
REGISTERED = Registered(bytes(range(16)), "fra08", remotely_managed=True)


class Registrar:
    def __init__(self, outcome: Registered | Refusal = REGISTERED) -> None:
        self.outcome = outcome
        self.heard: list[object] = []

    def register(self, request: RegisterRequest) -> Registered | Refusal:
        self.heard.append(request)
        return self.outcome

    def unregister(self) -> None:
        self.heard.append("unregister")

    def local_configuration(self, config: bytes) -> None:
        self.heard.append(config)
        if config == b"bad":
            raise CallFailed("no such thing")


class Pipe:
    """Hands on what one side writes, in pieces of a size that no message has."""

    def __init__(self, size: int = 7) -> None:
        self.to: Callable[[bytes], None] = lambda _data: None
        self._size = size

    def __call__(self, data: bytes) -> None:
        for start in range(0, len(data), self._size):
            piece = data[start : start + self._size]
            asyncio.get_running_loop().call_soon(self.to, piece)


def control(registrar: Registrar) -> RegistrationClient:
    """A connector's side of a control stream, joined to an edge's."""
    up, down = Pipe(), Pipe()
    client = RegistrationClient(up)
    up.to, down.to = registration.registration_server(down, registrar).receive, client.receive
    return client


def test_a_registration_arrives_as_it_was_sent() -> None:
    async def scenario() -> None:
        registrar = Registrar()
        client = control(registrar)
        assert await client.register(REQUEST) == REGISTERED
        await client.unregister()
        assert registrar.heard == [REQUEST, "unregister"]

    asyncio.run(scenario())


def test_a_refusal_says_whether_and_when_to_come_again() -> None:
    async def scenario() -> None:
        refusal = Refusal("Unauthorized: Invalid tunnel secret", retry=True, retry_after_s=1.5)
        assert await control(Registrar(refusal)).register(REQUEST) == refusal

    asyncio.run(scenario())


def test_a_call_that_fails_says_why_and_hinders_no_other() -> None:
    async def scenario() -> None:
        client = control(Registrar())
        with pytest.raises(CallFailed, match="no such thing"):
            await client.local_configuration(b"bad")
        await client.local_configuration(b"{}")

    asyncio.run(scenario())


def test_who_hangs_up_leaves_no_call_waiting() -> None:
    async def scenario() -> None:
        client = RegistrationClient(lambda _data: None)
        call = asyncio.create_task(client.register(REQUEST))
        await asyncio.sleep(0)
        client.close("the edge is gone")
        with pytest.raises(Gone, match="the edge is gone"):
            await call
        with pytest.raises(Gone):
            await client.unregister()

    asyncio.run(scenario())


def test_the_genuine_connector_is_understood() -> None:
    registrar = Registrar()
    said = bytearray()
    peer = registration.registration_server(said.extend, registrar)
    peer.receive(recordings.REGISTERING)
    [heard] = registrar.heard
    assert heard == RegisterRequest(
        account=REQUEST.account,
        secret=REQUEST.secret,
        tunnel_id=uuid.UUID(TUNNEL).bytes,
        index=0,
        connector_id=bytes.fromhex("f3ed5b1deed249aea5eb67dc4e3b0b79"),
        version="2026.8.2",
        arch="linux_amd64",
        features=(
            "serialized_headers", "support_datagram_v2", "support_quic_eof", "management_logs", "allow_remote_config",
        ),
        origin_ip=ipaddress.IPv6Address("::ffff:127.0.0.4").packed,
    )  # fmt: skip
    peer.receive(recordings.REGISTERED + recordings.UNREGISTERING)
    assert registrar.heard[1:] == ["unregister"]
    before = len(said)
    peer.receive(recordings.UNREGISTERED)
    assert len(said) == before, "an abort is not answered"


def test_the_genuine_connector_s_answer_to_a_configuration_is_understood() -> None:
    async def scenario() -> None:
        client = ConfigurationClient(lambda _data: None)
        offered = asyncio.create_task(client.update(1, b"{}"))
        await asyncio.sleep(0)
        client.receive(recordings.CONFIGURED)
        assert await offered == Applied(1)

    asyncio.run(scenario())


def test_a_method_that_nobody_serves_is_refused() -> None:
    async def scenario() -> None:
        up, down = Pipe(), Pipe()
        client = ConfigurationClient(up)
        up.to, down.to = Peer(down, {Method(1, 0): lambda _params: None}).receive, client.receive
        with pytest.raises(CallFailed, match="no such method"):
            await client.update(1, b"{}")

    asyncio.run(scenario())


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request", b"\0\0\0\0\1\0\0\0" + b"\xff" * 8])
def test_what_is_no_call_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Peer(lambda _data: None).receive(data)


@given(st.data())
def test_whatever_comes_is_understood_or_malformed(data: st.DataObject) -> None:
    said = bytearray(recordings.REGISTERING + recordings.REGISTERED + recordings.UNREGISTERING)
    for position in data.draw(st.lists(st.integers(0, len(said) - 1), min_size=1, max_size=5)):
        said[position] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        registration.registration_server(lambda _data: None, Registrar()).receive(bytes(said))
    answer = bytearray(recordings.ANSWER)
    answer[data.draw(st.integers(0, len(answer) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Malformed):
        preamble.take_response(answer)


def test_the_secret_does_not_print() -> None:
    assert repr(REQUEST.secret) not in repr(REQUEST)


def test_a_configuration_is_offered_and_answered_over_quic() -> None:
    async def scenario() -> None:
        up, down = Pipe(), Pipe()
        client = ConfigurationClient(up)
        heard: list[tuple[int, bytes]] = []

        def update(version: int, config: bytes) -> Applied:
            heard.append((version, config))
            return Applied(1, "the last rule must match all") if version == 2 else Applied(version)

        up.to, down.to = configuration_server(down, update).receive, client.receive
        assert await client.update(1, b'{"ingress":[]}') == Applied(1)
        assert await client.update(2, b"{}") == Applied(1, "the last rule must match all")
        assert heard == [(1, b'{"ingress":[]}'), (2, b"{}")]

    asyncio.run(scenario())


def test_a_configuration_is_offered_and_answered_over_http2() -> None:
    offer = configuration.encode_offer(7, b'{"ingress":[]}')
    assert offer == b'{"version":7,"config":{"ingress":[]}}'
    assert configuration.decode_offer(offer) == (7, b'{"ingress":[]}')
    assert configuration.encode_applied(Applied(7)) == b'{"lastAppliedVersion":7,"err":null}'
    assert configuration.decode_applied(b'{"lastAppliedVersion":7,"err":null}') == Applied(7)
    assert configuration.decode_applied(b'{"lastAppliedVersion":6,"err":{}}') == Applied(6, "not applied")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"lastAppliedVersion":"x"}'])
def test_what_is_no_configuration_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        configuration.decode_applied(body)
    with pytest.raises(Malformed):
        configuration.decode_offer(body)


# ------------------------------------------------------------------------------------------------- the QUIC preamble


def test_a_request_s_head_arrives_whole_whatever_the_pieces() -> None:
    said = ConnectRequest(
        url="https://ollama.goldfish.io/api/chat?x=1",
        method="POST",
        host="ollama.goldfish.io",
        headers=[("Transfer-Encoding", "chunked"), ("cookie", "a=b"), ("cookie", "c=\u00fc:d")],
        type=ConnectionType.WEBSOCKET,
    )
    data = preamble.encode_request(said) + b"body"
    assert data.startswith(bytes.fromhex("0a36cd12a13e3031"))
    buffer = bytearray()
    taken: ConnectRequest | None = None
    kind = None
    for position in range(len(data)):
        buffer += data[position : position + 1]
        kind = kind or preamble.signature(buffer)
        taken = taken or (preamble.take_request(buffer) if kind else None)
    assert (kind, taken, bytes(buffer)) == (preamble.DATA_STREAM, said, b"body")


def test_an_answer_s_head_arrives_whole_whatever_the_pieces() -> None:
    said = ConnectResponse(502, [("Server", "x")], error="dial tcp 127.0.0.1:9: connect: connection refused")
    data = preamble.encode_response(said) + b"body"
    buffer = bytearray()
    taken: ConnectResponse | None = None
    for position in range(len(data)):
        buffer += data[position : position + 1]
        taken = taken or preamble.take_response(buffer)
    assert (taken, bytes(buffer)) == (said, b"body")


def test_the_genuine_connector_s_answers_are_understood() -> None:
    buffer = bytearray(recordings.ANSWER)
    fields = [("Content-Length", "5"), ("X-A", "b"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    assert preamble.take_response(buffer) == ConnectResponse(200, fields)
    assert buffer == b"hello"
    failed = preamble.take_response(bytearray(recordings.NO_ANSWER))
    assert failed is not None
    assert (failed.status, failed.headers) == (0, [])
    assert failed.error.endswith("dial tcp 127.0.0.1:9009: connect: connection refused")


def test_headers_that_are_not_utf_8_arrive_byte_for_byte() -> None:
    value = bytes(range(0x80, 0x100)).decode("latin-1")
    request = ConnectRequest("https://a/", "GET", "a", [("x-a", value)])
    buffer = bytearray(preamble.encode_request(request))
    assert preamble.signature(buffer) == preamble.DATA_STREAM
    assert preamble.take_request(buffer) == request
    response = ConnectResponse(200, [("X-A", value)])
    assert preamble.take_response(bytearray(preamble.encode_response(response))) == response
    assert headers.deserialize(headers.serialize([("X-A", value)])) == [("X-A", value)]


def test_another_stream_is_malformed() -> None:
    with pytest.raises(Malformed):
        preamble.signature(bytearray(b"GET / "))
    with pytest.raises(Malformed):
        preamble.take_response(bytearray(preamble.RPC_STREAM))


# --------------------------------------------------------------------------------------------------- HTTP/2's headers


def test_headers_are_serialized_as_the_genuine_connector_does() -> None:
    pairs = [("Content-Type", "text/plain"), ("Set-Cookie", "a"), ("X-Empty", "")]
    text = "Q29udGVudC1UeXBl:dGV4dC9wbGFpbg;U2V0LUNvb2tpZQ:YQ;WC1FbXB0eQ:"
    assert headers.serialize(pairs) == text
    assert headers.deserialize(text) == pairs
    assert headers.deserialize("") == []


@pytest.mark.parametrize("text", ["a", "a:b:c", "%:%"])
def test_what_is_no_list_of_headers_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        headers.deserialize(text)


def test_who_made_an_answer() -> None:
    assert headers.made_by_connector(headers.FROM_CONNECTOR)
    assert headers.made_by_connector('{"src":"cloudflared","flow_rate_limited":true}')
    assert not headers.made_by_connector(headers.FROM_ORIGIN)
    assert not headers.made_by_connector(None)
    assert not headers.made_by_connector("x")
