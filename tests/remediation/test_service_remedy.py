"""What a plan does for a service that nobody knows: it is started, restarted, enabled, and no file is written."""

import json
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.http_service import kept, service_answer
from spark_conformance.remediation.deeds import admit
from spark_conformance.remediation.model import Asked, CannotRemedy, Conflict
from spark_conformance.remediation.places import services
from spark_conformance.remediation.planner import Planner
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.remedies.service import ServiceUnit
from spark_conformance.remediation.steps.containers import ContainerStep
from spark_conformance.remediation.steps.containers import Verb as ContainerVerb
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
    with pytest.raises(CannotRemedy, match="the service is no unit and no container that the facts file states: look"):
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
    answered = kept("http://127.0.0.1:8000", "GET", "/", None, CurlReply("", 200, body=b"ok"))
    given(run, service_answer, answered)
    with pytest.raises(CannotRemedy) as by_hand:
        ServiceUnit().plan(run, failing("service.url", "service.active"))
    assert by_hand.value.sentence.startswith(told)


def inspected(status: str, policy: str = "unless-stopped", container: str = "c0ffee000000") -> str:
    state = {"Status": status, "ExitCode": 1, "StartedAt": "2026-11-27T12:00:00Z"}
    host = {"RestartPolicy": {"Name": policy, "MaximumRetryCount": 3}, "NetworkMode": "host"}
    said = {"Id": container, "Name": "/ha", "State": state, "Config": {"Image": "ha"}, "HostConfig": host}
    return json.dumps([said])


def docker(stub: StubHost, said: str) -> Path:
    """A docker that shows one container, and writes down what else it is told; the file of that."""
    told = stub.bin / "told"
    told.write_text("")
    (stub.bin / "said").write_text(said)
    script = f"""case "$*" in
*MaximumRetryCount*) echo 3 ;; inspect*) cat {stub.bin}/said ;; ps*) ;; *) echo "$*" >>{told} ;;
esac"""
    stub.command("docker", script)
    return told


AS_CONTAINER = stated(
    service__container="ha", service__enabled=True, service__active=True, service__url="http://127.0.0.1:9"
)


@pytest.mark.parametrize(
    ("status", "policy", "fails", "told"),
    [
        ("exited", "unless-stopped", ("service.active",), ["start"]),
        ("created", "no", ("service.active", "service.enabled"), ["update", "start"]),
        ("running", "on-failure", ("service.enabled",), ["update"]),
        ("running", "unless-stopped", ("service.url",), ["restart"]),
    ],
)
def test_a_container_is_told_no_more_than_it_needs(
    stub: StubHost, status: str, policy: str, fails: tuple[str, ...], told: list[ContainerVerb]
) -> None:
    docker(stub, inspected(status, policy))
    steps = ServiceUnit().plan(run_of(stub, AS_CONTAINER), failing(*fails))
    assert [step.action for step in steps if step.action.counts] == [ContainerStep(verb, "ha") for verb in told]
    waited = [step.title for step in steps if not step.action.counts]
    assert waited == (["wait until the service answers"] if told != ["update"] else [])


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("paused", "somebody paused the container ha: `docker unpause ha` on the host, once you know why"),
        ("restarting", r"the container ha is restarting \(status 1\), and starting it once more would not help"),
        ("running", "the container ha is running since 2026-11-27T12:00:00Z: `docker logs ha` on the host says more"),
    ],
)
def test_what_docker_cannot_mend_is_left_to_a_person(stub: StubHost, status: str, told: str) -> None:
    docker(stub, inspected(status))
    with pytest.raises(CannotRemedy, match=f"^{told}"):
        ServiceUnit().plan(run_of(stub, AS_CONTAINER), failing("service.active"))


@pytest.mark.parametrize(
    ("verb", "before", "after", "done", "undone"),
    [
        ("start", inspected("exited"), inspected("running").replace("T12", "T13"), ["start c0ffee000000"],
         ["stop c0ffee000000"]),
        ("start", inspected("exited"), inspected("exited"), ["start c0ffee000000"], []),
        ("restart", inspected("running"), inspected("running").replace("T12", "T13"), ["restart c0ffee000000"], []),
        ("restart", inspected("running"), inspected("exited"), ["restart c0ffee000000"], ["start c0ffee000000"]),
        ("update", inspected("running", "on-failure"), inspected("running"),
         ["update --restart=unless-stopped c0ffee000000"], ["update --restart=on-failure:3 c0ffee000000"]),
        ("start", inspected("exited"), inspected("running", container="decaf0000000"), ["start c0ffee000000"], []),
    ],
)  # fmt: skip
def test_a_container_is_brought_back_to_what_it_was(  # noqa: PLR0913, PLR0917 - each is another side of it
    stub: StubHost, verb: ContainerVerb, before: str, after: str, done: list[str], undone: list[str]
) -> None:
    """Whether it was told, half told or not at all; one that somebody made anew is nobody's here."""
    told, run = docker(stub, before), run_of(stub, AS_CONTAINER)
    step = ContainerStep(verb, "ha")
    kept = step.before(run, "")
    admit(run, step.kind, json.loads(json.dumps(kept)))
    step.apply(run, kept)
    assert told.read_text().splitlines() == done
    told.write_text("")
    (stub.bin / "said").write_text(after)
    assert step.holds(run) is (json.loads(after)[0]["State"]["Status"] == "running")
    ContainerStep.undo(run, kept)
    assert told.read_text().splitlines() == undone


def test_a_container_that_is_another_one_by_now_is_not_told_anything(stub: StubHost) -> None:
    told, run = docker(stub, inspected("exited")), run_of(stub, AS_CONTAINER)
    kept = ContainerStep("start", "ha").before(run, "")
    (stub.bin / "said").write_text(inspected("exited", container="decaf0000000"))
    with pytest.raises(Conflict, match="the container ha is another one than a moment ago"):
        ContainerStep("start", "ha").apply(run, kept)
    assert told.read_text() == ""


def test_no_remedy_of_ollamas_is_planned_for_another_service(stub: StubHost) -> None:
    stub.prints("systemctl", SHOWN.format(unit=UNIT, active="inactive", file="disabled"))
    run = run_of(stub, FACTS)
    everything = failing(*run.stated)
    plan = Planner(run, all_remedies(Asked()), Asked()).plan(everything)
    assert [planned.remedy for planned in plan.remedies] == ["service"]
    told = " ".join(instruction.sentence for instruction in (*plan.instructions, *plan.left_alone))
    assert "ollama" not in told.lower()
