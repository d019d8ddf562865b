"""GraphQL: two data sets, and errors that say why for everything else."""

from typing import Any

import pytest
from cloudflare import Cloudflare
from hypothesis import given
from hypothesis import strategies as st

from spark_lab.api.graphql_query import QueryError, parse
from spark_lab.world import ApiToken, World
from tests.lab import api_world as lab
from tests.lab.api_client import client

pytest_plugins = ["tests.lab.api_fixtures"]
LOGINS = """
query Logins($account: string!, $ray: string) {
  viewer {
    accounts(filter: {accountTag: $account}) {
      events: accessLoginRequestsAdaptiveGroups(
        limit: 10
        filter: {cfRayId: $ray, datetime_geq: "2026-10-20T08:00:00Z", datetime_leq: "2026-10-20T09:00:00Z"}
        orderBy: [datetime_ASC]
      ) {
        count
        dimensions { isSuccessfulLogin approvingPolicyId token: serviceTokenId identityProvider }
      }
    }
  }
}
"""
FIREWALL = """
{ viewer { zones(filter: {zoneTag: "%s"}) {  # a comment
    firewallEventsAdaptive(limit: 5, filter: {rayName: "0000000000000000", action_neq: "allow"}) {
      action source clientIP datetime userAgent clientRequestPath
    } } } }
"""


def ask(sdk: Cloudflare, query: str, **variables: str) -> dict[str, Any]:
    answer = sdk.post("/graphql", body={"query": query, "variables": variables}, cast_to=object)
    assert isinstance(answer, dict)
    return answer


def test_a_login_by_its_ray(reader: Cloudflare) -> None:
    answer = ask(reader, LOGINS, account=lab.ACCOUNT, ray="0000000000000001")
    assert answer["errors"] is None
    [account] = answer["data"]["viewer"]["accounts"]
    assert account["events"] == [
        {
            "count": 1,
            "dimensions": {
                "isSuccessfulLogin": 0,
                "approvingPolicyId": "",
                "token": lab.SERVICE_TOKEN,
                "identityProvider": "nonidentity",
            },
        }
    ]


def test_equal_dimensions_are_counted_together(reader: Cloudflare) -> None:
    query = """{ viewer { accounts(filter: {accountTag: "%s"}) { accessLoginRequestsAdaptiveGroups(
        limit: 10, filter: {AND: [{identityProvider: "nonidentity"}, {isSuccessfulLogin_in: [0, 1]}]})
        { count dimensions { isSuccessfulLogin } } } } }"""
    [account] = ask(reader, query % lab.ACCOUNT)["data"]["viewer"]["accounts"]
    counts = {
        one["dimensions"]["isSuccessfulLogin"]: one["count"] for one in account["accessLoginRequestsAdaptiveGroups"]
    }
    assert counts == {1: 1, 0: 2}


def test_a_firewall_event_by_its_ray(reader: Cloudflare) -> None:
    [zone] = ask(reader, FIREWALL % lab.ZONE)["data"]["viewer"]["zones"]
    [event] = zone["firewallEventsAdaptive"]
    assert (event["action"], event["clientRequestPath"]) == ("block", "/api/tags")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ viewer { budget } }", 'unknown field "budget"'),
        ("{ nobody { x } }", 'unknown field "nobody"'),
        ('{ viewer { zones(filter: {zoneTag: "x"}) { firewallEventsAdaptive { action } } } }', "not authorized"),
        (FIREWALL.replace("action source", "action soup"), 'unknown field "soup"'),
        (FIREWALL.replace("action_neq", "action_like"), 'unknown filter "action_like"'),
        (FIREWALL.replace('action_neq: "allow"', "datetime_geq: 7"), "cannot be compared"),
        (FIREWALL.replace("limit: 5, ", ""), "limit"),
        (FIREWALL.replace("firewallEventsAdaptive", "httpRequestsAdaptive"), "unknown field"),
        ("mutation { x }", "only queries"),
        ("{ viewer {", "Expected Name, found <EOF>"),
        ("{ viewer } }", "Unexpected '}'"),
        ("{ viewer ~ }", "Unexpected character: '~'"),
        ("{ viewer { ...Rows } }", "fragments are not answered"),
        ("{ viewer {" + " x" * 1000, "more than 1000 tokens"),
        (LOGINS, "variable $account is not given"),
    ],
)
def test_errors_come_in_an_array_with_status_200(reader: Cloudflare, query: str, message: str) -> None:
    answer = ask(reader, query.replace("%s", lab.ZONE))
    assert answer["data"] is None
    [error] = answer["errors"]
    assert message in error["message"]
    assert {"code", "timestamp"} <= set(error["extensions"])


def test_analytics_take_their_own_permission(api: Any, world: World) -> None:
    token = "limited-0123456789-0123456789-0123456789-0"
    world.api_tokens[token] = ApiToken("4" * 32, {"Zone Read"})
    with client(api.url, token) as sdk:
        answer = ask(sdk, FIREWALL % lab.ZONE)
    assert answer["errors"][0]["extensions"]["code"] == "authz"


@given(st.text(alphabet='{}()[]:,$"ab1_ \n#', max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse(text, {"a": 1})
    except QueryError:
        return
