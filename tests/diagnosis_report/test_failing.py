"""Which request a diagnosis is asked about, and what is told where it is answered while a fact fails all the same."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Unreachable, Verdict
from spark_conformance.diagnosis import questions
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.picture import picture
from spark_conformance.diagnosis.reading import Asked
from spark_conformance.diagnosis.terminal import screen
from spark_conformance.facts.probes import Probe as Stated
from spark_conformance.https.access_probes import Probe, token_probe
from spark_conformance.https.answerer import AnsweredBy, Answerer
from spark_conformance.https.client import Request
from spark_conformance.https.exchange import Exchange
from spark_conformance.https.probes import Answered, PublicProbes, public_probes
from spark_conformance.https.route import probe_path
from spark_conformance.outside.marked_probe import MarkedProbe, generation_probe
from spark_conformance.plugin.diagnosis import failing
from tests.diagnosis.scenes import scene

SENT = MarkedProbe("POST", "/api/generate", "token", None, "silence for 130 s after the request was sent", None)


class _Run:
    """A run in which the two requests were seen, and nothing else."""

    def __init__(self, status: int, *, generation: bool = True) -> None:
        exchange = Exchange("GET", "/api/tags", "198.51.100.7 port 443", (), status, (), "", 0, 0.1, 0.1)
        self._seen = {token_probe: Probe(exchange, AnsweredBy(Answerer.BEHIND, "by hand"))}
        self._generation = generation

    def get(self, observe: object) -> object:
        if observe is generation_probe:
            if not self._generation:
                raise Unreachable("public: list of models", "nothing is listed")
            return SENT
        return self._seen[observe]  # type: ignore[index]


def _asked(status: int, *facts: str, generation: bool = True) -> str | None:
    asked = questions.in_question(cast("Run", _Run(status, generation=generation)), facts)
    return asked.path if asked else None


@pytest.mark.parametrize(
    ("status", "facts", "path"),
    [
        (200, ("public.generates",), "/api/generate"),
        (200, ("public.first_token_s", "public.models_as_on_host"), "/api/generate"),
        (403, ("public.generates", "public.answers"), None),
        (200, ("public.models_as_on_host",), None),
        (200, (), None),
    ],
)
def test_the_request_that_fails_is_asked_about(status: int, facts: tuple[str, ...], path: str | None) -> None:
    assert _asked(status, *facts) == path


PROBE = "probes.health"
STATED = Stated.model_validate({"path": "/api/version", "status": 200})


def _probed(status: int, *facts: str, stated: Stated = STATED) -> Asked | None:
    """What is asked about where a probe of the facts' own was answered so."""
    exchange = Exchange(stated.method, stated.target, "198.51.100.7 port 443", (), status, (), "", 0, 0.1, 0.1)
    probe = Probe(exchange, AnsweredBy(Answerer.BEHIND, "by hand"))
    run = SimpleNamespace(
        system=SimpleNamespace(hostname="ollama.example.org"),
        stated={PROBE: SimpleNamespace(expect=stated)},
        get={public_probes: PublicProbes(1, {"health": Answered(probe)}, {}), probe_path: "/api/tags"}.get,
    )
    return questions.in_question(cast("Run", run), facts)


def test_a_probe_that_is_refused_is_asked_about_as_that_request(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Request] = []

    def again(_run: Run, request: Request) -> MarkedProbe:
        sent.append(request)
        return replace(SENT, method=request.method, path=request.path, credentials="none")

    monkeypatch.setattr(questions, "send_marked", again)
    asked = _probed(404, PROBE)
    assert asked is not None
    assert (asked.path, asked.method, asked.credentials, asked.fact, asked.status) == (
        "/api/version", "GET", "none", PROBE, 200,
    )  # fmt: skip
    assert [request.path for request in sent] == ["/api/version"]


def test_a_probe_that_may_change_something_is_not_sent_again() -> None:
    stated = Stated.model_validate({"path": "/api/pull", "method": "POST", "body": "{}", "status": 200})
    asked = _probed(500, PROBE, stated=stated)
    assert asked is not None
    assert (asked.method, asked.counted, asked.probe and asked.probe.exchange.status) == ("POST", None, 500)


@pytest.mark.parametrize(("status", "facts"), [(404, ("public.answers", PROBE)), (200, (PROBE,)), (404, ())])
def test_a_probe_is_not_asked_about_where_it_is_answered_or_the_documented_request_fails(
    status: int, facts: tuple[str, ...]
) -> None:
    assert _probed(status, *facts) is None


def test_where_it_cannot_be_asked_for_the_documented_request_is_left() -> None:
    assert _asked(200, "public.generates", generation=False) is None


def test_facts_about_the_public_way_are_those_that_fail_however_they_are_judged() -> None:
    def finding(fact: str, verdict: Verdict) -> Finding:
        return Finding("lab", fact, "c", "required", "s", "w", "e", verdict=verdict)

    found = [
        finding("public.generates", Verdict.NONCONFORMANT),
        finding("public.first_token_s", Verdict.WAIVED),
        finding("public.chunk_gap_s", Verdict.BLOCKED),
        finding("dns.ttl", Verdict.NONCONFORMANT),
    ]
    assert failing(found) == ("public.generates", "public.first_token_s")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ((), "NOTHING TO EXPLAIN"),
        (("public.generates",), "THIS REQUEST IS ANSWERED, and yet public.generates does not hold"),
        (("public.generates", "public.first_token_s"), "public.generates, public.first_token_s do not hold"),
    ],
)
def test_nothing_to_explain_is_not_said_while_a_fact_fails(facts: tuple[str, ...], told: str) -> None:
    seen = replace(conclude(scene("access-wildcard-app")), failing=facts)
    shown = " ".join(text for line in screen(seen, 140, commands=False) for text, _ in line)
    assert told in shown
    assert ("NOTHING TO EXPLAIN" in shown) is not bool(facts)
    page = picture(seen, "lab", commands=False)
    assert ('class="diagnosis good"' in page) is not bool(facts)
    assert (told in page) is bool(facts)
