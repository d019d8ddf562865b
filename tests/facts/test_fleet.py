"""A file that lists systems: each is read as a facts file of its own, and a mistake is told where it stands."""

from pathlib import Path

import pytest

from spark_conformance.facts.fleet import stem
from spark_conformance.facts.load import find, load, systems
from spark_conformance.facts.mistakes import FactsError

FLEET = """
[values]
domain = "example.net"

[system]
hostname = "${name}.${domain}"

[target.ssh]
host = "${name}"

[facts.tunnel.connections]
expect = 4

[[systems]]
name = "spark-1"

[[systems]]
name = "spark-2"
values = { domain = "example.org" }
system.document = "second.md"
target.local = {}
facts.tunnel.connections.expect = 8
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.toml"
    file.write_text(FLEET)
    return file


def test_a_file_stands_for_the_systems_that_it_lists(fleet: Path) -> None:
    named = systems(str(fleet))
    assert named == (f"{fleet}#spark-1", f"{fleet}#spark-2")
    assert [stem(target) for target in named] == ["spark-1", "spark-2"]
    assert systems("spark-291b") == ("spark-291b",)
    assert stem("facts/spark-291b.toml") == "spark-291b"


def test_what_differs_is_laid_over_what_all_have(fleet: Path) -> None:
    first, second = (load(find(target)) for target in systems(str(fleet)))
    assert (first.system.name, first.system.hostname) == ("spark-1", "spark-1.example.net")
    assert (second.system.name, second.system.hostname) == ("spark-2", "spark-2.example.org")
    assert first.target.ssh
    assert first.target.ssh.host == "spark-1"
    assert second.target.ssh is None  # there is but one way to a host, and the entry states another
    assert second.target.local
    assert [one.facts.all()["tunnel.connections"].expect for one in (first, second)] == [4, 8]


def test_a_file_that_extends_another_may_list_systems(fleet: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('extends = "./fleet.toml#spark-2"\n[[systems]]\nname = "spark-3"\n')
    assert load(find(systems(str(other))[0])).system.hostname == "spark-3.example.org"


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ("expect = 4", "expect = [4]", 12, "facts.tunnel.connections.expect: "),
        ("expect = 8", 'expect = "8"', 22, "facts.tunnel.connections.expect: "),
        ('system.document = "second.md"', 'sytem.document = "second.md"', 20, "sytem: unknown key; did you mean"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line(fleet: Path, before: str, after: str, line: int, told: str) -> None:
    fleet.write_text(FLEET.replace(before, after))
    system = "spark-2" if "spark-2" in FLEET.partition(before)[0] else "spark-1"
    with pytest.raises(FactsError) as error:
        load(find(f"{fleet}#{system}"))
    assert f"{fleet}:{line}: {told}" in str(error.value)


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (FLEET, "#spark-3", "lists no system spark-3; did you mean spark-2?"),
        (FLEET, "", "name one by adding to the file's path one of #spark-1, #spark-2"),
        (FLEET.replace("spark-2", "spark-1"), "#spark-1", "name: is the name of a system above, too"),
        ('systems = ["spark-1"]', "#spark-1", 'systems: should be a list of tables; write [[systems]] and name = "…"'),
        ('systems = [{name = "spark-1"}, 2]', "#spark-1", "systems: should be a list of tables; write [[systems]]"),
        ("[[systems]]\nhostname = 1", "", "systems.0: should have a name, a string without #"),
    ],
    ids=["unknown", "not named", "twice", "no tables", "not all tables", "nameless"],
)  # fmt: skip
def test_a_list_of_systems_that_cannot_be_read_is_told(fleet: Path, text: str, name: str, told: str) -> None:
    fleet.write_text(text)
    with pytest.raises(FactsError) as error:
        load(find(f"{fleet}{name}"))
    assert told in str(error.value)


@pytest.mark.parametrize("name", ['""', '"a#b"', "1"])
def test_a_name_by_which_no_system_can_be_asked_for_is_told(fleet: Path, name: str) -> None:
    fleet.write_text(FLEET.replace('name = "spark-2"', f"name = {name}"))
    with pytest.raises(FactsError) as error:
        load(find(f"{fleet}#spark-1"))
    assert str(error.value) == f'{fleet}:17: systems.1: should have a name, a string without #; write name = "…"'


def test_a_name_that_is_like_none_is_told_with_those_that_there_are(fleet: Path) -> None:
    with pytest.raises(FactsError) as error:
        load(find(f"{fleet}#grafana"))
    assert str(error.value) == f"{fleet}: lists no system grafana; the file lists spark-1, spark-2"


@pytest.mark.parametrize("text", ["[", 'systems = "x"', "[system]"])
def test_a_file_without_a_list_that_can_be_read_stands_for_itself(fleet: Path, text: str) -> None:
    fleet.write_text(text)
    assert systems(str(fleet)) == (str(fleet),)


NAMELESS = '[[systems]]\nname = "one"\n[[systems]]\nsystem.hostname = "b.c"\n'


def test_a_system_without_a_name_is_told_whatever_is_asked_for(fleet: Path) -> None:
    fleet.write_text(NAMELESS)
    assert systems(str(fleet)) == (f"{fleet}#one",)
    for name in ("#one", "#two", ""):
        with pytest.raises(FactsError) as error:
            load(find(f"{fleet}{name}"))
        assert str(error.value) == f'{fleet}:3: systems.1: should have a name, a string without #; write name = "…"'


def test_a_file_may_have_the_mark_in_its_own_name(fleet: Path) -> None:
    other = fleet.with_name("rack#2.toml")
    other.write_text(f'extends = "{fleet}#spark-2"\n')
    assert load(find(str(other))).system.hostname == "spark-2.example.org"
    assert stem(str(other)) == "rack#2"


def test_what_is_no_table_in_an_entry_is_told_there(fleet: Path) -> None:
    fleet.write_text(FLEET.replace('system.document = "second.md"', 'system = "second.md"'))
    with pytest.raises(FactsError, match=r":20: system: should be a table; write its keys in braces"):
        load(find(f"{fleet}#spark-2"))
