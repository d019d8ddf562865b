"""Recording a lab in this process, and judging a recording again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding
from spark_conformance.diagnosis.engine import diagnose
from spark_conformance.diagnosis.model import Diagnosis
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.programs.lab import ORIGINAL
from spark_conformance.recording import recorder, storage
from spark_conformance.recording.replay import Replayed
from spark_conformance.recording.target import facts_of, moved
from spark_lab.announcement import Announcement

Json = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """What a run came to."""

    findings: dict[str, Finding]
    diagnosis: Diagnosis

    @property
    def verdicts(self) -> dict[str, str]:
        return {fact: str(finding.verdict) for fact, finding in self.findings.items()}

    @property
    def told(self) -> dict[str, tuple[str, ...]]:
        """Every verdict with what is told of it. Ages are told to the second, and a replay knows no secrets to mask."""
        return {
            fact: (finding.verdict, finding.observed, finding.note, finding.cause, finding.blocked_by)
            for fact, finding in self.findings.items()
            if fact not in {"access.temporary_days", "access.token_days", "access.token_client_id"}
        }

    @property
    def concluded(self) -> Json:
        """The whole diagnosis, but for the time that it took."""
        return {**self.diagnosis.as_json(), "seconds": 0}


@dataclass(frozen=True)
class Recorded:
    """A recording, and what was judged while it was made."""

    place: Path
    judged: Judged

    @property
    def recording(self) -> storage.Recording:
        return storage.read(self.place)


def judged(run: Run) -> Judged:
    return Judged(findings_of(run), diagnose(run))


def recorded(lab: Announcement, place: Path) -> Recorded:
    """Record a lab as it is, with a diagnosis."""
    system = load(Path(lab.target))
    storage.prepare(place)
    run = recorder.Recorded(system, place)
    try:
        seen = judged(run)
        run.settle()
    finally:
        run.close()
    storage.finish(place, system, "lab", datetime.now(UTC), moved(system, ORIGINAL))
    return Recorded(place, seen)


def system_of(recording: storage.Recording, change: Callable[[Json], object] = lambda _: None) -> SystemFile:
    """Today's facts of a recording, changed: `change` gets the facts as tables."""
    system = facts_of(recording, ORIGINAL)
    tables = system.model_dump(mode="json", exclude_none=True)
    change(tables["facts"])
    return SystemFile.model_validate(tables)


def replayed(recording: storage.Recording, system: SystemFile | None = None) -> Judged:
    """Judge a recording again."""
    run = Replayed(system or facts_of(recording, ORIGINAL), recording)
    try:
        return judged(run)
    finally:
        run.close()


def alter(path: Path, change: Callable[[Json], object]) -> None:
    """Change one file of a recording by hand."""
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
