"""What was measured, as a table: medians, and multiples of the floor, the way that stands first."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Way:
    """One way to look, as a program to be started in a directory; `why_not` is why it cannot be measured here."""

    name: str
    command: tuple[str, ...] = ()
    place: Path = Path()
    given: bytes = b""
    """Its standard input."""
    passes: Sequence[int] = (0,)
    """The exit codes of a run that did what it was to do."""
    why_not: str = ""


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, those of CPU of it and all that it started, and connections to the host."""

    wall_s: float
    cpu_s: float
    connections: int = 0


@dataclass
class Costs:
    """All runs of one way; `failed` is how one ended that did not do what it was to do."""

    runs: list[Cost] = field(default_factory=list)
    failed: str = ""

    def median(self, of: Callable[[Cost], float]) -> float:
        return statistics.median(map(of, self.runs))


def table(costs: Mapping[str, Costs]) -> str:
    """A row a way, in their order; ways without a run are left out."""
    known = {name: own for name, own in costs.items() if own.runs}
    if not known:
        return ""
    floor = next(iter(known.values())).median(lambda cost: cost.wall_s)
    width = max(map(len, known))
    rows = [f"{'':{width}}     wall       CPU   x floor  connections"]
    for name, own in known.items():
        wall, cpu, made = (own.median(of) for of in (_wall, _cpu, _connections))
        rows.append(f"{name:{width}}  {wall:5.2f} s  {cpu:5.2f} s  {wall / floor:8.2f}  {made:11g}")
    return "\n".join(rows) + "\n"


def unmeasured(ways: Sequence[Way], costs: Mapping[str, Costs]) -> str:
    """What could not be measured, and why, a line each."""
    reasons = {way.name: way.why_not or (costs[way.name].failed if way.name in costs else "") for way in ways}
    return "".join(f"not measured: {name}: {reason}\n" for name, reason in reasons.items() if reason)


def _wall(cost: Cost) -> float:
    return cost.wall_s


def _cpu(cost: Cost) -> float:
    return cost.cpu_s


def _connections(cost: Cost) -> float:
    return cost.connections
