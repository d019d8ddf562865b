"""The small web server of the stand-ins: it serves clients of this machine, whatever address it listens on."""

import asyncio
import socket

import pytest

from spark_lab.connector.web import Exchange, listen


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


async def asked(host: str) -> bytes:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(200, b"here")

    server = await listen(answer, "0.0.0.0", 0)  # noqa: S104 - what is tested is that this exposes nothing
    try:
        reader, writer = await asyncio.open_connection(host, server.address[1])
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
    finally:
        await server.close()


def test_it_serves_this_machine() -> None:
    assert asyncio.run(asked("127.0.0.1")).endswith(b"here")


def test_it_serves_nobody_else() -> None:
    try:
        address = own_address()
    except OSError:
        pytest.skip("this machine has no address but loopback: nobody else could ask")
    assert asyncio.run(asked(address)) == b""


def test_a_connection_is_kept_for_the_next_request_whether_or_not_the_body_was_read() -> None:
    async def scenario() -> int:
        async def answer(exchange: Exchange) -> None:
            await exchange.answer(200, b"here")

        server = await listen(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.address[1])
        try:
            for request in (
                b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
            ):
                for _ in range(2):
                    writer.write(request)
                    assert (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
            return len(server._clients)
        finally:
            writer.close()
            await server.close()

    assert asyncio.run(scenario()) == 1


def test_the_rest_of_a_body_that_nobody_wanted_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_lab.http1.DRAIN_S", 0.01)

    async def scenario() -> bytes:
        async def answer(exchange: Exchange) -> None:
            await exchange.answer(200, b"here")

        server = await listen(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.address[1])
        try:
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo")
            return await reader.read()
        finally:
            writer.close()
            await server.close()

    assert asyncio.run(scenario()).endswith(b"here")
