"""Who gets in by an application's policies, against whom a fact names."""

from types import SimpleNamespace
from typing import Any

import pytest

from checks import test_access as of_access
from spark_conformance.cloudflare.access.admitted import ANYBODY, HOLDERS, Admitted, admitted
from spark_conformance.cloudflare.access.applications import AccessApps, application_of
from spark_conformance.cloudflare.access.policies import AccessPolicy, policies_of, told
from spark_conformance.cloudflare.access.service_tokens import AccountTokens, account_tokens
from spark_conformance.cloudflare.tables import Table
from spark_conformance.core.judging import Judge
from spark_conformance.core.verdict import Nonconformant, Unreachable
from spark_conformance.facts.admits import Admits
from spark_conformance.facts.fact import Fact
from spark_conformance.facts.target import Target
from tests.secrets.runs import run_of

Rule = dict[str, Any]
EVERYONE: Rule = {"everyone": {}}
ANA, BEN = {"email": {"email": "Ana@example.org"}}, {"email": {"email": "ben@other.example"}}
STAFF = {"email_domain": {"domain": "example.org"}}
GOOGLE = {"login_method": {"id": "google-id"}}
GITHUB = {"github-organization": {"name": "acme", "identity_provider_id": "gh"}}
CAT = {"email": {"email": "cat@example.org"}}
COUNTRY = {"geo": {"country_code": "DE"}}
NETWORK, ALL_OF_V4 = {"ip": {"ip": "192.0.2.0/24"}}, {"ip": {"ip": "0.0.0.0/0"}}
CI, OTHER = {"service_token": {"token_id": "t1"}}, {"service_token": {"token_id": "t2"}}
ANY_TOKEN: Rule = {"any_valid_service_token": {}}
NEW: Rule = {"a_kind_of_next_year": {}}
CERTIFICATE: Rule = {"certificate": {}}
TOKENS = {"t1": "ci", "t2": "somebody's"}
GROUPS = {
    "g1": {"name": "family", "include": [ANA, BEN]},
    "g2": {"name": "admins", "include": [ANA]},
    "g3": {"name": "example.org", "include": [BEN]},
}


def group(key: str) -> Rule:
    return {"group": {"id": key}}


def policy(decision: str, *include: Rule, name: str = "p", **lists: list[Rule]) -> Rule:
    return {"id": name, "name": name, "decision": decision, "include": list(include), **lists}


def made(*entries: Rule) -> tuple[AccessPolicy, ...]:
    groups = {key: Table(f"group {key}", {"id": key, **rules}) for key, rules in GROUPS.items()}
    return policies_of([Table("a policy", entry) for entry in entries], [], groups)


def seen(policies: tuple[AccessPolicy, ...], **wanted: Any) -> Admitted:
    return admitted(policies, Admits.model_validate(wanted), TOKENS)


@pytest.mark.parametrize(
    ("policies", "wanted"),
    [
        ([], {}),
        ([policy("allow", ANA)], {"emails": ["ana@example.org"]}),
        ([policy("allow", STAFF)], {"email_domains": ["example.org"]}),
        ([policy("allow", STAFF, ANA)], {"email_domains": ["example.org"]}),
        ([policy("allow", EVERYONE, require=[STAFF])], {"email_domains": ["example.org"]}),
        ([policy("allow", GOOGLE, require=[STAFF])], {"email_domains": ["example.org"], "idps": ["google-id"]}),
        ([policy("allow", EVERYONE)], {"everyone": True}),
        ([policy("allow", EVERYONE, require=[COUNTRY])], {"everyone": True}),
        ([policy("allow", ANA, require=[COUNTRY], exclude=[BEN])], {"emails": ["ana@example.org"]}),
        ([policy("allow", group("g1"))], {"groups": ["family"]}),
        ([policy("allow", group("g1"))], {"groups": ["g1"]}),
        ([policy("allow", group("g1"))], {"emails": ["ana@example.org", "ben@other.example"]}),
        ([policy("allow", ANA), policy("non_identity", CI)],
         {"emails": ["ana@example.org"], "service_tokens": ["ci"]}),
        ([policy("non_identity", CI)], {"service_tokens": ["t1"]}),
        ([policy("deny", BEN), policy("allow", ANA, BEN)], {"emails": ["ana@example.org"]}),
        ([policy("deny", COUNTRY), policy("allow", ANA)], {"emails": ["ana@example.org"]}),
        ([policy("deny", EVERYONE, exclude=[STAFF]), policy("allow", ANA)], {"emails": ["ana@example.org"]}),
        ([policy("allow", NEW, ANA, require=[BEN])], {}),
        ([policy("allow", ANA, exclude=[GOOGLE])], {"emails": ["ana@example.org"]}),
        ([policy("allow", GOOGLE, require=[ANA])], {"emails": ["ana@example.org"], "idps": ["google-id"]}),
        ([policy("allow", {"email_domain": {"domain": "@Example.org"}})], {"email_domains": ["example.org"]}),
        ([policy("allow", STAFF, group("g3"))], {"email_domains": ["example.org"], "groups": ["example.org"]}),
        ([policy("deny", NETWORK), policy("allow", ANA)], {"emails": ["ana@example.org"]}),
        ([policy("allow", CI)], {}),
    ],
)  # fmt: skip
def test_those_who_are_stated_get_in_and_nobody_else(policies: list[Rule], wanted: dict[str, Any]) -> None:
    found = seen(made(*policies), **wanted)
    assert found.named.same(Admits.model_validate(wanted)), found.told
    assert found.others == ()


@pytest.mark.parametrize(
    ("policies", "wanted", "told_of"),
    [
        ([policy("allow", ANA)], {}, "emails ana@example.org"),
        ([policy("allow", ANA)], {"emails": ["ben@other.example"]}, "emails ana@example.org"),
        ([policy("allow", STAFF)], {"emails": ["ana@example.org"]},
         "emails ana@example.org; email domains example.org"),
        ([policy("allow", EVERYONE)], {"emails": ["ana@example.org"]}, "emails ana@example.org; everyone who logs in"),
        ([policy("allow", GOOGLE)], {}, "idps google-id"),
        ([policy("allow", COUNTRY)], {}, "everyone who logs in"),
        ([policy("allow", group("g1"))], {"groups": ["admins"]}, "emails ana@example.org, ben@other.example"),
        ([policy("deny", EVERYONE), policy("allow", ANA)], {"emails": ["ana@example.org"]}, "nobody"),
        ([policy("deny", ALL_OF_V4), policy("allow", ANA)], {"emails": ["ana@example.org"]}, "nobody"),
        ([policy("allow", ANA, require=[CAT])], {"emails": ["ana@example.org"]}, "nobody"),
        ([policy("allow", STAFF, require=[BEN])], {"email_domains": ["example.org"]}, "nobody"),
        ([policy("allow", GOOGLE), policy("deny", ANA)], {"emails": ["ana@example.org"]}, "idps google-id"),
        ([policy("bypass", EVERYONE)], {}, ANYBODY),
        ([policy("non_identity", ANY_TOKEN)], {"service_tokens": ["ci"]}, "service tokens ci, somebody's"),
        ([policy("non_identity", OTHER)], {"service_tokens": ["ci"]}, "service tokens somebody's"),
        ([policy("non_identity", CERTIFICATE)], {}, HOLDERS),
        ([policy("allow", ANA, require=[STAFF], exclude=[ANA])], {"emails": ["ana@example.org"]}, "nobody"),
    ],
)  # fmt: skip
def test_whoever_else_gets_in_is_told(policies: list[Rule], wanted: dict[str, Any], told_of: str) -> None:
    found = seen(made(*policies), **wanted)
    assert found.told == told_of
    assert found.others or not found.named.same(Admits.model_validate(wanted))


@pytest.mark.parametrize(
    ("policies", "wanted"),
    [
        ([policy("allow", ANA, NEW)], {"emails": ["ana@example.org"]}),
        ([policy("allow", group("unknown"))], {}),
        ([policy("allow", GOOGLE, require=[GITHUB])], {}),
        ([policy("bypass", NEW)], {}),
    ],
)
def test_what_cannot_be_told_is_said_to_be_so(policies: list[Rule], wanted: dict[str, Any]) -> None:
    found = seen(made(*policies), **wanted)
    assert found.untold
    assert found.named.same(Admits.model_validate(wanted))


@pytest.mark.parametrize(
    ("policies", "wanted", "untold"),
    [
        ([policy("non_identity", CI)], {"service_tokens": ["ci"]}, ()),
        ([policy("non_identity", NEW)], {}, ("service token ci", "service token somebody's", ANYBODY)),
        ([policy("allow", GOOGLE), policy("deny", BEN)], {}, ()),
    ],
)
def test_nobody_is_doubtful_of_whom_the_policies_say_what_becomes(
    policies: list[Rule], wanted: dict[str, Any], untold: tuple[str, ...]
) -> None:
    assert seen(made(*policies), **wanted).untold == untold


def judged(policies: tuple[AccessPolicy, ...], known: object = AccountTokens(TOKENS), **wanted: Any) -> str:
    """What the check makes of it."""
    app: Any = SimpleNamespace(policies=policies, told=told(policies), public_paths=(), unclear_paths=())
    stated = Fact[Admits](expect=Admits.model_validate(wanted), source="notes", why="it matters")
    judge = Judge("access.admits", stated)
    of_access.test_admits(judge, app, run_of(Target(), given={account_tokens: known}))
    return str(judge.observed)


def test_the_accounts_tokens_are_asked_for_only_where_somebody_names_one() -> None:
    closed = Unreachable("cloudflare: tokens", "no permission")
    ana = {"emails": ["ana@example.org"]}
    assert judged(made(policy("allow", ANA)), closed, **ana) == "emails ana@example.org"
    with pytest.raises(Unreachable, match="no permission"):
        judged(made(policy("non_identity", CI)), closed)
    with pytest.raises(Unreachable, match="no permission"):
        judged(made(policy("allow", ANA), policy("non_identity", CI)), closed, **ana)
    with pytest.raises(Unreachable, match="no permission"):
        judged(made(policy("allow", ANA)), closed, service_tokens=["ci"], **ana)


def test_the_check_of_who_gets_in() -> None:
    assert judged(made(policy("allow", ANA)), emails=["ANA@example.org"]) == "emails ana@example.org"
    with pytest.raises(Nonconformant, match=r"email domains example\.org"):
        judged(made(policy("allow", STAFF)), emails=["ana@example.org"])
    with pytest.raises(Unreachable, match="everyone who logs in"):
        judged(made(policy("allow", ANA, NEW)), emails=["ana@example.org"])


@pytest.mark.parametrize(
    ("domains", "protection"),
    [
        (["app.example.org"], "all of it"), (["*.example.org"], "all of it"), (["app.example.org/admin"], "some paths"),
        (["other.example.org"], "none of it"), ([], "none of it"),
    ],
)  # fmt: skip
def test_how_much_of_a_name_is_protected(domains: list[str], protection: str) -> None:
    entries = [{"id": domain, "type": "self_hosted", "domain": domain} for domain in domains]
    apps = tuple(application_of(Table("an app", entry)) for entry in entries)
    assert AccessApps(apps).protection("app.example.org") == protection
