"""Results of a run that nobody made: of spark-291b, with the findings that a test gives it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from spark_conformance.core.session import SessionResult
from spark_conformance.core.verdict import Evidence, Finding, Verdict
from spark_conformance.facts.load import find, load
from spark_conformance.report.results import Results, TargetResults

BEGAN = datetime(2026, 11, 27, 2, 23, tzinfo=UTC)


def finding(fact: str, verdict: str = Verdict.CONFORMANT, note: str = "", **seen: Any) -> Finding:
    """A finding; `seen` are observations, as data, by their names."""
    evidence = [Evidence(f"observation: {name}", json.dumps(value)) for name, value in seen.items()]
    return Finding(
        "spark-291b", fact, f"checks/{fact}", "required", "notes", f"why {fact}", f"documented {fact}",
        manual="What it means.\n\nMore.", verdict=verdict, note=note, observed="seen", evidence=evidence,
    )  # fmt: skip


def results(*findings: Finding, exit_code: int = 1) -> Results:
    session = SessionResult(exit_code, f"exit code {exit_code}")
    target = TargetResults.of(
        "spark-291b", load(find("spark-291b")), findings, session=session, began=BEGAN, seconds=12.5
    )
    return Results(BEGAN, BEGAN + timedelta(seconds=12.5), None, session, [target])
