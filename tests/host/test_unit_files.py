"""The files of cloudflared's unit on a host of recordings: which count, and what systemd has of them already."""

from collections.abc import Mapping
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.drop_ins import DropIns, cloudflared_drop_ins
from spark_conformance.host.files import HostFile
from spark_conformance.host.process import connector_process
from spark_conformance.host.unit_copy import UnitCopy, differences
from spark_conformance.host.unit_files import UnitFiles, connector_unit_files, environment_files, with_files
from spark_conformance.host.units import cloudflared_unit, parse
from spark_conformance.syntax.units import EnvironmentFile, UnitText
from tests.host.recorded import Recorded, Said, hidden, seen_on, started

AT = "/etc/systemd/system/cloudflared.service"
DROP_IN = f"{AT}.d/override.conf"
RUN = "/usr/bin/cloudflared tunnel run"
STOPPED = Unmet("cloudflared.active", "no")


def run_of(
    shown: str = "",
    files: Mapping[str, str | HostFile] | None = None,
    says: Mapping[str, Said] | None = None,
    loaded: str = f"DropInPaths={DROP_IN}\nNeedDaemonReload=no",
    process: object = STOPPED,
    **changes: Any,
) -> Run:
    unit = parse(f"LoadState=loaded\nActiveState=active\nFragmentPath={AT}\nMainPID=7\n{loaded}", "cloudflared.service")
    seen: dict[Any, Any] = {cloudflared_unit: unit}
    if process is not None:
        seen[connector_process] = process
    there = Recorded({"systemctl show -p Exec": shown, **(says or {})}, files)
    return seen_on(there, seen, **{"cloudflared__drop_in": DROP_IN, **changes})


VALUES = "[Service]\nEnvironment=A={0}\nExecStart=/usr/bin/cloudflared tunnel run\n"


@pytest.mark.parametrize(
    ("loaded", "value", "is_loaded"),
    [
        (f"DropInPaths={DROP_IN}\nNeedDaemonReload=no", "shown", True),
        (f"DropInPaths={DROP_IN}\nNeedDaemonReload=yes", "drop-in", False),
        ("DropInPaths=\nNeedDaemonReload=yes", "drop-in", False),
        ("DropInPaths=\nNeedDaemonReload=no", "shown", True),
        (f"DropInPaths={DROP_IN}\nNeedDaemonReload=", "drop-in", False),
    ],
)
def test_what_systemd_has_loaded_counts_until_it_has_to_read_anew(loaded: str, value: str, is_loaded: bool) -> None:
    files = {AT: VALUES.format("unit"), DROP_IN: "[Service]\nEnvironment=A=drop-in\n"}
    seen = run_of(started(RUN, "Environment=A=shown"), files, loaded=loaded).get(connector_unit_files)
    assert (seen.text.environment["A"], seen.loaded, seen.hidden) == (value, is_loaded, ())
    assert [file.path for file in seen.all] == [AT, DROP_IN]


def test_where_systemd_shows_no_command_the_files_count_but_for_a_drop_in_that_it_has_not_loaded() -> None:
    files = {AT: VALUES.format("unit"), DROP_IN: "[Service]\nEnvironment=A=drop-in\n"}
    run = run_of("Environment=A=shown", files, loaded="NeedDaemonReload=no")
    seen = run.get(connector_unit_files)
    assert (seen.text.environment["A"], seen.loaded) == ("unit", False)
    assert seen.text.environment["CREDENTIALS_DIRECTORY"] == "/run/credentials/cloudflared.service"


@pytest.mark.parametrize(
    ("files", "loaded", "closed"),
    [
        ({AT: hidden(), DROP_IN: hidden()}, "yes", (AT, DROP_IN)),
        ({AT: hidden(), DROP_IN: hidden()}, "no", ()),
        ({AT: "[Service]\nEnvironmentFile=/e\nEnvironmentFile=-/none\nEnvironmentFile=/f", "/e": hidden(), "/f": "F=1"},
         "yes", ("/e",)),
    ],
)  # fmt: skip
def test_which_closed_files_may_say_more(
    files: dict[str, str | HostFile], loaded: str, closed: tuple[str, ...]
) -> None:
    run = run_of(started(RUN), files, loaded=f"DropInPaths={DROP_IN}\nNeedDaemonReload={loaded}")
    seen = run.get(connector_unit_files)
    assert seen.hidden == closed
    assert [file.path for file in seen.all] == [AT, *(path for path in (DROP_IN, "/e", "/f") if path in files)]


@pytest.mark.parametrize(
    ("listed", "files", "found"),
    [
        ({"ls -A1 -- /etc/c ": "b.env\na.env\n.c.env\nd.conf\n"}, {"/etc/c": ""}, ["/etc/c/a.env", "/etc/c/b.env"]),
        ({"ls -A1": (1, "", "closed")}, {"/etc/c": HostFile("", "hidden", "0700")}, ["/etc/c/*.env"]),
        ({"ls -A1": (1, "", "no such")}, {}, []),
    ],
)
def test_a_pattern_stands_for_the_files_that_it_is_about(
    listed: dict[str, Said], files: dict[str, str | HostFile], found: list[str]
) -> None:
    there = Recorded(listed, files)
    named = [EnvironmentFile("/etc/c/*.env"), EnvironmentFile("/etc/plain")]
    assert [file.path for file in environment_files(there, named)] == [*found, "/etc/plain"]
    (wild,) = environment_files(there, [EnvironmentFile("/etc/*/x.env")])
    assert (wild.path, wild.state) == ("/etc/*/x.env", "hidden")


def test_a_pattern_with_a_dot_before_it_is_about_files_with_one() -> None:
    there = Recorded({"ls -A1": ".a.env\nb.env\n"})
    assert [file.path for file in environment_files(there, [EnvironmentFile("/etc/c/.*.env")])] == ["/etc/c/.a.env"]


def test_variables_of_files_count_more_and_those_that_are_taken_away_not_at_all() -> None:
    settings = UnitText(environment={"A": "1", "B": "2", "C": "3"}, unset=("B", "C=4", "D=5"))
    files = [HostFile("/e", "read", content=b"A=6\nD=5\n"), HostFile("/f", "read", content=b"C=4\nE=7\n")]
    assert with_files(settings, files).environment == {"A": "6", "E": "7"}
    assert with_files(settings, files[:1]).environment == {"A": "6", "C": "3"}


def test_a_unit_of_which_no_drop_in_is_documented() -> None:
    run = run_of(started(RUN), {AT: "[Service]\n"}, loaded="NeedDaemonReload=no", cloudflared__drop_in=None)
    assert [file.path for file in run.get(connector_unit_files).all] == [AT]


def test_all_files_of_a_unit() -> None:
    seen = UnitFiles("c", HostFile("/u", "read"), (HostFile("/d", "read"),), UnitText())
    assert [file.path for file in seen.all] == ["/u", "/d"]
    assert (seen.hidden, seen.loaded) == ((), False)


def test_an_undocumented_drop_in_is_told_with_what_it_decides() -> None:
    other, innocent = f"{AT}.d/a.conf", f"{AT}.d/b.conf"
    files = {other: "[Service]\nUser=x\nUser=y\nEnvironment=PATH=/x LD_A=b\n", innocent: "[Service]\nNice=1\n"}
    run = run_of(files=files, loaded=f"DropInPaths={DROP_IN} {other} {innocent}")
    seen = run.get(cloudflared_drop_ins)
    assert seen == DropIns((DROP_IN, other, innocent), {other: ("User", "Environment=PATH", "Environment=LD_A")})
    assert seen.told == f"{other} sets User, Environment=PATH, Environment=LD_A"
    closed = run_of(files={other: hidden(), innocent: ""}, loaded=f"DropInPaths={DROP_IN} {other} {innocent}")
    with pytest.raises(Unreachable) as unreachable:
        closed.get(cloudflared_drop_ins)
    assert unreachable.value.sentence.startswith(f"the suite's user may not read {other}, which systemd has loaded")


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (b"A=1\n", b"A=1\nB=2\n", ["a missing line after line 1 (B)"]),
        (b"A=1\nB=2\n", b"B=2\n", ["line 1 (A)"]),
        (b"A=1\nB=2\nC=3\n", b"A=1\nX=9\nC=3\n", ["line 2 (B)"]),
        (
            b"A=1\nC=3\n",
            b"A=1\nX=1\nY=2\nC=3\n",
            ["a missing line after line 1 (X)", "a missing line after line 1 (Y)"],
        ),
        (b"#A=1\n", b"", ["line 1 (no setting)"]),
        (b" A =1\n", b"", ["line 1 (A)"]),
        (b"=1\n", b"", ["line 1 (no setting)"]),
    ],
)
def test_which_lines_differ(one: bytes, other: bytes, found: list[str]) -> None:
    assert differences(one, other) == found
    assert differences(b"A=1\n" + b"\n" * 250, b"B=1\n" + b"\n" * 250) == ["line 1 (A)"]
    assert UnitCopy("/u", "u", False, ("a", "b")).told == "/u differs from u in a, b"
    assert UnitCopy("/u", "u", True, ()).told == "/u is the same, byte by byte"
