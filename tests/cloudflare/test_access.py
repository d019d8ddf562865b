import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from spark_conformance.cloudflare.access.applications import (
    AccessApp,
    AccessApps,
    Application,
    application_of,
    choose,
    policies_of_app,
)
from spark_conformance.cloudflare.access.domains import place_of
from spark_conformance.cloudflare.access.letting_in import (
    admitting,
    open_by,
    perhaps_admitting,
    perhaps_open_by,
    strangers_by,
    undocumented,
)
from spark_conformance.cloudflare.access.organization import AccessOrganization, organization_of
from spark_conformance.cloudflare.access.policies import AccessPolicy, named, policies_of, told
from spark_conformance.cloudflare.access.rules import groups_named
from spark_conformance.cloudflare.access.service_tokens import OtherTokens, token_of
from spark_conformance.cloudflare.access.service_tokens import choose as choose_token
from spark_conformance.cloudflare.client import Api
from spark_conformance.cloudflare.tables import Table, tables
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.admits import LoginMethods
from spark_conformance.facts.expectations import Policy
from tests.cloudflare.fake import Fake, ok

HOST = "ollama.example.org"
EVERYONE: dict[str, Any] = {"everyone": {}}
TOKEN = {"service_token": {"token_id": "token"}}
OTHER = {"service_token": {"token_id": "other"}}
ANY_TOKEN: dict[str, Any] = {"any_valid_service_token": {}}
COUNTRY = {"geo": {"country_code": "DE"}}
MAIL = {"email_domain": {"domain": "example.org"}}
GROUPS: dict[str, dict[str, Any]] = {
    "all": {"include": [EVERYONE]},
    "tokens": {"include": [TOKEN, OTHER]},
    "staff": {"include": [MAIL]},
    "here": {"include": [COUNTRY]},
    "nested": {"include": [{"group": {"id": "tokens"}}]},
    "itself": {"include": [{"group": {"id": "itself"}}]},
    "nobody": {"include": []},
    "narrow": {"include": [MAIL], "require": [COUNTRY]},
}


def group(name: str) -> dict[str, Any]:
    return {"group": {"id": name}}


@pytest.mark.parametrize(
    ("uri", "overlaps"),
    [
        (HOST, True),
        ("Ollama.Example.org", True),
        (f"https://{HOST}:443/", True),
        (f"{HOST}/api", True),
        (f"{HOST}/*", True),
        ("*.example.org", True),
        ("*.example.org/api/*", True),
        ("oll*.example.org", True),
        ("*llama.example.org", True),
        ("o*a.example.org", True),
        ("ollama.*.org", True),
        ("example.org", False),
        ("*.ollama.example.org", False),
        ("*.org", False),
        ("*", False),
        ("x*.example.org", False),
        ("other.example.org", False),
        ("ollama.example.org.evil.org", False),
        ("[o]llama.example.org", False),
        ("?llama.example.org", False),
        ("", False),
    ],
)
def test_a_pattern_takes_some_path_of_the_host(uri: str, overlaps: bool) -> None:
    assert place_of(uri).takes(HOST) is overlaps


@pytest.mark.parametrize(("uri", "path"), [(HOST, ""), (f"{HOST}/", ""), (f"{HOST}/*", ""), (f"{HOST}/a/b", "a/b")])
def test_a_path(uri: str, path: str) -> None:
    assert place_of(uri).path == path


def app(identity: str = "app", **fields: Any) -> Application:
    found = {"id": identity, "name": identity, "aud": "aud", "type": "self_hosted", "domain": HOST}
    return application_of(Table("the application", {**found, **fields}))


def test_of_several_policies_of_one_name_the_widest_is_judged() -> None:
    narrow, wide = policy("allow", MAIL, name="Allow all"), policy("allow", EVERYONE, name="Allow all")
    unclear = policy("allow", {"a_kind_of_next_year": {}}, name="Allow all")
    assert named([narrow, unclear, wide], "Allow all") is wide
    assert named([narrow, unclear], "Allow all") is unclear


def test_a_path_that_is_treated_in_an_unknown_way_may_be_open() -> None:
    overrides = [{"behavior": "of_next_year", "path_pattern": "/v1/*"}]
    seen = app(destinations=[{"type": None, "uri": HOST, "overrides": overrides}])
    assert (seen.public_paths(HOST), seen.unclear_paths(HOST), seen.unclear_paths("x.org")) == ((), ("/v1/*",), ())
    judged = AccessApp("i", "a", "n", HOST, "self_hosted", (), (), False, seen.standing, seen.unclear_paths(HOST))
    assert judged.open_to_everyone is None
    assert "/v1/*" in judged.told


def test_an_application_stands_wherever_one_of_its_fields_says() -> None:
    seen = app(
        self_hosted_domains=[HOST, "a.example.org"],
        destinations=[
            {"type": "public", "uri": "b.example.org/x"},
            {"uri": "c.example.org"},
            {"type": "private", "hostname": "d.example.org"},
            {"type": "all_workers"},
            {"type": "public"},
        ],
    )
    assert [str(place) for place in seen.places] == [HOST, "a.example.org", "b.example.org/x", "c.example.org"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, HOST),
        ({"domain": "a.example.org", "self_hosted_domains": ["a.example.org", HOST]}, HOST),
        ({"domain": "a.example.org", "destinations": [{"uri": "a.example.org"}, {"uri": HOST.title()}]}, HOST),
        ({"domain": "a.example.org"}, "a.example.org"),
        # what the API shows as the domain counts for nothing where destinations say otherwise
        ({"destinations": [{"uri": "a.example.org"}]}, "a.example.org"),
        ({"destinations": [{"uri": f"{HOST}/api"}]}, f"{HOST}/api"),
        ({"self_hosted_domains": ["*.example.org"]}, "*.example.org"),
    ],
)
def test_an_application_stands_before_the_documented_name_perhaps_beside_others(
    fields: dict[str, Any], told: str
) -> None:
    seen = app(**fields)
    judged = AccessApp("i", "aud", "n", seen.domain, "self_hosted", (), (), False, seen.standing)
    assert judged.domain_as(HOST) == told


@pytest.mark.parametrize("kind", ["saas", "bookmark", "app_launcher", "warp"])
def test_applications_without_requests_overlap_nothing(kind: str) -> None:
    assert app(type=kind).places_at(HOST) == ()
    assert application_of(Table("the application", {"id": "i", "type": kind})).domain == ""


def test_an_application_in_words() -> None:
    assert str(app(self_hosted_domains=[f"{HOST}/api"])) == f"app ({HOST}, {HOST}/api; app)"
    assert str(application_of(Table("the application", {"id": "i", "type": "saas"}))) == "saas (no domain; i)"


GOOGLE, OTP = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415", "0a0ed4fc-8415-4643-bbbc-f174e90afafe"


@pytest.mark.parametrize(
    ("expect", "shown", "same"),
    [
        ({}, {}, True),
        ({}, {"allowed_idps": []}, True),
        ({}, {"allowed_idps": [GOOGLE]}, False),
        ({"idps": [GOOGLE, OTP]}, {"allowed_idps": [OTP, GOOGLE], "auto_redirect_to_identity": False}, True),
        ({"idps": [GOOGLE]}, {"allowed_idps": [OTP, GOOGLE]}, False),
        ({"idps": [GOOGLE]}, {"allowed_idps": []}, False),
        ({"idps": [GOOGLE]}, {"allowed_idps": [GOOGLE], "auto_redirect_to_identity": True}, False),
        ({"idps": [GOOGLE], "instant": True}, {"allowed_idps": [GOOGLE], "auto_redirect_to_identity": True}, True),
        ({}, {"auto_redirect_to_identity": True}, False),
    ],
)
def test_which_ways_to_log_in_are_offered(expect: dict[str, Any], shown: dict[str, Any], same: bool) -> None:
    found = app(**shown)
    judged = AccessApp("i", "a", "n", HOST, "self_hosted", (), (), False, idps=found.idps, instant=found.instant)
    assert judged.login_methods.same(LoginMethods.model_validate(expect)) is same


def test_only_one_way_to_log_in_can_be_taken_at_once() -> None:
    for idps in ({}, {"idps": [GOOGLE, OTP]}):
        with pytest.raises(ValidationError, match="instant: takes the only way to log in; write one id in idps"):
            LoginMethods.model_validate({**idps, "instant": True})


def test_overlapping_applications_are_all_but_the_one_to_be_judged() -> None:
    apps = AccessApps(
        (app("this"), app("path", domain=f"{HOST}/api"), app("star", domain="*.example.org"), app("x", domain="x.org"))
    )
    assert [found.id for found in apps.overlapping(HOST, "this")] == ["path", "star"]
    assert AccessApps(apps.apps[:1]).overlapping(HOST, "this") == ()


def test_the_application_is_found_by_id_else_by_domain_else_by_pattern() -> None:
    apps = [app("star", domain="*.example.org"), app("moved", domain="old.example.org"), app("this")]
    assert [getattr(choose(apps, wanted, HOST), "id", None) for wanted in ("moved", "gone", None)] == [
        "moved",
        "this",
        "this",
    ]
    assert getattr(choose(apps[:2], "gone", HOST), "id", None) == "star"
    assert choose(apps[1:2], "gone", HOST) is None


def test_of_several_applications_before_the_name_none_is_taken_for_being_first() -> None:
    path, star = app("path", domain=f"{HOST}/api"), app("star", domain="*.example.org")
    portal = app("portal", domain="a.example.org", destinations=[{"uri": "a.example.org"}, {"uri": HOST}])
    stale = app("stale", destinations=[{"uri": "a.example.org"}])  # its domain says the name, and counts for nothing
    everything = [stale, star, path, portal]
    assert getattr(choose(everything, None, HOST), "id", None) == "portal"
    assert getattr(choose(everything[:3], None, HOST), "id", None) == "path"
    assert getattr(choose(everything[:2], None, HOST), "id", None) == "star"
    assert getattr(choose(everything[:1], None, HOST), "id", None) == "stale"


def policy(decision: str, *include: dict[str, Any], name: str = "p", **lists: list[dict[str, Any]]) -> AccessPolicy:
    entry = {"id": name, "name": name, "decision": decision, "include": list(include), **lists}
    groups = {key: Table(f"group {key}", {"id": key, **rules}) for key, rules in GROUPS.items()}
    [made] = policies_of([Table("the policy", entry)], [], groups)
    return made


IP_LIST = {"ip_list": {"id": "list"}}
SERVICE = {"external_evaluation": {"evaluate_url": "https://e.example.org", "keys_url": "https://e.example.org/keys"}}
NEW: dict[str, Any] = {"a_kind_of_next_year": {}}
CERTIFICATE: dict[str, Any] = {"certificate": {}}
DEVICE = {"device_posture": {"integration_uid": "device"}}


def ip(network: str) -> dict[str, Any]:
    return {"ip": {"ip": network}}


def answer(certain: object, perhaps: object) -> bool | None:
    """Yes, no, or None where it cannot be told."""
    return True if certain else None if perhaps else False


@pytest.mark.parametrize(
    ("made", "admitted"),
    [
        (policy("non_identity", TOKEN), True),
        (policy("non_identity", OTHER), False),
        (policy("non_identity", ANY_TOKEN), True),
        (policy("non_identity", EVERYONE), True),
        (policy("non_identity", COUNTRY), False),
        (policy("non_identity", IP_LIST), None),
        (policy("non_identity", NEW), None),
        (policy("non_identity", OTHER, TOKEN), True),
        (policy("allow", TOKEN), False),
        (policy("allow", EVERYONE), False),
        (policy("bypass", EVERYONE), False),
        (policy("non_identity"), False),
        (policy("non_identity", TOKEN, exclude=[TOKEN]), False),
        (policy("non_identity", ANY_TOKEN, exclude=[TOKEN]), False),
        (policy("non_identity", ANY_TOKEN, exclude=[OTHER]), True),
        (policy("non_identity", TOKEN, exclude=[COUNTRY]), True),
        (policy("non_identity", TOKEN, require=[COUNTRY]), True),
        (policy("non_identity", TOKEN, require=[NEW]), True),
        (policy("non_identity", TOKEN, require=[CERTIFICATE]), True),
        (policy("non_identity", TOKEN, require=[OTHER]), False),
        (policy("non_identity", TOKEN, require=[MAIL]), False),
        (policy("non_identity", TOKEN, require=[group("here")]), True),
        (policy("non_identity", TOKEN, require=[group("staff")]), False),
        (policy("non_identity", group("tokens")), True),
        (policy("non_identity", group("nested")), True),
        (policy("non_identity", group("staff")), False),
        (policy("non_identity", group("unknown")), None),
        (policy("non_identity", group("itself")), False),
        (policy("non_identity", TOKEN, exclude=[group("tokens")]), False),
    ],
)
def test_who_admits_the_service_token(made: AccessPolicy, admitted: bool | None) -> None:
    assert answer(admitting([made], "token"), perhaps_admitting([made], "token")) is admitted


def test_more_fields_in_a_rule_are_no_matter() -> None:
    token = {"service_token": {"token_id": "token", "name": "spark-client", "duration": "8760h"}}
    made = policy("non_identity", token, require=[{"geo": {"country_code": "DE", "name": "Germany"}}])
    assert admitting([made], "token") == (made,)
    assert str(made) == "p (Service Auth: service_token token; require geo DE)"
    assert strangers_by([made], "token", ["other"]).certain == ()
    assert open_by([policy("bypass", {"ip": {"ip": "192.0.2.0/24", "comment": "office"}})])


@pytest.mark.parametrize(
    ("rule", "is_open"),
    [
        # what is null is not there, as providers write every kind that they know
        ({"email": {"email": "a@example.org"}, "everyone": None, "ip": None}, False),
        ({"everyone": {}, "email": None}, True),
        ({"everyone": []}, True),
        ({"everyone": None}, None),
        ({"everyone": False}, None),
        ({}, None),
        # fields of the entry beside its kind
        ({"ip": {"ip": "192.0.2.0/24"}, "name": "office", "id": 7, "enabled": True, "tags": ["a"]}, True),
        ({"email": {"email": "a@example.org"}, "name": "somebody"}, False),
        ({"email": {"email": "a@example.org"}, "a_kind_of_next_year": {}}, None),
        ({"email": {"email": ["a@example.org", "b@example.org"]}}, False),
        # a kind that is known, in a shape that is not
        ({"geo": {"country_code": ["DE", "FR"]}}, None),
        ({"ip": {"ip": ["192.0.2.0/24"]}}, None),
        ({"ip": "192.0.2.0/24"}, None),
        ({"service_token": {"token_id": ["token"]}}, None),
        ({"service_token": {"id": "token"}}, None),
        ({"service_token": {"token_id": "token", "name": "spark", "duration": "8760h"}}, False),
    ],
)
def test_a_rule_is_read_by_the_kinds_that_it_names(rule: dict[str, Any], is_open: bool | None) -> None:
    made = policy("bypass", rule)
    assert answer(open_by([made]), perhaps_open_by([made])) is is_open


def test_one_more_kind_of_next_year_hides_no_token() -> None:
    made = policy("non_identity", TOKEN, {"a_kind_of_next_year": {}})
    assert admitting([made], "token") == (made,)
    assert strangers_by([made], "token", []).perhaps == (made,)


@pytest.mark.parametrize(
    ("made", "is_open"),
    [
        (policy("bypass", EVERYONE), True),
        (policy("non_identity", EVERYONE), True),
        (policy("bypass", group("all")), True),
        (policy("bypass", ip("0.0.0.0/0")), True),
        (policy("bypass", ip("::/0")), True),
        # from somewhere is open too: who comes from there is anybody
        (policy("bypass", ip("0.0.0.0/1")), True),
        (policy("bypass", ip("192.0.2.0/24")), True),
        (policy("bypass", COUNTRY), True),
        (policy("non_identity", ip("192.0.2.7")), True),
        (policy("non_identity", COUNTRY), True),
        (policy("bypass", group("here")), True),
        (policy("bypass", EVERYONE, require=[COUNTRY]), True),
        (policy("bypass", EVERYONE, require=[EVERYONE]), True),
        (policy("bypass", EVERYONE, require=[group("here")]), True),
        (policy("bypass", EVERYONE, exclude=[EVERYONE]), False),
        (policy("bypass", EVERYONE, exclude=[group("all")]), False),
        (policy("bypass", EVERYONE, exclude=[COUNTRY]), True),
        (policy("bypass", COUNTRY, exclude=[COUNTRY]), False),
        (policy("bypass", COUNTRY, require=[{"geo": {"country_code": "NZ"}}]), False),
        # networks within networks
        (policy("bypass", ip("10.0.0.0/8"), exclude=[ip("10.0.0.0/9")]), True),
        (policy("bypass", ip("10.0.0.0/8"), exclude=[ip("10.128.0.0/9")]), True),
        (policy("bypass", ip("10.0.0.0/8"), exclude=[ip("10.0.0.0/9"), ip("10.128.0.0/9")]), False),
        (policy("bypass", ip("10.0.0.0/8"), exclude=[ip("0.0.0.0/1")]), False),
        (policy("bypass", ip("255.255.255.0/24"), exclude=[ip("2001:db8::/32")]), True),
        (policy("bypass", ip("192.0.2.0/24"), require=[ip("198.51.100.0/24")]), False),
        # a country's share of a network is nobody's to tell from here
        (policy("bypass", ip("192.0.2.0/24"), require=[COUNTRY]), None),
        # what is not known may fit anybody, and so may what is listed or asked elsewhere
        (policy("bypass", NEW), None),
        (policy("bypass", IP_LIST), None),
        (policy("bypass", SERVICE), None),
        (policy("bypass", group("unknown")), None),
        (policy("bypass", ip("no network")), None),
        (policy("bypass", EVERYONE, require=[NEW]), None),
        (policy("bypass", EVERYONE, exclude=[NEW]), None),
        (policy("bypass", EVERYONE, NEW), True),
        (policy("bypass", NEW, require=[MAIL]), None),
        (policy("next_year", EVERYONE), None),
        (policy("next_year", MAIL), False),
        # somebody who has something is not anybody
        (policy("non_identity", ANY_TOKEN), False),
        (policy("non_identity", EVERYONE, require=[ANY_TOKEN]), False),
        (policy("non_identity", CERTIFICATE), False),
        # a Bypass does not look at who it is: it takes nobody by that, and excepts nobody; what is required is not told
        (policy("bypass", MAIL), False),
        (policy("bypass", group("staff")), False),
        (policy("bypass", COUNTRY, MAIL), True),
        (policy("bypass", EVERYONE, exclude=[MAIL]), True),
        (policy("bypass", EVERYONE, exclude=[group("staff")]), True),
        (policy("bypass", EVERYONE, require=[MAIL]), None),
        (policy("bypass", COUNTRY, require=[MAIL, EVERYONE]), None),
        (policy("bypass", EVERYONE, require=[group("staff")]), None),
        (policy("bypass", MAIL, require=[MAIL]), False),
        (policy("bypass", EVERYONE, require=[MAIL], exclude=[EVERYONE]), False),
        (policy("non_identity", EVERYONE, require=[MAIL]), False),
        (policy("allow", EVERYONE), False),
        (policy("deny", EVERYONE), False),
    ],
)
def test_what_is_open_to_everyone(made: AccessPolicy, is_open: bool | None) -> None:
    assert answer(open_by([made]), perhaps_open_by([made])) is is_open
    blocked = [policy("deny", EVERYONE), made]
    assert answer(open_by(blocked), perhaps_open_by(blocked)) is is_open


@pytest.mark.parametrize(
    ("made", "strangers"),
    [
        (policy("non_identity", TOKEN), False),
        (policy("non_identity", OTHER), True),
        (policy("non_identity", TOKEN, OTHER), True),
        (policy("non_identity", group("tokens")), True),
        (policy("non_identity", {"service_token": {"token_id": "deleted"}}), False),
        (policy("non_identity", ANY_TOKEN), True),
        (policy("non_identity", ANY_TOKEN, require=[TOKEN]), False),
        (policy("non_identity", ANY_TOKEN, exclude=[OTHER]), True),
        (policy("non_identity", OTHER, exclude=[OTHER]), False),
        (policy("non_identity", ANY_TOKEN, require=[COUNTRY]), True),
        (policy("non_identity", EVERYONE, require=[ANY_TOKEN]), True),
        (policy("non_identity", CERTIFICATE), True),
        (policy("non_identity", {"common_name": {"common_name": "laptop"}}), True),
        (policy("bypass", DEVICE), True),
        (policy("non_identity", {"linked_app_token": {"app_uid": "other"}}), True),
        (policy("non_identity", NEW), None),
        (policy("non_identity", TOKEN, NEW), None),
        (policy("non_identity", ANY_TOKEN, require=[NEW]), None),
        # told by itself, as open to everyone
        (policy("bypass", EVERYONE), False),
        (policy("bypass", COUNTRY), False),
        # others who log in are another matter
        (policy("allow", EVERYONE), False),
        (policy("allow", ANY_TOKEN), False),
        (policy("deny", ANY_TOKEN), False),
    ],
)
def test_who_lets_in_somebody_whom_the_document_does_not_know(made: AccessPolicy, strangers: bool | None) -> None:
    found = strangers_by([policy("non_identity", TOKEN), made], "token", ["other", "token"])
    assert answer(found.certain, found.perhaps) is strangers
    assert made in (*found.certain, *found.perhaps) or strangers is False


def test_an_allow_policy_beside_the_documented_one_lets_others_log_in() -> None:
    staff, more = policy("allow", MAIL, name="staff"), policy("allow", EVERYONE, name="more")
    service = policy("non_identity", TOKEN, name="service")
    assert undocumented([service, staff, more], Policy(name="staff", everyone=False)) == (more,)
    assert undocumented([service, staff, more], Policy(name="more", everyone=True)) == ()
    assert undocumented([service, staff, more], None) == ()


@pytest.mark.parametrize(
    ("made", "everyone"),
    [
        (policy("allow", EVERYONE), True),
        (policy("bypass", EVERYONE), True),
        (policy("allow", group("all")), True),
        (policy("allow", MAIL, EVERYONE), True),
        (policy("allow", EVERYONE, require=[EVERYONE]), True),
        (policy("allow", EVERYONE, exclude=[group("nobody")]), True),
        (policy("allow", MAIL), False),
        (policy("allow"), False),
        (policy("deny", EVERYONE), False),
        (policy("allow", EVERYONE, exclude=[EVERYONE]), False),
        (policy("allow", EVERYONE, exclude=[MAIL]), False),
        (policy("bypass", EVERYONE, exclude=[MAIL]), True),
        (policy("bypass", EVERYONE, exclude=[group("staff")]), True),
        (policy("bypass", EVERYONE, exclude=[MAIL, COUNTRY]), False),
        (policy("bypass", MAIL), False),
        (policy("bypass", EVERYONE, require=[MAIL]), None),
        (policy("allow", EVERYONE, exclude=[group("staff")]), False),
        (policy("allow", EVERYONE, require=[COUNTRY]), False),
        (policy("allow", EVERYONE, require=[group("here")]), False),
        (policy("allow", ip("0.0.0.0/1")), False),
        (policy("allow", EVERYONE, require=[NEW]), None),
        (policy("allow", EVERYONE, exclude=[NEW]), None),
        (policy("allow", EVERYONE, exclude=[group("narrow")]), None),
        (policy("allow", NEW), None),
        (policy("allow", group("unknown")), None),
        (policy("next_year", EVERYONE), None),
    ],
)
def test_whether_a_policy_lets_in_everyone(made: AccessPolicy, everyone: bool | None) -> None:
    assert made.everyone is everyone
    if everyone is None:
        with pytest.raises(Unreachable, match=r"cannot be told: 1\. p"):
            made.as_fact()


def test_an_exempt_path_is_open_to_everyone() -> None:
    override = {"behavior": "public", "path_pattern": "/api/*"}
    seen = app(destinations=[{"type": "public", "uri": HOST, "overrides": [override]}])
    exempt = seen.public_paths(HOST)
    judged = AccessApp("i", "aud", "n", HOST, "self_hosted", (), exempt, service_auth_401_redirect=False)
    assert seen.public_paths("other.example.org") == ()
    assert judged.open_to_everyone
    assert judged.told == "no policies; exempt from Access: /api/*"


def test_the_policy_as_the_fact_expects_it() -> None:
    assert policy("allow", EVERYONE, name="all").as_fact() == Policy(name="all", everyone=True)
    assert policy("allow", group("all"), name="all").as_fact() == Policy(name="all", everyone=True)
    assert policy("allow", MAIL, name="all").as_fact() == Policy(name="all", everyone=False)


def test_the_documented_policy_is_found_by_name_else_the_first_that_allows() -> None:
    service, allow, last = policy("non_identity", TOKEN, name="s"), policy("allow", name="a"), policy("allow", name="l")
    assert named([service, allow, last], "l") == last
    assert named([service, allow, last], "gone") == allow
    assert named([service], "gone") is None
    assert named([service], None) == service
    assert named([], "gone") is None


def test_policies_come_in_order_of_precedence_and_links_are_followed() -> None:
    own = {"id": "own", "name": "own", "decision": "non_identity", "include": [TOKEN], "precedence": 2}
    shared = {"id": "shared", "name": "shared", "decision": "allow", "include": [EVERYONE], "reusable": True}
    listed = tables("the policies", [own, {"id": "shared", "precedence": 1}])
    found = policies_of(listed, tables("the reusable policies", [shared]), {})
    assert [(entry.name, entry.reusable) for entry in found] == [("shared", True), ("own", False)]
    assert told(found) == "1. shared (Allow: everyone); 2. own (Service Auth: service_token token)"
    with pytest.raises(Unreachable, match="the policy shared is not among the reusable ones"):
        policies_of(listed, [], {})


def test_a_policy_is_reusable_that_is_among_those_or_says_so_itself() -> None:
    """Two of Cloudflare's answers tell it: the account's list, and the policy's own field, which older ones lack."""
    entry = {"id": "p", "name": "p", "decision": "allow", "include": [EVERYONE]}
    listed = {"among them": tables("the reusable policies", [entry]), "not": []}
    says = {"itself": {**entry, "reusable": True}, "nothing": entry}
    told_of = {
        (there, said): policies_of(tables("the policies", [says[said]]), listed[there], {})[0].reusable
        for there in listed
        for said in says
    }
    assert [case for case, reusable in told_of.items() if not reusable] == [("not", "nothing")]


def test_a_policy_in_words() -> None:
    made = policy("deny", COUNTRY, MAIL, require=[EVERYONE], exclude=[{"login_method": {"id": "x", "name": "y"}}])
    words = (
        'p (Block: geo DE, email_domain example.org; require everyone; exclude login_method {"id": "x", "name": "y"})'
    )
    assert str(made) == words
    assert str(policy("new", name="n")) == "n (new: nobody)"


def test_the_groups_that_are_needed_at_all() -> None:
    entries = [{"include": [group("a")], "require": [EVERYONE]}, {"exclude": [group("b")]}, {}]
    assert groups_named(tables("the policies", entries)) == {"a", "b"}


def test_the_age_of_a_policy() -> None:
    made = datetime.now(UTC) - timedelta(days=3)
    entry = {"id": "p", "name": "p", "decision": "allow", "created_at": made.strftime("%Y-%m-%dT%H:%M:%SZ")}
    [found] = policies_of([Table("the policy", entry)], [], {})
    assert found.age_days == pytest.approx(3, abs=0.01)
    with pytest.raises(Unreachable, match="the policy p has no creation date"):
        _ = policy("allow").age_days
    [broken] = policies_of([Table("the policy", {**entry, "created_at": "yesterday"})], [], {})
    with pytest.raises(Unreachable, match="'yesterday' should be a time"):
        _ = broken.age_days


def token(**fields: Any) -> Table:
    return Table("the service token", {"id": "token", "client_id": "c.access", "name": "n", **fields})


@pytest.mark.parametrize(
    ("expires", "days"),
    [(timedelta(days=10), 10), (timedelta(days=-2), -2), (timedelta(hours=12), 0.5)],
)
def test_days_until_the_token_expires(expires: timedelta, days: float) -> None:
    seen = token_of(token(expires_at=(datetime.now(UTC) + expires).isoformat()))
    assert seen.days_left == pytest.approx(days, abs=0.01)


def test_a_token_that_never_expires_has_all_days() -> None:
    assert token_of(token(duration="forever", expires_at=None)).days_left == math.inf
    assert token_of(token(duration="8760h", expires_at="0001-01-01T00:00:00Z")).days_left == math.inf
    with pytest.raises(Unreachable, match="'expires_at' is missing, though 'duration' is not 'forever'"):
        token_of(token(duration="8760h"))


@pytest.mark.parametrize("enabled", [True, False])
def test_whether_a_token_is_enabled(enabled: bool) -> None:
    assert token_of(token(duration="forever", enabled=enabled)).switched_on is enabled


def test_that_the_api_does_not_say_whether_a_token_is_enabled_is_no_pass() -> None:
    with pytest.raises(Unreachable, match="'enabled' is missing"):
        _ = token_of(token(duration="forever")).switched_on


def test_the_tokens_of_others_are_told_by_name_and_id() -> None:
    assert str(OtherTokens({"t1": "ci", "t2": ""})) == "ci (t1),  (t2)"
    assert str(OtherTokens({})) == "none"


def test_reusable_policies_are_asked_for_where_one_of_the_policies_is_a_link(server: Fake, api: Api) -> None:
    own = {"id": "own", "name": "own", "decision": "allow", "include": [EVERYONE]}
    shared = {"id": "shared", "name": "shared", "decision": "non_identity", "include": [group("g")]}
    held = {"id": "g", "name": "tokens", "include": [TOKEN]}
    answers = {"/accounts/a/access/apps/x/policies": [own, {"id": "shared"}],
               "/accounts/a/access/policies": [shared], "/accounts/a/access/groups": [held]}  # fmt: skip
    server.answer = lambda got: ok(answers[got.path] if got.query["page"] == "1" else [])
    found = policies_of_app(api, "a", "x")
    assert told(found) == "1. own (Allow: everyone); 2. shared (Service Auth: group g)"
    assert admitting(found, "token") == found[1:]
    assert {got.path for got in server.requests} == answers.keys()
    server.requests.clear()
    answers["/accounts/a/access/apps/x/policies"] = [own]
    assert policies_of_app(api, "a", "x") == found[:1]
    assert {got.path for got in server.requests} == {"/accounts/a/access/apps/x/policies"}


def test_the_token_is_found_by_id_else_by_client_id() -> None:
    one, two = token(), token(id="two", client_id="two.access")
    assert choose_token([two, one], "token", "two.access") is one
    assert choose_token([one, two], "gone", "two.access") is two
    assert choose_token([one, two], "gone", "gone") is None
    assert choose_token([one, two], None, None) is None


@pytest.mark.parametrize(
    ("fields", "switches"),
    [
        ({}, (False, (), False)),
        ({"deny_unmatched_requests": True, "strict_service_token_auth": True}, (True, (), True)),
        ({"deny_unmatched_requests_exempted_zone_names": ["example.org"]}, (False, ("example.org",), False)),
    ],
)
def test_the_organisations_switches(fields: dict[str, Any], switches: tuple[bool, tuple[str, ...], bool]) -> None:
    seen = organization_of(Table("the organisation", {"auth_domain": "t.cloudflareaccess.com", **fields}))
    assert seen == AccessOrganization("t.cloudflareaccess.com", *switches)


def test_a_rule_names_what_it_names_whatever_other_fields_it_has() -> None:
    entry = {"id": "p", "name": "p", "decision": "non_identity", "include": [
        {"service_token": {"name": "client", "token_id": "token", "of_tomorrow": [1]}},
    ]}  # fmt: skip
    policies = policies_of(tables("policies", [entry]), [], {})
    assert [rule.value for rule in policies[0].rules.include] == ["token"]
    assert admitting(policies, "token") == policies
