"""What a run over 1, 8 and 32 systems costs, beside the floor: one cold `ssh` each, running the same commands.

    python -m tests.benchmarks.fleet --latency-ms 50

The floor's `ssh` run side by side, and their commands do. One lab stands for all systems: one sshd and one account, one
API and one tunnel, told apart by names. `one account` is a fleet behind one API token: its client and its reads are
shared, and since all have the same tunnel, more of them are than with a tunnel each. `an account each` shares nothing,
as if each had a token of its own: the two enclose what a real fleet costs. SSH connections are one a system in both.
The wire before sshd and the API is as long as is said; the edge and the name servers are near. The lab's servers take
their share of the processor, of the floor's time as well. CPU and memory are the suite's own and its `ssh`'s.
"""

import argparse
import asyncio
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlsplit

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.host.connection import target_host
from spark_conformance.programs.lab import LabProcess
from tests.benchmarks.ssh_backend import Delay

PROJECT = Path(__file__).parents[2]
MARKS = "host or ollama or cloudflared or tunnel or access"
REQUEST = re.compile(rb" HTTP/1\.1\r\n")
KIB = 1024


class Wire(Delay):
    """A wire before a server that counts what goes over it: connections, and requests of HTTP."""

    connections = 0
    requests = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._count(reader, far_writer), self._carry(far_reader, writer))

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                self.requests += len(REQUEST.findall(data))
                self._loop.call_later(self._half, writer.write, data)
        self._loop.call_later(self._half, writer.close)

    def reset(self) -> None:
        self.connections = self.requests = 0


@dataclass(frozen=True)
class Figures:
    """What one way of asking so many systems cost: seconds, MiB, what went over the wires; and how it ended, at worst.

    The lab is healthy: a run that ends with another code than 0 has not seen all, and says so on standard error.
    """

    wall: float
    cpu: float
    memory: float
    ssh: int
    api: int
    requests: int
    code: int


class Bench:
    """A lab behind two wires, and files for fleets of any size."""

    def __init__(self, lab: SystemFile, facts: Path, place: Path, latency_s: float) -> None:
        if lab.target.ssh is None or lab.target.ssh.config is None or lab.target.cloudflare is None:
            raise ValueError("the lab has no way to its host, or no API")
        self._facts, self._place = facts, place
        self._config = Path(lab.target.ssh.config).read_text(encoding="utf-8")
        self._alias = lab.target.ssh.host
        self._api = urlsplit(lab.target.cloudflare.api)
        port = re.search(r"^\s*Port\s+(\d+)", self._config, re.MULTILINE)
        if port is None or self._api.port is None:
            raise ValueError("the lab's ssh_config or API names no port")
        self._port = int(port[1])
        self.ssh, self.api = Wire(self._port, latency_s), Wire(self._api.port, latency_s)

    def config(self, count: int) -> Path:
        """An ssh_config with a name for each of so many hosts, all of which are the lab's."""
        names = " ".join(f"spark-{number}" for number in range(count))
        text = self._config.replace(f"Host {self._alias}", f"Host {names}", 1)
        text = re.sub(r"^(\s*)Port\s+\d+", rf"\1Port {self.ssh.port}", text, flags=re.MULTILINE)
        if "HostKeyAlias" not in text:
            text = text.rstrip() + f"\n  HostKeyAlias [127.0.0.1]:{self._port}\n"
        path = self._place / f"ssh_config-{count}"
        path.write_text(text, encoding="utf-8")
        return path

    def fleet(self, count: int, *, apart: bool) -> Path:
        """A facts file that lists so many systems; `apart` gives each a client of its own."""
        config = self.config(count)
        api = self._api._replace(netloc=f"127.0.0.1:{self.api.port}").geturl()
        lines = [f'extends = "{self._facts}"', "[target.cloudflare]", f'api = "{api}"']
        lines += ["[target.dns]", "timeout_s = 30", "[target.public]", "timeout_s = 60"]  # one lab serves all of them
        for number in range(count):
            lines += ["[[systems]]", f'name = "spark-{number}"', f'target.ssh.host = "spark-{number}"']
            lines += [f'target.ssh.config = "{config}"']
            lines += [f"target.cloudflare.timeout_s = {30 + number / 1000}"] if apart else []
        path = self._place / f"fleet-{count}-{'apart' if apart else 'together'}.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def suite(self, count: int, *, apart: bool) -> Figures:
        """A run of the suite over so many systems."""
        file = self.fleet(count, apart=apart)
        words = [
            sys.executable, "-m", "pytest", "checks/", "-q", "-p", "no:cacheprovider", "--target", str(file),
            "-m", MARKS, "--no-diagnose", "--no-history", "--reports", str(self._place / "reports"),
        ]  # fmt: skip
        return self._measured([words])

    def floor(self, count: int, commands: Sequence[str]) -> Figures:
        """One cold ssh a system, all side by side, each running the same commands side by side."""
        config = self.config(count)
        script = "".join(f"( {command}\n) </dev/null >/dev/null 2>&1 &\n" for command in commands) + "wait\n"
        path = self._place / "commands"
        path.write_text(script, encoding="utf-8")
        ssh = [f"ssh -F {shlex.quote(str(config))} spark-{number} sh < {path}" for number in range(count)]
        return self._measured([["sh", "-c", f"exec {one}"] for one in ssh])

    def _measured(self, programs: Sequence[Sequence[str]]) -> Figures:
        self.ssh.reset()
        self.api.reset()
        began = perf_counter()
        out = (self._place / "out").open("wb")
        running = [subprocess.Popen(words, cwd=PROJECT, stdout=out, stderr=out) for words in programs]
        peaks: dict[int, int] = {program.pid: 0 for program in running}
        threading.Thread(target=_watch, args=(peaks,), daemon=True).start()
        used = [os.wait4(program.pid, 0) for program in running]
        wall = perf_counter() - began
        out.close()
        for program, (_, status, _) in zip(running, used, strict=True):
            program.returncode = os.waitstatus_to_exitcode(status)
        code = max(abs(program.returncode) for program in running)
        if code:
            said = (self._place / "out").read_text(encoding="utf-8", errors="replace")[-3000:]
            if code not in {1, 7}:
                raise RuntimeError(said)
            sys.stderr.write(f"exit code {code}: {said}\n")
        cpu = sum(usage.ru_utime + usage.ru_stime for _, _, usage in used)
        memory = sum(peaks.values()) / KIB
        return Figures(wall, cpu, memory, self.ssh.connections, self.api.connections, self.api.requests, code)


def _watch(peaks: dict[int, int]) -> None:
    """Keep each process's greatest memory, in KiB, until all have ended; wait4 tells of the time before exec, too."""
    living = set(peaks)
    while living:
        for process in list(living):
            try:
                told = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
            except OSError:
                living.discard(process)
                continue
            found = re.search(r"^VmHWM:\s+(\d+)", told, re.MULTILINE)
            peaks[process] = max(peaks[process], int(found[1]) if found else 0)
        sleep(0.02)


def commands_of(system: SystemFile) -> list[str]:
    """What a run asks of a host, in the order in which it does."""
    run = Run(system)
    try:
        findings_of(run, [fact for fact in run.stated if fact.partition(".")[0] in MARKS.split(" or ")])
        backend = run.get(target_host).backend
        return [entry.command for entry in backend._connection.log]
    finally:
        run.close()


def median(figures: Sequence[Figures]) -> Figures:
    medians = {name: statistics.median(getattr(one, name) for one in figures) for name in Figures.__annotations__}
    return Figures(**{**medians, "code": max(one.code for one in figures)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency-ms", type=float, default=50)
    options = parser.parse_args()
    lab = LabProcess([], [])
    try:
        with tempfile.TemporaryDirectory() as place:
            facts = lab.facts()
            system = load(facts)
            bench = Bench(system, facts, Path(place), options.latency_ms / 1000)
            commands = commands_of(system)
            _print(bench, commands, options)
    finally:
        lab.close()


def _print(bench: Bench, commands: Sequence[str], options: argparse.Namespace) -> None:
    say = sys.stdout.write
    say(f"{len(commands)} commands a host, {options.latency_ms:g} ms round trip, medians of {options.rounds}\n")
    heads = ("wall", "of floor", "CPU", "memory", "ssh", "API", "requests", "exit code")
    say(f"{'systems':>7}  {'way':<28}{''.join(f'{head:>10}' for head in heads)}\n")
    for count in options.systems:
        ways = {
            "floor: one cold ssh each": partial(bench.floor, count, commands),
            "suite, one account": partial(bench.suite, count, apart=False),
            "suite, an account each": partial(bench.suite, count, apart=True),
        }
        seen: dict[str, list[Figures]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, measure in ways.items():
                seen[name].append(measure())
        floor = median(seen["floor: one cold ssh each"]).wall
        for name, figures in seen.items():
            one = median(figures)
            cells = (
                f"{one.wall:.2f} s", f"{one.wall / floor:.2f}", f"{one.cpu:.2f} s", f"{one.memory:.0f} MiB",
                f"{one.ssh:g}", f"{one.api:g}", f"{one.requests:g}", f"{one.code}",
            )  # fmt: skip
            say(f"{count:>7}  {name:<28}{''.join(f'{cell:>10}' for cell in cells)}\n")


if __name__ == "__main__":
    main()
