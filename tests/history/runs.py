"""Runs as the history keeps them, made for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from spark_conformance.history.entry import Entry, Judged

FIRST = datetime(2026, 11, 1, 2, 23, tzinfo=UTC)
WORDS = {
    ".": "conformant",
    "F": "nonconformant",
    "U": "unreachable",
    "B": "blocked",
    "w": "waived",
    "-": "not applicable",
}


def night(
    number: int, verdicts: dict[str, str], observations: dict[str, Any] | None = None, system: str = "pi"
) -> Entry:
    """The run of a night, with verdicts by their letters; a space is a fact that was not judged."""
    facts = {fact: Judged(WORDS[letter]) for fact, letter in verdicts.items() if letter != " "}
    return Entry(
        at=FIRST + timedelta(days=number), system=system, hostname="llm.example.org", lab="", exit_code=0,
        headline="CONFORMANT: every required fact that was checked holds (3 of 3 facts conformant, exit code 0)",
        facts=facts, observations=observations or {},
    )  # fmt: skip


def nights(**lines: str) -> list[Entry]:
    """Runs night by night: for each fact of dns a letter a run."""
    length = max(map(len, lines.values()))
    return [
        night(at, {f"dns.{fact}": line[at] for fact, line in lines.items() if at < len(line)}) for at in range(length)
    ]
