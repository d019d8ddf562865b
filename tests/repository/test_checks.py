"""What the checks of the pipeline and of secrets make of what was seen."""

from importlib import import_module
from typing import Any

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.github.runners import Runner, Runners
from spark_conformance.github.triggering import Triggering
from spark_conformance.host.runner_services import RunnerServices, runner_services
from spark_conformance.repository.workflow import Workflow, WorkflowFile, parse
from spark_conformance.secrets.references import SecretShape
from tests.host.stubs import given, run_on
from tests.host.test_checks import held, judged

of_pipeline, of_secrets = map(import_module, ("checks.test_pipeline", "checks.test_secrets"))
SPARK = "infrastructure/spark/**"
BOTH = f"{{push: {{paths: [{SPARK}]}}, workflow_dispatch: {{inputs: {{skip_access_probe: {{type: boolean}}}}}}}}"


def workflow(on: str = BOTH, condition: str = "") -> Workflow:
    let = f"if: {condition}, " if condition else ""
    step = "{run: sudo systemctl restart cloudflared, env: {SKIP: '${{ inputs.skip_access_probe }}'}}"
    text = f"on: {on}\njobs: {{deploy: {{runs-on: [self-hosted, spark], {let}steps: [{step}]}}}}"
    return parse(".github/workflows/spark-ollama.yml", text, services=("cloudflared.service",))


def test_a_workflow_by_its_place_and_its_faults() -> None:
    path = ".github/workflows/spark-ollama.yml"
    assert held(of_pipeline.test_workflow, WorkflowFile(path, "", ""))
    assert not held(of_pipeline.test_workflow, WorkflowFile("other.yml", "", ""))
    assert judged(of_pipeline.test_parses, WorkflowFile(path, "", "line 2: x")) == (False, "no", "line 2: x")


@pytest.mark.parametrize(
    ("seen", "github", "observed", "told"),
    [
        (workflow(), Triggering(), SPARK, "by changes under"),
        (workflow(), Triggering("active", "main"), SPARK, "by changes under"),
        (workflow(), Triggering("disabled_manually", "main"), "nothing", "GitHub has it disabled_manually"),
        (workflow(BOTH, "false"), Triggering(), "nothing", "nothing is deployed then: deploy has `if: false`"),
        (workflow("workflow_dispatch"), Triggering(), None, "pushes trigger nothing"),
        (workflow("{push: {branches: [trunk]}}"), Triggering("", "main", (), ("trunk",)), "nothing", "no branch trunk"),
        (workflow(BOTH, "vars.DEPLOY"), Triggering(), SPARK, "decided when it runs: deploy has `if: vars.DEPLOY`"),
    ],
)
def test_what_a_push_comes_to(seen: Workflow, github: Triggering, observed: str | None, told: str) -> None:
    ok, was, note = judged(of_pipeline.test_trigger_paths, seen, github)
    assert ok is (observed == SPARK)
    assert observed is None or was == observed
    assert told in note


def test_a_branch_that_may_be_there_or_not_is_not_told() -> None:
    seen = workflow("{push: {branches: [releases/**]}}")
    with pytest.raises(Unreachable, match="whether there is a branch that matches is not known"):
        judged(of_pipeline.test_trigger_paths, seen, Triggering("active", "main"))


@pytest.mark.parametrize(
    ("seen", "ok", "note"),
    [
        (workflow(), True, ""),
        (workflow("push"), False, ""),
        (
            workflow(BOTH, "github.event_name == 'push'"),
            False,
            "nothing is deployed then: deploy has `if: ",
        ),
        (workflow(BOTH, "inputs.really"), True, "whether anything is deployed then is decided when it runs"),
    ],
)
def test_a_run_by_hand(seen: Workflow, ok: bool, note: str) -> None:
    held_, _, told = judged(of_pipeline.test_manual, seen)
    assert (held_, told[: len(note)]) == (ok, note)
    assert bool(told) is bool(note)


def runner(name: str, *, online: bool = True, label: str = "spark") -> Runner:
    return Runner(name, online, ("self-hosted", label), "Linux")


def _online(runners: Runners, *services: str) -> tuple[bool, str, str]:
    run: Any = run_on(None)
    given(run, runner_services, RunnerServices(services))
    return judged(of_pipeline.test_runner_online, runners, run)


def test_a_runner_by_the_hosts_name_or_by_its_service() -> None:
    host = ("spark-291b",)
    assert _online(Runners((runner("spark-291b"),), "", host))[:2] == (True, "spark")
    assert _online(Runners((runner("blue"),), "", host), "actions.runner.o-r.blue.service")[:2] == (True, "spark")
    with pytest.raises(Unreachable, match="whether blue"):
        _online(Runners((runner("blue"),), "", host), "actions.runner.o-r.red.service")
    ok, observed, note = _online(Runners((runner("blue", online=False),), "", host))
    assert (ok, observed) == (False, "blue (offline; Linux; self-hosted, spark)")
    assert note.startswith("the repository's runners: blue")


@pytest.mark.parametrize(
    ("shape", "documented", "ok", "told"),
    [
        ("hex-64", "hex-64", True, False),
        ("cfast", "hex-64", True, True),
        ("cfast", "cfast", True, False),
        ("hex-64", "cfast", False, False),
        ("not a secret's shape: 3 characters", "hex-64", False, False),
    ],
)
def test_a_secret_of_the_newer_kind_is_well(shape: str, documented: str, ok: bool, told: bool) -> None:
    changes = {"secrets__client_secret_shape": documented}
    was, _, note = judged(of_secrets.test_client_secret_shape, SecretShape(shape, documented=True), **changes)
    assert (was, "was rotated" in note) == (ok, told)


def test_the_runner_and_the_switch() -> None:
    assert held(of_pipeline.test_labels, workflow())
    assert held(of_pipeline.test_skip_switch, workflow())
