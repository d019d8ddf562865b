"""Facts whose names an operator chooses: one check for all, each with a verdict, a node and a place of its own."""

import pytest

from tests.suite.small import ALL_GOOD, FACTS, run_suite

ROUTES = """
[facts.routes.api]
expect = { hostname = "llm.example.org", path = "/api", service = "http://localhost:1" }
source = "notes, page 3"
why = "clients ask it"

[facts.routes.rest]
expect = { hostname = "llm.example.org", service = "http_status:404" }
source = "notes, page 3"
why = "nothing else is public"
severity = "advisory"
"""
CHECK = """
@pytest.mark.fact("routes.*")
def test_route(judge):
    judge(judge.expect.service, ok=judge.expect.path == "/api")
"""


def test_each_named_fact_has_a_verdict_of_its_own(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD + CHECK, facts=FACTS + ROUTES)
    assert ran.code == 0, ran.out
    found = {item["fact"]: item for item in ran.findings if item["fact"].startswith("routes.")}
    assert {fact: item["verdict"] for fact, item in found.items()} == {
        "routes.api": "conformant", "routes.rest": "nonconformant",
    }  # fmt: skip
    assert found["routes.api"]["component"] == "tunnel"
    assert found["routes.api"]["check"] == "checks/test_dns.py::test_route[api]"
    assert found["routes.rest"]["by_hand"].startswith("Networking > Tunnels > the tunnel > Routes: let a request meet")


@pytest.mark.parametrize("words", [("-m", "tunnel"), ("-m", "routes"), ("-k", "route"), ("-k", "api or rest")])
def test_they_are_selected_by_component_group_and_name(pytester: pytest.Pytester, words: tuple[str, ...]) -> None:
    ran = run_suite(pytester, ALL_GOOD + CHECK, *words, "checks", facts=FACTS + ROUTES)
    assert {item["fact"] for item in ran.findings} == {"routes.api", "routes.rest"}


def test_where_none_is_stated_there_is_no_item(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD + CHECK, "--collect-only", "-q", "checks")
    assert "test_route" not in ran.out


def test_the_ledger_names_each(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD + CHECK, "--ledger", "checks", facts=FACTS + ROUTES)
    assert "test_dns.py::test_route[rest]" in ran.out


def test_a_gate_asks_for_each(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "--gate", "post", "checks", facts=FACTS + ROUTES)
    assert ran.code == 7
    assert "routes (api, rest)" in ran.out
