"""A service token rotated: only where it is asked for and all else is well, kept in ESC, shown nowhere."""

import json
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.target import Secrets, Target
from spark_conformance.remediation.model import Asked, CannotRemedy, Step, StepFailed
from spark_conformance.remediation.remedies import access
from spark_conformance.remediation.remedies.access_rotation import Rotated
from spark_conformance.secrets.pulumi import Esc
from spark_conformance.secrets.references import stack
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from spark_lab.faults.bench import Bench
from tests.remediation.applying import apply, running
from tests.secrets.runs import run_of

FACTS = (
    "access.admits_token", "access.app_answers", "access.service_auth", "access.token_enabled", "access.token_days",
    "access.token_client_id", "secrets.client_secret_shape",
)  # fmt: skip
KEY = "dgx-spark:accessClientSecret"


def looked(run: Run) -> dict[str, Finding]:
    return findings_of(run, FACTS)


def planned(run: Run) -> list[Step]:
    return Rotated().plan(run, looked(run))


def kept(lab: Announcement) -> str:
    state = json.loads((Path(lab.operator) / "pulumi.json").read_text())
    return str(state["config"][KEY]["value"])


def rotations(lab: Announcement) -> str:
    """When the token was last changed."""
    bench = Bench(lab)
    try:
        [token] = bench.api("GET", "accounts/{account}/access/service_tokens")
        return str(token["updated_at"])
    finally:
        bench.close()


def test_it_is_there_only_where_it_is_asked_for() -> None:
    assert "access.rotation" not in {remedy.id for remedy in access.remedies(Asked())}
    assert "access.rotation" in {remedy.id for remedy in access.remedies(Asked(rotate=True))}


def test_a_secret_of_an_environment_is_not_shadowed_by_one_of_the_stack() -> None:
    secrets = Secrets(tunnel_token="env:X", access_client_id="env:X", access_client_secret=f"pulumi:{KEY}")
    held = Esc(encrypted=(KEY,), plain=(), from_environments=(KEY,))
    with pytest.raises(CannotRemedy, match="pulumi env set --secret"):
        Rotated().plan(run_of(Target(secrets=secrets), given={stack: held}), {})


@pytest.mark.parametrize("name", ["access-secret-rotated", "esc-client-secret-cut-short"])
def test_the_new_secret_comes_into_esc_and_nowhere_else(lab: Announcement, name: str) -> None:
    inflict(lab, [FAULTS[name]])
    old = kept(lab)
    with running(lab) as run:
        steps = planned(run)
        done = apply(lab, run, steps)
        run.forget()
        assert {fact for fact, item in looked(run).items() if item.verdict != Verdict.CONFORMANT} == set()
        assert kept(lab).startswith("cfast_")
        assert kept(lab) not in {old, ""}
        assert kept(lab) not in json.dumps([[step.as_json(), before] for step, before in done]) + repr(steps)
        with pytest.raises(StepFailed, match="cannot be restored"):
            type(steps[0].action).undo(run, done[0][1])


def test_nothing_is_rotated_where_the_new_secret_could_not_be_kept(lab: Announcement) -> None:
    inflict(lab, [FAULTS["access-secret-rotated"]])
    before = rotations(lab)
    with running(lab) as run:
        [step] = planned(run)
        run.forget()
        inflict(lab, [FAULTS["stack-passphrase-wrong"]])
        with pytest.raises(StepFailed, match="nothing was rotated"):
            step.action.before(run, "/nowhere")
    assert rotations(lab) == before


def test_what_was_not_rotated_needs_nothing_taken_back(lab: Announcement) -> None:
    inflict(lab, [FAULTS["access-secret-rotated"]])
    with running(lab) as run:
        [step] = planned(run)
        type(step.action).undo(run, step.action.before(run, "/nowhere"))


@pytest.mark.parametrize("name", ["access-token-disabled", "access-country-required", "access-path-app"])
def test_another_reason_for_a_refusal_rotates_nothing(lab: Announcement, name: str) -> None:
    inflict(lab, [FAULTS[name]])
    with running(lab) as run:
        assert planned(run) == []


def test_a_secret_that_is_kept_elsewhere_is_for_a_person(lab: Announcement) -> None:
    with running(lab) as run:
        secrets = run.target.secrets
        assert secrets is not None
        elsewhere = secrets.model_copy(update={"access_client_secret": "env:CLIENT_SECRET"})
        run.target = run.target.model_copy(update={"secrets": elsewhere})
        with pytest.raises(CannotRemedy, match="env:CLIENT_SECRET"):
            Rotated().plan(run, {})
