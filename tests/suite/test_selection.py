"""Which command lines are refused, and with which sentence, told of stand-ins without a session."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.plugin import PARTS, selection
from spark_conformance.plugin.selection import collected_key
from tests.suite.standins import config, item


def command_line(monkeypatch: pytest.MonkeyPatch, **given: Any) -> pytest.Config:
    """A command line that looks at the checks of a target with a fact of dns; `given` are options, and what differs."""
    looks, runs, stated = given.pop("looks", True), given.pop("runs", True), given.pop("stated", ("dns.ttl",))
    selected, blocked = given.pop("selected", []), given.pop("blocked", "")
    worker: dict[str, Any] = {"workerinput": {}} if given.pop("worker", False) else {}
    facts = SimpleNamespace(facts=SimpleNamespace(all=lambda: dict.fromkeys(stated)))
    monkeypatch.setattr(selection, "looks_at_checks", lambda _: looks)
    monkeypatch.setattr(selection, "will_run", lambda _: runs)
    monkeypatch.setattr(selection, "selected_by", lambda _: selected)
    monkeypatch.setattr(selection, "target_names", lambda _: ["t", "u"])
    monkeypatch.setattr(selection, "read_facts", lambda _: facts)
    typed = SimpleNamespace(**dict.fromkeys(given.pop("typed", ()), True))
    return config(
        _parser=SimpleNamespace(parse_known_args=lambda _: typed),
        invocation_params=SimpleNamespace(args=()),
        getoption=lambda name, default=None: given.get(name.lstrip("-"), default),
        option=SimpleNamespace(
            markexpr=given.get("markexpr", ""), version=given.get("version", 0), help=given.get("help", False)
        ),
        getini=lambda _: ["slow : takes long", "fact (id): what it is about", "dns: checks of dns"],
        pluginmanager=SimpleNamespace(is_blocked=lambda part: part == blocked),
        **worker,
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ""),
        ({"setupplan": True}, "--setup-plan: this option checks nothing"),
        ({"setuponly": True, "looks": False}, ""),
        ({"setuponly": True, "worker": True}, ""),
        ({"usepdb": True}, "--pdb: a fact that does not hold is a verdict"),
        ({"trace": True, "runs": False}, ""),
        ({"gate": "pre", "selected": ["-k x"]}, "--gate pre with -k x: a gate checks every fact"),
        ({"gate": "post", "collectonly": True}, "--gate post with --collect-only: "),
        ({"collectonly": True, "selected": ["-k x"]}, ""),
        ({"markexpr": "dns"}, ""),
        ({"markexpr": "host", "selected": ["-m host"]}, "-m host selects no check of a fact that t, u states"),
        ({"markexpr": "host", "runs": False}, ""),
        ({"blocked": PARTS[-1]}, f"-p no:{PARTS[-1]}: the suite's parts need one another"),
    ],
)
def test_what_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], told: str
) -> None:
    asked = command_line(monkeypatch, **given)
    assert refusal(lambda: selection.pytest_configure(asked)).startswith(told or "nothing")


def refusal(hook: Any) -> str:
    """The sentence with which a hook refuses; `nothing` where it does not."""
    try:
        hook()
    except pytest.UsageError as refused:
        return str(refused)
    return "nothing"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ""),
        ({"collectonly": True}, "--collect-only in PYTEST_ADDOPTS or in the configuration's addopts: with it nothing"),
        ({"collectonly": True, "typed": ["collectonly"]}, ""),
        ({"collectonly": True, "markers": True, "typed": ["collectonly"]}, "--markers in PYTEST_ADDOPTS"),
        ({"collectonly": True, "worker": True}, ""),
        ({"collectonly": True, "looks": False}, ""),
        ({"help": True, "looks": False}, "--help in PYTEST_ADDOPTS"),
        ({"version": 1}, ""),
        ({"version": 2}, "--version in PYTEST_ADDOPTS"),
        ({"version": 2, "typed": ["version"]}, ""),
    ],
)
def test_what_only_prints_is_to_be_typed(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], told: str) -> None:
    asked = command_line(monkeypatch, **given)
    assert refusal(lambda: selection.pytest_cmdline_main(asked)).startswith(told or "nothing")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"markexpr": "slow or fact or dns"}, ""),
        ({"markexpr": "zebra or dns or ape"}, "-m zebra or dns or ape: ape is not a marker; the components are"),
        ({"markexpr": "takes"}, "-m takes: takes is not a marker"),
        ({"markexpr": "ape", "looks": False}, ""),
        ({"markexpr": "ape", "worker": True}, ""),
    ],
)
def test_a_marker_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch, given: Any, told: str) -> None:
    session = cast("pytest.Session", SimpleNamespace(config=command_line(monkeypatch, **given)))
    assert refusal(lambda: selection.pytest_sessionstart(session)).startswith(told or "nothing")


ONE, TWO = item("dns.type", "elsewhere/test_x.py::one"), item("dns.type", "elsewhere/test_x.py::two")
STATED, TEST = item("dns.ttl"), item("", "mine/test_x.py::test_x")
NONE_OF_IT = "checks/ has no check of any fact that t, u states (dns): restore its files"


@pytest.mark.parametrize(
    ("items", "given", "told"),
    [
        ([TEST], {"looks": False}, ""),
        ([TEST, ONE, TWO], {"looks": False}, "elsewhere/test_x.py::one: this check is not in checks/"),
        ([ONE], {"looks": False, "runs": False}, ""),
        ([TEST, ONE, STATED], {}, ""),
        ([TEST, ONE, TWO], {}, NONE_OF_IT),
        ([], {"collected": False}, ""),
        ([], {"failed": 1}, ""),
        ([], {"gate": "pre"}, ""),
    ],
)
def test_a_selection_of_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, items: list[pytest.Item], given: dict[str, Any], told: str
) -> None:
    failed, collected = given.pop("failed", 0), given.pop("collected", True)
    asked = command_line(monkeypatch, **given)
    if collected:
        selection.pytest_collection_modifyitems(asked)
    assert (collected_key in asked.stash) is collected
    session = cast("pytest.Session", SimpleNamespace(config=asked, items=items, testsfailed=failed))
    assert refusal(lambda: selection.pytest_collection_finish(session)).startswith(told or "nothing")


@pytest.mark.parametrize(
    ("stated", "selected", "told"),
    [
        ((), ["-k x"], "t, u states no facts, so there is nothing to check"),
        (("host.sudo", "dns.ttl"), [], "checks/ has no check of any fact that t, u states (host, dns): restore"),
        (
            ("dns.ttl",),
            ["-k x", "--lf"],
            "-k x selects no check of a fact that t, u states; it states facts of dns: se",
        ),
    ],
)
def test_why_nothing_was_selected_is_told_with_what_there_is(
    monkeypatch: pytest.MonkeyPatch, stated: tuple[str, ...], selected: list[str], told: str
) -> None:
    assert selection._nothing_selected(command_line(monkeypatch, stated=stated, selected=selected)).startswith(told)
