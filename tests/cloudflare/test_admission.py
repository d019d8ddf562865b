"""Whom rules of Access take, rule by rule: yes, no, and what cannot be told, which is never taken for either."""

from dataclasses import replace

import pytest

from spark_conformance.cloudflare.access.admission import (
    ANYONE,
    ELSEWHERE,
    Told,
    Visitor,
    all_of,
    any_of,
    everyone,
    fits,
    negated,
    somewhere,
    takes,
    unexcepted,
    unrequired,
)
from spark_conformance.cloudflare.access.letting_in import open_by, open_everywhere_by
from spark_conformance.cloudflare.access.policies import AccessPolicy, untold
from spark_conformance.cloudflare.access.rules import AccessRule, AccessRules, rules_of
from spark_conformance.cloudflare.tables import Table

EVERYONE = AccessRule("everyone", "")
EMAIL = AccessRule("email", "ana@example.org")
NEW = AccessRule("a_kind_of_next_year", "")
GERMANY = AccessRule("geo", "DE")
CERTIFICATE = AccessRule("certificate", "")
ALL_OF_V4, ALL_OF_V6 = AccessRule("ip", "0.0.0.0/0"), AccessRule("ip", "::/0")


def ip(network: str) -> AccessRule:
    return AccessRule("ip", network)


def grouped(*include: AccessRule, **lists: tuple[AccessRule, ...]) -> AccessRule:
    return AccessRule("group", "g", AccessRules(include, **lists))


def at(address: str | None = None, country: str | None = None) -> Visitor:
    return replace(ANYONE, address=address, country=country)


@pytest.mark.parametrize(
    ("told", "any_", "all_"),
    [
        ([], False, True), ([True], True, True), ([False], False, False), ([None], None, None),
        ([True, None], True, None), ([False, None], None, False), ([True, False, None], True, False),
    ],
)  # fmt: skip
def test_what_cannot_be_told_decides_nothing(told: list[Told], any_: Told, all_: Told) -> None:
    assert (any_of(told), all_of(told)) == (any_, all_)
    assert [negated(one) for one in (True, False, None)] == [False, True, None]


@pytest.mark.parametrize(
    ("rule", "visitor", "fit"),
    [
        (EVERYONE, ANYONE, True),
        (EMAIL, ANYONE, False),
        (NEW, ANYONE, None),
        (AccessRule("external_evaluation", ""), ANYONE, None),
        (ALL_OF_V4, ANYONE, True),
        (ALL_OF_V6, at("192.0.2.1"), True),
        (ip("192.0.2.0/24"), ANYONE, None),
        (ip("192.0.2.0/24"), at("192.0.2.255"), True),
        (ip("192.0.2.7/24"), at("192.0.2.0"), True),
        (ip("192.0.2.0/24"), at("192.0.3.0"), False),
        (ip("192.0.2.0/24"), at("2001:db8::1"), False),
        (ip("192.0.2.0/24"), at(ELSEWHERE), False),
        (ip("no network"), at("192.0.2.1"), None),
        (GERMANY, ANYONE, None),
        (GERMANY, at(country="de"), True),
        (AccessRule("geo", "de"), at(country="DE"), True),
        (GERMANY, at(country="FR"), False),
        (GERMANY, at(country=ELSEWHERE), False),
        (AccessRule("any_valid_service_token", ""), ANYONE, False),
        (AccessRule("any_valid_service_token", ""), Visitor(""), True),
        (AccessRule("service_token", "t"), ANYONE, False),
        (AccessRule("service_token", "t"), Visitor("t"), True),
        (AccessRule("service_token", "t"), Visitor(""), False),
        (CERTIFICATE, ANYONE, False),
        (CERTIFICATE, Visitor(holds=frozenset({"certificate"})), True),
        (CERTIFICATE, Visitor(perhaps=frozenset({"certificate"})), None),
        (CERTIFICATE, Visitor(holds=frozenset({"device_posture"})), False),
        (grouped(EVERYONE), ANYONE, True),
        (grouped(EVERYONE, require=(EMAIL,)), ANYONE, False),
        (grouped(), ANYONE, False),
    ],
)
def test_a_rule_fits_a_visitor_or_not_or_it_cannot_be_told(rule: AccessRule, visitor: Visitor, fit: Told) -> None:
    assert fits(rule, visitor) is fit


@pytest.mark.parametrize(
    ("rules", "taken"),
    [
        (AccessRules(), False),
        (AccessRules((EMAIL, EVERYONE)), True),
        (AccessRules((EVERYONE,), (EMAIL,)), False),
        (AccessRules((EVERYONE,), (), (EVERYONE,)), False),
        (AccessRules((EVERYONE,), (EVERYONE,), (EMAIL,)), True),
        (AccessRules((EVERYONE,), (), (NEW,)), None),
        (AccessRules((EVERYONE,), (NEW,)), None),
        (AccessRules((NEW, EMAIL)), None),
        (AccessRules((NEW,), (EMAIL,)), False),
    ],
)
def test_include_one_require_all_exclude_none(rules: AccessRules, taken: Told) -> None:
    assert takes(rules, ANYONE) is taken


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (AccessRules((EVERYONE,)), True),
        (AccessRules((EMAIL,)), False),
        (AccessRules((ip("192.0.2.0/24"),)), True),
        (AccessRules((ip("192.0.2.0/24"),), (), (ip("192.0.2.0/25"),)), True),
        (AccessRules((ip("192.0.2.0/24"),), (), (ip("192.0.2.0/24"),)), False),
        (AccessRules((ip("192.0.2.0/25"),), (), (ip("192.0.2.0/24"),)), False),
        (AccessRules((ip("255.255.255.0/24"),), (ip("255.255.255.0/25"),), (ip("255.255.255.0/26"),)), True),
        (AccessRules((ip("192.0.2.0/31"),), (), (ip("192.0.2.0/32"),)), True),
        (AccessRules((ip("192.0.2.0/30"),), (), (ip("192.0.2.0/31"), ip("192.0.2.3/32"))), True),
        (AccessRules((EVERYONE,), (GERMANY,)), True),
        (AccessRules((ALL_OF_V4,), (GERMANY, AccessRule("geo", "FR"))), False),
        (AccessRules((EVERYONE,), (GERMANY,), (GERMANY,)), False),
        (AccessRules((EVERYONE,), (), (GERMANY,)), True),
        (AccessRules((GERMANY,), (AccessRule("geo", "FR"),)), False),
        (AccessRules((ip("192.0.2.0/24"),), (GERMANY,)), None),
        (AccessRules((ip("no network"),)), None),
        (AccessRules((grouped(ip("192.0.2.0/24")),), (), (ip("192.0.2.0/25"),)), True),
    ],
)
def test_there_is_a_place_from_which_somebody_is_taken(rules: AccessRules, found: Told) -> None:
    assert somewhere(rules, ANYONE) is found


@pytest.mark.parametrize(
    ("rules", "all_"),
    [
        (AccessRules((EVERYONE,)), True),
        (AccessRules((ALL_OF_V4,)), True),
        (AccessRules((ALL_OF_V6,)), True),
        (AccessRules((ip("192.0.2.0/24"),)), False),
        (AccessRules((AccessRule("geo", "0.0.0.0/0"),)), False),
        (AccessRules((EMAIL,)), False),
        (AccessRules((NEW,)), None),
        (AccessRules((AccessRule("external_evaluation", ""),)), None),
        (AccessRules((EVERYONE,), (GERMANY,)), False),
        (AccessRules((EVERYONE,), (ALL_OF_V4,)), True),
        (AccessRules((EVERYONE,), (), (EMAIL,)), False),
        (AccessRules((EVERYONE,), (), (NEW,)), None),
        (AccessRules((grouped(EVERYONE),)), True),
        (AccessRules((grouped(EVERYONE, require=(EMAIL,)),)), False),
        (AccessRules((EVERYONE,), (), (grouped(),)), True),
        (AccessRules((EVERYONE,), (), (grouped(EMAIL),)), False),
        (AccessRules((EVERYONE,), (), (grouped(EMAIL, require=(GERMANY,)),)), None),
        (AccessRules((EVERYONE,), (), (grouped(EMAIL, exclude=(GERMANY,)),)), None),
        (AccessRules((EVERYONE,), (), (AccessRule("group", "one that is not known"),)), None),
    ],
)
def test_everyone_is_who_is_asked_nothing_and_excepted_nowhere(rules: AccessRules, all_: Told) -> None:
    assert everyone(rules) is all_


def test_what_is_asked_of_an_identity_is_left_out_of_what_is_required() -> None:
    staff = grouped(EVERYONE, require=(EMAIL,))
    rules = AccessRules((staff, GERMANY), (EMAIL, GERMANY, grouped(EMAIL), grouped(GERMANY)), (EMAIL,))
    assert unrequired(rules) == AccessRules((grouped(EVERYONE), GERMANY), (GERMANY, grouped(GERMANY)), (EMAIL,))


def test_an_exception_of_an_identity_excepts_nobody_without_a_login() -> None:
    rules = AccessRules((EVERYONE,), (EMAIL,), (EMAIL, GERMANY, grouped(EMAIL, GERMANY), NEW))
    assert unexcepted(rules) == AccessRules((EVERYONE,), (EMAIL,), (GERMANY, grouped(GERMANY), NEW))


def test_what_is_open_to_a_network_alone_is_not_open_everywhere() -> None:
    network, all_, except_one = (
        AccessPolicy(name, name, "bypass", 1, rules, None, reusable=False)
        for name, rules in (
            ("network", AccessRules((ip("192.0.2.0/24"),))),
            ("all", AccessRules((EVERYONE,))),
            ("except", AccessRules((EVERYONE,), (), (GERMANY,))),
        )
    )
    policies = (network, all_, except_one, replace(all_, name="allow", decision="allow"))
    assert open_by(policies) == (network, all_, except_one)
    assert open_everywhere_by(policies) == (all_, except_one)


def test_a_group_that_holds_itself_takes_nobody_by_that() -> None:
    held = {
        "g": Table(
            "g", {"id": "g", "name": "loop", "include": [{"group": {"id": "g"}}, {"geo": {"country_code": "DE"}}]}
        )
    }
    rules = rules_of(Table("p", {"include": [{"group": {"id": "g"}}, {"group": {"id": "gone"}}]}), held)
    assert rules.include == (
        AccessRule("group", "g", AccessRules((AccessRule("group", "g", AccessRules()), GERMANY)), "loop"),
        AccessRule("group", "gone"),
    )
    assert [rule.kind for rule in rules.every()] == ["group", "group", "geo", "group"]


def test_what_cannot_be_told_is_told_with_the_policies_and_the_paths() -> None:
    policy = AccessPolicy("p", "p", "allow", 1, AccessRules((NEW,)), None, reusable=False)
    begun = f"whether Access lets anyone in cannot be told: 1. {policy}"
    assert untold([policy], "anyone").sentence.startswith(f"{begun}; it hangs on a kind of rule")
    with_paths = untold([policy], "anyone", ["/a", "/b"]).sentence
    assert with_paths.startswith(f"{begun}; the paths /a, /b are treated in a way not known here; it hangs on")
    assert untold([], "anyone").sentence.startswith(
        "whether Access lets anyone in cannot be told: no policies; it hangs"
    )
