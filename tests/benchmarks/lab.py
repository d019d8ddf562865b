"""A lab at the end of a wire: its sshd a round trip away, facts files that lead there, and the commands of a run."""

import asyncio
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.facts.load import load
from spark_conformance.facts.model import TRAITS
from spark_conformance.host.connection import target_host
from spark_lab.announcement import Announcement
from tests.benchmarks.ssh_backend import Delay
from tests.labs import running

COMPONENTS = frozenset({"host", "ollama", "cloudflared"})
"""Those whose facts are seen on the host."""


class Wire(Delay):
    """A wire that counts the connections over it."""

    connections = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await super()._serve(reader, writer)


@dataclass(frozen=True)
class Wired:
    """What a benchmark asks: `target` is the lab's facts file over the wire, `half` states half of the host's facts.

    `mastered` leads over a connection that is kept open, as an operator's ssh_config may have it.
    """

    wire: Wire
    host: str
    config: Path
    target: Path
    half: Path
    mastered: Path
    commands: list[str]


@contextmanager
def wired(place: Path, engine: str, round_trip_s: float) -> Iterator[Wired]:
    """A lab for as long as the context lasts; files are written in `place`."""
    with running(("--lab-host", engine)) as lab:
        plain = Path(lab.ssh_config).read_text(encoding="utf-8")
        (port,) = set(re.findall(r"^\s*Port (\d+)$", plain, re.MULTILINE))
        wire = Wire(int(port), round_trip_s)
        control = f"ControlPath {place / 'master'}"
        config = _written(place / "ssh_config", over(plain, wire.port))
        kept = _written(place / "ssh_config_kept", over(plain, wire.port, control))
        target = _target(lab, place / "target.toml", config)
        stated = load(target).facts.all()
        lookups = {name for traits in TRAITS.values() for by in traits.looked_up_by for name in _each(by)}
        left = ", ".join(f'"{fact}"' for fact in halved(stated, lookups, COMPONENTS))
        half = _written(place / "half.toml", f'extends = "{target}"\nwithout = [{left}]\n')
        mastered = _target(lab, place / "mastered.toml", kept)
        master = ["ssh", "-F", str(kept)]
        quiet = subprocess.DEVNULL
        subprocess.run(
            [*master, "-o", "ControlMaster=yes", "-fN", lab.ssh_host], check=True, stdout=quiet, stderr=quiet
        )
        try:
            yield Wired(wire, lab.ssh_host, config, target, half, mastered, _commands(target))
        finally:
            subprocess.run([*master, "-O", "exit", lab.ssh_host], check=True, capture_output=True)


def over(config: str, port: int, *options: str) -> str:
    """An ssh_config that leads to a port of this machine, with further options."""
    config = re.sub(r"^(\s*HostName ).*$", r"\g<1>127.0.0.1", config, flags=re.MULTILINE)
    config = re.sub(r"^(\s*Port ).*$", rf"\g<1>{port}", config, flags=re.MULTILINE)
    more = "".join(f"\n    {option}" for option in options)
    return re.sub(r"^Host .*$", lambda found: found[0] + more, config, flags=re.MULTILINE)


def halved(facts: Iterable[str], kept: set[str], components: Iterable[str]) -> list[str]:
    """Every second fact of these components, of those that need not be kept: what half of them do without."""
    among = [fact for fact in facts if fact.partition(".")[0] in set(components) and fact not in kept]
    return among[::2]


def floor(commands: list[str], *, side_by_side: bool) -> bytes:
    """What a shell is told to run the commands, all at once or in turn, and to say what they said."""
    end = " &" if side_by_side else ""
    lines = [
        f"(/bin/sh -c {shlex.quote(command)} </dev/null >$d/{number}.o 2>$d/{number}.e; echo $? >$d/{number}.s){end}"
        for number, command in enumerate(commands)
    ]
    return "\n".join(["d=$(mktemp -d /dev/shm/floor.XXXXXX)", *lines, "wait", "cat $d/*", 'rm -r "$d"', ""]).encode()


def _each(by: str | tuple[str, ...]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else by


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _target(lab: Announcement, path: Path, config: Path) -> Path:
    """The lab's facts file, which reaches the host by another configuration."""
    text = Path(lab.target).read_text(encoding="utf-8")
    assert lab.ssh_config in text
    return _written(path, text.replace(lab.ssh_config, str(config)))


def _commands(target: Path) -> list[str]:
    """The commands that the host's checks send, as they stand in the connection's log."""
    run = Run(load(target))
    try:
        findings_of(run, [fact for fact in run.stated if fact.partition(".")[0] in COMPONENTS])
        return [entry.command for entry in run.get(target_host).backend._connection.log]
    finally:
        run.close()
