"""The host's clock against ours."""

import pytest

from fixtures.host.clock import host_clock_skew, host_clock_sync, parse_time
from fixtures.suite.verdict import Unmet, Unreachable
from tests.host.stubs import StubHost, run_on


@pytest.mark.parametrize(("said", "synchronised"), [("yes", True), ("no", False)])
def test_what_timedatectl_says(stub: StubHost, said: str, synchronised: bool) -> None:
    stub.command("timedatectl", f'[ "$*" = "show -p NTPSynchronized --value" ] && echo {said}')
    assert run_on(stub).get(host_clock_sync).synchronised is synchronised


@pytest.mark.parametrize("script", ["exit 1", "echo maybe", "echo 'Failed to connect to bus' >&2; exit 1", ":"])
def test_a_clock_that_nobody_can_tell_about(stub: StubHost, script: str) -> None:
    stub.command("timedatectl", script)
    with pytest.raises(Unmet) as unmet:
        run_on(stub).get(host_clock_sync)
    assert unmet.value.fact == "host.clock_synchronised"


def test_our_own_clock_is_not_off(stub: StubHost) -> None:
    seen = run_on(stub).get(host_clock_skew)
    assert abs(seen.ahead_s) <= seen.uncertain_s + 0.1


def test_a_clock_that_is_ahead(stub: StubHost) -> None:
    stub.command("date", 'exec /usr/bin/env -i /bin/date -d "+42 seconds" "$@"')
    seen = run_on(stub).get(host_clock_skew)
    assert seen.ahead_s == pytest.approx(42, abs=1.5)


@pytest.mark.parametrize("garbage", ["", "1763906700", "1763906700.%N", "Sun Nov 23", "1e9.5"])
def test_what_is_no_time(garbage: str) -> None:
    assert parse_time(garbage) is None


def test_a_date_without_fractions_is_said_to_be_of_no_use(stub: StubHost) -> None:
    stub.prints("date", "1763906700.%N")
    with pytest.raises(Unreachable, match="GNU's or busybox's"):
        run_on(stub).get(host_clock_skew)
