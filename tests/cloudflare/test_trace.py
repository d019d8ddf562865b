"""The Request Tracer's answer: what matched, in its order."""

from typing import Any

import pytest

from fixtures.cloudflare.reading import Table
from fixtures.cloudflare.trace import DEEPEST, request_trace, trace_of
from fixtures.https.access_probes import probe_path
from fixtures.lab.world import Json
from fixtures.suite.verdict import Unreachable
from tests.cloudflare.twin import Twin

RULE = {
    "step_name": "rule 1", "type": "rule", "matched": True, "action": "block", "description": "nobody",
    "expression": "true",
}  # fmt: skip
PHASE = {"step_name": "http_request_firewall_custom", "type": "ruleset", "matched": True, "trace": [RULE]}
MISSED = {"step_name": "http_ratelimit", "type": "ruleset", "matched": False}


def test_inner_steps_come_after_their_outer_ones() -> None:
    seen = trace_of(Table("trace", {"status_code": 403, "trace": [MISSED, PHASE]}))
    assert (seen.status, [str(step) for step in seen.matched]) == (
        403, ["http_request_firewall_custom: ruleset", "rule 1: block (nobody)"],
    )  # fmt: skip


@pytest.mark.parametrize("found", [{}, {"status_code": None, "trace": None}])
def test_a_trace_that_tells_nothing(found: Json) -> None:
    assert trace_of(Table("trace", found)).matched == ()


@pytest.mark.parametrize("found", [{"trace": "x"}, {"trace": ["x"]}, {"status_code": "403"}])
def test_a_trace_of_a_shape_that_is_not_known(found: Json) -> None:
    with pytest.raises(Unreachable, match="a shape that this suite does not know"):
        trace_of(Table("trace", found))


def test_a_trace_without_an_end_is_read_no_deeper_than_sense_has_it() -> None:
    endless: dict[str, Any] = {"step_name": "x", "matched": True}
    endless["trace"] = [endless]
    assert len(trace_of(Table("trace", {"trace": [endless]})).matched) == DEEPEST + 1


def test_the_documented_request_is_traced_without_credentials(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    [token] = lab.world.api_tokens.values()
    token.permissions.add("Allow Request Tracer Read")
    asked: list[Json] = []

    def trace(body: Json) -> Json:
        asked.append(body)
        return {"status_code": 403, "trace": [PHASE]}

    monkeypatch.setattr(lab.world, "trace", trace)
    with lab.run() as run:
        assert run.get(request_trace).status == 403
        path = probe_path(run)
    (body,) = asked
    assert (body["method"], body["url"], body["skip_response"]) == ("GET", f"https://ollama.goldfish.io{path}", True)
    assert {"user-agent", "accept"} == {name.lower() for name in body["headers"]}


def test_the_tracers_permission_is_named(lab: Twin) -> None:
    with lab.run() as run, pytest.raises(Unreachable) as caught:
        run.get(request_trace)
    assert caught.value.cause == "cloudflare: Allow Request Tracer Read"
