"""Whole remediations of a lab, cut short wherever that can happen: the old state, the new one, or a way to either.

A day kills at one moment, another day at another one; `KILL_POINTS=all` at every moment of every step.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.load import load
from spark_conformance.host.connection import target_host
from spark_conformance.remediation.applying import Hook, Ways
from spark_conformance.remediation.journal import identity
from spark_conformance.remediation.model import Asked, Remedy, Step, StepState
from spark_conformance.remediation.outcome import Outcome, StepOutcome
from spark_conformance.remediation.records import journals
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.runner import Remediation
from spark_conformance.remediation.steps.services import WaitFor
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from spark_lab.faults.bench import Bench
from tests import warm
from tests.matrix.selection import shared
from tests.remediation.applying import narrowed

PROJECT = Path(__file__).parents[2]
SERVICE_TOKENS = "accounts/{account}/access/service_tokens"
DROP_IN = "etc/systemd/system/cloudflared.service.d/override.conf"
MOMENTS = {
    "token-empty": 16, "record-missing": 4, "record-grey": 4, "ingress-without-host-header": 8, "ollama-disabled": 4,
    "ollama-stopped": 8, "model-missing": 4, "access-no-service-auth": 4, "access-bypass-everyone": 4,
    "access-token-expiring": 8, "access-app-missing": 4,
}  # fmt: skip
"""Faults that together need every kind of step, and how many moments their remedies have."""
POINTS = [
    (fault, moment, way) for fault, last in MOMENTS.items() for moment in range(last) for way in ("apply", "undo")
]
ALL = os.environ.get("KILL_POINTS") == "all"
CHOSEN = shared(POINTS, len(POINTS), every=ALL)


KEPT = ("tunnel", "dns", "access", "cloudflared")
"""Components whose facts remedies go by; each look of a remediation looks at all that is stated."""


@pytest.fixture
def run(lab: Announcement) -> Iterator[Run]:
    """Of a file that states what has to do with the connector: that all else stays as it was, the matrix shows."""
    run = narrowed(Run(load(Path(lab.target))), *KEPT)
    yield run
    run.close()


def broken(lab: Announcement, *faults: str) -> Announcement:
    inflict(lab, [FAULTS[name] for name in faults])
    return lab


def work(run: Run, folder: Path, *remedies: Remedy, hook: Hook = lambda _moment, _step: None) -> Remediation:
    run.forget()
    return Remediation(run, findings_of(run), remedies or all_remedies(Asked()), Asked(), Ways(folder, hook=hook))


def state(lab: Announcement) -> dict[str, Any]:
    """What remediation may change: the host's configuration byte by byte, and Cloudflare's objects."""
    etc = Path(lab.root) / "etc"
    files = {
        str(path.relative_to(etc)): (path.stat().st_mode, path.read_bytes())
        for path in sorted(etc.rglob("*"))
        if path.is_file()
    }
    bench = Bench(lab)
    config = bench.api("GET", "accounts/{account}/cfd_tunnel/{tunnel}/configurations")["config"]
    wanted = ("type", "name", "content", "proxied", "ttl")
    dns = [{key: record[key] for key in wanted} for record in bench.api("GET", "zones/{zone}/dns_records")]
    apps = [(app["domain"], _admitted(app)) for app in bench.api("GET", "accounts/{account}/access/apps")]
    tokens = [(token["enabled"], token["duration"]) for token in bench.api("GET", SERVICE_TOKENS)]
    bench.close()
    return {"files": files, "config": config, "records": dns, "apps": apps, "tokens": tokens}


def _admitted(app: Mapping[str, Any]) -> list[str]:
    """An application's policies but for their ids, times and places."""
    wanted = ("name", "decision", "include", "require", "exclude")
    return sorted(json.dumps({key: policy.get(key) or [] for key in wanted}) for policy in app["policies"])


def open_facts(findings: Mapping[str, Finding]) -> dict[str, str]:
    return {
        fact: f"{item.verdict}: {item.observed or item.cause}"
        for fact, item in findings.items()
        if item.verdict != Verdict.CONFORMANT
    }


def locked(lab: Announcement) -> bool:
    return (Path(lab.root) / "var/lib/spark-conformance/lock").exists()


@pytest.mark.parametrize("point", CHOSEN, ids=lambda point: "-".join(map(str, point)))
def test_a_killed_run_is_gone_on_with_or_brought_back(
    lab: Announcement, tmp_path: Path, point: tuple[str, int, str]
) -> None:
    fault, moment, way = point
    components = {*KEPT, FAULTS[fault].component}
    healthy = state(lab)
    broken(lab, fault)
    old = state(lab)
    command = [warm.python(), "-m", "tests.remediation.killed", lab.target, str(tmp_path), str(moment), *components]
    done = subprocess.run(command, cwd=PROJECT, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert state(lab) in (old, healthy)
    with closing(narrowed(Run(load(Path(lab.target))), *components)) as run:
        made = work(run, tmp_path)
        told = made.plan()
        if way == "apply":
            made.apply()
            assert set(open_facts(made.after)) == FAULTS[fault].stays
            assert state(lab) == healthy
            assert work(run, tmp_path).apply().result == "nothing to do"
        else:
            undone = made.undo()
            assert undone.result in {"undone", "nothing to do"}
            assert (undone.result == "undone") == any("interrupted" in problem for problem in told.problems)
            assert state(lab) == old
    assert way == "undo" or not locked(lab)


@pytest.mark.parametrize("moment", shared(["journalled", "applied"], 2, every=ALL))
def test_a_connection_that_is_cut_takes_the_step_back(lab: Announcement, run: Run, tmp_path: Path, moment: str) -> None:
    old = state(broken(lab, "token-empty"))

    def cut(now: str, step: Step) -> None:
        if now == moment and step.id == "cloudflared.drop-in":
            run.get(target_host).backend._connection.close()

    outcome = work(run, tmp_path, hook=cut).apply()
    assert outcome.result == "stopped", outcome
    assert state(lab) == old
    assert not locked(lab)
    again = work(run, tmp_path)
    assert again.apply().result == "applied"
    assert open_facts(again.after) == {}


class Spoilt:
    """A remedy whose last step never comes to its end."""

    def __init__(self, remedy: Remedy) -> None:
        self.id, self.component, self.facts, self.after = remedy.id, remedy.component, remedy.facts, remedy.after
        self._remedy = remedy

    def plan(self, run: Run, findings: Mapping[str, Finding]) -> list[Step]:
        never = WaitFor("it becomes healthy", lambda _: "it is not", 0.2)
        return [*self._remedy.plan(run, findings), Step("never", self.component, "wait for ever", "", never)]


class Useless(Spoilt):
    """A remedy that does the first step only, which does not help."""

    def plan(self, run: Run, findings: Mapping[str, Finding]) -> list[Step]:
        return self._remedy.plan(run, findings)[:1]


@pytest.mark.parametrize(("spoil", "told"), shared([(Spoilt, "it is not"), (Useless, "did not help")], 2, every=ALL))
def test_what_does_not_help_is_taken_back(
    lab: Announcement, run: Run, tmp_path: Path, spoil: type[Spoilt], told: str
) -> None:
    old = state(broken(lab, "token-empty"))
    run.remediation = run.remediation.model_copy(update={"verify_s": 0.001})  # nothing comes of it, however long
    made = work(run, tmp_path, *[spoil(remedy) for remedy in all_remedies(Asked())])
    outcome = made.apply()
    assert outcome.result == "stopped"
    assert told in outcome.sentence
    assert state(lab) == old
    assert {step.state for step in outcome.steps} <= {StepState.UNDONE, StepState.PLANNED}
    assert made.after["cloudflared.token_present"].verdict == Verdict.NONCONFORMANT


def test_one_run_at_a_time_works_and_tells_the_token_to_nobody(lab: Announcement, run: Run, tmp_path: Path) -> None:
    inside = (Path(lab.root) / DROP_IN).with_name("token.env").read_text().partition("TOKEN=")[2].strip()
    assert len(inside) > 50
    broken(lab, "token-empty")
    second: list[Outcome] = []

    def meanwhile(moment: str, step: Step) -> None:
        if (moment, step.id) == ("begin", "cloudflared.drop-in"):
            other = narrowed(Run(load(Path(lab.target))), "cloudflared")
            second.append(work(other, tmp_path).apply())
            other.close()

    outcome = work(run, tmp_path, hook=meanwhile).apply()
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    commands = "".join(entry.command for entry in run.get(target_host).backend._connection.log)
    assert outcome.result == "applied"
    assert inside not in f"{outcome}{written}{commands}"
    assert second[0].result == "refused"
    assert "has been remediating this target since" in second[0].sentence
    assert len(journals(tmp_path, identity(run)).records) == 1


def test_what_somebody_changes_meanwhile_is_not_written_over(lab: Announcement, run: Run, tmp_path: Path) -> None:
    broken(lab, "token-empty")
    theirs = b"[Service]\n# theirs\n"

    def change(moment: str, step: Step) -> None:
        if (moment, step.id) == ("begin", "cloudflared.drop-in"):
            (Path(lab.root) / DROP_IN).write_bytes(theirs)

    outcome = work(run, tmp_path, hook=change).apply()
    assert outcome.result == "stopped"
    assert outcome.steps[0].state == StepState.REFUSED
    assert (Path(lab.root) / DROP_IN).read_bytes() == theirs


def test_what_is_not_confirmed_is_not_done(lab: Announcement, run: Run, tmp_path: Path) -> None:
    old = state(broken(lab, "token-empty"))
    shown: list[StepOutcome] = []

    def no(steps: Sequence[StepOutcome]) -> bool:
        shown.extend(steps)
        return False

    made = Remediation(run, findings_of(run), all_remedies(Asked()), Asked(), Ways(tmp_path, confirm=no))
    assert made.apply().result == "refused"
    assert shown[0].id == "cloudflared.drop-in"
    assert state(lab) == old
    assert list(tmp_path.iterdir()) == []
    assert not locked(lab)
