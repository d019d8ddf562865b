"""What a genuine connector does in one run and not in the next: admitted, each with its reason, and not compared.

What varies within a line is masked (masking.py). These are whole lines that come or do not, all of them at the end of a
process whose parts end side by side.
"""

import re
from dataclasses import dataclass
from typing import Any

ENDS = frozenset({"end", "drain"})
RUNS = 5
"""How often a case is tried when it is recorded: what is kept is what all of them agree on."""


@dataclass(frozen=True)
class Varying:
    """Lines that may be missing, or come, in these scenarios over these protocols; `why`."""

    scenarios: frozenset[str]
    protocols: frozenset[str]
    lines: str
    why: str


VARYING = (
    Varying(
        ENDS,
        frozenset({"quic", "http2"}),
        r"INF Tunnel server stopped$",
        "written by a routine that the process does not wait for: it has told before that it is done",
    ),
    Varying(
        ENDS,
        frozenset({"quic"}),
        r"WRN\|ERR (Connection terminated connIndex=<n>|no more connections active and exiting)$",
        "the supervisor tells of a connection's end unless it has seen its own first: it waits for both at once",
    ),
)


def settled(found: dict[str, Any], name: str, protocol: str) -> dict[str, Any]:
    """What a scenario led to, without the lines of its log that vary."""
    patterns = [one.lines for one in VARYING if name in one.scenarios and protocol in one.protocols]
    log = [line for line in found.get("log", ()) if not any(re.match(pattern, line) for pattern in patterns)]
    return {**found, "log": log} if patterns else found


def agreed(runs: list[dict[str, Any]], name: str, protocol: str, times: set[str]) -> dict[str, Any]:
    """The first of several runs, where all agree but for what may vary. Raises ValueError with what else does."""
    plain = [{key: value for key, value in settled(one, name, protocol).items() if key not in times} for one in runs]
    for key in sorted({key for one in plain for key in one}):
        seen = [one.get(key) for one in plain]
        if any(value != seen[0] for value in seen):
            raise ValueError(f"{name} {protocol}: {key} varies, and varying.py has no reason for it: {seen}")
    return runs[0]
