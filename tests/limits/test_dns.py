"""Name servers that answer by TCP, and drip: the question's time is the whole of it."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import pytest

from spark_conformance.dns.asking import Silence, ask
from spark_conformance.dns.servers import Server
from tests.listening import pair

PAUSE_S = 0.02


@contextmanager
def by_tcp(answer: bytes) -> Iterator[int]:
    """Answers every datagram as cut short, and by TCP byte by byte, again and again; yields the port."""
    end = threading.Event()
    datagrams, listener = pair()
    datagrams.settimeout(0.1)

    def cut_short() -> None:
        while not end.is_set():
            with suppress(TimeoutError):
                data, asker = datagrams.recvfrom(4096)
                reply = dns.message.make_response(dns.message.from_wire(data))
                reply.flags |= dns.flags.TC
                datagrams.sendto(reply.to_wire(), asker)

    def drip() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), connection:
                    connection.recv(4096)
                    for byte in answer * 1000:
                        if end.wait(PAUSE_S):
                            return
                        connection.sendall(bytes([byte]))

    threads = [threading.Thread(target=serve) for serve in (cut_short, drip)]
    for thread in threads:
        thread.start()
    try:
        yield datagrams.getsockname()[1]
    finally:
        end.set()
        listener.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        listener.close()
        datagrams.close()


@pytest.mark.parametrize("answer", [b"\x00", struct.pack("!H", 65535) + b"\x00"], ids=["empty", "the longest"])
def test_an_answer_byte_by_byte_is_silence(answer: bytes) -> None:
    with by_tcp(answer) as port:
        said = ask(Server("127.0.0.1", port), "ollama.example.org", "A", 0.4)
    assert isinstance(said, Silence)
    assert said.reason in {"does not answer within 0.4 s", "sends something that is not a DNS answer"}
