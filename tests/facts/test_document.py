"""The facts of spark-291b against the operator's document: the lab, made from the facts, cannot contradict them.

`document.toml` holds the document's values, copied by hand; where the document itself lies beside the project, the copy
is held to it as well.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.facts.load import find, load

HERE = Path(__file__).parent
SAID: dict[str, Any] = tomllib.loads((HERE / "document.toml").read_text(encoding="utf-8"))
DOCUMENT = HERE.parents[1].parent / "shared/operator/dgx-spark-infrastructure.md"
SPARK = load(find("spark-291b"))
STATED = SPARK.facts.all()
NOT_IN_WORDS = {
    "secrets.api_token": "that it must be active is what using the API takes",
    "pipeline.skip_switch": "the document says that there is a switch, not its name",
    "pipeline.last_run": "that a workflow deploys is that its last run did not fail",
    "cloudflared.token_mode": "the document wants secrets not to be exposed, and gives no mode",
}
"""Facts with a text as value, and a section of the document as source, whose value is not its words; why."""


def expected(place: str) -> Any:
    """What `component.fact`, a field or an element of it, or a key beside the facts, is expected to be."""
    component, name, *fields = place.split(".")
    fact = STATED.get(f"{component}.{name}")
    value: Any = fact.expect if fact else getattr(getattr(SPARK, component), name)
    for field in fields:
        value = value[int(field)] if field.isdecimal() else getattr(value, field)
    return value


@pytest.mark.parametrize("said", [pytest.param(said, id=f"{said['facts'][0]}") for said in SAID["stated"]])
def test_a_fact_says_what_the_document_says(said: dict[str, Any]) -> None:
    value = said["value"]
    assert str(value).lower() in said["words"].lower()
    for place in said["facts"]:
        found = expected(place)
        if said.get("begins"):
            assert str(found).startswith(value), place
        elif said.get("any_case"):
            assert str(found).lower() == value.lower(), place
        else:
            assert found == value, place


def test_the_ingress_is_that_of_the_documented_json() -> None:
    first, last = json.loads(SAID["configuration"]["json"])["config"]["ingress"]
    for place in SAID["configuration"]["facts"]:
        assert (expected(place).hostname, expected(place).service) == (first["hostname"], first["service"])
    assert (expected("tunnel.fallback"), expected("tunnel.rules")) == (last["service"], 2)


def test_every_text_that_the_document_gives_is_held_to_it() -> None:
    held = {".".join(place.split(".")[:2]) for said in SAID["stated"] for place in said["facts"]}
    held |= {*SAID["configuration"]["facts"], "tunnel.fallback"}
    texts = {
        name for name, fact in STATED.items() if isinstance(fact.expect, str) and not fact.source.startswith("implied")
    }
    assert texts - held == set(NOT_IN_WORDS)


def test_every_source_is_a_section_of_the_document() -> None:
    places = {*SAID["sections"], *SAID["paragraphs"]}
    sources = {name: fact.source for name, fact in STATED.items() if not fact.source.startswith("implied")}
    ends = re.compile(" \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} |: ")
    assert {name: source for name, source in sources.items() if ends.split(source)[0] not in places} == {}


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="the operator's document does not lie beside the project")
def test_the_copy_says_what_the_document_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)) == set(SAID["sections"])
    for said in SAID["stated"]:
        # what stands under a heading goes on under the headings below it
        assert said["words"] in text[text.index(f"# {said['section']}\n") :], said["words"]
    block = re.search(r"### Tunnel Configuration\n.*?```json\n(.*?)```", text, re.DOTALL)
    assert block is not None
    assert json.loads(block[1]) == json.loads(SAID["configuration"]["json"])
