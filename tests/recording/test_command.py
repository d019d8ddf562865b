"""`--record` and `--replay` as a user gives them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from spark_conformance.plugin.options import check_options
from spark_conformance.plugin.recording.options import pytest_configure
from spark_conformance.recording import storage
from spark_lab.announcement import Announcement
from tests.end_to_end.session import PROJECT, check_here
from tests.recording.making import Recorded, alter


def test_a_run_that_workers_recorded_is_replayed_and_marked_as_a_replay(
    one_lab: Announcement, pytester: pytest.Pytester
) -> None:
    place = pytester.path / "recording"
    ran = check_here(pytester, "--target", one_lab.target, "-m", "dns or tunnel", "--record", str(place), "-n", "2")
    assert ran.code == 0, ran.out
    assert f"observations in {place}; judge them again with `pytest checks/ --replay {place}`" in ran.out
    manifest = json.loads((place / storage.MANIFEST).read_text())
    assert (manifest["target"], manifest["lab"], manifest["format"]) == ("lab", True, 1)
    again = check_here(pytester, "--replay", str(place), "-m", "dns")
    assert again.code == 0, again.out
    assert "target: a replay of lab, recorded 20" in again.out
    assert "nothing is looked up; the facts are today's, as they were then" in again.out
    assert "conformance: a replay of lab, recorded 20" in again.out
    assert "a replay of lab, recorded 20" in (again.reports / "report.html").read_text()
    results = json.loads((again.reports / "results.json").read_text())["targets"][0]
    assert results["recorded"] == {"of": "lab", "at": manifest["recorded_at"], "suite": manifest["suite"]}
    assert results["lab"] is True


def test_a_wider_replay_says_what_is_not_in_the_recording(copy: Path, pytester: pytest.Pytester) -> None:
    alter(copy / storage.MANIFEST, lambda data: data.update(observations=["zone", "dns_records"]))
    alter(copy / storage.MANIFEST, lambda data: data["facts"].update({"tunnel.name": "another"}))
    ran = check_here(pytester, "--replay", str(copy), "-m", "dns or tunnel", "--no-diagnose")
    assert ran.code == 7, ran.out
    assert "not in the recording (lab, recorded" in ran.out
    assert "the facts are today's, changed since then: tunnel.name" in ran.out


class Options:
    """A command line, as far as what goes together is concerned."""

    rootpath = PROJECT
    invocation_params = SimpleNamespace(dir=PROJECT)
    option = SimpleNamespace(pyargs=False)
    args = ("checks",)
    pluginmanager = SimpleNamespace(get_plugins=tuple)

    def __init__(self, **given: object) -> None:
        self._given = given

    def getoption(self, name: str, default: object = None) -> object:
        return self._given.get(name.removeprefix("--").replace("-", "_"), default)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"target": ["lab"]}, "--target: the recording says which system it is of: remove --target"),
        ({"record": "x"}, "--record: a replay cannot be recorded: remove one of the two"),
        ({"remediate": "plan"}, "--remediate: a recording cannot be repaired: remove one of the two"),
        (
            {"gate": "post"},
            "--gate: a gate checks the system as it is now, and a replay does not: remove one of the two",
        ),
        ({"settle": 5.0}, "--settle: a recording does not change by waiting: remove --settle"),
        ({"lab_fault": ["x"]}, "--lab-fault: a replay starts no lab, so none can be broken: remove --lab-fault"),
        ({"cloudflared": "x"}, "--cloudflared: a replay starts no lab: remove one of the two"),
    ],
)
def test_what_does_not_go_with_a_replay_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        pytest_configure(cast("pytest.Config", Options(replay="DIR", **given)))
    assert str(refused.value) == f"--replay DIR with {words}"


def test_a_refused_replay_ends_with_the_code_of_usage(healthy: Recorded, pytester: pytest.Pytester) -> None:
    ran = check_here(pytester, "--replay", str(healthy.place), "--target", "lab", "--record", "elsewhere")
    assert ran.code == 4, ran.out
    assert "with --target: the recording says which system it is of" in ran.out
    assert not (pytester.path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"remediate": "plan"}, "with --remediate: a remediation cannot be recorded; remove one of the two"),
        ({"target": ["lab", "spark-291b"]}, "a recording holds one target; give --target once"),
    ],
)
def test_what_does_not_go_with_a_recording_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(pytest.UsageError, match=words):
        pytest_configure(cast("pytest.Config", Options(**{"record": "DIR", "target": [], **given})))


def test_nothing_is_recorded_over_something(pytester: pytest.Pytester) -> None:
    place = pytester.path / "recording"
    place.mkdir()
    (place / "letter.txt").write_text("dear")
    ran = check_here(pytester, "--record", str(place))
    assert ran.code == 4, ran.out
    assert "the directory is not empty (letter.txt is in it)" in ran.out


def test_a_run_that_is_cut_off_leaves_no_recording(one_lab: Announcement, pytester: pytest.Pytester) -> None:
    place = pytester.path / "recording"
    pytester.makepyfile(interrupting="def pytest_runtest_teardown(item): raise KeyboardInterrupt")
    pytester.syspathinsert()
    options = ("--target", one_lab.target, "-m", "dns", "--record", str(place), "-p", "interrupting")
    ran = check_here(pytester, *options)
    assert ran.code == 2, ran.out
    assert "NOT RECORDED: the run did not finish" in ran.out
    again = check_here(pytester, "--replay", str(place))
    assert (again.code, "is not a recording, or one of a run that did not finish" in again.out) == (4, True)


def test_facts_to_judge_by_are_a_recordings() -> None:
    with pytest.raises(pytest.UsageError, match="--facts needs --replay"):
        check_options(cast("pytest.Config", Options(target=["lab"], facts="mine.toml", lab_fault=[])))
