"""The documented ingress made from whatever is there, and how a change of it is known again. Pure."""

from typing import Any

import pytest

from fixtures.facts.load import find, load
from fixtures.facts.model import Fact, Tunnel
from fixtures.remediation.model import CannotRemedy
from fixtures.remediation.remedies.ingress import documented
from fixtures.remediation.steps.exactly import exactly
from fixtures.remediation.steps.objects import covers

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


def without(*keys: str, **more: Any) -> Json:
    return {key: value for key, value in OURS.items() if key not in keys} | more


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([OURS, NOT_FOUND], id="as documented"),
        pytest.param([], id="none"),
        pytest.param([without(hostname="llm.goldfish.io"), NOT_FOUND], id="another name"),
        pytest.param([without(hostname="OLLAMA.goldfish.io"), NOT_FOUND], id="capitals"),
        pytest.param([without(service="https://127.0.0.9:1"), NOT_FOUND], id="another service"),
        pytest.param([without(hostname="x.goldfish.io", service="http://x"), NOT_FOUND], id="another rule altogether"),
        pytest.param([without(path="^/v1/"), NOT_FOUND], id="a path"),
        pytest.param([without("originRequest"), NOT_FOUND], id="no Host header"),
        pytest.param([without(originRequest=None), NOT_FOUND], id="null"),
        pytest.param([without(originRequest={"httpHostHeader": "x"}), NOT_FOUND], id="another Host header"),
        pytest.param([without(originRequest={"access": {"required": True}}), NOT_FOUND], id="a demand"),
        pytest.param([{"path": "/", **NOT_FOUND}, without("hostname")], id="swapped"),
        pytest.param([without("hostname")], id="one for all"),
        pytest.param([{"hostname": "*.goldfish.io", "service": "http_status:410"}, OURS, NOT_FOUND], id="wildcard"),
        pytest.param([OURS, SSH, NOT_FOUND], id="a stranger between"),
        pytest.param([OURS, without("hostname")], id="an open fallback"),
        pytest.param([OURS, {**NOT_FOUND, "originRequest": {"http2Origin": 1}}], id="a fallback with origin settings"),
    ],
)
def test_whatever_is_there_becomes_what_is_documented(rules: list[Json]) -> None:
    made = documented({"ingress": rules, "warp-routing": {"enabled": False}}, FACTS)
    assert made == {"ingress": [OURS, NOT_FOUND], "warp-routing": {"enabled": False}}
    assert documented(made, FACTS) == made


def test_what_the_facts_say_nothing_of_stays() -> None:
    origin = {"connectTimeout": 10, "httpHostHeader": "localhost:11434"}
    config = {"ingress": [without(originRequest=origin), NOT_FOUND], "originRequest": {"keepAliveTimeout": 5}}
    assert documented(config, FACTS) == config


def test_what_all_rules_share_demands_nothing_of_the_documented_one() -> None:
    config = {"ingress": [OURS, NOT_FOUND], "originRequest": {"access": {"required": True, "audTag": ["a"]}}}
    made = documented(config, FACTS)
    assert made["ingress"][0]["originRequest"]["access"] == {"required": False}
    assert made["originRequest"] == config["originRequest"]


def test_rules_that_nobody_counts_stay_between() -> None:
    facts = FACTS.model_copy(update={"rules": None})
    assert documented({"ingress": [SSH, NOT_FOUND]}, facts)["ingress"] == [OURS, SSH, NOT_FOUND]


def test_which_of_several_rules_are_strangers_is_not_guessed() -> None:
    assert FACTS.rules is not None
    three: Fact[int] = FACTS.rules.model_copy(update={"expect": 3})
    facts = FACTS.model_copy(update={"rules": three})
    assert documented({"ingress": [SSH, OURS, NOT_FOUND]}, facts)["ingress"] == [OURS, SSH, NOT_FOUND]
    with pytest.raises(CannotRemedy, match="4 rules where 3 are documented"):
        documented({"ingress": [SSH, OURS, {**SSH, "path": "x"}, NOT_FOUND]}, facts)


def test_facts_that_state_no_ingress_leave_it_as_it_is() -> None:
    facts = Tunnel()
    config = {"ingress": [SSH, NOT_FOUND]}
    assert documented(config, facts) == config
    assert documented({}, facts) == {"ingress": [NOT_FOUND]}


def test_a_change_is_known_by_what_went_as_well_as_by_what_came() -> None:
    old = {"ingress": [without(path="^/v1/"), NOT_FOUND]}
    new = documented(old, FACTS)
    shown = exactly(new, old)
    assert covers(new, shown)
    assert not covers(old, shown)
    assert covers({**new, "warp-routing": {"enabled": False}}, shown)
    assert not covers({"ingress": [*new["ingress"], NOT_FOUND]}, shown)
