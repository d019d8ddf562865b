"""What a plan does for a service that nobody knows: its unit is started, restarted, enabled, and nothing is written."""

from pathlib import Path

import pytest

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.host.http_service import ServiceAnswer, service_answer
from spark_conformance.remediation.model import Asked, CannotRemedy
from spark_conformance.remediation.places import services
from spark_conformance.remediation.planner import Planner
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.remedies.service import ServiceUnit
from spark_conformance.remediation.steps.services import Service, Verb
from tests.host.service_bench import run_of, stated
from tests.host.stubs import StubHost, given

UNIT = "vllm.service"
FACTS = stated(
    service__unit=UNIT, service__enabled=True, service__active=True, service__url="http://127.0.0.1:9",
    openai__models=["qwen3"],
)  # fmt: skip
SHOWN = "Id={unit}\nLoadState=loaded\nActiveState={active}\nSubState=x\nUnitFileState={file}"


def failing(*facts: str) -> dict[str, Finding]:
    return {fact: Finding("pi", fact, "", "required", "", "", "", verdict=Verdict.NONCONFORMANT) for fact in facts}


@pytest.fixture
def stub(tmp_path: Path) -> StubHost:
    return StubHost(tmp_path)


@pytest.mark.parametrize(
    ("active", "file", "fails", "told"),
    [
        ("inactive", "enabled", ("service.active",), ["start"]),
        ("failed", "disabled", ("service.active", "service.enabled"), ["enable", "start"]),
        ("active", "disabled", ("service.enabled",), ["enable"]),
        ("active", "enabled", ("service.url",), ["restart"]),
        ("inactive", "enabled", ("service.url",), ["start"]),
    ],
)
def test_a_unit_is_told_no_more_than_it_needs(
    stub: StubHost, active: str, file: str, fails: tuple[str, ...], told: list[Verb]
) -> None:
    stub.prints("systemctl", SHOWN.format(unit=UNIT, active=active, file=file))
    run = run_of(stub, FACTS)
    steps = ServiceUnit().plan(run, failing(*fails))
    deeds = [step.action for step in steps if step.action.counts]
    assert deeds == [Service(verb, UNIT) for verb in told]
    assert services(run) == {UNIT}
    assert [step.title for step in steps if not step.action.counts] == (
        ["wait until the service answers"] if told != ["enable"] else []
    )


def test_what_no_unit_runs_and_what_a_restart_would_not_mend_is_left_to_a_person(stub: StubHost) -> None:
    stub.prints("systemctl", SHOWN.format(unit=UNIT, active="active", file="enabled"))
    with pytest.raises(CannotRemedy, match="the service is no unit that the facts file states: look"):
        ServiceUnit().plan(run_of(stub, stated(service__url="http://127.0.0.1:9")), failing("service.url"))
    with pytest.raises(CannotRemedy, match=r"vllm\.service is active \(x\) and enabled: on the host `systemctl status"):
        ServiceUnit().plan(run_of(stub, FACTS), failing("service.active"))
    assert ServiceUnit().plan(run_of(stub, FACTS), failing("service.health")) == []


@pytest.mark.parametrize(
    ("active", "told"),
    [
        ("active", "the service answers at http://127.0.0.1:8000, not where service.url says: correct the one or"),
        (
            "failed",
            "vllm.service is failed (x), and something else answers at http://127.0.0.1:8000 (HTTP 200, 2 bytes)",
        ),
    ],
)
def test_what_answers_is_neither_restarted_nor_started_beside(stub: StubHost, active: str, told: str) -> None:
    stub.prints("systemctl", SHOWN.format(unit=UNIT, active=active, file="enabled"))
    run = run_of(stub, FACTS)
    given(run, service_answer, ServiceAnswer("http://127.0.0.1:8000", "GET", "/", 200, "HTTP 200, 2 bytes"))
    with pytest.raises(CannotRemedy) as by_hand:
        ServiceUnit().plan(run, failing("service.url", "service.active"))
    assert by_hand.value.sentence.startswith(told)


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (
            ("service.active", "service.url"),
            "`docker logs ha` on the host says why it does not answer, `docker restart",
        ),
        (("service.enabled",), "`docker update --restart unless-stopped ha`, and the same in what the container is"),
    ],
)
def test_a_container_is_left_to_a_person_with_what_to_do(stub: StubHost, fails: tuple[str, ...], told: str) -> None:
    run = run_of(stub, stated(service__container="ha", service__url="http://127.0.0.1:9", service__enabled=True))
    with pytest.raises(CannotRemedy) as by_hand:
        ServiceUnit().plan(run, failing(*fails))
    assert by_hand.value.sentence.startswith(f"the service runs in the container ha, which is left to you: {told}")


def test_no_remedy_of_ollamas_is_planned_for_another_service(stub: StubHost) -> None:
    stub.prints("systemctl", SHOWN.format(unit=UNIT, active="inactive", file="disabled"))
    run = run_of(stub, FACTS)
    everything = failing(*run.stated)
    plan = Planner(run, all_remedies(Asked()), Asked()).plan(everything)
    assert [planned.remedy for planned in plan.remedies] == ["service"]
    told = " ".join(instruction.sentence for instruction in (*plan.instructions, *plan.left_alone))
    assert "ollama" not in told.lower()
