"""Several systems in one run: one that hangs or is down delays no other, and each is looked at by one worker."""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.plugin.spreading import stems_of, target_in
from tests.suite.small import FACTS, run_suite

LISTED = "".join(f'\n[[systems]]\nname = "{name}"\n' for name in ("hangs", "down", "one", "other"))
FLEET = FACTS.replace('name = "pi"\n', "") + LISTED
CHECKS = """
from watching import ALL

@observation
def answer(run: Run) -> str:
    with open(f"looked-{run.system.name}", "a") as file:
        file.write("x")
    if run.system.name == "hangs" and not ALL.wait(300):
        raise AssertionError("the others were kept waiting by the one that hangs")
    if run.system.name in {"hangs", "down"}:
        raise Unreachable("silent", "the API is silent", owner="dns.records")
    return "CNAME"

@pytest.mark.fact("dns.records")
def test_records(judge, answer):
    judge(1)

@pytest.mark.fact("dns.ttl")
def test_ttl(judge):
    judge(1)

@pytest.mark.fact("dns.type")
def test_type(judge, answer, run):
    judge(answer)
"""
WATCH = """
from threading import Event

ALL = Event()
judged = []

def pytest_runtest_logreport(report):
    finding = getattr(report, "finding", None)
    if finding:
        judged.append(finding["target"].rpartition("#")[2])
        if {"down", "one", "other"} <= {name for name in judged if judged.count(name) == 10}:
            ALL.set()
"""
"""The one that hangs goes on once all checks of the others are made."""


def run(pytester: pytest.Pytester, *options: str, checks: str) -> tuple[int, str, dict[str, Any]]:
    (pytester.path / "watching.py").write_text(WATCH)
    pytester.syspathinsert()
    ran = run_suite(pytester, checks, "checks", "-p", "watching", *options, facts=FLEET, apart="-n" in options)
    return ran.code, ran.out, json.loads((ran.folder / "reports/results.json").read_text())


def test_one_that_hangs_or_is_down_delays_no_other(pytester: pytest.Pytester) -> None:
    code, out, data = run(pytester, checks=CHECKS)
    assert code == 7, out
    verdicts = {
        target["system"]: {item["fact"].removeprefix("dns."): item["verdict"] for item in target["findings"]}
        for target in data["targets"]
    }
    good = {"records": "conformant", "ttl": "conformant", "type": "conformant"}
    silent = {"records": "unreachable", "ttl": "conformant", "type": "blocked"}
    stated = {name: {fact: found[fact] for fact in good} for name, found in verdicts.items()}
    assert stated == {"hangs": silent, "down": silent, "one": good, "other": good}
    assert {target["system"]: target["exit_code"] for target in data["targets"]} == {
        "hangs": 7, "down": 7, "one": 0, "other": 0,
    }  # fmt: skip
    told = [line for line in out.splitlines() if " of 4  " in line]
    assert [line.split()[3] for line in told][-1] == "hangs:"
    assert "4 of 4  hangs: not verified, 1 of 3 facts" in told[-1]
    table = out[out.index("systems: 4") :]
    assert "in common 2 of 4: the API is silent" in table
    assert "2 of 4 systems conformant" in table
    slow = {target["system"]: target["seconds"] for target in data["targets"]}
    assert max(slow, key=lambda name: slow[name]) == "hangs"


def test_each_system_is_looked_at_by_one_worker(pytester: pytest.Pytester) -> None:
    code, out, data = run(pytester, "-n", "2", checks=CHECKS.replace("and not ALL.wait(300)", "and False"))
    assert code == 7, out
    assert {target["system"] for target in data["targets"]} == {"hangs", "down", "one", "other"}
    assert all(len(target["findings"]) == 10 for target in data["targets"])
    assert {place.name: place.read_text() for place in Path(pytester.path).glob("looked-*")} == {
        f"looked-{name}": "x" for name in ("hangs", "down", "one", "other")
    }  # fmt: skip
    assert sum(" of 4  " in line for line in out.splitlines()) == 4


@pytest.mark.parametrize(
    ("node", "target"),
    [
        ("checks/test_dns.py::test_ttl[spark-0]", "fleet.toml#spark-0"),
        ("checks/test_tunnel.py::test_route[api-spark-0]", "fleet.toml#spark-0"),
        ("checks/test_tunnel.py::test_route[api-0]", "zero/0.toml"),
        ("checks/test_tunnel.py::test_route[api-park-1]", ""),
        ("checks/test_dns.py::test_ttl", ""),
    ],
)
def test_a_checks_system_is_told_by_the_end_of_its_node_id(node: str, target: str) -> None:
    """The longest name that it ends with: one may be the end of another."""
    assert target_in(node, stems_of(["zero/0.toml", "fleet.toml#spark-0", "fleet.toml#spark-1"])) == target
