"""What is looked at again, when, and how often: with a clock and checks of the tests' own."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.core.verdict import Verdict
from spark_conformance.plugin import settle
from tests.suite.standins import config, item
from tests.suite.test_deciders import finding, report


class Settling:
    """A session of three checks and a test, the second check of which is looked at; it holds after some attempts."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *, holds_after: int, seconds: float, fact: str = "dns.ttl"
    ) -> None:
        self.now, self.looks, self.forgotten = 100.0, 0, 0
        self.slept: list[float] = []
        self.reports: list[Any] = []
        self.ended: list[str] = []
        self.started: list[Any] = []
        self.holds_after = holds_after
        hooks = SimpleNamespace(
            pytest_runtest_logstart=lambda **_: None,
            pytest_runtest_logreport=lambda report: self.reports.append(report),  # noqa: PLW0108 - a keyword
            pytest_runtest_logfinish=lambda nodeid, **_: self.ended.append(nodeid),
        )
        there = config(getoption=lambda _: seconds, pluginmanager=SimpleNamespace(getplugin=lambda _: None))
        session = SimpleNamespace(items=[])
        for name in ("dns.type", fact, "dns.records", "", "dns.target"):
            session.items.append(item(name, f"checks::{name}", location=(), config=there, ihook=hooks, session=session))
        self.items = session.items
        self.run = SimpleNamespace(waivers={}, forget=self.forget)
        other = SimpleNamespace(waivers={})
        monkeypatch.setattr(settle, "run_of", lambda item: other if item is self.items[-1] else self.run)
        monkeypatch.setattr(settle, "start", self.started.append)
        monkeypatch.setattr(settle, "runtestprotocol", self.look)
        monkeypatch.setattr(settle, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))

    def look(self, item: Any, *, log: bool, nextitem: Any) -> list[pytest.TestReport]:
        assert (item, log, nextitem) == (self.items[1], False, self.items[2])
        self.looks += 1
        held = self.looks > self.holds_after
        return [report(finding(Verdict.CONFORMANT if held else Verdict.NONCONFORMANT, observed=str(self.looks)))]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def forget(self) -> None:
        self.forgotten += 1

    def __call__(self) -> bool | None:
        item, following = (cast("pytest.Item", one) for one in self.items[1:3])
        return settle.pytest_runtest_protocol(item, following)

    @property
    def attempts(self) -> list[str]:
        """What the finding tells of each, without its time."""
        evidence = vars(self.reports[0])["finding"]["evidence"]
        return [f"{one['label'].partition(',')[0]}: {one['text']}" for one in evidence]


def test_it_is_looked_at_until_it_holds_and_each_attempt_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = Settling(monkeypatch, holds_after=2, seconds=60)
    assert settling()
    assert settling.slept == [1, 2]
    assert settling.attempts == [
        "attempt 1: nonconformant: 1",
        "attempt 2: nonconformant: 2",
        "attempt 3: conformant: 3",
    ]
    assert (settling.forgotten, len(settling.reports), settling.ended) == (2, 1, ["checks::dns.ttl"])
    assert settling.started == [settling.items[1:3]] * 2  # the checks of this target that are still to be made


def test_the_pauses_grow_and_end_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = Settling(monkeypatch, holds_after=99, seconds=35.5)
    assert settling()
    assert settling.slept == [1, 2, 4, 8, 10, 10, 0.5]
    assert settling.attempts[-1] == "attempt 8: nonconformant: 8"
    settling.looks = 0
    assert settling()  # the time counts once for the whole run
    assert (settling.looks, len(settling.slept)) == (1, 7)


def test_what_holds_at_once_has_no_attempts_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = Settling(monkeypatch, holds_after=0, seconds=60)
    assert settling()
    assert (settling.attempts, settling.slept) == ([], [])


@pytest.mark.parametrize(("seconds", "fact"), [(0, "dns.ttl"), (60, ""), (0, "")])
def test_nothing_is_held_back_that_is_not_to_settle(monkeypatch: pytest.MonkeyPatch, seconds: float, fact: str) -> None:
    settling = Settling(monkeypatch, holds_after=0, seconds=seconds, fact=fact)
    assert settling() is None
    assert settling.looks == 0


def test_who_interrupts_the_pause_gets_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = Settling(monkeypatch, holds_after=99, seconds=60)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(settle, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=interrupted))
    with pytest.raises(KeyboardInterrupt):
        settling()
    assert settling.attempts == ["attempt 1: nonconformant: 1"]
