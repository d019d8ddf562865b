"""Facts files: what is refused, with which sentence, and what a stranger's file may leave out."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.facts.load import SystemFile, examples, find, known, load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.model import COMPONENTS
from spark_conformance.facts.target import Local, Ssh
from spark_conformance.facts.values import NOT_STATED

MINIMAL = """
[system]
name = "pi"
hostname = "llm.example.org"
document = "my notes"

[target.dns]
resolvers = ["9.9.9.9", "[2620:fe::fe]:53"]

[facts.dns.records]
expect = 1
source = "notes, page 1"
why = "one name, one record"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def refusal(tmp_path: Path, text: str) -> str:
    """The one mistake of a file, without file and line."""
    path = written(tmp_path, text)
    with pytest.raises(FactsError) as refused:
        load(path)
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return re.sub(r"^(:\d+)?: ", "", sentence.removeprefix(str(path)))


def spark() -> SystemFile:
    return load(find("spark-291b"))


def test_every_fact_of_spark_has_a_source_and_a_reason() -> None:
    facts = spark().facts.all()
    of_other_kinds = {"service", "openai"}
    assert {fact.partition(".")[0] for fact in facts} == set(COMPONENTS) - of_other_kinds
    assert all(NOT_STATED not in {fact.source, fact.why} for fact in facts.values())
    assert all(len(fact.source) > len("implied: ") for fact in facts.values())


def test_facts_are_frozen() -> None:
    facts = spark().facts
    with pytest.raises(ValueError, match="frozen"):
        facts.tunnel = None  # type: ignore[misc]  # this is what is tested


def test_a_strangers_file_may_leave_out_components_and_facts(tmp_path: Path) -> None:
    system = load(written(tmp_path, MINIMAL))
    assert list(system.facts.all()) == ["dns.records"]
    assert system.target.ssh is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('[facts.dns.recrods]\nexpect = 1\nsource = "x"\nwhy = "y"',
         "facts.dns.recrods: unknown key; did you mean records?"),
        ('[facts.dsn.records]\nexpect = 1\nsource = "x"\nwhy = "y"', "facts.dsn: unknown key; did you mean dns?"),
        ('[facts.dns.ttl]\nexpect = 1\nseverity = "fatal"',
         "facts.dns.ttl.severity: should be 'required' or 'advisory'"),
        ("[facts.pipeline.labels]\nexpect = []", "facts.pipeline.labels.expect: should list at least one value"),
        ('[facts.pipeline.labels]\nexpect = ["a", "a"]', "facts.pipeline.labels.expect: lists a value twice"),
        ('[facts.access.policy]\nexpect = { name = "x", everyone = true, evreyone = 1 }',
         "facts.access.policy.expect.evreyone: unknown key; did you mean everyone?"),
        ("[facts.dns.ttl]\nsource = 'x'", "facts.dns.ttl.expect: is missing; write it"),
        ('[target.ssh]\nhost = "a"\n[target.local]',
         "target: states both [target.ssh] and [target.local]; keep [target.local] if the suite runs on the system's"),
        ("[target.public]\nport = 70000", "target.public.port: should be at most 65535"),
        *(
            (f'[target.cloudflare]\nzone = "example.org"\ntoken = "env:A"\napi = "{url}"',
             "target.cloudflare.api: should be the address of an API, as https://api.cloudflare.com/client/v4")
            for url in ("http://[", "api.cloudflare.com/client/v4", "https://user@api.example.org", "https://a b/")
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_file_and_key(tmp_path: Path, line: str, sentence: str) -> None:
    assert refusal(tmp_path, f"{MINIMAL}\n{line}\n").startswith(sentence)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080/client/v4", "https://ghe.example.org/api/v3/"]
)
def test_an_api_may_be_elsewhere(tmp_path: Path, url: str) -> None:
    told = f'[target.github]\nrepository = "a/b"\ntoken = "env:A"\napi = "{url}"\n'
    github = load(written(tmp_path, f"{MINIMAL}\n{told}")).target.github
    assert github is not None
    assert github.api == url


def test_a_literal_credential_is_refused_without_being_repeated(tmp_path: Path) -> None:
    said = refusal(tmp_path, f'{MINIMAL}\n[target.github]\nrepository = "a/b"\ntoken = "ghp_canary0123456789"\n')
    assert "ghp_canary" not in said


def test_broken_toml_and_binary_files(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[system") == "is not TOML: expected ']' at the end of a table declaration"
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FactsError, match=r"binary\.toml: cannot be read: it is not UTF-8 text"):
        load(path)
    with pytest.raises(FactsError, match=r"gone\.toml: cannot be read: No such file or directory"):
        load(tmp_path / "gone.toml")


def test_a_file_of_one_mib_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    whole = f"{MINIMAL}#".ljust(1024 * 1024, "-")
    assert load(written(tmp_path, whole)).system.name == "pi"
    with pytest.raises(FactsError, match="cannot be read"):
        load(written(tmp_path, f"{whole}-"))


def test_an_unknown_target_names_those_that_are_known() -> None:
    with pytest.raises(FactsError, match=r"--target spark-292b: no such target; write one of lab, spark-291b, or"):
        find("spark-292b")
    assert "spark-291b" in known()
    with pytest.raises(FactsError, match="no such target"):
        find(f"examples/{examples()[0]}")  # by its name alone


def test_a_file_that_extends_what_is_not_there_says_where(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "spark-292b"\n')
    with pytest.raises(
        FactsError, match=r"mine\.toml:1: extends: spark-292b: no such facts file; write one of spark-291b"
    ):
        load(mine)


def test_an_extending_file_lays_its_tables_over_the_other(tmp_path: Path) -> None:
    system = load(written(tmp_path, 'extends = "spark-291b"\n[facts.dns.ttl]\nexpect = 300\n'))
    ttl = system.facts.all()["dns.ttl"]
    assert (ttl.expect, ttl.source) == (300, spark().facts.all()["dns.ttl"].source)


def test_an_extending_file_states_its_own_way_to_the_host(tmp_path: Path) -> None:
    here = load(written(tmp_path, 'extends = "spark-291b"\n[target.local]\n')).target
    assert (here.ssh, here.local) == (None, Local())
    assert here.way is here.local
    assert here.dns == spark().target.dns
    again = tmp_path / "again.toml"
    again.write_text('extends = "./mine.toml"\n[target.ssh]\nhost = "spark"\n')
    there = load(again).target
    assert (there.local, there.way) == (None, Ssh(host="spark"))
    (tmp_path / "again.toml").write_text('extends = "./mine.toml"\n[target.dns]\nresolvers = ["1.1.1.1"]\n')
    assert load(again).target.local == Local()


@pytest.mark.parametrize("words", ["", 'source = ""\nwhy = " "\n'])
def test_source_reason_and_document_may_be_left_out_or_empty(tmp_path: Path, words: str) -> None:
    system = load(
        written(tmp_path, f'[system]\nname = "a"\nhostname = "b.c"\n[target]\n[facts.dns.ttl]\nexpect = 1\n{words}')
    )
    fact = system.facts.all()["dns.ttl"]
    assert (fact.source, fact.why, system.system.document) == ("not stated",) * 3


def test_an_extending_file_takes_a_fact_back_with_false(tmp_path: Path) -> None:
    head = 'extends = "spark-291b"\n[facts.ollama]\n'
    less = load(written(tmp_path, f"{head}quantization = false\n"))
    assert set(spark().facts.all()) - set(less.facts.all()) == {"ollama.quantization"}
    assert "unknown key; did you mean quantization?" in refusal(tmp_path, f"{head}quantisation = false\n")
    mine = written(tmp_path, 'extends = "spark-291b"\n[facts.own]\nage.expect = 3\nsize.expect = 5\n')
    more = tmp_path / "more.toml"
    more.write_text(f'extends = "{mine}"\n[facts.own]\nage = false\n')
    assert set(load(more).facts.all()) - set(spark().facts.all()) == {"own.size"}


def test_a_file_may_leave_out_a_table_that_the_one_that_extends_it_states(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text('[system]\nname = "a"\nhostname = "b.c"\n[facts.dns.ttl]\nexpect = 1\n')
    assert load(written(tmp_path, f'extends = "{base}"\n[target.local]\n')).target.local == Local()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("facts = 5", "facts: should be a table; write its keys in braces, or below a line with its name in brackets"),
        ("[facts]\ndns = 5",
         "facts.dns: should be a table; write its keys in braces, or below a line with its name in brackets"),
        ("[facts.dns]\nttl = 5", "facts.dns.ttl: should be a table; write ttl = { expect = ... }"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_facts_is_told(tmp_path: Path, text: str, said: str) -> None:
    head = 'target = {}\nsystem = { name = "a", hostname = "b.c" }\n'
    assert refusal(tmp_path, f"{head}{text}\n") == said


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('extends = "./mine.toml"')
    path = written(tmp_path, 'extends = "./other.toml"')
    with pytest.raises(FactsError, match="extends"):
        load(path)


@given(st.binary(max_size=200))
def test_no_file_content_ends_in_anything_but_a_sentence(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("junk") / "junk.toml"
    path.write_bytes(junk)
    with pytest.raises(FactsError):
        load(path)


def test_cloudflared_runs_in_one_way(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    stated = '[facts.cloudflared.container]\nexpect = "cloudflared"\nsource = "§1"\nwhy = "it runs there"\n'
    path.write_text(f'extends = "spark-291b"\n{stated}')
    with pytest.raises(FactsError, match="cloudflared: states both unit and container; keep unit if systemd"):
        load(path)
    path.write_text(f'extends = "spark-291b"\nwithout = ["cloudflared.unit"]\n{stated}')
    assert load(path).facts.all()["cloudflared.container"].expect == "cloudflared"
