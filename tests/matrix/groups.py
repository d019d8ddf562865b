"""Faults that are made together, so that one look judges several: those that have nothing to do with each other.

They are of components of their own: two faults of one may be made by the same file, or the same object, unless it is
known that they are not (`QUIET`). What a group fails and keeps from being looked at is what its members do, and nothing
else. A group that shows anything else says nothing against any of them: they are judged one by one then.
"""

from collections.abc import Iterable
from dataclasses import replace

from spark_conformance.remediation.verifying import COUNTERS
from spark_lab.faults import Fault
from tests.matrix.looks import ON_THE_WAY
from tests.matrix.selection import everything, healed, told

Group = tuple[Fault, ...]
MOST = 8
"""How many faults a group has at most: one that shows anything else is made again, one by one."""
FAR = 10
"""What hides more facts than that takes away a way to look. Of two ways to a fact each of two faults may close one."""

ANEW = "cloudflared.token_tunnel"
"""What a tunnel that is made anew fails; it is made when its connector is connected to it."""
CONNECTIONS = {"tunnel.connections", "tunnel.data_centres"}
ELSEWHERE = "tunnel.ingress"
RELOAD = "reload_pending"
REFUSED = "cloudflared.config_is_current"
QUIET: tuple[frozenset[str], ...] = (
    frozenset({"cloudflared-disabled"}),
    frozenset({"binary-missing", "binary-not-executable", "binary-too-old", "binary-broken"}),
    frozenset({"local-config", "local-config-of-root", "local-config-before-another", "local-config-of-old"}),
    frozenset({"token-copied", "token-readable-by-group", "token-readable-by-all", "token-writable-by-all"}),
    frozenset({"token-rotated", "token-not-deployed", "esc-holds-another-token", "esc-holds-no-token"}),
    frozenset({"drop-in-of-another-name", "drop-in-runs-something"}),
    frozenset({"unit-edited", "unit-not-deployed"}),
)
"""Faults of the connector that leave it running, by what they change: no other of these sets has to do with that."""


def grouped(faults: Iterable[Fault]) -> list[Group]:
    """All of these, each alone or with others; first what little has to be looked at for.

    Alone is what is healed, whose cause is to be told, and what a service counts, which another fault may start anew.
    In a group what hides most is made last: it may take away what the others are made with.
    """
    groups: list[list[Fault]] = []
    for fault in sorted(faults, key=lambda fault: fault.component not in ON_THE_WAY):
        joined = None if _alone(fault) else next((group for group in groups if _may_join(fault, group)), None)
        if joined is None:
            groups.append([fault])
        else:
            joined.append(fault)
    ordered = [tuple(sorted(group, key=lambda fault: len(fault.unverified))) for group in groups]
    return sorted(ordered, key=on_the_way)


def joint(group: Group) -> Fault:
    """A group as one fault."""
    one = group[0]
    if len(group) == 1:
        return one
    return replace(
        one,
        name=named(group),
        facts=frozenset[str]().union(*(fault.facts for fault in group)),
        unverified=frozenset[str]().union(*(fault.unverified for fault in group)),
    )


def named(group: Group) -> str:
    return "+".join(fault.name for fault in group)


def on_the_way(group: Group) -> bool:
    """Whether one of them may change nearly everything."""
    return any(fault.component in ON_THE_WAY for fault in group)


def spoils(one: Fault, other: Fault) -> bool:
    """Whether one of them undoes what the other one did, keeps it from being made, or from being seen.

    Whose files wait for a reload, in that whoever else turns a service reloads. Who waits for connections, or counts
    them, in that the connector starts anew, or cannot. Whose configuration the connector refuses, in that another takes
    its place. Who has the name lead elsewhere, in that what the other one did is not met there.
    """
    return any(
        (any(fact.endswith(RELOAD) for fact in made.facts) and theirs.component in ON_THE_WAY)
        or (ANEW in made.facts and (theirs.component == "cloudflared" or "tunnel.connections" in theirs.facts))
        or (not CONNECTIONS.isdisjoint(made.facts) and theirs.component == "cloudflared")
        or (REFUSED in made.facts and theirs.component == "tunnel")
        or (ELSEWHERE in made.facts and any(fact.startswith("public.") for fact in theirs.facts))
        for made, theirs in ((one, other), (other, one))
    )


def apart(one: Fault, other: Fault) -> bool:
    """Whether neither fails, nor hides, what the other one fails."""
    return not (one.facts & (other.facts | other.unverified) or other.facts & one.unverified)


def _alone(fault: Fault) -> bool:
    return everything() or healed(fault) or told(fault) or not fault.facts.isdisjoint(COUNTERS)


def _may_join(fault: Fault, group: list[Fault]) -> bool:
    far = sum(len(member.unverified) > FAR for member in (fault, *group))
    return (
        not _alone(group[0])
        and fault.remedy == group[0].remedy
        and far <= 1
        and len(group) < MOST
        and all(
            (fault.component != member.component or _beside(fault, member))
            and apart(fault, member)
            and not spoils(fault, member)
            for member in group
        )
    )


def _beside(one: Fault, other: Fault) -> bool:
    """Whether two faults of a component are known to have nothing to do with each other."""
    those = [number for fault in (one, other) for number, names in enumerate(QUIET) if fault.name in names]
    return len(set(those)) == 2
