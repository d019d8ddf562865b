"""The way to a host, read before the model: all that it takes the model takes too, and of the rest it says nothing."""

from pathlib import Path

import pytest

from spark_conformance.facts.stated_way import LONGEST_S, StatedWay, way_and_components

SSH = '[target.ssh]\nhost = "pi"\n'
FACTS = "[facts.host.reachable]\nexpect = true\n[facts.dns.records]\nexpect = 1\n"


def way_of(tmp_path: Path, text: str) -> StatedWay | None:
    (tmp_path / "pi.toml").write_text(f'[system]\nname = "pi"\nhostname = "a.example.org"\n{text}')
    found = way_and_components(str(tmp_path / "pi.toml"))
    return found and found[0]


def test_what_decides_how_ssh_is_called_and_which_components_have_facts(tmp_path: Path) -> None:
    whole = f'{SSH}config = "./ssh"\nenvironment = ["A_1"]\nconnect_timeout_s = 3\ncommand_timeout_s = 5\n{FACTS}'
    assert way_of(tmp_path, whole) == StatedWay("pi", "./ssh", ("A_1",), 3)
    assert way_of(tmp_path, SSH + FACTS) == StatedWay("pi")
    (tmp_path / "mine.toml").write_text('extends = "./pi.toml"\n[facts.dns]\nrecords = false\n')
    assert way_and_components(str(tmp_path / "mine.toml")) == (StatedWay("pi"), frozenset({"host"}))


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [("0", False), ("0.5", True), (str(LONGEST_S), True), (f"{LONGEST_S}.5", False), ("true", False)],
)
def test_seconds_are_a_number_above_nothing(tmp_path: Path, seconds: str, taken: bool) -> None:
    for key in ("connect_timeout_s", "command_timeout_s"):
        assert (way_of(tmp_path, f"{SSH}{key} = {seconds}\n{FACTS}") is not None) is taken


@pytest.mark.parametrize(
    "text",
    [
        SSH,
        f"target = 7\n{FACTS}",
        f"target.ssh = 7\n{FACTS}",
        f'[target.ssh]\nconfig = "a"\n{FACTS}',
        f"{SSH}{FACTS}[[target.replicas]]\nname = 'a'\nssh.host = 'b'\n",
        f"[target.local]\n{SSH}{FACTS}",
        f'{SSH}config = " "\n{FACTS}',
        f'{SSH}environment = "A"\n{FACTS}',
        f'{SSH}environment = ["A", 7]\n{FACTS}',
        f'[target.ssh]\nhost = "${{nobody}}"\n{FACTS}',
        f"facts = 7\n{SSH}",
        f"{SSH}{FACTS}[broken",
    ],
)
def test_where_anything_on_the_way_is_not_right_there_is_none(tmp_path: Path, text: str) -> None:
    assert way_of(tmp_path, text) is None


@pytest.mark.parametrize("name", ["grafana", "spark-292b"])
def test_an_example_has_no_host_and_a_name_that_nobody_knows_no_file(name: str) -> None:
    assert way_and_components(name) is None


def test_the_documented_system_has_one() -> None:
    found = way_and_components("spark-291b")
    assert found is not None
    assert "ollama" in found[1]
