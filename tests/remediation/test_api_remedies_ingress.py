"""The documented ingress made from whatever is there, and how a change of it is known again. Pure."""

from typing import Any

import pytest

from spark_conformance.facts.components.tunnel import Tunnel
from spark_conformance.facts.load import find, load
from spark_conformance.remediation.model import CannotRemedy
from spark_conformance.remediation.remedies.ingress import documented
from spark_conformance.remediation.remedies.ingress_values import host_header
from spark_conformance.remediation.steps.exactly import exactly
from spark_conformance.remediation.steps.objects import covers

Json = dict[str, Any]
_facts = load(find("spark-291b")).facts.tunnel
assert _facts is not None
FACTS: Tunnel = _facts
OURS: Json = {
    "hostname": "ollama.goldfish.io",
    "service": "http://localhost:11434",
    "originRequest": {"httpHostHeader": "localhost:11434"},
}
NOT_FOUND: Json = {"service": "http_status:404"}
SSH: Json = {"hostname": "ssh.goldfish.io", "service": "ssh://localhost:22"}
GIT: Json = {"hostname": "git.goldfish.io", "service": "http://localhost:3000"}
WILDCARD: Json = {"hostname": "*.goldfish.io", "service": "http_status:410"}
BLOCK: Json = {"path": "^/metrics", "service": "http_status:403"}
HOST = "ollama.goldfish.io"


def without(*keys: str, **more: Any) -> Json:
    return {key: value for key, value in OURS.items() if key not in keys} | more


def made(config: Json, facts: Tunnel = FACTS) -> Json:
    return documented(config, facts, HOST).config


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([OURS, NOT_FOUND], id="as documented"),
        pytest.param([], id="none"),
        pytest.param([without(hostname="OLLAMA.goldfish.io"), NOT_FOUND], id="capitals"),
        pytest.param([without(service="https://127.0.0.9:1"), NOT_FOUND], id="another service"),
        pytest.param([without(path="^/v1/"), NOT_FOUND], id="a path"),
        pytest.param([without("originRequest"), NOT_FOUND], id="no Host header"),
        pytest.param([without(originRequest=None), NOT_FOUND], id="null"),
        pytest.param([without(originRequest={"httpHostHeader": "x"}), NOT_FOUND], id="another Host header"),
        pytest.param([{"path": "/", **NOT_FOUND}, without("hostname")], id="swapped"),
        pytest.param([without("hostname")], id="one for all"),
        pytest.param([OURS, without("hostname")], id="an open fallback"),
        pytest.param([OURS, {**NOT_FOUND, "originRequest": {"http2Origin": 1}}], id="a fallback with origin settings"),
    ],
)
def test_whatever_is_there_becomes_what_is_documented(rules: list[Json]) -> None:
    config = made({"ingress": rules, "warp-routing": {"enabled": False}})
    assert config == {"ingress": [OURS, NOT_FOUND], "warp-routing": {"enabled": False}}
    assert made(config) == config


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        pytest.param([SSH, OURS, NOT_FOUND], [SSH], id="another service's, before"),
        pytest.param([OURS, SSH, GIT, NOT_FOUND], [SSH, GIT], id="two of others, in their order"),
        pytest.param([WILDCARD, OURS, NOT_FOUND], [WILDCARD], id="a wildcard"),
        pytest.param([without(hostname="llm.goldfish.io"), NOT_FOUND], [without(hostname="llm.goldfish.io")],
                     id="another name of the same service"),
        pytest.param([BLOCK, OURS, NOT_FOUND], [BLOCK], id="a block of a path for every name"),
    ],
)  # fmt: skip
def test_rules_of_others_stay_whatever_the_facts_count(rules: list[Json], kept: list[Json]) -> None:
    done = documented({"ingress": rules}, FACTS, HOST)
    assert done.config["ingress"][1:-1] == kept
    assert list(done.others) == kept
    assert done.config["ingress"][0]["hostname"] == HOST


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        pytest.param([{**OURS, "path": "^/metrics", "service": "http_status:403"}, OURS, NOT_FOUND], "each some paths",
                     id="a path of the same name, shut"),
        pytest.param([{"path": "/", **NOT_FOUND}, SSH, without("hostname")], "in force again", id="rules out of reach"),
    ],
)  # fmt: skip
def test_what_others_may_have_meant_is_not_guessed(rules: list[Json], told: str) -> None:
    with pytest.raises(CannotRemedy, match=told):
        documented({"ingress": rules}, FACTS, HOST)


def test_a_name_that_is_not_the_public_one_gets_no_rule() -> None:
    with pytest.raises(CannotRemedy, match="under another name"):
        documented({"ingress": [OURS, NOT_FOUND]}, FACTS, "olama.goldfish.io")


def test_a_fallback_that_leads_to_a_service_is_not_opened() -> None:
    assert FACTS.fallback is not None
    facts = FACTS.model_copy(update={"fallback": FACTS.fallback.model_copy(update={"expect": "http://localhost:3000"})})
    with pytest.raises(CannotRemedy, match="to every name"):
        documented({"ingress": [OURS, NOT_FOUND]}, facts, HOST)


@pytest.mark.parametrize("shared", [False, True])
def test_what_the_connector_demands_stays_demanded(shared: bool) -> None:
    demand: Json = {"access": {"required": True, "teamName": "goldfish", "audTag": ["a"]}}
    rule = OURS if shared else without(originRequest={**OURS["originRequest"], **demand})
    config = {"ingress": [rule, NOT_FOUND], "originRequest": demand if shared else {}}
    done = documented(config, FACTS, HOST)
    assert done.config == config
    # of the whole configuration's the connector makes nothing: only a rule's own demands a token
    assert done.demands == ("" if shared else "a token of Access for a in goldfish")


def test_what_the_facts_say_nothing_of_stays() -> None:
    origin = {"connectTimeout": 10, "httpHostHeader": "localhost:11434"}
    config = {"ingress": [without(originRequest=origin), NOT_FOUND], "originRequest": {"keepAliveTimeout": 5}}
    assert made(config) == config


def test_facts_that_state_no_ingress_leave_it_as_it_is() -> None:
    config = {"ingress": [SSH, NOT_FOUND]}
    assert made(config, Tunnel()) == config
    assert made({}, Tunnel()) == {"ingress": [NOT_FOUND]}


def test_a_host_header_without_a_documented_rule_is_set_at_the_names_own_rule_alone() -> None:
    facts = FACTS.model_copy(update={"ingress": None})
    assert made({"ingress": [SSH, without("originRequest"), NOT_FOUND]}, facts)["ingress"] == [SSH, OURS, NOT_FOUND]
    with pytest.raises(CannotRemedy, match="which one could be made from"):
        made({"ingress": [WILDCARD, NOT_FOUND]}, facts)


def test_a_change_is_known_by_what_went_as_well_as_by_what_came() -> None:
    old = {"ingress": [without(path="^/v1/"), NOT_FOUND]}
    new = made(old)
    shown = exactly(new, old)
    assert covers(new, shown)
    assert not covers(old, shown)
    assert covers({**new, "warp-routing": {"enabled": False}}, shown)
    assert not covers({"ingress": [*new["ingress"], NOT_FOUND]}, shown)


def test_an_entry_that_is_new_may_show_more_fields_than_were_written() -> None:
    theirs = {"service_token": {"token_id": "a", "name": "theirs"}}
    ours = {"service_token": {"token_id": "b"}}
    shown = exactly({"include": [theirs, ours]}, {"include": [theirs]})
    assert covers({"include": [theirs, {"service_token": {"token_id": "b", "name": "ours"}}]}, shown)
    assert not covers({"include": [theirs]}, shown)
    assert not covers({"include": [theirs, {"service_token": {"token_id": "c"}}]}, shown)


@pytest.mark.parametrize(
    ("own", "common", "header"),
    [
        ({"httpHostHeader": "own"}, {"httpHostHeader": "common"}, "own"),
        ({"httpHostHeader": ""}, {"httpHostHeader": "common"}, HOST),
        ({"httpHostHeader": None}, {"httpHostHeader": "common"}, "common"),
        (None, {"httpHostHeader": "common"}, "common"),
        (None, None, HOST),
    ],
)
def test_the_host_header_that_a_plan_asks_with_is_the_one_that_holds(
    own: Json | None, common: Json | None, header: str
) -> None:
    assert host_header({"originRequest": common}, {"originRequest": own}, HOST) == header
