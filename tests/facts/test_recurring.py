"""Values that recur: stated once, referred to, and taken as they are by those who want the characters."""

import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from spark_conformance.facts.load import load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.recurring import resolved, verbatim

SYSTEM = {"name": "pi", "hostname": "llm.example.org"}


def facts(values: dict[str, Any], stated: Any) -> Any:
    tables, wrong = resolved({"system": SYSTEM, "values": values, "facts": stated})
    assert wrong == []
    assert set(tables) == {"system", "facts"}
    return tables["facts"]


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("${tunnel_id}.cfargotunnel.com", "75a0.cfargotunnel.com"),
        ("${port}", 3000),
        ("http://localhost:${port}", "http://localhost:3000"),
        ("${url}/x", "http://localhost:3000/x"),
        (["${hostname}", {"a": "${name}"}], ["llm.example.org", {"a": "pi"}]),
        ("5 $ ${port}$ {port} $port", "5 $ 3000$ {port} $port"),
        ("$${port}", "${port}"),
        ("$$${port}", "$${port}"),
        ("${", "${"),
    ],
)
def test_a_reference_stands_for_the_value(stated: object, meant: object) -> None:
    assert facts({"tunnel_id": "75a0", "port": 3000, "url": "http://localhost:${port}"}, stated) == meant


def test_a_value_of_the_files_own_goes_before_the_systems() -> None:
    assert facts({"hostname": "other.example.org"}, "${hostname}") == "other.example.org"


@pytest.mark.parametrize("text", ["${port}", "$${port}", "a$", "${", "$$${{}"])
def test_what_is_written_as_it_stands_is_read_as_it_stands(text: str) -> None:
    assert facts({}, verbatim({"a": [text]})) == {"a": [text]}


@pytest.mark.parametrize(
    ("values", "stated", "key", "said"),
    [
        ({}, "${hostnam}", "facts", "there is no value hostnam; write ${hostname}, or $${ for"),
        ({"a": "x"}, "${b}", "facts", "there is no value b; state it in [values] (there are name, hostname, a), or"),
        ({}, "${}", "facts", "there is no value without a name; state it in"),
        ({"a": "x${b}", "b": "${b}"}, "", "values.b", "refers to itself; write its value"),
        ({"a": True}, "", "values.a", "should be a string or a whole number"),
        ({"a-b": "x"}, "", "values.a-b", "is no name for a value; write letters, digits and _"),
        ("x", "", "values", "should be a table; write [values]"),
    ],
)
def test_what_is_wrong_is_told(values: Any, stated: str, key: str, said: str) -> None:
    _, wrong = resolved({"system": {"hostname": "x", "name": "y"}, "values": values, "facts": stated})
    assert (wrong[0].key, wrong[0].said[: len(said)]) == (key, said.replace("name, hostname", "hostname, name"))


def test_what_is_wrong_is_told_once_where_it_stands() -> None:
    values = {"a": "${b}"}
    for stated in ("${a}", ""):
        _, wrong = resolved({"system": {"name": "x${c}"}, "values": values, "facts": stated})
        assert sorted(one.key for one in wrong) == ["system.name", "values.a"]


def test_a_reference_to_nothing_is_not_told_as_a_value_of_the_wrong_type_too(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "spark-291b"\n[facts.dns.ttl]\nexpect = "${nope}"\n')
    with pytest.raises(FactsError, match=r":3: facts\.dns\.ttl\.expect: there is no value nope; state it") as refused:
        load(mine)
    assert "mistakes" not in str(refused.value)


def test_an_extending_file_states_the_value_anew(tmp_path: Path) -> None:
    base = {
        "system": SYSTEM,
        "values": {"tunnel_id": "75a07d1a-0bc7-485f-86b2-ce676d7d1c35"},
        "target": {},
        "facts": {
            "tunnel": {"id": {"expect": "${tunnel_id}"}},
            "dns": {"target": {"expect": "${tunnel_id}.cfargotunnel.com"}},
        },
    }
    (tmp_path / "base.toml").write_text(tomli_w.dumps(base))
    mine = tmp_path / "mine.toml"
    other = "11111111-0bc7-485f-86b2-ce676d7d1c35"
    mine.write_text(f'extends = "./base.toml"\nvalues.tunnel_id = "{other}"\n')
    stated = load(mine).facts.all()
    assert (stated["tunnel.id"].expect, stated["dns.target"].expect) == (other, f"{other}.cfargotunnel.com")
    mine.write_text('extends = "./base.toml"\nvalues.tunnel_id = "x"\n')
    with pytest.raises(
        FactsError, match=re.escape(f"base.toml:{line_of(tmp_path / 'base.toml', 'tunnel.id')}: facts.tunnel")
    ):
        load(mine)


def line_of(path: Path, table: str) -> int:
    """The line after a fact's head."""
    return path.read_text().splitlines().index(f"[facts.{table}]") + 2
