"""What the checks of the pipeline say, where what they say depends on what they see."""

from types import SimpleNamespace
from typing import Any

import pytest

from checks import test_pipeline as of_pipeline
from spark_conformance.core.verdict import Unreachable
from tests.checks.judged import judged, seen

BY_ANOTHER = Unreachable("workflow", "another workflow starts it")


def _workflow(**otherwise: Any) -> Any:
    def require_own_triggers(_what: str) -> None:
        raise BY_ANOTHER

    stated = {
        "push": "on a push", "manual": True, "told": "on.push", "told_conditions": "if: false", "path": "deploy.yml",
        "lets_deploy": lambda _: None, "doubt": lambda _: "; perhaps", "triggers": lambda _: ("units/**",),
    }  # fmt: skip
    return seen(**{**stated, **otherwise}, require_own_triggers=require_own_triggers)


def _triggering(**otherwise: Any) -> Any:
    stated = {"off": "", "reached": lambda _: True, "missing": (), "default_branch": "main"}
    return seen(**{**stated, **otherwise})


@pytest.mark.parametrize("fault", ["", "line 3 is neither a section nor a setting"])
def test_a_unit_that_systemd_would_not_start(fault: str) -> None:
    found = judged(of_pipeline.test_unit, "a.service", repository_unit=seen(path="a.service", fault=fault))
    assert found == ("broken" if fault else "a.service", not fault, fault)


@pytest.mark.parametrize(
    ("workflow", "triggering", "expected"),
    [
        ({}, {}, ("units/**", True, "on.push; perhaps")),
        ({}, {"missing": ("old", "new")},
         ("units/**", True, "on.push; of these, GitHub has no branch old, new; perhaps")),
        ({}, {"off": "it is disabled"}, ("nothing", False, "it is disabled")),
        ({"lets_deploy": lambda _: False}, {},
         ("nothing", False, "on.push, and nothing is deployed then: if: false")),
    ],
)  # fmt: skip
def test_which_changes_start_a_deployment(workflow: Any, triggering: Any, expected: Any) -> None:
    found = judged(
        of_pipeline.test_trigger_paths,
        ("units/**",),
        workflow=_workflow(**workflow),
        triggering=_triggering(**triggering),
    )
    assert found == expected


@pytest.mark.parametrize(
    ("workflow", "triggering", "words"),
    [
        ({"triggers": lambda _: ("docs/**",)}, {}, "another workflow starts it"),
        ({"push": None, "triggers": lambda _: ("docs/**",), "lets_deploy": lambda _: False}, {}, "another workflow"),
        ({}, {"reached": lambda _: False}, "another workflow starts it"),
        ({}, {"reached": lambda _: None}, "whether a push triggers deploy.yml cannot be told: on.push, the default br"),
    ],
)
def test_what_starts_a_deployment_may_not_be_told_by_its_own_triggers(
    workflow: Any, triggering: Any, words: str
) -> None:
    with pytest.raises(Unreachable, match=words):
        judged(
            of_pipeline.test_trigger_paths,
            ("units/**",),
            workflow=_workflow(**workflow),
            triggering=_triggering(**triggering),
        )


@pytest.mark.parametrize(
    ("manual", "wanted", "expected"),
    [
        (True, True, ("yes", True, "perhaps")),
        (True, False, ("yes", False, "perhaps")),
        (False, False, ("no", True, "perhaps")),
    ],
)
def test_whether_a_deployment_can_be_started_by_hand(manual: bool, wanted: bool, expected: Any) -> None:
    assert judged(of_pipeline.test_manual, wanted, workflow=_workflow(manual=manual)) == expected


def test_a_run_by_hand_that_deploys_nothing_or_that_another_workflow_starts() -> None:
    kept = judged(of_pipeline.test_manual, True, workflow=_workflow(lets_deploy=lambda _: False))
    assert kept == ("no", False, "nothing is deployed then: if: false")
    with pytest.raises(Unreachable, match="another workflow starts it"):
        judged(of_pipeline.test_manual, True, workflow=_workflow(manual=False))


@pytest.mark.parametrize(
    ("online", "on_the_host", "unknown"),
    [
        ("gpu", (), "nuc, mini"),
        ("gpu", ("nuc",), "mini"),
        ("gpu", ("nuc", "mini"), ""),
        ("none", (), ""),
    ],
)
def test_a_runner_of_another_name_is_the_hosts_where_it_is_a_service_there(
    online: str, on_the_host: tuple[str, ...], unknown: str
) -> None:
    class Named(SimpleNamespace):
        def __str__(self) -> str:
            return str(self.name)

    runners = seen(
        online=lambda _: online, otherwise_named=lambda _: (Named(name="nuc"), Named(name="mini")), told="two runners"
    )
    run = seen(get=lambda _: seen(has=on_the_host.__contains__))

    def look() -> Any:
        return judged(of_pipeline.test_runner_online, "gpu", github_runners=runners, run=run)

    if unknown:
        with pytest.raises(Unreachable, match=f"whether {unknown} is on the host is not known"):
            look()
    else:
        assert look() == (online, online == "gpu", "two runners")
