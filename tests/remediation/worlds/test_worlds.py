"""Random worlds, with facts that may be wrong: a remediation opens nothing, breaks nothing, and keeps what is others'.

`WORLDS=2000` tries so many; by default a few.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from spark_conformance.checking import findings_of
from spark_conformance.facts.expectations import Exchange
from spark_conformance.facts.model import Facts
from spark_conformance.remediation.applying import Ways
from spark_conformance.remediation.model import Asked
from spark_conformance.remediation.outcome import Outcome
from spark_conformance.remediation.remedies import access, dns, tunnel
from spark_conformance.remediation.runner import Remediation
from spark_lab.world import Json
from tests.remediation.worlds.drawn import ASPECTS, slipped, slips, twins
from tests.remediation.worlds.edge import served
from tests.remediation.worlds.kept import TIMES, violations
from tests.remediation.worlds.twin import HOST, Twin, fetch

WORLDS = int(os.environ.get("WORLDS", "12"))
REDONE = TIMES | {"id", "expires_at", "duration", "precedence", "tunnel_id"}
"""What is another thing when an object is made anew, or its time begins anew."""


@pytest.fixture(autouse=True)
def _in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host to lock; its services answer as the world's edge says."""
    monkeypatch.setattr("spark_conformance.remediation.runner.locked", lambda *_: nullcontext())
    monkeypatch.setattr("spark_conformance.remediation.remedies.ingress_values.fetch", fetch)
    monkeypatch.setattr("spark_conformance.remediation.verifying.FIRST_PAUSE_S", 0.0)


@contextmanager
def remediation(
    twin: Twin, facts: Facts, selected: set[str] | None, asked: Asked, folder: str
) -> Iterator[Remediation]:
    remedies = [remedy for module in (access, tunnel, dns) for remedy in module.remedies(asked)]
    remedies.sort(key=lambda remedy: ("tunnel", "dns", "access").index(remedy.component))
    run = twin.run(facts)
    try:
        findings = findings_of(run, [fact for fact in facts.all() if selected is None or fact in selected])
        yield Remediation(run, findings, remedies, asked, Ways(Path(folder)))
    finally:
        run.close()


def opened(twin: Twin, before: dict[tuple[str, str], Any], *, opening: bool) -> list[str]:
    """Who gets in where they were refused; but the documented client, and who logs in where that was asked for."""
    told = []
    for (who, host), met in twin.met().items():
        old = before.get((who, host))
        documented = host == HOST and (who == "our token" or (opening and "logged in" in who))
        if documented or old is None:
            continue
        if met.passed and not old.passed:
            told.append(f"{who} passes Access at {host}")
        if who == "anonymous" and served(met) and not served(old):
            told.append(f"{who} is served at {host}")
    return told


def lasting(value: Any) -> Any:
    """A world without what nobody can bring back."""
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items() if key not in REDONE}
    return (
        sorted(map(lasting, value), key=lambda one: json.dumps(one, sort_keys=True))
        if isinstance(value, list)
        else value
    )


def as_lists(snapshot: Json) -> Any:
    """Objects by what they are, not by ids, which are others once an object is made anew."""
    return {
        name: lasting(list(table.values()) if name in {"records", "apps", "service_tokens"} else table)
        for name, table in snapshot.items()
    }


@given(data=st.data())
@settings(
    max_examples=WORLDS,
    deadline=None,
    derandomize="WORLDS" not in os.environ,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
def test_a_remediation_opens_nothing_breaks_nothing_and_keeps_what_is_not_its_own(data: st.DataObject) -> None:
    twin = data.draw(twins())
    facts = slipped(data.draw(slips(twin)))
    selected = data.draw(st.none() | st.sets(st.sampled_from(sorted(facts.all())), min_size=1))
    opening = data.draw(st.booleans())
    before, met = twin.snapshot(), twin.met()
    wrong: list[str] = []
    twin.written = lambda: wrong.extend(opened(twin, met, opening=opening))
    with TemporaryDirectory() as folder:
        with remediation(twin, facts, selected, Asked(budget=99, open=opening), folder) as work:
            outcome = work.apply()
        judged(twin, before, met, wrong, outcome)
        with remediation(twin, facts, selected, Asked(), folder) as work:
            undone = work.undo()
    assert not undone.problems, (undone, outcome)
    assert as_lists(twin.snapshot()) == as_lists(before), outcome


def judged(twin: Twin, before: Json, met: dict[tuple[str, str], Any], wrong: list[str], outcome: Outcome) -> None:
    """What must hold of a world after a remediation, whatever it came to."""
    told = [f"{step.state}: {step.title}" for step in outcome.steps]
    assert wrong == [], told
    assert outcome.result in {"applied", "nothing to do", "stopped"}, outcome
    assert not violations(before, twin.snapshot(), next(iter(before["service_tokens"]))), told
    for (who, host), old in met.items():
        now = twin.met().get((who, host))
        if served(old) and who == "our token":
            assert now is not None, (told, host)
            assert served(now), (told, host, old, now)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(["other applications 3", "more policies 0", "our record 0"], {}, id="another application open"),
        pytest.param(["more policies 6", "the token 2"], {}, id="a token that has expired, let in elsewhere as well"),
        pytest.param([], {"public.answers": Exchange(path="/api/tags", status=403),
                          "tunnel.http_host_header": "spark.goldfish.io"}, id="two facts that are wrong alike"),
    ],
)  # fmt: skip
def test_the_worlds_that_were_found(tmp_path: Path, changes: list[str], said: dict[str, Any]) -> None:
    twin = Twin.healthy()
    for change in changes:
        name, _, which = change.rpartition(" ")
        ASPECTS[name][int(which)](twin)
    facts, before, met, wrong = slipped(said), twin.snapshot(), twin.met(), list[str]()
    twin.written = lambda: wrong.extend(opened(twin, met, opening=False))
    with remediation(twin, facts, None, Asked(budget=99), str(tmp_path)) as work:
        judged(twin, before, met, wrong, work.apply())
