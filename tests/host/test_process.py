"""The connector's process where /proc hides it, or it is another one by now."""

import subprocess

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.process import connector_process
from spark_conformance.host.units import cloudflared_unit
from spark_conformance.host.units import parse as parse_unit
from tests.host.stubs import StubHost, given, run_on

PID = 2**22 + 7
"""Higher than Linux counts (PID_MAX_LIMIT): nobody's here, as under hidepid=2."""


def _run(stub: StubHost, now: str, main: int = PID) -> Run:
    stub.command("systemctl", f"echo {now}")
    run = run_on(stub)
    given(run, cloudflared_unit, parse_unit(f"ActiveState=active\nMainPID={main}", "cloudflared.service"))
    return run


def test_of_a_process_that_has_started_none_all_is_asked_for_at_once(plain: StubHost) -> None:
    with subprocess.Popen(["sleep", "4121"]) as started:
        process = connector_process(_run(plain, "", started.pid))
        started.kill()
    assert (process.pid, process.words) == (started.pid, ("sleep", "4121"))
    assert process.age_s is not None
    assert plain.backend.commands == plain.backend.ahead


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (str(PID), "/proc shows others' processes to root alone (hidepid): allow the suite's user `sudo -n stat`"),
        ("4711", "systemd has 4711 in its place by now: run the checks again"),
        ("0", "systemd has none by now: run the checks again"),
    ],
)
def test_a_process_that_is_not_seen(plain: StubHost, now: str, told: str) -> None:
    with pytest.raises(Unreachable) as unseen:
        connector_process(_run(plain, now))
    assert told in unseen.value.sentence


def test_a_process_that_root_does_not_see_either(plain: StubHost) -> None:
    plain.command("sudo", 'echo "@@755 0 root root"; exit 1')
    with pytest.raises(Unreachable, match=r"says that it runs, and /proc/\d+/cmdline is absent"):
        connector_process(_run(plain, str(PID)))


def test_a_shell_and_what_it_started_are_seen_as_root(plain: StubHost) -> None:
    child = PID + 1
    plain.command(
        "sudo",
        f"""shift
case "$*" in
"cat /proc/{PID}/task/{PID}/children") echo {child} ;;
"cat -- /proc/{PID}/cmdline") printf '/bin/sh\\0-c\\0cloudflared tunnel run\\0' ;;
"cat -- /proc/{child}/cmdline") printf 'cloudflared\\0tunnel\\0run\\0' ;;
"cat -- /proc/{child}/environ") printf 'TUNNEL_TOKEN=x\\0' ;;
stat*) echo '@@755 0 root root'; echo '@@444 7 root root' ;;
*) exit 1 ;;
esac""",
    )
    process = connector_process(_run(plain, str(PID)))
    assert (process.pid, process.words) == (child, ("cloudflared", "tunnel", "run"))
    assert process.environment == {"TUNNEL_TOKEN": "x"}
