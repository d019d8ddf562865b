"""What a command over SSH costs: this backend one by one, this backend sent ahead, testinfra's own with ControlMaster.

    python -m tests.benchmarks.ssh_backend --latency-ms 50

All ways ask one and the same sshd the same commands, in turns, each on a connection of its own, its handshake included;
the median of the rounds counts. Sessions are counted by the server.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import testinfra  # type: ignore[import-untyped]  # it carries no types

from spark_conformance.facts.target import Ssh
from spark_conformance.ssh.backend import PersistentBackend, host_on
from spark_conformance.ssh.connection import Connection
from tests.ssh.servers import KINDS, Server, keys, target


def one_by_one(way: Ssh, commands: list[str]) -> None:
    with Connection(way) as connection:
        host = host_on(PersistentBackend(connection))
        for command in commands:
            host.run(command)


def sent_ahead(way: Ssh, commands: list[str]) -> None:
    with Connection(way) as connection:
        host = host_on(PersistentBackend(connection))
        backend: PersistentBackend = host.backend
        backend.prefetch(commands)
        for command in commands:
            host.run(command)


def control_master(way: Ssh, commands: list[str]) -> None:
    """Testinfra as its documentation has it at its fastest; the master ends with the socket's directory."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/master"
        host = testinfra.get_host(f"ssh://{way.host}", ssh_config=way.config, controlpath=path)
        for command in commands:
            host.run(command)
        testinfra.get_host("local://").run("ssh -F %s -O exit -o ControlPath=%s %s", way.config, path, way.host)


WAYS: dict[str, Callable[[Ssh, list[str]], None]] = {
    "this backend, sent ahead": sent_ahead,
    "this backend, one by one": one_by_one,
    "testinfra ssh, ControlMaster + ControlPath": control_master,
}


class Delay:
    """A wire of a given length before a server: every byte takes half the round trip, either way."""

    def __init__(self, port: int, round_trip_s: float) -> None:
        self._to, self._half = port, round_trip_s / 2
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self.port: int = listening.result().sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                self._loop.call_later(self._half, writer.write, data)
        self._loop.call_later(self._half, writer.close)


def measure(server: Server, commands: int, rounds: int, latency_ms: float) -> dict[str, tuple[float, float]]:
    """Seconds and sessions by way: medians over the rounds."""
    port = Delay(server.port, latency_ms / 1000).port if latency_ms else server.port
    way = target(server, Port=str(port), HostKeyAlias=f"[127.0.0.1]:{server.port}")
    asked = [f"test -e /etc/passwd && echo {number}" for number in range(commands)]
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    sessions: dict[str, list[int]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, ask in WAYS.items():
            before, began = server.sessions, perf_counter()
            ask(way, asked)
            seconds[name].append(perf_counter() - began)
            sessions[name].append(server.sessions - before)
    return {name: (statistics.median(seconds[name]), statistics.median(sessions[name])) for name in WAYS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency-ms", type=float, default=0, help="an artificial round trip before the server")
    options = parser.parse_args()
    kind = list(KINDS)[-1]
    with tempfile.TemporaryDirectory() as directory:
        keys(Path(directory))
        server = KINDS[kind](Path(directory))
        figures = measure(server, options.commands, options.rounds, options.latency_ms)
        server.close()
    say = sys.stdout.write
    say(f"{options.commands} commands, {options.latency_ms:g} ms round trip, {kind}, median of {options.rounds}\n")
    least = min(seconds for seconds, _ in figures.values())
    for name, (seconds, sessions) in figures.items():
        say(f"{name:44} {seconds:7.3f} s  {seconds / least:5.1f} times  {sessions:3g} sessions\n")


if __name__ == "__main__":
    main()
