"""Remedies through Cloudflare's API on a lab: applied once, taken back whole, and what they leave alone."""

import json
import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.remediation.model import Asked, CannotRemedy, Conflict, StepFailed
from spark_conformance.remediation.remedies import access, dns, tunnel
from spark_conformance.remediation.remedies.access_policies import Documented
from spark_conformance.remediation.remedies.access_service_auth import ServiceAuth
from spark_conformance.remediation.steps.objects import watched
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from spark_lab.faults.application import APPS, EVERYONE, added_policy, app_of, changed_policy
from spark_lab.faults.bench import Bench
from spark_lab.faults.cloudflare import CONFIGURATION
from spark_lab.faults.connector import TUNNEL
from tests.matrix.looks import Looks
from tests.matrix.selection import shared
from tests.remediation.applying import Applied, apply, plans_of, running, take_back

REMEDIES = [remedy for module in (tunnel, dns, access) for remedy in module.remedies(Asked())]
plans = partial(plans_of, REMEDIES, {fact for remedy in REMEDIES for fact in remedy.facts})
COMPONENTS = {"tunnel", "dns", "access"}
MADE_AND_TAKEN_BACK = (
    "ingress-swapped", "ingress-path", "record-address", "record-missing", "access-bypass-everyone",
    "access-public-path-elsewhere", "access-token-expiring", "access-no-service-auth",
)  # fmt: skip
"""A day tries half of them, `HOST_REMEDIES=all` each."""
ALL = os.environ.get("HOST_REMEDIES") == "all"
MADE = {"id", "uid", "aud", "expires_at"}
"""What is another thing when an object is made anew, or its time begins anew."""


@pytest.fixture
def bench(lab: Announcement) -> Iterator[Bench]:
    bench = Bench(lab)
    yield bench
    bench.close()


def looked(run: Run) -> dict[str, Finding]:
    """The findings that these remedies go by."""
    facts = [
        fact for fact in run.stated if fact.partition(".")[0] in COMPONENTS or fact == "cloudflared.config_is_current"
    ]
    return findings_of(run, facts)


def state(bench: Bench) -> Any:
    """What Cloudflare has, but for what nobody can bring back."""
    paths = (CONFIGURATION, "zones/{zone}/dns_records", "accounts/{account}/access/apps",
             "accounts/{account}/access/service_tokens")  # fmt: skip
    return [_lasting(bench.api("GET", path)) for path in paths]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        kept = watched(value)
        return {key: _lasting(item) for key, item in kept.items() if key not in MADE and key != "version"}
    return sorted(map(_lasting, value), key=_text) if isinstance(value, list) else value


@pytest.mark.parametrize("name", shared(MADE_AND_TAKEN_BACK, 2, every=ALL))
def test_a_plan_is_done_once_and_can_be_taken_back(lab: Announcement, bench: Bench, name: str) -> None:
    healthy = state(bench)
    inflict(lab, [FAULTS[name]])
    broken = state(bench)
    with running(lab) as run:
        steps, said = plans(run, looked(run))
        assert (bool(steps), said) == (True, [])
        assert state(bench) == broken, "a plan writes nothing"
        assert all(step.diff or not step.action.counts for step in steps)
        done: Applied = apply(lab, run, steps)
        run.forget()
        after = looked(run)
        assert {fact for fact, item in after.items() if item.verdict != Verdict.CONFORMANT} == set()
        assert plans(run, after) == ([], [])
        assert state(bench) == healthy
        take_back(run, done)
        take_back(run, done)
    assert state(bench) == broken


def test_the_token_is_admitted_before_what_is_open_is_shut(lab: Announcement) -> None:
    inflict(lab, [FAULTS["as-documented"]])
    with running(lab) as run:
        steps, _ = plans(run, looked(run))
    assert [step.title for step in steps if step.component == "access"] == [
        "admit the service token spark-client",
        "let the policy Allow all (temporary for testing) ask for a login, not bypass Access",
    ]


def test_what_is_open_stays_where_the_client_would_be_shut_out(lab: Announcement) -> None:
    inflict(lab, [FAULTS["api-token-without-service-tokens"], FAULTS["access-bypass-everyone"]])
    with running(lab) as run:
        steps, said = plans(run, looked(run))
    assert steps == []
    assert "would lock out the client too" in said[0]


def test_other_tokens_of_a_policy_stay_in_it(lab: Announcement, bench: Bench) -> None:
    inflict(lab, [FAULTS["access-other-token-included"]])
    with running(lab) as run:
        apply(lab, run, plans(run, looked(run))[0])
    [policy] = [policy for policy in app_of(bench)["policies"] if policy["decision"] == "non_identity"]
    assert len(policy["include"]) == 2


def test_a_service_auth_policy_for_everyone_keeps_the_tokens_that_it_names(lab: Announcement, bench: Bench) -> None:
    [policy] = [policy for policy in app_of(bench)["policies"] if policy["decision"] == "non_identity"]
    changed_policy("non_identity", include=[*policy["include"], EVERYONE])(bench)
    with running(lab) as run:
        apply(lab, run, plans(run, looked(run))[0])
        run.forget()
        assert plans(run, looked(run)) == ([], [])
    [now] = [policy for policy in app_of(bench)["policies"] if policy["decision"] == "non_identity"]
    assert now["include"] == policy["include"]


def test_a_reusable_policy_is_not_ours_to_change(lab: Announcement, bench: Bench) -> None:
    body = {"name": "Shared", "decision": "bypass", "include": [EVERYONE]}
    shared = bench.api("POST", "accounts/{account}/access/policies", body)
    app = app_of(bench)
    policies = [*app["policies"], {"id": shared["id"], "precedence": 9}]
    bench.api("PUT", f"accounts/{{account}}/access/apps/{app['id']}", {**app, "policies": policies})
    with running(lab) as run:
        steps, said = plans(run, looked(run))
    assert steps == []
    assert "which other applications may have too" in said[0]


def test_an_application_that_is_put_before_the_name_again_keeps_the_names_that_it_has(
    lab: Announcement, bench: Bench
) -> None:
    inflict(lab, [FAULTS["access-app-other-domain"]])
    broken = state(bench)
    [elsewhere] = [app["domain"] for app in bench.api("GET", APPS)]
    with running(lab) as run:
        done = apply(lab, run, plans(run, looked(run))[0])
        [app] = bench.api("GET", APPS)
        assert [place["uri"] for place in app["destinations"]] == [elsewhere, lab.hostname]
        run.forget()
        assert looked(run)["access.refuses_anonymous"].verdict == Verdict.CONFORMANT
        take_back(run, done)
    assert state(bench) == broken


@pytest.mark.parametrize("name", ["access-no-service-auth", "access-bypass-everyone", "access-policy-missing"])
def test_policies_that_hold_for_other_names_as_well_are_left_to_a_person(
    lab: Announcement, bench: Bench, name: str
) -> None:
    inflict(lab, [FAULTS[name]])
    app = app_of(bench)
    places = [*app["destinations"], {"type": "public", "uri": f"chat.{lab.hostname.partition('.')[2]}"}]
    bench.api("PUT", f"{APPS}/{app['id']}", {**app, "destinations": places})
    broken = state(bench)
    with running(lab) as run:
        steps, said = plans(run, looked(run))
        opened = Documented(opening=True).plan
        if name == "access-policy-missing":
            with pytest.raises(CannotRemedy, match="as well"):
                opened(run, {})
    assert steps == []
    assert said
    assert state(bench) == broken


@pytest.mark.parametrize(
    ("name", "kept"), [("access-policy-narrowed", [{"email_domain": {"domain": "elsewhere.example"}}]),
                       ("access-policy-missing", [])]
)  # fmt: skip
def test_what_lets_in_more_people_is_done_only_when_it_is_asked_for_and_says_whom(
    lab: Announcement, bench: Bench, name: str, kept: list[Any]
) -> None:
    inflict(lab, [FAULTS[name]])
    broken = state(bench)
    with running(lab) as run:
        with pytest.raises(CannotRemedy, match="--remediate-open"):
            Documented().plan(run, {})
        [step] = Documented(opening=True).plan(run, {})
        assert step.opens == f"whoever can log in, at {lab.hostname}"
        done = apply(lab, run, [step])
        [policy] = [policy for policy in app_of(bench)["policies"] if policy["decision"] == "allow"]
        assert policy["include"] == [*kept, EVERYONE]
        take_back(run, done)
    assert state(bench) == broken


def test_a_policy_of_another_kind_is_widened_by_nobody(lab: Announcement) -> None:
    inflict(lab, [FAULTS["access-policy-bypasses-network"]])
    with running(lab) as run, pytest.raises(CannotRemedy, match="without a login"):
        Documented(opening=True).plan(run, {})


@pytest.mark.parametrize("named", ["id", "client id"])
def test_a_slip_of_the_pen_admits_no_other_token(lab: Announcement, bench: Bench, named: str) -> None:
    inflict(lab, [FAULTS["access-no-service-auth"]])
    other = bench.api("POST", "accounts/{account}/access/service_tokens", {"name": "somebody-else"})
    with running(lab) as run:
        facts = run.facts.access
        assert facts is not None
        assert facts.token_id is not None
        assert facts.token_client_id is not None
        wrong: dict[str, Any] = {"token_id": facts.token_id.model_copy(update={"expect": other["id"]})}
        if named == "client id":
            client = facts.token_client_id.model_copy(update={"expect": other["client_id"]})
            wrong = {"token_id": None, "token_client_id": client}
        run.facts = run.facts.model_copy(update={"access": facts.model_copy(update=wrong)})
        run.stated = run.facts.all()
        with pytest.raises(CannotRemedy, match="is in doubt"):
            ServiceAuth().plan(run, {})


def test_conditions_of_other_clients_are_not_passed_by(lab: Announcement, bench: Bench) -> None:
    inflict(lab, [FAULTS["access-other-token-included"]])
    changed_policy("non_identity", require=[{"certificate": {}}])(bench)
    with running(lab) as run, pytest.raises(CannotRemedy, match="only under conditions"):
        ServiceAuth().plan(run, {})


@pytest.mark.parametrize(
    "name",
    [
        "access-app-recreated",
        "access-app-bookmark",
        "access-path-app-bypass",
        "access-wildcard-app-instead",
        "access-secret-rotated",
        "access-token-missing",
        "access-policy-old",
        "access-policy-narrowed",
        "access-policy-bypasses-network",
        "access-bypass-network",
        "access-country-required",
        "record-shadowed",
        "record-twice",
        "tunnel-renamed",
        "ingress-rule-between",
        "ingress-other-hostname",
        "ingress-demands-other-audience",
    ],
)
def test_what_only_a_person_may_do_is_not_planned(lab: Announcement, looks: Looks, name: str) -> None:
    with looks.at(FAULTS[name]) as run:
        assert plans(run, looked(run))[0] == []


def test_a_record_is_not_led_to_a_tunnel_that_is_gone(lab: Announcement) -> None:
    inflict(lab, [FAULTS["record-elsewhere"]])
    with running(lab) as run:
        findings = looked(run)
        for verdict, words in (
            (Verdict.NONCONFORMANT, "that tunnel is gone"),
            (Verdict.BLOCKED, "could not be checked"),
        ):
            findings["tunnel.id"].verdict = verdict
            with pytest.raises(CannotRemedy, match=words):
                dns.PublicRecord().plan(run, findings)


def test_a_record_that_the_facts_do_not_describe_is_not_made(lab: Announcement) -> None:
    inflict(lab, [FAULTS["record-missing"]])
    with running(lab) as run:
        assert run.facts.dns is not None
        without = run.facts.dns.model_copy(update={"target": None})
        run.facts = run.facts.model_copy(update={"dns": without})
        with pytest.raises(CannotRemedy, match="does not state both"):
            dns.PublicRecord().plan(run, {})


def test_rules_of_a_tunnel_that_nobody_reads_are_not_written(lab: Announcement) -> None:
    inflict(lab, [FAULTS["ingress-path"]])
    with running(lab) as run:
        findings = looked(run)
        for fact, words in (("tunnel.config_source", "migrate it"), ("tunnel.deleted", "make a new one")):
            findings[fact].verdict = Verdict.NONCONFORMANT
            with pytest.raises(CannotRemedy, match=words):
                tunnel.Ingress().plan(run, findings)


def test_what_somebody_else_wrote_after_the_plan_stays(lab: Announcement, bench: Bench) -> None:
    inflict(lab, [FAULTS["ingress-path"], FAULTS["record-grey"], FAULTS["access-policy-renamed"]])
    with running(lab) as run:
        steps, _ = plans(run, looked(run))
        config = bench.api("GET", CONFIGURATION)["config"]
        config["ingress"][0]["service"] = "http://localhost:1"
        bench.api("PUT", CONFIGURATION, {"config": config})
        [record] = bench.api("GET", "zones/{zone}/dns_records")
        bench.api("PATCH", f"zones/{{zone}}/dns_records/{record['id']}", {"comment": "mine"})
        changed_policy("allow", include=[{"email_domain": {"domain": "elsewhere.example"}}])(bench)
        theirs = state(bench)
        for step in steps:
            if step.action.counts:
                with pytest.raises(Conflict, match="somebody else has changed it"):
                    step.action.before(run, "/nowhere")
    assert state(bench) == theirs


def test_what_somebody_else_wrote_after_the_step_is_not_taken_back(lab: Announcement, bench: Bench) -> None:
    inflict(lab, [FAULTS["ingress-path"]])
    with running(lab) as run:
        done = apply(lab, run, plans(run, looked(run))[0])
        config = bench.api("GET", CONFIGURATION)["config"]
        config["ingress"][0]["service"] = "http://localhost:1"
        bench.api("PUT", CONFIGURATION, {"config": config})
        with pytest.raises(Conflict):
            take_back(run, done)
    assert bench.api("GET", CONFIGURATION)["config"] == config


def test_a_connector_that_does_not_follow_is_told(lab: Announcement, bench: Bench) -> None:
    inflict(lab, [FAULTS["config-not-accepted"]])
    with running(lab) as run:
        waiting = tunnel.ConnectorsFollow({"account_id": lab.account, "tunnel_id": lab.tunnel}, patience_s=0)
        assert not waiting.holds(run)
        with pytest.raises(StepFailed, match="not every connector ran the new configuration"):
            waiting.apply(run, waiting.before(run, "/nowhere"))
        apply(lab, run, plans(run, looked(run))[0])
        assert waiting.holds(run)
    assert {connector["config_version"] for connector in bench.api("GET", f"{TUNNEL}/connections")}


def test_conditions_are_not_blamed_where_another_policy_admits_the_token(lab: Announcement, bench: Bench) -> None:
    inflict(lab, [FAULTS["access-country-required"]])
    [token] = bench.api("GET", "accounts/{account}/access/service_tokens")
    added_policy("non_identity", {"service_token": {"token_id": token["id"]}})(bench)
    with running(lab) as run:
        findings = looked(run)
        findings["access.admits_token"].verdict = Verdict.NONCONFORMANT
        assert plans(run, findings) == ([], [])
