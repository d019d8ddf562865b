"""A remediation on the page: what a plan would change comes first, and there is no after before there is one."""

import pytest

from spark_conformance.remediation.model import StepState
from spark_conformance.remediation.outcome import Outcome, Result, StepOutcome
from spark_conformance.remediation.page import section
from spark_conformance.remediation.terminal import screen

COMMAND = "pytest checks/ --target spark-291b --remediate apply"


def outcome(result: Result, state: StepState) -> Outcome:
    step = StepOutcome("tunnel.1", "ingress", "tunnel", "set the <Host> header", "- a\n+ b", state)
    made = Outcome("plan", result, steps=[step], facts={"tunnel.http_host_header": ("nonconformant", "nonconformant")})
    made.apply = COMMAND if result == "planned" else ""
    made.follows = ["public.answers"]
    return made


def test_a_plan_says_what_will_change_then_the_command_and_nothing_of_an_after() -> None:
    page = section(outcome("planned", StepState.PLANNED), "pi")
    order = ["apply would change tunnel (steps: 1)", f"apply it with <code>{COMMAND}</code>", "set the &lt;Host&gt;"]
    assert sorted(order, key=page.index) == order
    assert "<th>before</th>" not in page
    assert "<th>now</th>" in page
    assert "checked again once that is applied: public.answers" in page
    lines = ["".join(text for text, _ in line) for line in screen(outcome("planned", StepState.PLANNED))]
    assert f"  APPLY IT WITH {COMMAND}" in lines
    assert not any("BEFORE" in line for line in lines)


@pytest.mark.parametrize("result", ["applied", "stopped", "undone"])
def test_what_was_looked_at_again_has_before_and_after(result: Result) -> None:
    page = section(outcome(result, StepState.APPLIED), "pi")
    assert "<th>before</th><th>after</th>" in page
    assert "apply it with" not in page
