"""A TLS server that answers as a test tells it: byte by byte, silent, cut or reset."""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret
from spark_conformance.dns.public import PublicAddresses, public_addresses
from spark_conformance.facts.target import Public, Target
from spark_conformance.secrets.references import ClientId, access_client_id, access_client_secret
from spark_lab.authority import LabAuthority
from tests.listening import listening
from tests.secrets.runs import HOSTNAME, run_of

CLIENT_ID = "0123456789abcdef0123456789abcdef.access"
CANARY = "5ec2e7ca" * 8
Script = Callable[[str], Iterable[bytes]]


class Reset(Exception):  # noqa: N818 - raised by a script to reset the connection
    """Reset the connection where it stands."""


@dataclass
class Server:
    """What was asked of it: the heads of the requests."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    """Set at the end, so that a script that waits on it ends too."""


def _plain(connection: socket.socket, script: Script) -> None:
    connection.sendall(b"".join(script("")))
    connection.recv(65536)


def _converse(server: Server, connection: ssl.SSLSocket, script: Script) -> None:
    request = b""
    while not _whole(request):
        data = connection.recv(65536)
        if not data:
            return
        request += data
    server.asked.append(request.decode())
    try:
        for part in script(request.decode()):
            connection.sendall(part)
    except Reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return
    connection.unwrap()


def _whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


@contextmanager
def tls_server(context: ssl.SSLContext | None, script: Script) -> Iterator[Server]:
    """Serve every connection by the script; without a context its bytes are sent as they are, without TLS."""
    server = Server()

    def serve(connection: socket.socket) -> None:
        connection.settimeout(60)
        with suppress(OSError), connection:
            if context is None:
                _plain(connection, script)
                return
            with context.wrap_socket(connection, server_side=True) as wrapped:
                _converse(server, wrapped, script)

    with listening(serve, server.release.set) as server.port:
        yield server


def http(status: int, body: bytes = b"", *headers: str) -> list[bytes]:
    """A whole HTTP answer, as the edge would send it."""
    lines = ["server: cloudflare", "cf-ray: 8f00ba4-FRA", f"content-length: {len(body)}", "connection: close", *headers]
    head = "\r\n".join([f"HTTP/1.1 {status} Word", *lines, "", ""])
    return [head.encode() + body]


def run_to(
    server: Server, authority: LabAuthority, facts: dict[str, Any] | None = None, timeout_s: float = 60, **given: Any
) -> Run:
    """A run whose public host name leads to the server."""
    public = Public(port=server.port, ca=str(authority.pem_path), timeout_s=timeout_s)
    stated = {"answers": {"path": "/api/tags", "status": 200}, **(facts or {})}
    return run_of(
        Target(public=public),
        {"public": stated},
        {
            public_addresses: given.get("addresses", PublicAddresses(("127.0.0.1",))),
            access_client_id: ClientId(CLIENT_ID, fit=True),
            access_client_secret: given.get("secret") or Secret(CANARY, "client secret"),
        },
    )


def edge_context(authority: LabAuthority) -> ssl.SSLContext:
    return authority.server_context(HOSTNAME)
