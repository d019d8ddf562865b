"""A connector's side of the tunnel's connections that does what a test tells it, over either protocol."""

import asyncio
import ssl
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import h2.config
import h2.connection
import h2.events
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import NetworkAddress, QuicConnection

from spark_lab.tunnel.wire import configuration, headers, keyshare, preamble
from spark_lab.tunnel.wire.configuration import Applied, configuration_server
from spark_lab.tunnel.wire.registration import Refusal, Registered, RegisterRequest, RegistrationClient
from spark_lab.tunnel.wire.rpc import Peer
from tests.lab.tunnel_bench import ACCOUNT, PATIENCE_S, SECRET, TUNNEL

CONNECTOR = "11111111-2222-4333-8444-555555555555"
Headers = list[tuple[str, str]]


@dataclass(eq=False)
class Incoming:
    """A request that the edge sent: what has come of it, and ways to answer."""

    connection: "FakeConnection"
    number: int
    kind: str = ""
    method: str = ""
    path: str = ""
    host: str = ""
    headers: Headers = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    reset: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def received(self, count: int) -> bytes:
        """So much of its body."""
        while len(self.body) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), PATIENCE_S)
        return bytes(self.body)

    def feed(self, data: bytes) -> None:
        self.body += data
        self.news.set()

    def answer(self, status: int, fields: Headers | None = None, body: bytes = b"", *, ends: bool = True) -> None:
        self.connection.answer(self.number, status, fields or [], body, ends=ends)

    def fail(self, reason: str) -> None:
        self.connection.fail(self.number, reason)

    def write(self, data: bytes, *, ends: bool = False) -> None:
        self.connection.write(self.number, data, ends=ends)

    def give_up(self) -> None:
        self.connection.give_up(self.number)


class FakeConnection(ABC):
    """One connection; `closed` is set when the edge has closed it."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[Incoming] = asyncio.Queue()
        self.offered: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self.applied: Applied | None = None
        """What is answered to an offered configuration; None: that it is applied."""
        self.closed = asyncio.Event()
        self.open: dict[int, Incoming] = {}
        self.control: RegistrationClient

    async def register(
        self, index: int = 0, secret: bytes = SECRET, connector: str = CONNECTOR, tunnel: str = TUNNEL
    ) -> Registered | Refusal:
        request = RegisterRequest(
            account=ACCOUNT,
            secret=secret,
            tunnel_id=uuid.UUID(tunnel).bytes,
            index=index,
            connector_id=uuid.UUID(connector).bytes,
            version="2026.8.2",
            arch="linux_arm64",
        )
        return await asyncio.wait_for(self.control.register(request), PATIENCE_S)

    async def request(self) -> Incoming:
        """The next one."""
        return await asyncio.wait_for(self.requests.get(), PATIENCE_S)

    def take(self, version: int, config: bytes) -> Applied:
        self.offered.put_nowait((version, config))
        return self.applied or Applied(version)

    @abstractmethod
    def answer(self, number: int, status: int, fields: Headers, body: bytes, *, ends: bool) -> None: ...
    @abstractmethod
    def fail(self, number: int, reason: str) -> None: ...
    @abstractmethod
    def write(self, number: int, data: bytes, *, ends: bool) -> None: ...
    @abstractmethod
    def give_up(self, number: int) -> None: ...
    @abstractmethod
    def send_control(self, data: bytes) -> None: ...
    @abstractmethod
    def end_control(self) -> None: ...
    @abstractmethod
    def vanish(self) -> None:
        """Be gone, as a process is that was killed."""

    @abstractmethod
    def room(self, number: int) -> int:
        """How much the edge takes on a stream right now."""


class Http2Connection(FakeConnection):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._reader, self._writer = reader, writer
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
        self._http.initiate_connection()
        self._control_number = 0
        self.ready = asyncio.Event()
        self.control = RegistrationClient(self.send_control)
        self._flush()

    async def run(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for event in self._http.receive_data(data):
                    self._hear(event)
                self._flush()
        except (OSError, ssl.SSLError):
            pass
        finally:
            self.control.close()
            self.closed.set()

    def _hear(self, event: h2.events.Event) -> None:
        number = getattr(event, "stream_id", 0)
        if isinstance(event, h2.events.RequestReceived):
            self._begin(number, [(str(name), str(value)) for name, value in event.headers or []])
        elif isinstance(event, h2.events.DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length or 0, number)
            if number == self._control_number:
                self.control.receive(event.data or b"")
            elif number in self.open:
                self.open[number].feed(event.data or b"")
        elif isinstance(event, h2.events.StreamReset) and number in self.open:
            self.open[number].reset.set()
        elif isinstance(event, h2.events.StreamEnded) and number in self.open:
            self.open[number].ended.set()
            if self.open[number].kind == headers.CONFIGURATION:
                applied = self.take(*configuration.decode_offer(bytes(self.open[number].body)))
                self._http.send_headers(number, [(":status", "200")])
                self._http.send_data(number, configuration.encode_applied(applied), end_stream=True)

    def _begin(self, number: int, fields: Headers) -> None:
        said = dict(fields)
        kind = said.get(headers.UPGRADE, "")
        if kind == headers.CONTROL_STREAM:
            self._control_number = number
            self._http.send_headers(number, [(":status", "200")])
            self.ready.set()
            return
        rest = [(name, value) for name, value in fields if not name.startswith(":")]
        incoming = Incoming(self, number, kind, said[":method"], said[":path"], said[":authority"], rest)
        self.open[number] = incoming
        if kind != headers.CONFIGURATION:
            self.requests.put_nowait(incoming)

    def _flush(self) -> None:
        self._writer.write(self._http.data_to_send())

    def answer(self, number: int, status: int, fields: Headers, body: bytes, *, ends: bool) -> None:
        head = [(headers.RESPONSE_HEADERS, headers.serialize(fields)), (headers.RESPONSE_META, headers.FROM_ORIGIN)]
        self._http.send_headers(number, [(":status", str(200 if status == 101 else status)), *head])
        self.write(number, body, ends=ends)

    def fail(self, number: int, reason: str) -> None:  # noqa: ARG002 - over HTTP/2 it does not travel
        head = [(":status", "502"), (headers.RESPONSE_META, headers.FROM_CONNECTOR)]
        self._http.send_headers(number, head, end_stream=True)
        self._flush()

    def write(self, number: int, data: bytes, *, ends: bool) -> None:
        for start in range(0, len(data), 16384):
            self._http.send_data(number, data[start : start + 16384])
        if ends:
            self._http.end_stream(number)
        self._flush()

    def give_up(self, number: int) -> None:
        self._http.reset_stream(number, 2)
        self._flush()

    def send_control(self, data: bytes) -> None:
        self._http.send_data(self._control_number, data)
        self._flush()

    def end_control(self) -> None:
        self._http.end_stream(self._control_number)
        self._flush()

    def vanish(self) -> None:
        self._writer.transport.abort()

    def room(self, number: int) -> int:
        return self._http.local_flow_control_window(number)


class QuicClient(QuicConnectionProtocol, FakeConnection):
    def __init__(self, quic: QuicConnection, stream_handler: object = None) -> None:  # noqa: ARG002 - the library's form
        QuicConnectionProtocol.__init__(self, quic)
        FakeConnection.__init__(self)
        self._vanished = False
        self._starts: dict[int, bytearray] = {}
        self._calls: dict[int, Peer] = {}
        self.control = RegistrationClient(self.send_control)

    def quic_event_received(self, event: events.QuicEvent) -> None:
        if isinstance(event, events.ConnectionTerminated):
            self.control.close()
            self.closed.set()
        elif isinstance(event, events.StreamReset | events.StopSendingReceived) and event.stream_id in self.open:
            self.open[event.stream_id].reset.set()
        elif isinstance(event, events.StreamDataReceived):
            self._hear(event.stream_id, event.data)
            if event.end_stream and event.stream_id in self.open:
                self.open[event.stream_id].ended.set()

    def _hear(self, number: int, data: bytes) -> None:
        if number == 0:
            self.control.receive(data)
        elif number in self.open:
            self.open[number].feed(data)
        elif number in self._calls:
            self._calls[number].receive(data)
        else:
            start = self._starts.setdefault(number, bytearray())
            start += data
            self._begin(number, start)

    def _begin(self, number: int, start: bytearray) -> None:
        whole = bytes(start)
        if preamble.signature(start) == preamble.RPC_STREAM:
            peer = self._calls[number] = configuration_server(lambda data: self._send(number, data), self.take)
            peer.receive(bytes(start))
            return
        head = preamble.take_request(start)
        if head is None:
            start[:] = whole
            return
        path = head.url.removeprefix(f"https://{head.host}")
        incoming = self.open[number] = Incoming(self, number, head.type, head.method, path, head.host, head.headers)
        incoming.feed(bytes(start))
        self.requests.put_nowait(incoming)

    def _send(self, number: int, data: bytes, *, ends: bool = False) -> None:
        self._quic.send_stream_data(number, data, ends)
        self.transmit()

    def answer(self, number: int, status: int, fields: Headers, body: bytes, *, ends: bool) -> None:
        self._send(number, preamble.encode_response(preamble.ConnectResponse(status, fields)) + body, ends=ends)

    def fail(self, number: int, reason: str) -> None:
        self._send(number, preamble.encode_response(preamble.ConnectResponse(502, [], reason)), ends=True)

    def write(self, number: int, data: bytes, *, ends: bool) -> None:
        self._send(number, data, ends=ends)

    def give_up(self, number: int) -> None:
        self._quic.reset_stream(number, 0)
        self.transmit()

    def send_control(self, data: bytes) -> None:
        self._send(0, data)

    def end_control(self) -> None:
        self._send(0, b"", ends=True)

    def vanish(self) -> None:
        self._vanished = True
        self._closed.set()

    def transmit(self) -> None:
        if not self._vanished:
            super().transmit()

    def datagram_received(self, data: bytes | str, addr: NetworkAddress) -> None:
        if not self._vanished:
            super().datagram_received(data, addr)

    def room(self, number: int) -> int:
        stream = self._quic._streams[number]
        return stream.max_stream_data_remote - stream.sender.highest_offset


@asynccontextmanager
async def dialled(protocol: str, address: str, ca: Path, idle_s: float = 5) -> AsyncGenerator[FakeConnection]:
    """A connection to the edge, not registered yet; over QUIC it bears silence for so long.

    Raises ConnectionError, OSError, TimeoutError.
    """
    host, _, port = address.rpartition(":")
    if protocol == "quic":
        keyshare.install()
        calling = QuicConfiguration(
            alpn_protocols=["argotunnel"],
            server_name="quic.cftunnel.com",
            max_datagram_frame_size=65536,
            idle_timeout=idle_s,
        )
        calling.load_verify_locations(cafile=str(ca))
        async with (
            asyncio.timeout(PATIENCE_S),
            connect(host, int(port), configuration=calling, create_protocol=QuicClient) as quic,
        ):
            assert isinstance(quic, QuicClient)
            yield quic
        return
    context = ssl.create_default_context(cafile=str(ca))
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="h2.cftunnel.com")
    connection = Http2Connection(reader, writer)
    hearing = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait(
                [asyncio.ensure_future(connection.ready.wait()), hearing], return_when=asyncio.FIRST_COMPLETED
            )
        if not connection.ready.is_set():
            raise ConnectionError("the edge hung up")
        yield connection
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        writer.transport.abort()
