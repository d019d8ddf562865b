"""Checks held against facts, marked and put in order: items are stand-ins, the facts are the suite's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.facts.calling import CHECKS
from spark_conformance.facts.model import COMPONENTS
from spark_conformance.plugin import collection, own
from spark_conformance.plugin.collection import TESTINFRA
from spark_conformance.plugin.marks import fact_of
from tests.suite.standins import config, item


def check(fact: str, name: str = "", *, within: str = "checks/test_none.py", **more: Any) -> pytest.Item:
    """A check, or where no fact is given a test, in a module of which nothing else is known."""
    return item(fact, f"{within}::{name or fact}", path=Path(within), **more)


def session(**more: Any) -> pytest.Session:
    return cast("pytest.Session", SimpleNamespace(config=config(), testsfailed=0, **more))


MINE = check("", "test_mine", within="mine/test_x.py", fixturenames=(TESTINFRA,))


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([check("dns.ttl"), check("own.mine", within="mine/test_x.py"), MINE], ""),
        ([check("", "one"), check("", "two"), MINE], "a check without a fact: checks/test_none.py::one; mark it"),
        ([check("dns.no"), check("dns.ttl")], "a check without a fact: checks/test_none.py::dns.no: dns.no; mark it"),
        (
            [check("dns.ttl", "one", fixturenames=(TESTINFRA,)), check("dns.type", fixturenames=(TESTINFRA,))],
            "checks/test_none.py::one takes `host`, which is testinfra's own",
        ),
        ([check("dns.ttl", "one"), check("dns.ttl", "two")], "a fact with two checks: dns.ttl; remove one of them"),
        ([check("probes.a", "probe[a]"), check("probes.a", "probe[a-x]")], ""),
    ],
)
def test_what_is_wrong_with_the_checks(monkeypatch: pytest.MonkeyPatch, items: list[pytest.Item], told: str) -> None:
    monkeypatch.setattr(collection, "is_ours", lambda path, _: path.parent == Path("checks"))
    monkeypatch.setattr(own, "wrong", lambda *_, **__: "")
    wrong = collection._wrong(session(), items, [one for one in items if fact_of(one)])
    assert wrong.startswith(told)
    assert bool(wrong) is bool(told)


@pytest.mark.parametrize(("failed", "broken"), [(0, False), (1, True)])
def test_own_checks_are_held_against_own_facts(monkeypatch: pytest.MonkeyPatch, failed: int, broken: bool) -> None:
    seen: list[tuple[list[pytest.Item], bool]] = []

    def wrong(_: object, checks: list[pytest.Item], *, broken: bool) -> str:
        seen.append((checks, broken))
        return "an own one"

    monkeypatch.setattr(own, "wrong", wrong)
    monkeypatch.setattr(collection, "is_ours", lambda *_: False)
    mine, ours = check("own.mine", within="mine/test_dns.py"), check("dns.ttl")
    asking = session()
    asking.testsfailed = failed
    assert collection._wrong(asking, [ours, mine], [ours, mine]) == "an own one"
    assert seen == [([mine], broken)]
    monkeypatch.setattr(own, "wrong", lambda *_, **__: "")
    assert collection._wrong(asking, [mine], [mine]) == ""  # its file is called as that of a component is


def test_a_fact_whose_module_is_there_and_not_its_check_is_missed() -> None:
    def marked(*marks: pytest.MarkDecorator) -> SimpleNamespace:
        return SimpleNamespace(pytestmark=[one.mark for one in marks])

    module = SimpleNamespace(
        ttl=marked(pytest.mark.xfail, pytest.mark.fact("dns.ttl", "more")), type=marked(pytest.mark.fact("dns.type")),
        loose=marked(pytest.mark.fact, pytest.mark.usefixtures("dns.records")), helper=print,
    )  # fmt: skip
    there = [check("dns.ttl", within="checks/test_dns.py", module=module), check("dns.x", within="checks/test_dns.py")]
    missed = collection._unchecked(there)
    assert "dns.records" in missed
    assert not {"dns.ttl", "dns.type"} & {*missed}
    assert {fact.partition(".")[0] for fact in missed} == {"dns"}


def test_each_component_has_a_marker() -> None:
    lines: list[str] = []
    collection.pytest_configure(config(addinivalue_line=lambda _, line: lines.append(line.partition(":")[0])))
    assert lines == ["fact(id)", *COMPONENTS]


def test_checks_are_marked_and_come_target_by_target_in_the_order_of_a_requests_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    targets = {"b": "t", "c": "u", "test": "my own word"}
    marks: dict[str, list[str]] = {}

    def one(fact: str, name: str) -> pytest.Item:
        return check(fact, name, add_marker=marks.setdefault(name, []).append)

    items = [
        one("dns.ttl", "c"), one("own.b", "own b"), one("own.a", "own a"), one("", "test"), one("host.sudo", "a"),
        one("probes.x", "p"), one("dns.ttl", "b"), one("ollama.url", "other kind"),
        one("access.admits_token", "through"),
    ]  # fmt: skip
    remembered: list[pytest.Item] = []
    monkeypatch.setattr(collection, "_wrong", lambda *_: "")
    monkeypatch.setattr(collection, "target_names", lambda _: ["t", "u"])
    monkeypatch.setattr(collection, "target_of", lambda of: targets.get(of.nodeid.partition("::")[2], "t"))
    monkeypatch.setattr(collection, "read_facts", lambda target: SimpleNamespace(facts=target))
    monkeypatch.setattr(collection, "of_another_kind", lambda fact, _: fact in {"ollama.url", ""})
    monkeypatch.setattr(own, "ranks", lambda _: {"own.a": 1, "own.b": 2})
    monkeypatch.setattr(own, "remember", remembered.extend)
    collection.pytest_collection_modifyitems(session(), items)
    names = [of.nodeid.partition("::")[2] for of in items]
    assert names == ["b", "p", "through", "a", "test", "own a", "own b", "c"]
    assert [fact_of(of) for of in remembered] == ["own.b", "own.a"]
    assert (marks["b"], marks["through"], marks["test"]) == (["dns"], ["access", "through_access"], [])
    assert marks["p"] == ["public", "probes", "through_access"]


@pytest.mark.parametrize(
    ("installed", "folder", "called"),
    [(True, CHECKS, "checks/test_dns.py"), (True, Path("mine"), None), (False, CHECKS, None)],
)
def test_modules_of_an_installed_suite_are_called_as_in_a_clone(
    monkeypatch: pytest.MonkeyPatch, installed: bool, folder: Path, called: str | None
) -> None:
    monkeypatch.setattr(collection, "INSTALLED", installed)
    monkeypatch.setattr(pytest.Module, "from_parent", lambda *_, nodeid, **__: nodeid)
    parent = cast("pytest.Collector", None)
    made: object = collection.pytest_pycollect_makemodule(folder / "test_dns.py", parent)
    assert made == called
