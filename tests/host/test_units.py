"""systemd's units, from recordings of `systemctl show`."""

import pytest

from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.diagnosis.reading.host import state
from spark_conformance.host.service_state import ServiceState
from spark_conformance.host.units import cloudflared_unit, ollama_unit, parse, require_active
from tests.host.stubs import StubHost, run_on

RUNNING = """MainPID=2211
NRestarts=0
ExecMainStartTimestamp=Thu 2025-10-30 07:41:09 CET
Id=cloudflared.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/etc/systemd/system/cloudflared.service
DropInPaths=/etc/systemd/system/cloudflared.service.d/override.conf
UnitFileState=enabled
NeedDaemonReload=no
InvocationID=5c2b3c9b8c9d4a0e9c8f5a3d1e7b6f42"""
UNKNOWN = """MainPID=0
NRestarts=0
ExecMainStartTimestamp=
Id={name}
LoadState=not-found
ActiveState=inactive
SubState=dead
FragmentPath=
DropInPaths=
UnitFileState=
NeedDaemonReload=no
InvocationID="""


def test_a_running_service() -> None:
    unit = parse(RUNNING, "cloudflared.service")
    assert (unit.active, unit.enabled, unit.restarts, unit.pid, unit.reload_pending) == (True, True, 0, 2211, False)
    assert unit.drop_ins == ("/etc/systemd/system/cloudflared.service.d/override.conf",)
    assert unit.state == "active (running) since Thu 2025-10-30 07:41:09 CET"


def test_a_unit_that_has_ended_and_stays_active_says_nothing_of_what_it_started() -> None:
    """As one that ran `docker compose up -d`: systemd has no process to watch."""
    ended = RUNNING.replace("MainPID=2211", "MainPID=0").replace("SubState=running", "SubState=exited")
    unit = parse(ended, "x.service")
    for seen in (unit, ServiceState(unit.name, unit.active, unit.state, unit.enabled, "", unit.ended)):
        with pytest.raises(Unreachable, match=r"cloudflared.service is active \(exited\).* has started something"):
            _ = seen.runs
    assert parse(RUNNING, "x.service").runs
    assert not parse(UNKNOWN, "x.service").runs


def test_several_drop_ins_and_a_value_with_an_equals_sign() -> None:
    unit = parse("DropInPaths=/a/x.conf '/b c/y=1.conf' \"/c\\$d.conf\" $'/e\\'f.conf'", "x.service")
    assert unit.drop_ins == ("/a/x.conf", "/b c/y=1.conf", "/c$d.conf", "/e'f.conf")
    assert parse("DropInPaths=/a 'b", "x").drop_ins == ("/a", "'b")


@pytest.mark.parametrize(
    ("state", "wanted_by", "enabled"),
    [
        ("enabled", "WantedBy=multi-user.target", True),
        ("generated", "WantedBy=multi-user.target", True),  # a container's, by Quadlet
        ("static", "RequiredBy=ai.target", True),
        ("generated", "WantedBy=", False),
        ("static", "", False),
        ("disabled", "WantedBy=multi-user.target", False),
        ("enabled-runtime", "WantedBy=multi-user.target", False),
        ("masked", "", False),
    ],
)
def test_whether_a_service_comes_back(state: str, wanted_by: str, enabled: bool) -> None:
    assert parse(f"UnitFileState={state}\n{wanted_by}", "ollama.service").enabled is enabled


@pytest.mark.parametrize("garbage", ["", "no properties here", "NRestarts=many\nMainPID=[not set]\nNeedDaemonReload="])
def test_what_systemd_does_not_say_is_not_made_up(garbage: str) -> None:
    unit = parse(garbage, "x.service")
    assert (unit.name, unit.restarts, unit.pid, unit.reload_pending) == ("x.service", None, 0, None)
    assert not unit.active


@pytest.mark.parametrize(
    ("state", "active"),
    [("active", True), ("reloading", True), ("refreshing", True), ("activating", False), ("maintenance", False)],
)
def test_a_service_that_reloads_runs(state: str, active: bool) -> None:
    assert parse(f"ActiveState={state}", "x.service").active is active


def test_one_question_a_unit(stub: StubHost) -> None:
    stub.prints("systemctl", RUNNING)
    assert run_on(stub).get(cloudflared_unit).invocation == "5c2b3c9b8c9d4a0e9c8f5a3d1e7b6f42"
    assert len(stub.backend.commands) == 1
    assert stub.backend.commands[0].endswith("-- cloudflared.service")


def test_an_unknown_unit(stub: StubHost) -> None:
    stub.prints("systemctl", UNKNOWN.format(name="ollama.service"))
    with pytest.raises(Unmet) as unmet:
        run_on(stub).get(ollama_unit)
    assert (unmet.value.fact, unmet.value.observed) == ("ollama.unit", "ollama.service: not-found")


def test_a_wrong_name_falls_back_to_the_usual_one(stub: StubHost) -> None:
    unknown, running = UNKNOWN.format(name="llm.service"), RUNNING.replace("cloudflared", "ollama")
    stub.command("systemctl", f"case $* in *llm*) cat <<'E'\n{unknown}\nE\n;; *) cat <<'E'\n{running}\nE\n;; esac")
    assert run_on(stub, ollama__unit="llm.service").get(ollama_unit).name == "ollama.service"


def test_a_masked_unit_is_none(stub: StubHost) -> None:
    stub.prints("systemctl", UNKNOWN.format(name="cloudflared.service").replace("not-found", "masked"))
    with pytest.raises(Unmet, match="masked"):
        run_on(stub).get(cloudflared_unit)


@pytest.mark.parametrize(
    "script", ["echo 'System has not been booted with systemd' >&2; exit 1", "exit 0", "echo hello"]
)
def test_a_host_without_systemd(stub: StubHost, script: str) -> None:
    stub.command("systemctl", script)
    with pytest.raises(Unreachable, match="systemctl show"):
        run_on(stub).get(ollama_unit)


def test_what_a_stopped_service_does_cannot_be_seen(stub: StubHost) -> None:
    stopped = parse(RUNNING.replace("=active", "=failed").replace("=running", "=failed"), "cloudflared.service")
    with pytest.raises(Unmet) as unmet:
        require_active(run_on(stub), stopped)
    assert unmet.value.fact == "cloudflared.active"
    require_active(run_on(stub, cloudflared__active=None), stopped)


@pytest.mark.parametrize(
    ("active", "sub", "result", "trying", "word"),
    [
        ("active", "running", "success", False, "active"),
        ("activating", "start", "success", True, "starting"),
        ("deactivating", "stop-sigterm", "timeout", True, "starting"),  # seen with a connector that the edge refuses
        ("activating", "auto-restart", "timeout", True, "starting"),
        ("activating", "auto-restart", "exit-code", True, "ending"),
        ("deactivating", "stop-sigterm", "success", False, "inactive"),
        ("failed", "failed", "timeout", False, "inactive"),
        ("inactive", "dead", "success", False, "inactive"),
    ],
)
def test_a_service_that_is_not_ready_in_time_goes_on_starting(
    active: str, sub: str, result: str, trying: bool, word: str
) -> None:
    unit = parse(f"ActiveState={active}\nSubState={sub}\nResult={result}", "cloudflared.service")
    assert (unit.trying, state(unit)) == (trying, word)
