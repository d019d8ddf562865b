"""A listener on loopback for tests' own servers: a thread a connection, all of them gone at the end."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def listening(serve: Callable[[socket.socket], None], end: Callable[[], None]) -> Iterator[int]:
    """Serve every connection; yields the port. `end` is called first at the end, so that whoever serves ends too."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=serve, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        end()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()  # until it has ended there may be one more
        for thread in threads:
            thread.join()


def pair(*, refusing: bool = False) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on one and the same free port of loopback, as a name server has.

    The second listens, or is held `refusing`, so that nobody else comes to listen there.
    """
    for _ in range(100):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 0))
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            stream.bind(datagrams.getsockname())
            if not refusing:
                stream.listen()
        except OSError:  # another has the number for TCP
            datagrams.close()
            stream.close()
        else:
            return datagrams, stream
    raise OSError("no port is free for both UDP and TCP")
