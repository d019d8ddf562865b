"""A draft's text: TOML that says what was meant, refers to what recurs, and tells at its head what is wrong."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.draft.expecting import HEALTHY, SEEN, taken
from spark_conformance.draft.judged import Draft
from spark_conformance.draft.seeing import zones
from spark_conformance.draft.written import referring, text_of, toml
from spark_conformance.facts.expectations import IngressRule
from spark_conformance.facts.load import load
from spark_conformance.facts.model import TRAITS, Facts
from spark_conformance.facts.recurring import resolved

TUNNEL = "75a07d1a-0bc7-485f-86b2-ce676d7d1c35"
SYSTEM = {"name": "box", "hostname": "llm.example.org"}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.recursive(st.booleans() | st.integers(-9, 9) | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
)
def test_what_is_written_is_what_is_read(value: Any) -> None:
    assert tomllib.loads(f"x = {toml({'a': value})}") == {"x": {"a": value}}


@given(texts | st.sampled_from(["llm.example.org", f"{TUNNEL}.cfargotunnel.com", f"${{{TUNNEL}}}"]))
def test_what_refers_to_a_value_means_the_same(text: str) -> None:
    written = referring(text, {TUNNEL: "${tunnel_id}"}, SYSTEM["hostname"])
    assert TUNNEL not in written
    tables, wrong = resolved({"system": SYSTEM, "values": {"tunnel_id": TUNNEL}, "facts": written})
    assert (tables["facts"], wrong) == (text, [])


def test_a_draft_is_a_facts_file_whose_head_tells_what_is_wrong(tmp_path: Path) -> None:
    wrong = Finding(
        "lab", "dns.proxied", "c", "required", "", "", "yes", by_hand="set the cloud", verdict=Verdict.NONCONFORMANT,
        observed="no", note="a grey cloud",
    )  # fmt: skip
    draft = Draft(
        facts={"tunnel.id": TUNNEL, "dns.target": f"{TUNNEL}.cfargotunnel.com", "dns.ttl": 1},
        seen={"tunnel.id": TUNNEL, "dns.target": "that", "dns.ttl": "1"},
        wrong={"dns.proxied": wrong},
        untold={"dns.shadowed": "nobody answers"},
    )
    place = tmp_path / "mine.toml"
    target = {"cloudflare": {"zone": "example.org", "token": "env:TOKEN"}}
    text = text_of(draft, SYSTEM, target, place=place, at="today")
    place.write_text(text)
    lines = text.splitlines()
    assert lines[0].startswith("#:schema .")
    assert (tmp_path / lines[0].removeprefix("#:schema ")).resolve().is_file()
    assert "# - dns.proxied: no (a grey cloud); expected: yes. set the cloud" in lines
    assert "# - dns.shadowed: nobody answers" in lines
    assert 'expect = "${tunnel_id}.cfargotunnel.com" # seen: that' in lines
    read = load(place)
    assert {fact: stated.expect for fact, stated in read.facts.all().items()} == draft.facts
    assert {stated.source for stated in read.facts.all().values()} == {"not stated"}
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize(
    ("fact", "seen", "asked", "expected"),
    [
        ("dns.target", "a.b", "unknown.invalid", "a.b"),
        ("tunnel.ingress", IngressRule(hostname="a.b", service="s"), {}, {"hostname": "a.b", "service": "s"}),
        (
            "host.memory_gib",
            119.4,
            {"path": "/proc/meminfo", "at_least": 0},
            {"path": "/proc/meminfo", "at_least": 115},
        ),
        ("host.disk_free_gib", 2.5, {"path": "/"}, {"path": "/", "at_least": 1}),
        ("cloudflared.version", "2026.8.2", {}, {"at_least": "2026.8.2"}),
        ("cloudflared.version", None, {}, None),
        ("cloudflared.drop_in", ("/a",), "/?", "/a"),
        ("cloudflared.drop_in", ("/a", "/b"), "/?", None),
        ("openai.models", ("a", "b"), ["?"], ["a", "b"]),
        ("tunnel.http_host_header", None, "?", None),
        ("tunnel.rules", 3, 0, 3),
    ],
)
def test_what_was_seen_is_expected(fact: str, seen: object, asked: object, expected: object) -> None:
    assert taken(fact, seen, asked) == expected


def test_each_expectation_is_one_that_its_fact_can_have() -> None:
    for fact, expect in (HEALTHY | SEEN).items():
        component, _, name = fact.partition(".")
        Facts.model_validate({component: {name: {"expect": expect}}})
    assert set(HEALTHY | SEEN) <= set(TRAITS)
    assert not HEALTHY.keys() & SEEN.keys()


def test_a_name_may_be_in_each_zone_above_it() -> None:
    assert list(zones("a.b.example.org")) == ["a.b.example.org", "b.example.org", "example.org"]
