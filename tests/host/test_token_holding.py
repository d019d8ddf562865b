"""Where the next start's token comes from, on a host of recordings: each way, and what is said where it is closed."""

from collections.abc import Mapping
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.connection import target_host
from spark_conformance.host.files import HostFile
from spark_conformance.host.installed_token import TokenInUse, cloudflared_token_in_use
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.shown import TokenShown, cloudflared_token_shown
from spark_conformance.host.token_files import TokenFile, TokenFiles, cloudflared_token_files, copies
from spark_conformance.host.token_holding import OF_MANAGER, installed, require_told
from spark_conformance.host.unit_files import connector_unit_files
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.recorded import Recorded, Said, hidden, seen_on
from tests.host.stubs import given
from tests.host.tokens import token

AT = "/etc/systemd/system/cloudflared.service"
DROP_IN = f"{AT}.d/override.conf"
RUN = "/usr/bin/cloudflared tunnel run"
STOPPED = Unmet("cloudflared.active", "no")


def run_of(
    text: str,
    files: Mapping[str, str | HostFile] | None = None,
    says: Mapping[str, Said] | None = None,
    process: object = STOPPED,
    reload: str = "yes",
    **changes: Any,
) -> Run:
    """A run against a host with this text of a unit, which systemd has yet to read."""
    shown = f"LoadState=loaded\nFragmentPath={AT}\nDropInPaths={DROP_IN}\nNeedDaemonReload={reload}"
    unit = parse(shown, "cloudflared.service")
    there = Recorded(
        {"show-environment": "", "systemctl show": "", **(says or {})}, {AT: f"[Service]\n{text}\n", **(files or {})}
    )
    found = {cloudflared_unit: unit, connector_process: process}
    changes = {"target__host": {"cloudflared_configs": ["/etc/cloudflared/config.yml"]}, **changes}
    return seen_on(there, found, cloudflared__drop_in=DROP_IN, **changes)


CONFIG = "/etc/cloudflared/config.yml"
NOTE = "the variable CLOUDFLARE_TUNNEL_TOKEN, which the unit does not hand on to cloudflared"
WAYS: list[tuple[str, dict[str, str | HostFile], dict[str, Said], str, str]] = [
    (f"ExecStart={RUN} --token {token()}", {}, {}, "the argument --token", token()),
    (f"ExecStart={RUN} --token-file /t", {"/t": f"{token()}\n"}, {}, "the file /t", token()),
    (f"ExecStart={RUN} --token-file /t", {}, {}, "the file /t, which is not there", ""),
    (f"Environment=TUNNEL_TOKEN=\nExecStart={RUN} --token-file /t", {"/t": token()}, {}, "the file /t", token()),
    (f"Environment=TUNNEL_TOKEN=x\nExecStart={RUN} --token-file /t", {"/t": token()}, {},
     "the variable TUNNEL_TOKEN", "x"),
    (f"ExecStart={RUN}", {}, {"show-environment": f"TUNNEL_TOKEN={token()}\n"},
     f"the variable TUNNEL_TOKEN, {OF_MANAGER}", token()),
    (f"ExecStart={RUN}", {"/m": token()}, {"show-environment": "TUNNEL_TOKEN_FILE=/m\n"}, "the file /m", token()),
    (f"ExecStart={RUN}", {}, {"show-environment": (1, f"TUNNEL_TOKEN={token()}", "no bus")}, "the unit", ""),
    (f"ExecStart={RUN}", {CONFIG: f"token: {token()}"}, {},
     "the setting token of its configuration file", token()),
    (f"ExecStart={RUN}", {CONFIG: "token-file: /c", "/c": token()}, {}, "the file /c", token()),
    (f"ExecStart={RUN}", {CONFIG: "credentials-file: /c"}, {},
     "the setting credentials-file of its configuration file, by which it runs without a token", ""),
    (f"Environment=TUNNEL_CRED_FILE=\nExecStart={RUN}", {}, {}, "the unit", ""),
    (f"ExecStart={RUN}", {}, {"show-environment": f"LANG=C\nTUNNEL_TOKEN=$'{token()}'\n"},
     f"the variable TUNNEL_TOKEN, {OF_MANAGER}", token()),
    (f"Environment=TUNNEL_TOKEN={token()} CLOUDFLARE_TUNNEL_TOKEN=x\nExecStart={RUN}", {}, {},
     "the variable TUNNEL_TOKEN", token()),
    (f"ImportCredential=x*\nLoadCredentialEncrypted=t:/c\nExecStart={RUN} --token-file %d/t",
     {"/run/credentials/cloudflared.service/t": token()}, {},
     "the credential t, as the running service has it", token()),
    (f"Environment=CLOUDFLARE_TUNNEL_TOKEN={token()}\nExecStart={RUN}", {}, {}, NOTE, token()),
    (f"ExecStart={RUN}", {}, {}, "the unit", ""),
    (f"WorkingDirectory=-/srv/c/\nExecStart={RUN} --token-file t", {"/srv/c/t": token()}, {}, "the file /srv/c/t",
     token()),
    (f"RootDirectory=-/srv/r/\nExecStart={RUN} --token-file t", {"/srv/r/t": token()}, {}, "the file /srv/r/t",
     token()),
    (f"ExecStart={RUN} --token-file t", {"/t": token()}, {}, "the file /t", token()),
    (f"SetCredential=t:{token()}\\n\nExecStart={RUN} --token-file %d/t", {}, {}, "the unit's SetCredential=", token()),
    (f"LoadCredential=t:/c\nExecStart={RUN} --token-file %d/t", {"/c": token()}, {}, "the file /c", token()),
    (f"LoadCredential=t:c\nExecStart={RUN} --token-file %d/t", {"/run/credstore/c": token()}, {},
     "the file /run/credstore/c", token()),
    (f"LoadCredential=t:c\nExecStart={RUN} --token-file %d/t", {}, {},
     "the file /etc/credstore/c, which is not there", ""),
    (f"LoadCredential=t:/c\nSetCredential=t:{token()}\nExecStart={RUN} --token-file %d/t", {}, {},
     "the unit's SetCredential=", token()),
    (f"LoadCredential=t:/c\nSetCredential=t:{token()}\nExecStart={RUN} --token-file %d/t", {"/c": token("b")}, {},
     "the file /c", token("b")),
    (f"LoadCredentialEncrypted=t:/c\nExecStart={RUN} --token-file %d/t",
     {"/run/credentials/cloudflared.service/t": f"{token()}\n"}, {},
     "the credential t, as the running service has it", token()),
    (f"SetCredential=other:x\nExecStart={RUN} --token-file %d/t", {}, {},
     "the credential t, which the unit does not set", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "files", "says", "place", "value"), WAYS)
def test_where_the_next_starts_token_comes_from(
    text: str, files: dict[str, str | HostFile], says: dict[str, Said], place: str, value: str
) -> None:
    seen = run_of(text, files, says).get(installed)
    assert (seen.place, seen.token.reveal()) == (place, value)


@pytest.mark.parametrize(
    ("process", "found"),
    [
        (Process(7, ("c",), {"HOME": "/home/c"}, 1), "the setting token of its configuration file"),
        (Process(7, ("c",), None, 1), "the unit"),
        (STOPPED, "the unit"),
        (Unreachable("hidepid", "closed"), "the unit"),
    ],
)
def test_the_home_of_its_user_is_that_of_its_process(process: object, found: str) -> None:
    files: dict[str, str | HostFile] = {"/home/c/.cloudflared/config.yml": f"token: {token()}"}
    assert run_of(f"ExecStart={RUN}", files, process=process).get(installed).place == found


@pytest.mark.parametrize(
    ("text", "files", "closed"),
    [
        (f"ExecStart={RUN} --token-file /t", {"/t": hidden()}, "/t"),
        (f"ExecStart={RUN}", {DROP_IN: hidden()}, DROP_IN),
        (f"EnvironmentFile=/e\nExecStart={RUN} --token-file /t", {"/e": hidden(), "/t": hidden()}, "/e, /t"),
    ],
)
def test_a_token_in_a_file_that_is_closed_to_us(text: str, files: dict[str, str | HostFile], closed: str) -> None:
    with pytest.raises(Unreachable) as told:
        run_of(text, files).get(installed)
    assert told.value.sentence.startswith(f"the suite's user may not read {closed} on the host, where the token is or ")


def test_a_credential_that_is_not_seen_decrypted() -> None:
    place = "/run/credentials/cloudflared.service/t"
    run = run_of(f"LoadCredentialEncrypted=t:/c\nExecStart={RUN} --token-file %d/t", {place: hidden()})
    with pytest.raises(Unreachable, match=rf"systemd alone reads the credential .* \(t\), and {place} .* is hidden"):
        run.get(installed)


# --- ways that nothing tells


READS = "the unit's command takes the token from what it reads or runs itself"
PASSED = "the unit hands on variables that systemd itself was started with (PassEnvironment=)"


@pytest.mark.parametrize(
    ("text", "untold"),
    [
        ("ExecStart=/opt/start.sh", READS),
        (f"ExecStart=/bin/sh -c 'TUNNEL_TOKEN=$(cat /t) {RUN}'", READS),
        (f"PassEnvironment=TUNNEL_TOKEN\nExecStart={RUN}", PASSED),
        (f"PassEnvironment=TUNNEL_TOKEN_FILE\nExecStart={RUN}", PASSED),
        (f"PassEnvironment=T\nExecStart={RUN} --token ${{T}}\nExecStart=/bin/true", PASSED),
        ("PassEnvironment=LANG", ""),
        (f"PassEnvironment=LANG\nExecStart={RUN}", ""),
        (f"PassEnvironment=T\nEnvironment=T=x\nExecStart={RUN} --token ${{T}}", ""),
        (f"PassEnvironment=TUNNEL_TOKEN\nExecStart={RUN} --token {token()}", ""),
        (f"ExecStart={RUN}", ""),
        ("", ""),
    ],
)
def test_a_way_that_only_the_process_tells(text: str, untold: str) -> None:
    runs = Process(7, ("c",), {"TUNNEL_TOKEN": token()}, 1)
    seen = run_of(text, process=runs).get(installed)
    assert seen.untold == untold
    if untold:
        assert (seen.place, seen.token.reveal()) == ("the variable TUNNEL_TOKEN, as process 7 has it", token())
        with pytest.raises(Unreachable, match="what the next start would get, and from which file, only that tells"):
            require_told(run_of(text, process=runs))
        with pytest.raises(Unreachable, match="and it does not run: what the next start would get cannot be told"):
            run_of(text).get(installed)
        assert run_of(text, process=Process(7, ("c",), {}, 1)).get(installed).place == "process 7"


# --- variables, and the files with the token


@pytest.mark.parametrize(
    ("text", "variables", "holders"),
    [
        (f"Environment=TUNNEL_TOKEN={token()} A={token()} B=\nExecStart={RUN}", ("TUNNEL_TOKEN",), (AT,)),
        (f"Environment=A={token()} B=x\nExecStart={RUN} --token ${{A}}", ("A",), (AT,)),
        (f"Environment=A={token()} TUNNEL_TOKEN=\nExecStart={RUN}", ("TUNNEL_TOKEN",), ()),
        (f"Environment=CLOUDFLARE_TUNNEL_TOKEN={token()} A={token()} B=x\nExecStart={RUN}",
         ("CLOUDFLARE_TUNNEL_TOKEN", "A"), (AT,)),
        (f"Environment=A={token()}\nExecStart={RUN} --token-file /t", (), (AT, "/t")),
        (f"Environment=A=x\nExecStart={RUN}", (), ()),
    ],
)  # fmt: skip
def test_the_variables_by_which_it_comes(text: str, variables: tuple[str, ...], holders: tuple[str, ...]) -> None:
    seen = run_of(text, {"/t": token()}).get(installed)
    own = tuple(name for name in seen.variables if name != "CREDENTIALS_DIRECTORY")
    assert (own, tuple(file.path for file in seen.files)) == (variables, holders)


LISTED = f"override.conf\nzz.conf\nnotes\n.{'x' * 3}"


def test_copies_beside_the_files_that_hold_it() -> None:
    value = f"[Service]\nEnvironment=TUNNEL_TOKEN={token()}"
    files: dict[str, str | HostFile] = {
        DROP_IN: HostFile("", "read", "0600", 7, value.encode(), "root", "root"),
        f"{AT}.d/zz.conf": HostFile("", "read", "0640", 7, value.encode(), "bob", "root"),
        f"{AT}.d/notes": "nothing",
    }
    run = run_of(f"ExecStart={RUN}", files, {"ls -A1": LISTED})
    seen = run.get(cloudflared_token_files)
    assert seen == TokenFiles(
        (TokenFile(DROP_IN, "0600", "root"), TokenFile(f"{AT}.d/zz.conf", "0640", "bob", strange=True)),
        "the variable TUNNEL_TOKEN",
    )
    assert seen.loosest == seen.files[1]


def test_a_token_that_stands_in_no_file() -> None:
    run = run_of(f"ExecStart={RUN}", says={"show-environment": f"TUNNEL_TOKEN={token()}"})
    assert run.get(cloudflared_token_files) == TokenFiles((), f"the variable TUNNEL_TOKEN, {OF_MANAGER}")


def test_only_the_configuration_that_counts_holds_it() -> None:
    second = "/usr/local/etc/cloudflared/config.yml"
    files = dict.fromkeys([CONFIG, second], f"token: {token()}")
    run = run_of(f"ExecStart={RUN}", files, target__host={"cloudflared_configs": [CONFIG, second]})
    assert [file.path for file in run.get(installed).files] == [CONFIG]
    bare = run_of(f"ExecStart={RUN}", files, cloudflared__token_variable=None)
    assert bare.get(installed).place == "the setting token of its configuration file"


def test_a_directory_with_more_than_anybody_reads_is_read_in_part() -> None:
    value = f"[Service]\nEnvironment=TUNNEL_TOKEN={token()}"
    names = [f"{number:02}.conf" for number in range(45)]
    files = {DROP_IN: value} | {f"{AT}.d/{name}": value for name in names}
    run = run_of(f"ExecStart={RUN}", files, {"ls -A1": "\n".join(names)})
    assert len(run.get(cloudflared_token_files).files) == 1 + 40


def test_a_token_that_only_systemd_tells_may_stand_in_files_that_are_closed() -> None:
    shown = f"ExecStart={{ path=/c ; argv[]=/c run ; ignore_errors=no ; pid=0 }}\nEnvironment=TUNNEL_TOKEN={token()}"
    run = run_of("", {AT: hidden(), DROP_IN: hidden()}, {"systemctl show": shown}, reload="no")
    with pytest.raises(Unreachable) as told:
        run.get(cloudflared_token_files)
    assert told.value.sentence.startswith(f"the suite's user may not read {AT}, {DROP_IN}, where the token may stand")


@pytest.mark.parametrize(
    ("files", "loosest"),
    [
        ((), None),
        ((TokenFile("/a", "0600"), TokenFile("/b", "0640")), "/b"),
        ((TokenFile("/a", "0604"), TokenFile("/b", "0700")), "/a"),
        ((TokenFile("/a", "0400"), TokenFile("/b", "0600")), "/b"),
        ((TokenFile("/a", "0666"), TokenFile("/b", "0400", "bob", strange=True)), "/b"),
    ],
)
def test_the_file_that_most_others_may_read(files: tuple[TokenFile, ...], loosest: str | None) -> None:
    seen = TokenFiles(files, "").loosest
    assert (seen and seen.path) == loosest


@pytest.mark.parametrize(
    ("originals", "names", "found"),
    [
        (["/etc/t"], ["t.bak", ".t.swp", "#t#", "t~", "u.bak", "xt"], ["t.bak", ".t.swp", "#t#", "t~"]),
        (["/etc/t.env"], ["t.old", "t.env.1", "told"], ["t.old", "t.env.1"]),
        (["/srv/u.env", "/etc/t"], ["u.env.bak", "t.1"], ["t.1"]),
    ],
)
def test_which_names_are_those_of_copies(originals: list[str], names: list[str], found: list[str]) -> None:
    assert copies("/etc", originals, names) == [f"/etc/{name}" for name in found]


# --- what runs


@pytest.mark.parametrize(
    ("written", "age_s", "seen"),
    [
        (900, 100.0, TokenInUse(True, "it reads its token from /t")),
        (901, 100.0, TokenInUse(True, "it reads its token from /t")),
        (902, 100.0, TokenInUse(False, "/t was written after the process started, so the process may still have the "
                                       "earlier content")),
        (999, None, TokenInUse(True, "it reads its token from /t")),
    ],
)  # fmt: skip
def test_a_file_that_is_newer_than_the_process(written: int, age_s: float | None, seen: TokenInUse) -> None:
    file = HostFile("", "read", "0600", written, token().encode(), "root", "root")
    process = Process(7, ("c", "--token-file", "/t"), {}, age_s)
    run = run_of(f"ExecStart={RUN} --token-file /t", {"/t": file}, {"date +%s": "1000\n"}, process)
    assert run.get(cloudflared_token_in_use) == seen


@pytest.mark.parametrize("said", ["", "soon\n", (1, "", "date: closed")])
def test_without_the_time_there_nobody_can_tell_whether_a_file_is_newer(said: Said) -> None:
    file = HostFile("", "read", "0600", 900, f"{token()} \n".encode(), "root", "root")
    process = Process(7, ("c", "--token-file", "/t"), {}, 100.0)
    run = run_of(f"ExecStart={RUN} --token-file /t", {"/t": file}, {"date +%s": said}, process)
    with pytest.raises(Unreachable, match="whether /t is older than the process cannot be told without it"):
        run.get(cloudflared_token_in_use)
    there = run.get(target_host)
    asked = [options for command, options in zip(there.commands, there.options, strict=True) if "date" in command]
    assert asked == [{"fresh": True}]


# --- what systemd shows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"SetCredential=a:x\nSetCredential=t:{token()}", ("SetCredential",)),
        ("SetCredential=a:x", ()),
        ("", ()),
    ],
)
def test_a_credential_in_the_open_is_one_though_systemctl_does_not_print_it(text: str, shown: tuple[str, ...]) -> None:
    says: dict[str, Said] = {"systemctl show": "SetCredential=[unprintable]\nEnvironment=\n"}
    seen = run_of(f"{text}\nExecStart={RUN}", says=says).get(cloudflared_token_shown)
    assert seen == TokenShown("cloudflared.service", shown)
    old = {"systemctl show": "Environment=\n"}
    assert run_of(f"{text}\nExecStart={RUN}", says=old).get(cloudflared_token_shown).settings == ()


def test_each_setting_that_shows_it_is_told() -> None:
    assert TokenShown("c.service", ("Environment", "SetCredential")).told == (
        "`systemctl show -p Environment c.service` and `busctl introspect org.freedesktop.systemd1` (SetCredential) "
        "shows it to every user"
    )
    assert TokenShown("c.service", ()).told == ""


# --- the files of the unit


def test_drop_ins_count_in_the_order_of_their_names_and_those_that_are_not_there_not_at_all() -> None:
    before, after = f"{AT}.d/10.conf", f"{AT}.d/zz.conf"
    files: dict[str, str | HostFile] = {before: "[Service]\nEnvironment=A=1 B=1", after: "[Service]\nEnvironment=A=2"}
    shown = f"FragmentPath={AT}\nDropInPaths={before} {after}\nNeedDaemonReload=yes"
    run = run_of(f"ExecStart={RUN}", files)
    given(run, cloudflared_unit, parse(shown, "cloudflared.service"))
    seen = run.get(connector_unit_files)
    assert [file.path for file in seen.all] == [AT, before, after]
    assert (seen.text.environment["A"], seen.text.environment["B"], seen.loaded) == ("2", "1", False)
