"""What an extending file takes away of the file that it extends."""

from pathlib import Path

import pytest

from spark_conformance.facts.load import find, load
from spark_conformance.facts.mistakes import FactsError

SPARK = load(find("spark-291b"))


def extending(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "spark-291b"\n{text}')
    return path


def test_components_and_facts_are_taken_away(tmp_path: Path) -> None:
    less = load(extending(tmp_path, 'without = ["pipeline", "secrets.leaks"]\n'))
    gone = set(SPARK.facts.all()) - set(less.facts.all())
    assert gone == {"secrets.leaks", *(fact for fact in SPARK.facts.all() if fact.startswith("pipeline."))}
    assert less.facts.pipeline is None
    singly = [fact for fact in SPARK.facts.all() if fact.startswith("pipeline.")]
    assert load(extending(tmp_path, f"without = {singly}\n")).facts.pipeline is None


def test_what_is_taken_away_may_be_stated_anew(tmp_path: Path) -> None:
    mine = load(extending(tmp_path, 'without = ["dns"]\n[facts.dns.ttl]\nexpect = 300\n'))
    assert [fact for fact in mine.facts.all() if fact.startswith("dns.")] == ["dns.ttl"]
    assert mine.facts.all()["dns.ttl"].source == "not stated"


def test_a_waiver_goes_with_its_fact(tmp_path: Path) -> None:
    waiver = '\n[[waivers]]\nfact = "{}"\nreason = "r"\nowner = "o"\nissue = "#1"\nuntil = 2026-12-31\n'
    of_a_cause = waiver.format("x").replace("fact", "cause")
    facts = ("dns.ttl", "tunnel.id", "secrets.leaks")
    extending(tmp_path, "".join([of_a_cause, *map(waiver.format, facts)]))
    less = tmp_path / "less.toml"
    less.write_text('extends = "./mine.toml"\nwithout = ["dns", "secrets.leaks"]\n')
    assert [waived.of for waived in load(less).waivers] == ["x", "tunnel.id"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('without = ["grafana"]', "2: without.0: grafana is neither a component nor a fact; write the id of"),
        ('without = [\n"dns",\n"secrets.leeks"]', "4: without.1: secrets.leeks is neither a component nor a fact; did"),
        ('without = "dns"', "2: without: should be a list; write the ids"),
        ("without = [1]", "2: without.0: should be a string"),
        ('without = ["own"]', "2: without.0: own is neither"),
    ],
)  # fmt: skip
def test_what_is_not_there_to_take_away_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = extending(tmp_path, text)
    with pytest.raises(FactsError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}:{said}")


def test_what_the_extended_file_does_not_state_is_told(tmp_path: Path) -> None:
    extending(tmp_path, 'without = ["pipeline"]\n')
    less = tmp_path / "less.toml"
    less.write_text('extends = "./mine.toml"\nwithout = ["pipeline"]\n')
    with pytest.raises(FactsError, match=r"without\.0: the file that this one extends does not state pipeline"):
        load(less)


def test_a_file_that_extends_none_has_nothing_to_take_away(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('without = ["dns"]\n[system]\nname = "a"\nhostname = "b.c"\n[target]\n[facts]\n')
    with pytest.raises(FactsError, match=r":1: without: takes away what a file states that this one extends"):
        load(path)


@pytest.mark.parametrize("broken", ["facts = 5", "facts.dns = 5", "facts.dns = 'x'"])
def test_what_is_no_table_in_the_extended_file_is_told_whatever_is_taken_away(tmp_path: Path, broken: str) -> None:
    head = 'system = { name = "a", hostname = "b.c" }\ntarget = {}\n'
    (tmp_path / "base.toml").write_text(f"{head}{broken}\n")
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "./base.toml"\nwithout = ["tunnel.id"]\n')
    with pytest.raises(FactsError) as refused:
        load(mine)
    key = broken.partition(" ")[0]
    assert f"base.toml:3: {key}: should be a table; write its keys in braces" in str(refused.value)
