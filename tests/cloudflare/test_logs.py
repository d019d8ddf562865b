"""Cloudflare's logs by ray: found, late, empty, closed, or in a shape that is not known."""

from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.cloudflare.account import zone
from spark_conformance.cloudflare.client import Api, cloudflare_api
from spark_conformance.cloudflare.endpoints import ACCESS_LOG, FIREWALL_LOG
from spark_conformance.cloudflare.graphql import refused, rows
from spark_conformance.cloudflare.tables import Table
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unreachable
from spark_conformance.facts.target import Cloudflare, Target
from spark_conformance.https.access_probes import Probe, anonymous_probe, token_probe
from spark_conformance.https.answerer import AnsweredBy, Answerer
from spark_conformance.https.exchange import Exchange
from spark_conformance.outside import logs
from spark_conformance.outside.logs import (
    FirewallEvent,
    Login,
    access_log,
    event_of,
    firewall_log,
    login_of,
)
from spark_lab.api.call import now
from tests.cloudflare.fake import Fake, no, said
from tests.cloudflare.twin import Twin
from tests.host.stubs import given
from tests.secrets.runs import run_of

RAY = "8f00ba4c0ffee000"
LOGIN = {
    "cfRayId": RAY, "isSuccessfulLogin": 0, "approvingPolicyId": "", "serviceTokenId": "t-1", "country": "DE",
    "identityProvider": "nonidentity", "ipAddress": "192.0.2.7", "mtlsStatus": "NONE",
}  # fmt: skip
EVENT = {
    "rayName": RAY, "action": "block", "source": "firewallCustom", "ruleId": "r-1", "clientIP": "192.0.2.7",
    "clientCountryName": "DE", "userAgent": "x", "clientRequestPath": "/api/tags",
}  # fmt: skip


def probe(status: int = 403, answerer: Answerer = Answerer.BEHIND, ray: str = f"{RAY}-FRA") -> Probe:
    headers = (("cf-ray", ray),) if ray else ()
    return Probe(
        Exchange("GET", "/api/tags", "192.0.2.1 port 443", (), status, headers, "", 0, 0.1, 0.1),
        AnsweredBy(answerer, "x"),
    )


@pytest.fixture
def permitted(lab: Twin) -> Twin:
    [token] = lab.world.api_tokens.values()
    token.permissions |= {"Account Analytics Read", "Analytics Read"}
    return lab


def asked(run: Run, seen: Any = None) -> Run:
    given(run, token_probe, seen or probe())
    return run


def test_what_access_logged(permitted: Twin) -> None:
    permitted.world.access_log += [{**LOGIN, "datetime": now()}, {**LOGIN, "cfRayId": "another", "datetime": now()}]
    with permitted.run() as run:
        seen = asked(run).get(access_log)
    (entry,) = seen.entries
    assert (entry.successful, entry.service_token, entry.policy, entry.country) == (False, "t-1", "", "DE")
    assert (seen.ray, seen.credentials) == (RAY, "token")


def test_what_the_firewall_logged(permitted: Twin) -> None:
    permitted.world.firewall_log += [{**EVENT, "datetime": now()}, {**EVENT, "rayName": "another", "datetime": now()}]
    with permitted.run() as run:
        seen = asked(run).get(firewall_log)
    assert [str(entry) for entry in seen.entries] == ["block by firewallCustom, rule r-1"]


def test_an_old_entry_of_the_same_ray_is_none_of_ours(permitted: Twin) -> None:
    permitted.world.access_log.append({**LOGIN, "datetime": "2026-01-01T00:00:00Z"})
    with permitted.run(target(permitted, 0.1)) as run:
        assert not asked(run).get(access_log).entries


def target(lab: Twin, patience: float) -> dict[str, Any]:
    table = {"api": lab.api.url, "token": "env:TWIN_TOKEN", "timeout_s": 60, "logs_timeout_s": patience}
    return {"cloudflare": table}


def queries(lab: Twin) -> int:
    return sum(request.endswith("/graphql") for request in lab.api.requests)


def test_a_log_that_lags_is_asked_again(permitted: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    def ingest(_: float) -> None:
        permitted.world.firewall_log.append({**EVENT, "datetime": now()})

    monkeypatch.setattr("spark_conformance.outside.logs.time.sleep", ingest)
    with permitted.run() as run:
        assert asked(run).get(firewall_log).entries
    assert queries(permitted) == 2


def test_patience_has_an_end_and_then_nothing_is_concluded(permitted: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((100.0, 100.0, 101.0, 102.0, 103.0126))  # when it begins, then after each query
    monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    with permitted.run(target(permitted, 3)) as run:
        seen = asked(run).get(access_log)
    assert (seen.entries, seen.waited_s) == ((), 3.013)
    assert queries(permitted) == 4


def test_where_nothing_is_to_be_expected_nobody_waits(permitted: Twin) -> None:
    with permitted.run(target(permitted, 3600)) as run:
        assert not asked(run, probe(200)).get(firewall_log).entries
    assert queries(permitted) == 1


@pytest.mark.parametrize(
    ("observe", "seen", "waits"),
    [
        (access_log, probe(403, Answerer.EDGE), False),
        (access_log, probe(403), True),
        (firewall_log, probe(302, Answerer.ACCESS), False),
        (firewall_log, probe(200), False),
        (firewall_log, probe(299), False),
        (firewall_log, probe(300), True),
        (firewall_log, probe(403), True),
    ],
)
def test_a_log_is_waited_for_where_it_may_tell_of_the_request(
    monkeypatch: pytest.MonkeyPatch, observe: Any, seen: Probe, waits: bool
) -> None:
    """What succeeded was blocked by nobody; a redirect may be a rule's."""
    waited: list[float] = []

    def told(patience: float, _: object) -> tuple[list[Table], float]:
        waited.append(patience)
        return [], 0.0

    monkeypatch.setattr(logs, "_until_told", told)
    run = run_of(Target(cloudflare=Cloudflare(zone="a.example", token="env:T", account="a", logs_timeout_s=9)))
    given(run, cloudflare_api, None)
    given(run, zone, SimpleNamespace(id="z"))
    asked(run, seen).get(observe)
    assert waited == [9.0 if waits else 0.0]


def test_without_the_token_the_other_request_is_looked_for(permitted: Twin) -> None:
    permitted.world.firewall_log.append({**EVENT, "datetime": now()})
    with permitted.run() as run:
        given(run, token_probe, Unreachable("env:X", "X is not set"))
        given(run, anonymous_probe, probe())
        assert run.get(firewall_log).credentials == "none"


def test_an_answer_without_a_ray_was_never_logged(permitted: Twin) -> None:
    with permitted.run() as run, pytest.raises(NotApplicable, match="has no ray id"):
        asked(run, probe(ray="")).get(access_log)
    assert queries(permitted) == 0


@pytest.mark.parametrize(
    ("observe", "other", "permission"),
    [(access_log, firewall_log, "Account Analytics Read"), (firewall_log, access_log, "Analytics Read")],
)
def test_each_log_has_a_permission_of_its_own(permitted: Twin, observe: Any, other: Any, permission: str) -> None:
    [token] = permitted.world.api_tokens.values()
    token.permissions.remove(permission)
    with permitted.run(target(permitted, 0.1)) as run:
        asked(run).get(other)
        with pytest.raises(Unreachable) as caught:
            run.get(observe)
    assert caught.value.cause == f"cloudflare: {permission}"
    assert f"give it the permission '{permission}'" in caught.value.sentence


# --- GraphQL


def viewer(**scopes: Any) -> Any:
    return {"data": {"viewer": scopes}, "errors": None}


def test_rows_of_the_one_scope(api: Api, server: Fake) -> None:
    server.answer = lambda _: said(200, viewer(zones=[{"rows": [EVENT]}]))
    (row,) = rows(api, FIREWALL_LOG, "query", "zones", {})
    assert event_of(row).rule == "r-1"
    server.answer = lambda _: said(200, viewer(zones=[{"rows": None}]))
    assert rows(api, FIREWALL_LOG, "query", "zones", {}) == []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (said(200, {"data": None}), "not an answer from GraphQL"),
        (said(200, []), "not an answer from this API"),
        ((200, {}, b"<html>"), "6 bytes that are not JSON"),
        (said(200, viewer(zones=[])), "0 zones instead of one"),
        (said(200, viewer(zones=[{"rows": {"action": "block"}}])), "should be a list and is dict"),
        (said(200, {"data": None, "errors": "?"}), "an error without a message"),
        (said(200, {"data": None, "errors": [{"message": "unknown field"}]}), "unknown field; run again"),
        (no(403, 10000, "Authentication error"), "'Analytics Read'"),
        (no(401, 10000, "Authentication error"), "does not accept the token"),
        (no(429, 10000, "slow down", retry_after="7"), "asks to wait 7 s"),
        (no(502, 0, "bad gateway"), "failed to give the log of the zone's firewall"),
    ],
)
def test_answers_that_tell_nothing(api: Api, server: Fake, answer: Any, sentence: str) -> None:
    server.answer = lambda _: answer
    with pytest.raises(Unreachable, match=sentence):
        rows(api, FIREWALL_LOG, "query", "zones", {})


def test_an_error_that_speaks_of_authorisation_by_text_alone() -> None:
    assert refused(ACCESS_LOG, [{"message": "not authorized for that account"}]).cause.endswith("Analytics Read")
    assert len(refused(ACCESS_LOG, [{"message": "x" * 9999}]).sentence) < 400


def test_all_that_an_entry_tells_is_kept() -> None:
    told = {**LOGIN, "approvingPolicyId": "p-1", "isSuccessfulLogin": 1}
    assert login_of(Table("log", {"dimensions": told})) == Login(
        successful=True, policy="p-1", service_token="t-1", country="DE", address="192.0.2.7", mtls="NONE"
    )
    assert event_of(Table("log", EVENT)) == FirewallEvent("block", "firewallCustom", "r-1", "DE", "192.0.2.7")
    assert str(event_of(Table("log", {"action": "block", "source": "bic"}))) == "block by bic"


def test_entries_as_short_as_the_api_may_send_them() -> None:
    assert not login_of(Table("log", {"dimensions": {}})).successful
    assert login_of(Table("log", {"dimensions": {"isSuccessfulLogin": 1}})).successful
    with pytest.raises(Unreachable, match="'source' should be a string and is missing"):
        event_of(Table("log", {"action": "block"}))
