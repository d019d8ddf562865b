"""The host's clock against ours."""

from types import SimpleNamespace

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host import clock
from spark_conformance.host.clock import ClockSkew, host_clock_skew, host_clock_sync, parse_time
from tests.host.stubs import StubHost, run_on


@pytest.mark.parametrize(("said", "synchronised"), [("yes", True), ("no", False)])
def test_what_timedatectl_says(stub: StubHost, said: str, synchronised: bool) -> None:
    stub.command("timedatectl", f'[ "$*" = "show -p NTPSynchronized --value" ] && echo {said}')
    assert run_on(stub).get(host_clock_sync).synchronised is synchronised


@pytest.mark.parametrize("script", ["exit 1", "echo maybe", "echo 'Failed to connect to bus' >&2; exit 1", ":"])
def test_a_clock_that_nobody_can_tell_about(stub: StubHost, script: str) -> None:
    stub.command("timedatectl", script)
    with pytest.raises(Unreachable, match=r"does not say|too uncertain"):
        run_on(stub).get(host_clock_sync)


def test_our_own_clock_is_not_off(stub: StubHost) -> None:
    seen = run_on(stub).get(host_clock_skew)
    assert abs(seen.ahead_s) <= seen.uncertain_s + 0.1


def test_a_clock_that_is_ahead(stub: StubHost) -> None:
    stub.command("date", 'exec /usr/bin/env -i /bin/date -d "+42 seconds" "$@"')
    seen = run_on(stub).get(host_clock_skew)
    assert seen.ahead_s == pytest.approx(42, abs=1.5)


@pytest.mark.parametrize(
    ("ahead", "uncertain", "within"),
    [(0.0, 4.9, True), (-4.0, 0.9, True), (5.0, 0.0, True), (40.0, 30.0, False), (-6.0, 0.9, False), (5.1, 0.0, False)],
)
def test_off_by_more_than_a_bound_or_not(ahead: float, uncertain: float, within: bool) -> None:
    assert ClockSkew(ahead, uncertain).within(5) is within


@pytest.mark.parametrize(("ahead", "uncertain"), [(0.0, 30.0), (4.0, 2.0), (-6.0, 1.5), (5.5, 0.5), (30.0, 30.0)])
def test_what_is_uncertain_is_not_counted_as_nothing(ahead: float, uncertain: float) -> None:
    with pytest.raises(Unreachable, match="give or take"):
        ClockSkew(ahead, uncertain).within(5)


def test_the_quickest_of_a_few_looks_counts(stub: StubHost, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 40.0, 100.0, 101.0, 200.0, 220.0])  # three round trips: 40, 1 and 20 s
    monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: 0.0, monotonic=lambda: next(moments)))
    assert run_on(stub).get(host_clock_skew).uncertain_s == 0.5


@pytest.mark.parametrize("garbage", ["", "1763906700", "1763906700.%N", "Sun Nov 23", "1e9.5"])
def test_what_is_no_time(garbage: str) -> None:
    assert parse_time(garbage) is None


def test_a_date_without_fractions_is_said_to_be_of_no_use(stub: StubHost) -> None:
    stub.prints("date", "1763906700.%N")
    with pytest.raises(Unreachable, match="GNU's or busybox's"):
        run_on(stub).get(host_clock_skew)
