"""Restarts by when they were: a loop of today, or what is long over."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.expectations import Restarts
from spark_conformance.host.recent import Recent
from spark_conformance.host.restarts import last_start, ollama_restarts, weigh
from spark_conformance.host.units import Unit, ollama_unit, parse
from tests.host.stubs import StubHost, given, run_on

DAY_S = 24 * 3600
BOUND = Restarts(at_most=3)
AGAIN = "ollama.service: Scheduled restart job, restart counter is at {}."


def _unit(restarts: str) -> Unit:
    return parse(f"LoadState=loaded\nActiveState=active\nNRestarts={restarts}", "ollama.service")


def _journal(stub: StubHost, counts: range, *, older: str = "", name: str = "journalctl") -> None:
    lines = "\n".join(AGAIN.format(count) for count in counts)
    stub.command(name, f"case \"$*\" in *--until=-24h*) echo '{older}' ;; *--since=-24h*) echo '{lines}' ;; esac")


def test_few_restarts_cost_no_question(stub: StubHost) -> None:
    run = run_on(stub)
    given(run, ollama_unit, _unit("3"))
    assert run.get(ollama_restarts).recent == 3
    assert stub.backend.commands == []


def test_many_restarts_are_weighed_by_the_last(stub: StubHost) -> None:
    stub.command(
        "systemctl", "echo ExecMainStartTimestampMonotonic=1000000; echo InactiveExitTimestampMonotonic=999000"
    )
    stub.command("cat", "echo 3888001.50 1.0")
    run = run_on(stub)
    given(run, ollama_unit, _unit("7"))
    seen = run.get(ollama_restarts)
    assert (seen.recent, seen.told) == (0, "systemd counts 7 since somebody started it, the last of them 45 days ago")


@pytest.mark.parametrize(("ago_s", "up_s"), [(60.0, DAY_S), (None, 7200.0), (DAY_S, DAY_S)])
def test_on_a_machine_that_was_started_today_all_are_of_today(stub: StubHost, ago_s: float | None, up_s: float) -> None:
    assert weigh(stub.host, _unit("4"), BOUND, ago_s, up_s).recent == 4
    assert stub.backend.commands == []


@pytest.mark.parametrize(
    ("counts", "older", "recent"), [(range(3, 7), "", 4), (range(6, 7), "an older line", 1), (range(3, 6), "x", 3)]
)
def test_the_journal_tells_which_were_today(stub: StubHost, counts: range, older: str, recent: int) -> None:
    _journal(stub, counts, older=older)
    assert weigh(stub.host, _unit("6"), BOUND, 60, 9 * DAY_S).recent == recent


def test_a_journal_that_is_open_to_root_alone(stub: StubHost) -> None:
    stub.command("journalctl", "exit 1")
    _journal(stub, range(3, 9), name="as-root")
    stub.command("sudo", 'shift 2; exec as-root "$@"')
    assert weigh(stub.host, _unit("8"), BOUND, 60, 9 * DAY_S).recent == 6


@pytest.mark.parametrize(("counts", "older"), [(range(6, 7), ""), (range(0), "an older line"), (range(0), "")])
def test_what_the_journal_does_not_show_is_not_told(stub: StubHost, counts: range, older: str) -> None:
    _journal(stub, counts, older=older)
    with pytest.raises(Unreachable, match="systemd counts 6 since somebody started it, the last of them 5 hours ago"):
        weigh(stub.host, _unit("6"), BOUND, 5 * 3600.0, 9 * DAY_S)


def test_a_systemd_that_does_not_count(stub: StubHost) -> None:
    run = run_on(stub)
    given(run, ollama_unit, _unit(""))
    with pytest.raises(Unreachable, match="does not count"):
        run.get(ollama_restarts)


@pytest.mark.parametrize(
    ("shown", "uptime", "ago_s"),
    [
        ("ExecMainStartTimestampMonotonic=2000000", "12.00 9.0", 10.0),
        ("ExecMainStartTimestampMonotonic=2000000\nInactiveExitTimestampMonotonic=5000000", "12.00 9.0", 7.0),
        ("ExecMainStartTimestampMonotonic=0", "12.00 9.0", None),
        ("ExecMainStartTimestampMonotonic=2000000", "", None),
        ("", "12.00 9.0", None),
    ],
)
def test_when_a_unit_was_last_started(shown: str, uptime: str, ago_s: float | None) -> None:
    assert last_start(shown, uptime) == ago_s


def test_a_bound_of_hours_says_so() -> None:
    assert str(Restarts(at_most=3)) == "at most 3 within 24 hours"
    assert BOUND.admits(Recent(3, 9, "").recent)
