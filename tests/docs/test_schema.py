"""The schema of facts files: it is what the model says, takes what the suite takes, and tells an editor what it is."""

import json
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.facts.load import EXAMPLES, HERE, load
from spark_conformance.facts.model import TRAITS
from spark_conformance.facts.schema import FILE, main, schema, text
from tests.docs.validating import Validator

OURS = [*sorted(HERE.glob("*.toml")), *sorted(EXAMPLES.glob("*.toml")), Path("tests/package/example/facts.toml")]
WHOLE = '[system]\nname = "a"\nhostname = "b.c"\n[target]\n[facts]\n'
MINE = 'extends = "spark-291b"\n'


@cache
def validator() -> Validator:
    """What judges as the schema says; made by whoever tests it, and not where tests are collected."""
    return Validator(schema())


def parsed(text: str) -> Any:
    """What an editor judges: TOML, its dates as strings."""
    return json.loads(json.dumps(tomllib.loads(text), default=date.isoformat))


def test_the_committed_schema_is_what_the_model_says() -> None:
    assert FILE.read_text() == text(), "write it again with `python -m tests.docs`"


def test_the_command_prints_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["schema"])
    assert main() == 0
    assert capsys.readouterr().out == text()


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_it_takes_each_file_of_ours(path: Path) -> None:
    assert validator().holds(parsed(path.read_text()))


@pytest.mark.parametrize(
    "stated",
    [
        WHOLE,
        MINE,
        f"{MINE}[facts.dns.ttl]\nexpect = 300",
        f'{MINE}[facts.dns.ttl]\nseverity = "advisory"',
        f"{MINE}[facts.dns]\nttl = false",
        f"{MINE}[facts.ollama.restarts]\nexpect.at_most = 5",
        f'without = ["dns"]\n{MINE}',
        f'{MINE}[values]\nn = 3\nid = "x"\n[facts.dns.ttl]\nexpect = "${{n}}"\n[facts.dns.type]\nexpect = "${{id}}"',
        f'{MINE}[facts.tunnel.id]\nexpect = "${{name}}"',
        f"{WHOLE}[facts.own.backup_age]\nexpect = {{ at_most = 5 }}\nneeds = ['host.reachable']",
        f'{MINE}[[waivers]]\nfact = "dns.ttl"\nreason = "r"\nowner = "o"\nissue = "i"\nuntil = 2026-12-31',
    ],
)
def test_it_takes_what_the_suite_takes(stated: str) -> None:
    assert validator().holds(parsed(stated))


@pytest.mark.parametrize(
    "stated",
    [
        WHOLE.replace("[facts]", ""),
        f"{WHOLE}[facts.dns.ttl]\nsource = 'x'",
        f"{WHOLE}[target.cloudflare]\nzone = 'example.org'",
        f"{WHOLE}[facts.grafana]",
        f"{WHOLE}[facts.dns.ttls]\nexpect = 1",
        f"{WHOLE}[facts.own.Backup]\nexpect = 1",
        f"{MINE}[facts.dns]\nttl = 300",
        f'{MINE}[facts.dns.ttl]\nexpect = "300"',
        f'{MINE}[facts.dns.type]\nexpect = "MX"',
        f'{MINE}[facts.dns.proxied]\nexpect = "true"',
        f'{MINE}[facts.tunnel.id]\nexpect = "75A0"',
        f'{MINE}[target.ssh]\nhost = "root@box"',
        f"{MINE}[target.public]\nport = 70000",
        f'{MINE}[target.cloudflare]\ntoken = "a-secret"',
        f'{MINE}[[waivers]]\nfact = "dns.ttl"\nuntil = 2026-12-31',
        'without = ["dns"]\n' + WHOLE,
        f"{MINE}[values]\nn = true",
    ],
)
def test_it_refuses_what_the_suite_refuses(tmp_path: Path, stated: str) -> None:
    assert not validator().holds(parsed(stated))
    path = tmp_path / "mine.toml"
    path.write_text(stated)
    with pytest.raises(ValueError, match="mine"):
        load(path)


def test_each_fact_and_each_form_is_described() -> None:
    tables = schema()["$defs"]
    facts = tables["Facts"]["properties"]
    described: set[str] = set()
    for component, one in facts.items():
        if "$ref" in one:
            table = tables[one["$ref"].rpartition("/")[2]]["properties"]
            described |= {f"{component}.{name}" for name, fact in table.items() if len(fact["description"]) > 20}
    assert described == set(TRAITS)
    assert [pattern for pattern, words in _patterns(schema()) if not words] == []


def _patterns(node: Any) -> list[tuple[str, str]]:
    """Each pattern of a string that is more than a reference, and what is said of it."""
    if isinstance(node, list):
        return [found for one in node for found in _patterns(one)]
    if not isinstance(node, dict):
        return []
    own = node.get("pattern", r"\$\{")
    here = [(own, str(node.get("description", "")))] if isinstance(own, str) and own != r"\$\{" else []
    return here + [found for one in node.values() for found in _patterns(one)]
