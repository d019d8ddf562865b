"""The host's clock against ours."""

from types import SimpleNamespace

import pytest
from testinfra.backend.base import CommandResult  # type: ignore[import-untyped]  # it carries no types

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.host import clock
from spark_conformance.host.clock import ClockSkew, ClockSync, host_clock_skew, host_clock_sync, parse_time
from spark_conformance.host.clock_keepers import Keeper, Keepers, parse_chrony, parse_ntp, parse_timesync
from spark_conformance.host.connection import target_host
from tests.host.stubs import LocalBackend, StubHost, given, run_on


def test_systemds_yes_is_enough(stub: StubHost) -> None:
    stub.command("timedatectl", '[ "$*" = "show -p NTPSynchronized --value" ] && echo yes')
    assert run_on(stub).get(host_clock_sync).synchronised
    assert len(stub.backend.commands) == 1


MASKED = "Failed to query server: Unit dbus-org.freedesktop.timedate1.service is masked."
FOLLOWS = (
    "C0A80105,192.168.1.5,3,1763906700.123456789,0.000012,-0.000004,0.00002,-12.1,0.0,0.03,0.001,0.002,64.5,Normal"
)
FOLLOWS_NOBODY = "00000000,,0,0.000000000,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised"
ITS_OWN = "7F7F0101,,10,1763906700.1,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Normal"
NO_CHRONYD = "506 Cannot talk to daemon"
NTP, NTP_ALARM, NO_NTPD = "leap=00, stratum=2", "leap=11, stratum=16", "ntpq: read: Connection refused"
TIMESYNCD = "systemd-timesyncd.service loaded active running Network Time Synchronization"
PHC = "phc2sys@eth0.service loaded active running Synchronize system clock or PTP hardware clock"


def _host(stub: StubHost, timedatectl: str, **says: str) -> Run:
    """A host whose programs say so; those that are not named are not there."""
    stub.command("timedatectl", timedatectl)
    for name in ("chronyc", "ntpq"):
        stub.command(name, f"cat <<'END'\n{says[name]}\nEND" if name in says else "exit 127")
    stub.prints("systemctl", says.get("units", ""))
    stub.command("stat", says.get("stat", "exit 1"))
    return run_on(stub)


@pytest.mark.parametrize("script", ["exit 1", "echo maybe", f"echo '{MASKED}' >&2; exit 1", ":"])
@pytest.mark.parametrize("chronyc", [NO_CHRONYD, "", "1,2,3"])
def test_a_clock_that_nobody_can_tell_about(stub: StubHost, script: str, chronyc: str) -> None:
    with pytest.raises(Unreachable, match=r"does not say.*; nor do chronyd, ntpd and systemd-timesyncd"):
        _host(stub, script, chronyc=chronyc, ntpq=NO_NTPD, units=TIMESYNCD).get(host_clock_sync)


@pytest.mark.parametrize("timedatectl", ["echo no", f"echo '{MASKED}' >&2; exit 1"])
@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"chronyc": FOLLOWS}, "chronyd follows 192.168.1.5"),
        ({"ntpq": NTP, "chronyc": NO_CHRONYD}, "ntpd is at stratum 2"),
        ({"units": TIMESYNCD, "stat": "echo $(($(date +%s) - 9))"}, "systemd-timesyncd had an answer"),
    ],
)
def test_a_program_that_keeps_the_clock_is_believed(
    stub: StubHost, timedatectl: str, says: dict[str, str], told: str
) -> None:
    seen = _host(stub, timedatectl, **says).get(host_clock_sync)
    assert (seen.synchronised, told in seen.said) == (True, True)


@pytest.mark.parametrize(
    ("timedatectl", "says"),
    [
        ("echo no", {}),
        ("echo no", {"chronyc": FOLLOWS_NOBODY}),
        ("echo no", {"units": TIMESYNCD}),
        ("echo no", {"units": TIMESYNCD, "stat": "echo 1"}),
        ("exit 1", {"chronyc": ITS_OWN}),
        ("exit 1", {"ntpq": NTP_ALARM}),
    ],
)
def test_a_clock_that_nothing_keeps(stub: StubHost, timedatectl: str, says: dict[str, str]) -> None:
    assert not _host(stub, timedatectl, **says).get(host_clock_sync).synchronised


def test_ptp_keeps_a_clock_and_leaves_no_mark(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match=r"phc2sys@eth0\.service may keep the host's clock in time"):
        _host(stub, "echo no", units=PHC).get(host_clock_sync)


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


@pytest.mark.parametrize(
    ("uncertain", "looks", "best"),
    [
        ([0.25, 0.1], 1, 0.25),
        ([0.26, 0.25, 0.1], 2, 0.25),
        ([0.9, 0.3, 0.5, 0.1], 3, 0.3),
        ([0.9, 0.8, 0.7, 0.1], 3, 0.7),
    ],
)
def test_a_quick_look_is_enough_and_a_few_slow_ones_are(
    monkeypatch: pytest.MonkeyPatch, uncertain: list[float], looks: int, best: float
) -> None:
    left = [ClockSkew(0, one) for one in uncertain]
    monkeypatch.setattr(clock, "_look", lambda _: left.pop(0))
    run = run_on(None)
    given(run, target_host, None)
    assert run.get(host_clock_skew).uncertain_s == best
    assert len(left) == len(uncertain) - looks


ALARMED = Keeper("ntpd", synchronised=False, said="ntpd is alarmed")
KEPT = Keeper("chronyd", synchronised=True, said="chronyd follows x")
UNTOLD = (
    "ptp4l, phc2sys may keep the host's clock in time, and does not tell systemd: systemd says no; ntpd is alarmed. "
    "See its log, or `pmc -u -b 0 'GET TIME_STATUS_NP'` for PTP"
)
UNSAID = (
    "on the host `timedatectl show -p NTPSynchronized --value` does not say: it is masked; nor do chronyd, ntpd and "
    "systemd-timesyncd. See what keeps the time there, and whether systemd-timedated is masked"
)


@pytest.mark.parametrize(
    ("said", "complained", "seen", "told"),
    [
        ("no", "no", Keepers((), ()), ClockSync(synchronised=False, said="systemd says no")),
        ("no", "no", Keepers((ALARMED,), ()),
         ClockSync(synchronised=False, said="systemd says no; ntpd is alarmed")),
        ("", "it is masked", Keepers((ALARMED,), ()),
         ClockSync(synchronised=False, said="systemd says it is masked; ntpd is alarmed")),
        ("no", "no", Keepers((ALARMED, KEPT), ("ptp4l",)),
         ClockSync(synchronised=True, said="systemd says no; ntpd is alarmed; chronyd follows x")),
        ("no", "no", Keepers((ALARMED,), ("ptp4l", "phc2sys")), UNTOLD),
        ("", "it is masked", Keepers((), ()), UNSAID),
    ],
)  # fmt: skip
def test_what_decides_whether_a_clock_is_kept(said: str, complained: str, seen: Keepers, told: ClockSync | str) -> None:
    if isinstance(told, ClockSync):
        assert clock.decide(said, complained, seen) == told
        return
    with pytest.raises(Unreachable) as untold:
        clock.decide(said, complained, seen)
    assert untold.value.sentence == told


def said(output: str, status: int = 0) -> CommandResult:
    return LocalBackend("").result(status, b"", output.encode(), b"")


NOBODY = Keeper("chronyd", synchronised=False, said="chronyd follows nobody")
ROW = "C0A80105,ntp.example,3" + ",0" * 11


@pytest.mark.parametrize(
    ("result", "keeper"),
    [
        (said(ROW), Keeper("chronyd", synchronised=True, said="chronyd follows ntp.example")),
        (said(ROW.replace("ntp.example", "")), Keeper("chronyd", synchronised=True, said="chronyd follows C0A80105")),
        (said(ROW.replace(",3", ",0")), NOBODY),
        (
            said(ROW.replace("C0A80105", "7F7F0101")),
            NOBODY,
        ),
        (said(ROW.removesuffix(",0")), None),
        (said(ROW.replace(",3", ",x")), None),
        (said(f"{ROW},0"), Keeper("chronyd", synchronised=True, said="chronyd follows ntp.example")),
    ],
)
def test_what_chronyd_says(result: CommandResult, keeper: Keeper | None) -> None:
    assert parse_chrony(result) == keeper


@pytest.mark.parametrize(
    ("output", "follows"),
    [
        ("leap=00, x\nstratum=2", True), ("leap=0, stratum=15", True), ("leap=00, stratum=16", False),
        ("leap=11, stratum=2", False), ("leap=3, stratum=2", False), ("stratum=2", None), ("leap=00", None),
    ],
)  # fmt: skip
def test_what_ntpd_says(output: str, follows: bool | None) -> None:
    seen = parse_ntp(said(output))
    assert (seen and seen.synchronised) is follows
    assert seen is None or seen.said.startswith("ntpd is at stratum ")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (said("4096\n"), "systemd-timesyncd had an answer 4096 s ago"), (said("4097"), None), (said("0"),
         "systemd-timesyncd had an answer 0 s ago"), (said("9", 1), None), (said(""), None), (said("-5"), None),
    ],
)  # fmt: skip
def test_what_timesyncd_left(result: CommandResult, told: str | None) -> None:
    seen = parse_timesync(result)
    assert (seen and seen.said) == told
    assert seen is None or seen.synchronised


@pytest.mark.parametrize("garbage", ["", "1763906700", "Sun Nov 23", "1e9.5"])
def test_what_is_no_time(garbage: str) -> None:
    assert parse_time(garbage) is None


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        ("1795777973.265817696\n", (1795777973.265817696, 0.0)),  # GNU's, and uutils'
        ("1795777973.%N\n", (1795777973.5, 0.5)),  # busybox 1.37 in Debian 13
        ("1795777973.N", (1795777973.5, 0.5)),
    ],
)
def test_a_time_in_whole_seconds_is_half_a_second_less_certain(output: str, seen: tuple[float, float]) -> None:
    assert parse_time(output) == seen


def test_a_date_of_another_kind_is_said_to_be_of_no_use(stub: StubHost) -> None:
    stub.prints("date", "Fri Nov 27 11:14:20 UTC 2026")
    with pytest.raises(Unreachable, match="GNU's or busybox's"):
        run_on(stub).get(host_clock_skew)
