"""Servers that mean harm, or are broken: they answer without an end, byte by byte, or larger than anybody can hold."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.listening import listening

PAUSE_S = 0.02
BIG = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
Script = Callable[[threading.Event], Iterator[bytes]]


def _dripping(head: bytes, drop: bytes) -> Script:
    def script(end: threading.Event) -> Iterator[bytes]:
        yield head
        while not end.wait(PAUSE_S):
            yield drop

    return script


def _flooding(head: bytes, flood: bytes) -> Script:
    def script(end: threading.Event) -> Iterator[bytes]:
        yield head
        while not end.is_set():
            yield flood

    return script


def _once(answer: bytes) -> Script:
    def script(_: threading.Event) -> Iterator[bytes]:
        yield answer

    return script


def _whole(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


NEVER_COMPLETE = {
    "a body byte by byte": _dripping(BIG, b" "),
    "a body in chunks of a byte": _dripping(CHUNKED, b"1\r\nx\r\n"),
    "a head byte by byte": _dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "nothing but beginnings": _dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}
TOO_LONG = {
    "a body without an end": _flooding(BIG, b" " * (1 << 16)),
    "chunks without an end": _flooding(CHUNKED, b"10000\r\n" + b"x" * (1 << 16) + b"\r\n"),
    "beginnings without an end": _flooding(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2048),
}
SMALL_ON_THE_WIRE = gzip.compress(b" " * (8 << 20), compresslevel=1)
COMPRESSED = {"a compressed body": _once(_whole(SMALL_ON_THE_WIRE, b"Content-Encoding: gzip"))}
NESTED = {"JSON nested beyond reason": _once(_whole(b"[" * 200_000))}


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer every request by the script, with TLS where there is a context; yields the port."""
    end = threading.Event()

    def serve(plain: socket.socket) -> None:
        with suppress(OSError), plain:
            plain.settimeout(60)
            with context.wrap_socket(plain, server_side=True) if context else plain as connection:
                connection.recv(1 << 16)
                for part in script(end):
                    connection.sendall(part)

    with listening(serve, end.set) as port:
        yield port
