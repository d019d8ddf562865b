"""Thirty nights of one lab: what breaks, what is mended, what each night tells, and the life of each issue.

`python -m tests.history.nights` plays them all by a clock of their own, with a GitHub and a webhook; a test a few.
Each night is what a run is: every check, the diagnosis, the history, and whoever must know.
"""

import inspect
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from spark_conformance.checking import checked, findings_of
from spark_conformance.core.run import OBSERVATIONS, Run
from spark_conformance.core.session import session_result
from spark_conformance.core.verdict import Evidence, Finding
from spark_conformance.diagnosis.engine import diagnose
from spark_conformance.diagnosis.model import Diagnosis
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.facts.notify import Notify
from spark_conformance.history.entry import entry
from spark_conformance.history.past import History, held_against
from spark_conformance.history.storage import keep, read
from spark_conformance.history.words import lines
from spark_conformance.notify.gathered import about, seen
from spark_conformance.notify.sending import Telling, tell
from spark_conformance.plugin.diagnosis import failing, wanted
from spark_conformance.report.results import Results, TargetResults
from spark_lab.announcement import Announcement
from spark_lab.faults import heal, inflict, named
from spark_lab.github import GithubWorld
from tests.labs import running
from tests.notify.hub import REPOSITORY, TOKEN, hub
from tests.notify.making import Sink, sink

PLAN: dict[int, tuple[str, ...]] = {
    5: ("ingress-without-host-header",), 6: ("ingress-without-host-header",), 7: ("ingress-without-host-header",),
    8: ("ingress-without-host-header", "leak-tunnel-token"), 9: ("leak-tunnel-token",),
    12: ("cloudflared-stopped",), 13: ("cloudflared-stopped",),
    15: ("ingress-without-host-header",),
    17: ("ssh-refused",),
    19: ("ollama-stopped",), 21: ("ollama-stopped",), 23: ("ollama-stopped",),
    25: ("access-bypass-everyone",), 26: ("access-bypass-everyone", "record-grey"), 27: ("record-grey",),
}  # fmt: skip
"""What is broken on which night, of thirty; on all others nothing is."""
ALL = 30


@dataclass
class Night:
    """What came of one night."""

    number: int
    faults: tuple[str, ...]
    exit_code: int
    told: list[str]
    """Lines about whoever was told, without what is the same every night."""
    history: list[str]
    roots: list[str]


@dataclass
class Nights:
    """All of them, and what was left: GitHub's issues, and what the webhook got."""

    github: GithubWorld
    hook: Sink

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.hook.got]

    @property
    def issues(self) -> list[str]:
        """A line for each issue: its title, its state, and what its comments begin with."""
        return [
            f"#{issue['number']} {issue['title'][:70]} [{issue['state']}] "
            + " ".join(_beginning(comment["body"]) for comment in self.github.comments.get(issue["number"], []))
            for issue in self.github.issues
        ]


@contextmanager
def place(folder: Path) -> Iterator[tuple[Nights, Notify]]:
    """GitHub and a webhook for as long as the context lasts."""
    with hub(folder) as there, sink() as hook:
        notify = {
            "github": {"token": "env:NIGHTS_TOKEN", "repository": REPOSITORY, "api": there.github.api},
            "webhook": {"ops": {"url": hook.url}},
        }
        yield Nights(there.world, hook), Notify.model_validate(notify)


def play(
    lab: Announcement, folder: Path, plan: Sequence[tuple[str, ...]], nights: Nights, notify: Notify
) -> Iterator[Night]:
    """Play a night for each entry of the plan, the last one today; the environment must have NIGHTS_TOKEN."""
    first = datetime.now(UTC).replace(hour=2, minute=23, second=0, microsecond=0) - timedelta(days=len(plan))
    system = load(Path(lab.target)).model_copy(update={"notify": notify})
    broken: tuple[str, ...] = ()
    for number, faults in enumerate(plan, 1):
        if faults != broken:
            heal(lab)
            inflict(lab, named(faults))
            broken = faults
        night = _night(system, folder, first + timedelta(days=number), number, faults)
        yield night


def _night(system: SystemFile, folder: Path, at: datetime, number: int, faults: tuple[str, ...]) -> Night:
    run = Run(system)
    try:
        findings = [*_with_evidence(run, findings_of(run, target="nights"))]
        diagnosis: Diagnosis | None = None
        if wanted(findings, asked=None):
            diagnosis = Diagnosis.from_json(diagnose(run, failing=failing(findings)).as_json())
        session = session_result(findings, ended=0)
        now = entry(system.system, findings, at=at, session=session, gate=None)
        past: History = held_against(read(folder, now.of).entries, now)
        keep(folder, now)
        target = TargetResults.of(
            "nights", system, findings, diagnosis=diagnosis, history=past, session=session, began=at, seconds=120
        )
        results = Results(at, at + timedelta(minutes=2), None, session, [target])
        telling = Telling(run, about(results, target, {}), seen(target), at, folder)
        told = [str(line).removeprefix("notify: ") for line in tell(telling)]
        return Night(
            number, faults, session.exit_code, [line for line in told if not line.endswith("nothing to tell")],
            list(lines(past)), [f"{root.kind} {root.id or root.title}" for root in target.roots],
        )  # fmt: skip
    finally:
        run.close()


def _with_evidence(run: Run, found: Mapping[str, Finding]) -> Iterator[Finding]:
    """The findings with what their checks observed, as a run of pytest's has them."""
    asked = checked(run)
    for fact, finding in found.items():
        names = [name for name in inspect.signature(asked[fact]).parameters if name in OBSERVATIONS]
        seen_by = [Evidence(f"observation: {name}", text) for name in names if (text := run.seen(name)) is not None]
        finding.evidence = [*finding.evidence, *seen_by]
        yield finding


def _beginning(comment: str) -> str:
    return comment.split("**")[1] if "**" in comment else comment.strip()


def _lines(night: Night) -> Iterator[str]:
    yield f"night {night.number:>2}  exit {night.exit_code}  {', '.join(night.faults) or 'nothing broken'}"
    for title, told in (("root", night.roots), ("told", night.told), ("history", night.history)):
        yield from (f"    {title:<8}{line}" for line in told)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main() -> int:
    """Play all nights on a lab of their own, and print what each told."""
    os.environ["NIGHTS_TOKEN"] = TOKEN
    plan = [PLAN.get(number, ()) for number in range(1, ALL + 1)]
    with tempfile.TemporaryDirectory() as folder, running() as lab, place(Path(folder)) as (nights, notify):
        for night in play(lab, Path(folder, "history"), plan, nights, notify):
            _say(*_lines(night))
        _say(f"\n{len(nights.sent)} messages to the webhook, {len(nights.issues)} issues:", *nights.issues)
    return 0


if __name__ == "__main__":
    sys.exit(main())
