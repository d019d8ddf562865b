"""All mistakes of a facts file at once: where each stands, and what to write instead."""

from pathlib import Path

import pytest

from spark_conformance.facts.load import load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.values import FORMS

SECRET = "ghp_canary0123456789"
HEAD = '[system]\nname = "pi"\nhostname = "llm.example.org"\n[target]\n[facts]\n'
LINES = len(HEAD.splitlines())


def told(tmp_path: Path, text: str, head: str = HEAD) -> list[tuple[int, str]]:
    """The mistakes of a file, in its order, with their lines counted from the end of its head."""
    path = tmp_path / "mine.toml"
    path.write_text(head + text)
    with pytest.raises(FactsError) as refused:
        load(path)
    said = str(refused.value).splitlines()
    if len(said) > 1:
        assert said[0] == f"{path}: {len(said) - 1} mistakes:"
        said = [line.removeprefix("  ") for line in said[1:]]
    found = [line.removeprefix(f"{path}:").partition(": ") for line in said]
    return [(int(line) - len(head.splitlines()), words) for line, _, words in found]


def test_all_mistakes_are_told_each_in_its_line(tmp_path: Path) -> None:
    text = """\
[facts.dns.ttl]
expect = "300"
[facts.dns.records]
expcet = 1
[facts.tunnel.connections]
expect = 4.5
[[waivers]]
fact = "dns.type"
owner = "ops"
reason = "r"
until = "2026-12-31"
"""
    assert told(tmp_path, text) == [
        (2, "facts.dns.ttl.expect: should be a whole number; write 300 without quotation marks"),
        (4, "facts.dns.records.expcet: unknown key; did you mean expect?"),
        (6, "facts.tunnel.connections.expect: should be a whole number"),
        (7, "waivers.0.issue: is missing; write it"),
        (8, "waivers.0.fact: this file does not state the fact dns.type; write the id of one that it states"),
        (11, "waivers.0.until: should be a date without quotation marks, as 2026-12-31"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[target.ssh]\nhost = "root@box"', 2, "target.ssh.host: should be a host's name without a user; write User"),
        ('[target.ssh]\nhost = "ssh://box"', 2, "target.ssh.host: should be a host's name alone, without a scheme"),
        ('[target.ssh]\nhost = "box -p 22"', 2, "target.ssh.host: should be a host's name without options"),
        ('[target.ssh]\nhost = "-oProxyCommand=id"', 2, "target.ssh.host: should be a host's name without options"),
        ('[target.ssh]\nhost = "a"\nuser = "b"', 3, "target.ssh.user: is no key here: ssh's own configuration"),
        ("[facts.grafana]", 1, "facts.grafana: is not a component; the components are host, "),
        ("[facts.records]\nexpect = 1", 1, "facts.records: is not a component but a fact; write [facts.dns.records]"),
        ("[facts.dns]\nttl = 300", 2, "facts.dns.ttl: should be a table; write ttl = { expect = ... }"),
        ("[facts.dns]\nexpect = 300", 2, "facts.dns.expect: belongs to one fact; write it below [facts.dns.NAME]"),
        ("[facts.dns.name]", 1, "facts.dns.name: unknown key; did you mean tunnel.name?"),
        ("[dns.records]", 1, "dns: is a component; its facts stand below facts: write [facts.dns.NAME]"),
        ("[cloudflare]", 1, "cloudflare: belongs to another table; write it below [target]"),
        ("[target.zone]", 1, "target.zone: belongs to another table; write it below [target.cloudflare]"),
        ("[[facts.dns.ttl]]\nexpect = 1", 1, "facts.dns.ttl: should be a table; write ttl = { expect = ... }"),
        ('[facts.dns.proxied]\nexpect = "true"', 2, "facts.dns.proxied.expect: should be true or false, without quot"),
        ('[facts.service.health]\nexpect.path = "/"\nexpect.status = 200\nexpect.json_value = {pointer="", value=[]}',
         4, "facts.service.health.expect.json_value.value: should be true or false or a whole number or a number or a"),
        ('[facts.dns.type]\nexpect = "MX"', 2, "facts.dns.type.expect: should be 'CNAME', 'A' or 'AAAA'"),
        ("[facts.cloudflared.token_mode]\nexpect = 600", 2, "facts.cloudflared.token_mode.expect: should be a string"),
        ('[facts.ollama.unit]\nexpect = "ollama"', 2, "facts.ollama.unit.expect: should be a unit of systemd"),
        ('[facts.tunnel.id]\nexpect = "x"', 2, "facts.tunnel.id.expect: should be an id in lower case, as 75a07d1a-"),
        ('[facts.dns.target]\nexpect = "*.x"', 2, "facts.dns.target.expect: should be a host name alone, as grafana."),
        ("[facts.cloudflared.connection_indexes]\nexpect = 4", 2, "facts.cloudflared.connection_indexes.expect: sho"),
        ('[facts.own.backup]\nneeds = ["host.reachabel"]\nexpect = 1', 2, "facts.own.backup.needs: host.reachabel is"),
        ("[facts.own.Backup]\nexpect = 1", 1, "facts.own.Backup: should be a name of lower case letters"),
        ("extend = 'spark-291b'", -LINES + 1, "extend: unknown key; did you mean extends?"),
        ("[target.ssh]\nhost = box", 2, "is not TOML: invalid value; a string needs quotation marks"),
    ],
)  # fmt: skip
def test_what_a_second_operator_writes_is_told_with_what_to_write(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    head = HEAD if line > 0 else ""
    text = text if line > 0 else f"{text}\n{HEAD}"
    line = line if line > 0 else 1
    found = told(tmp_path, text, head)
    assert [(at, words[: len(said)]) for at, words in found] == [(line, said)]


def test_a_misspelt_key_is_told_in_place_of_the_one_that_it_leaves_missing_and_of_no_other(tmp_path: Path) -> None:
    text = "[facts.dns.ttl]\nsource = 'x'\n[facts.dns.records]\nexpcet = 1\nfoo = 1\n"
    assert told(tmp_path, text) == [
        (1, "facts.dns.ttl.expect: is missing; write it"),
        (4, "facts.dns.records.expcet: unknown key; did you mean expect?"),
        (5, "facts.dns.records.foo: unknown key; the keys here are expect, severity, source, why"),
    ]


def test_a_secret_in_place_of_a_reference_is_not_told(tmp_path: Path) -> None:
    [(line, said)] = told(tmp_path, f'[target.cloudflare]\nzone = "example.org"\ntoken = "{SECRET}"')
    assert line == 3
    assert said.startswith("target.cloudflare.token: should be a reference, as env:NAME, pulumi:KEY or op:REF, never a")
    assert SECRET not in said


@pytest.mark.parametrize(
    "key",
    [
        "system.name",
        "target.ssh.host",
        "target.ssh.timeout_s",
        "target.dns.resolvers",
        "facts.dns.ttl.expect",
        "facts.tunnel.id.expect",
        "facts.dns.proxied.expect",
        "facts.cloudflared.connection_indexes.expect",
        "facts.own.x.expect.at_least",
        "facts.public.certificate_name.expect",
        "facts.access.policy.expect",
        "extends.x",
        "values.x.y",
    ],
)
def test_no_mistake_repeats_what_a_key_states(tmp_path: Path, key: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'{key} = "{SECRET} {SECRET}@x"')
    with pytest.raises(FactsError) as refused:
        load(path)
    assert SECRET not in str(refused.value)


def test_a_mistake_of_an_extended_file_is_told_there(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(f"{HEAD}[facts.dns.ttl]\nexpect = true\nseverity = 'advisory'\n")
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "./base.toml"\n\n[facts.dns.ttl]\nseverity = "no"\n')
    with pytest.raises(FactsError) as refused:
        load(mine)
    assert str(refused.value).splitlines() == [
        f"{mine}: 2 mistakes:",
        f"  {mine}:4: facts.dns.ttl.severity: should be 'required' or 'advisory'",
        f"  {tmp_path / 'base.toml'}:{LINES + 2}: facts.dns.ttl.expect: should be a whole number",
    ]


def test_names_with_an_underscore_or_a_star_are_taken_where_cloudflare_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    rule = '[facts.tunnel.ingress]\nexpect = { hostname = "*.Example.org.", service = "http://localhost:1" }\n'
    path.write_text(HEAD.replace("llm.example", "my_llm.example") + rule)
    system = load(path)
    assert system.system.hostname == "my_llm.example.org"
    assert system.facts.all()["tunnel.ingress"].expect.hostname == "*.example.org"


def test_every_form_is_told_in_words_with_an_example() -> None:
    assert [words for words in FORMS.values() if len(words.split()) < 5] == []
