"""Trying a scenario on a connector: the stand-in here, a genuine one in a process and a network of its own."""

import asyncio
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from spark_lab import isolation
from tests.contract import life
from tests.contract.bench import Bench, bench
from tests.contract.command_line import command_line
from tests.contract.rows import requests
from tests.contract.subject import ROOT, STAND_IN, Subject, cloudflared

Scenario = Callable[[Bench, str], Awaitable[dict[str, Any]]]
BOTH = ("quic", "http2")
SCENARIOS: dict[str, tuple[Scenario, tuple[str, ...]]] = {
    "command_line": (command_line, ("auto",)),
    "start": (life.start, BOTH),
    "requests": (requests, BOTH),
    "configurations": (life.configurations, BOTH),
    "tokens": (life.tokens, ("http2",)),
    "unauthorised": (life.unauthorised, BOTH),
    "refused": (life.refused, BOTH),
    "one_refused": (life.one_refused, BOTH),
    "one_dropped": (life.one_dropped, BOTH),
    "all_dropped": (life.all_dropped, BOTH),
    "unreachable": (life.unreachable, BOTH),
    "fallback": (life.fallback, ("auto",)),
    "drain": (life.drain, BOTH),
    "end": (life.end, BOTH),
}
ALL = [(name, protocol) for name, (_, protocols) in SCENARIOS.items() for protocol in protocols]
TIMES = {"seconds"}
"""What is another on every run."""
RECORDINGS = Path(__file__).parent / "recordings"
LONGEST_S = 300.0


def observe(subject: Subject, name: str, protocol: str) -> dict[str, Any]:
    """Try a scenario here."""

    async def whole() -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="contract-") as directory:
            async with bench(Path(directory), subject) as made:
                return await SCENARIOS[name][0](made, protocol)

    return asyncio.run(whole())


@functools.cache
def observed(path: str | None, name: str, protocol: str) -> dict[str, Any]:
    """What a scenario led to with the genuine connector at this path, or with the stand-in; tried once a process."""
    return _plain(observe(STAND_IN, name, protocol)) if path is None else observed_apart(path, name, protocol)


def observed_apart(path: str, name: str, protocol: str) -> dict[str, Any]:
    """What a scenario leads to this time with the genuine connector at this path."""
    command = [sys.executable, "-m", "tests.contract", "observe", name, protocol, "--cloudflared", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, f"{name} over {protocol} with {path}:\n{done.stdout}{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def observe_inside(path: str, name: str, protocol: str) -> str:
    """The same for a process that does nothing else: goes into a network of its own first."""
    isolation.enter()
    return json.dumps(observe(cloudflared(path), name, protocol))


def recording(name: str, protocol: str) -> Path:
    return RECORDINGS / f"{name}-{protocol}.json"


def recorded(name: str, protocol: str) -> dict[str, Any]:
    """What the genuine connector led to when it was recorded."""
    found: dict[str, Any] = json.loads(recording(name, protocol).read_text(encoding="utf-8"))
    return found


def record(name: str, protocol: str, found: dict[str, Any]) -> None:
    recording(name, protocol).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain
