"""How loud the connector logs, and where to."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.log_settings import LogSettings, connector_log
from spark_conformance.host.process import connector_process
from tests.host.installation import Installation
from tests.host.stubs import given

RUN = "/usr/local/bin/cloudflared tunnel run"
VARIABLE = "the variable TUNNEL_LOGLEVEL"


def _link(host_with: Installation, target: str) -> None:
    """Where the process's standard error leads."""
    host_with.stub.prints("readlink", target)


@pytest.mark.parametrize(
    ("words", "environment", "level", "by"),
    [
        (("--loglevel", "warn"), {"TUNNEL_LOGLEVEL": "info"}, "warn", "the argument --loglevel"),
        (("--loglevel=error",), None, "error", "the argument --loglevel"),
        ((), {"TUNNEL_LOGLEVEL": "error"}, "error", VARIABLE),
        ((), {}, "fatal", "the setting loglevel of its configuration file"),
        ((), {"TUNNEL_LOGLEVEL": "info"}, "info", VARIABLE),
    ],
)
def test_a_level_and_what_sets_it(
    host_with: Installation, words: tuple[str, ...], environment: dict[str, str] | None, level: str, by: str
) -> None:
    host_with.write("config.yml", "loglevel: fatal\n")
    host_with.loaded(RUN, state="active")
    host_with.runs("cloudflared", *words, "tunnel", "run", environment=environment)
    _link(host_with, "socket:[42]")
    seen = connector_log(host_with.run)
    assert (seen.level, seen.level_by, seen.standard_error) == (level, by, "")
    assert (level in seen.told and by in seen.told) is seen.quiet is (level != "info")


def test_an_environment_that_is_closed_to_us_is_that_of_the_unit(host_with: Installation) -> None:
    path = host_with.write("log.env", "TUNNEL_LOGLEVEL=error\n")
    host_with.loaded(
        RUN, "Environment=TUNNEL_LOGLEVEL=warn", f"EnvironmentFiles={path} (ignore_errors=no)", state="active"
    )
    host_with.runs("cloudflared", "tunnel", "run", environment=None)
    _link(host_with, "")
    assert (connector_log(host_with.run).level, connector_log(host_with.run).level_by) == ("error", VARIABLE)


def test_a_process_that_is_hidden_from_us_is_known_by_its_unit(host_with: Installation) -> None:
    host_with.loaded(f"{RUN} --loglevel warn", "StandardOutput=null", "StandardError=inherit", state="active")
    given(host_with.run, connector_process, Unreachable("host: the connector's process", "hidden"))
    seen = connector_log(host_with.run)
    assert (seen.level, seen.standard_error) == ("warn", "null")


@pytest.mark.parametrize("level", ["WARN", "verbose", ""])
def test_a_level_that_cloudflared_does_not_know_means_info(level: str) -> None:
    assert LogSettings(level, VARIABLE, "", "").told == ""


@pytest.mark.parametrize(
    ("link", "shown", "text", "place"),
    [
        ("/var/log/c.log", "append", "", "/var/log/c.log"),
        ("/dev/null", "journal", "", "/dev/null"),
        ("/var/log/c.log (deleted)", "file", "", "/var/log/c.log (deleted)"),
        ("socket:[42]", "append", "StandardError=append:/var/log/c.log", ""),
        ("pipe:[42]", "journal", "", ""),
        ("", "append", "StandardError=append:/var/log/%p.log", "append:/var/log/cloudflared.log"),
        ("", "inherit", "StandardOutput=file:/var/log/c.log", "file:/var/log/c.log"),
        ("", "append", "StandardError=null", "append"),
        ("", "null", "", "null"),
        ("", "syslog", "", ""),
    ],
)
def test_where_its_standard_error_goes(host_with: Installation, link: str, shown: str, text: str, place: str) -> None:
    host_with.write("cloudflared.service", f"[Service]\nExecStart={RUN}\n{text}\n")
    host_with.loaded(RUN, "StandardOutput=file", f"StandardError={shown}", state="active")
    host_with.runs("cloudflared", environment={"TUNNEL_LOGFILE": "/var/log/own.log"})
    _link(host_with, link)
    seen = connector_log(host_with.run)
    assert (seen.standard_error, seen.file) == (place, "/var/log/own.log")
    assert (place in seen.told and "/var/log/own.log" in seen.told) if place else not seen.told


def test_both_are_told() -> None:
    told = LogSettings("warn", VARIABLE, "/var/log/c.log", "/var/log/own.log").told
    assert all(word in told for word in ("warn", VARIABLE, "/var/log/c.log", "/var/log/own.log"))
