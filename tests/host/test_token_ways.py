"""The ways by which systemd hands a token on; what it has loaded is as systemd 252 prints it."""

import os

import pytest

from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host import token_holding
from spark_conformance.host.installed_token import (
    cloudflared_token,
    cloudflared_token_in_use,
    cloudflared_token_variables,
    cloudflared_valid_token,
)
from spark_conformance.host.shown import cloudflared_token_shown
from spark_conformance.host.token_files import cloudflared_token_files
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.installation import Installation
from tests.host.stubs import StubHost, given, run_on
from tests.host.tokens import TUNNEL, token

RUN = "/usr/local/bin/cloudflared --no-autoupdate tunnel run"


def _place(host_with: Installation) -> str:
    seen = host_with.run.get(cloudflared_valid_token)
    assert seen.tunnel == TUNNEL
    return seen.place


# --- as systemd has it loaded


def test_what_systemd_has_loaded_counts_before_the_text(host_with: Installation) -> None:
    host_with.write("cloudflared.service", f"[Service]\nEnvironment=TUNNEL_TOKEN=stale\nExecStart={RUN}\n")
    host_with.loaded(RUN, f"Environment=A=1 TUNNEL_TOKEN={token()}")
    assert _place(host_with) == "the variable TUNNEL_TOKEN"


def test_before_a_reload_the_text_tells_what_the_next_start_gets(host_with: Installation) -> None:
    host_with.write("cloudflared.service", f"[Service]\nEnvironment=TUNNEL_TOKEN={token()}\nExecStart={RUN}\n")
    host_with.loaded(RUN, f"Environment=TUNNEL_TOKEN={token('stale')}", state="active", reload="yes")
    host_with.runs("cloudflared", environment={"TUNNEL_TOKEN": token("stale")})
    assert not host_with.run.get(cloudflared_token_in_use).same
    assert host_with.files() == {"cloudflared.service": "0600"}


def test_a_unit_that_we_may_not_read_is_told_by_systemd(plain: StubHost) -> None:
    closed = f"{plain.bin.parent}/closed/there"
    run = run_on(plain, cloudflared__drop_in=closed)
    plain.prints("systemctl", f"{_started(RUN)}\nEnvironment=TUNNEL_TOKEN={token()}")
    given(
        run, cloudflared_unit, parse(f"FragmentPath={closed}\nDropInPaths={closed}\nNeedDaemonReload=no", "c.service")
    )
    assert run.get(cloudflared_valid_token).tunnel == TUNNEL
    with pytest.raises(Unreachable, match="closed/there"):
        run.get(cloudflared_token_files)


def test_an_argument_with_a_blank_has_its_end_from_the_text(host_with: Installation) -> None:
    path = host_with.write("my token", f"{token()}\n")
    host_with.write("cloudflared.service", f'[Service]\nExecStart={RUN} --token-file "{path}"\n')
    host_with.loaded(f"{RUN} --token-file {path}")
    assert _place(host_with) == f"the file {path}"


def test_variables_that_systemd_quotes(host_with: Installation) -> None:
    host_with.loaded(f"{RUN} --token ${{X}}", rf'Environment="A=b \"c\" \$d" X={token()} $\'B=e\ff\'')
    assert _place(host_with) == "the argument --token"


def _started(command: str) -> str:
    return f"ExecStart={{ path={command.split(maxsplit=1)[0]} ; argv[]={command} ; ignore_errors=no ; pid=0 }}"


# --- files of variables


def test_files_by_a_pattern_count_in_the_order_of_their_names(host_with: Installation) -> None:
    host_with.write("20-token.env", f"TUNNEL_TOKEN={token()}\n")
    host_with.write("10-old.env", f"TUNNEL_TOKEN={token('old')}\n")
    host_with.write(".30-hidden.env", "TUNNEL_TOKEN=hidden\n")
    host_with.write("30-other.conf", "TUNNEL_TOKEN=other\n")
    host_with.loaded(RUN, f"EnvironmentFiles={host_with.directory}/*.env (ignore_errors=yes)")
    assert _place(host_with) == "the variable TUNNEL_TOKEN"
    assert host_with.files() == {"20-token.env": "0600"}


def test_several_files_and_one_that_is_not_there(host_with: Installation) -> None:
    host_with.write("one", "TUNNEL_TOKEN=first\n")
    host_with.write("two words", f"TUNNEL_TOKEN='{token()}'\n")
    at = host_with.directory
    lines = [f"EnvironmentFiles={at}/{name} (ignore_errors=yes)" for name in ("one", "two words", "none", "none/*")]
    host_with.loaded(RUN, "Environment=TUNNEL_TOKEN=set", *lines)
    assert host_with.files() == {"two words": "0600"}


@pytest.mark.parametrize("name", ["there", "*.env", "*/token"])
def test_a_file_that_we_may_not_read_may_hold_another_token(plain: StubHost, name: str) -> None:
    run = run_on(plain)
    file = f"EnvironmentFiles={plain.bin.parent}/closed/{name} (ignore_errors=no)"
    plain.prints("systemctl", f"{_started(RUN)}\nEnvironment=TUNNEL_TOKEN={token()}\n{file}")
    given(run, cloudflared_unit, parse("FragmentPath=/none\nNeedDaemonReload=no", "cloudflared.service"))
    with pytest.raises(Unreachable, match=r"is or may be: allow it"):
        run.get(cloudflared_token)


@pytest.mark.parametrize("value", ['"{0}\n{1}"', '"{0}\\\n{1}"', "'{0}\n{1}\n'"])
def test_a_token_over_several_lines_is_one(host_with: Installation, value: str) -> None:
    text = f"TUNNEL_TOKEN={value.format(token()[:50], token()[50:])}\n"
    path = host_with.write("token.env", text)
    host_with.loaded(RUN, f"EnvironmentFiles={path} (ignore_errors=no)", state="active")
    host_with.runs("cloudflared", environment={"TUNNEL_TOKEN": token()})
    assert _place(host_with) == "the variable TUNNEL_TOKEN"
    assert host_with.files() == {"token.env": "0600"}
    assert host_with.run.get(cloudflared_token_in_use).same


def test_a_variable_that_the_unit_takes_away(host_with: Installation) -> None:
    path = host_with.write("token.env", f"TUNNEL_TOKEN={token()}\n")
    host_with.loaded(RUN, f"EnvironmentFiles={path} (ignore_errors=no)", "UnsetEnvironment=A TUNNEL_TOKEN")
    assert host_with.run.get(cloudflared_token).told == "the unit: empty"


# --- variables from elsewhere


def test_variables_that_systemd_was_started_with_are_told_by_the_process(host_with: Installation) -> None:
    host_with.loaded(RUN, "PassEnvironment=LANG TUNNEL_TOKEN", state="active")
    host_with.runs("cloudflared", environment={"TUNNEL_TOKEN": token()})
    assert _place(host_with) == "the variable TUNNEL_TOKEN, as process 7 has it"
    with pytest.raises(Unreachable, match="PassEnvironment"):
        host_with.run.get(cloudflared_token_variables)


@pytest.mark.parametrize(
    ("command", "passed", "told"),
    [(RUN, "LANG", "the unit: empty"), (f"{RUN} --token ${{T}}", "LANG T", "PassEnvironment")],
)
def test_only_variables_by_which_a_token_may_come_leave_it_open(
    host_with: Installation, command: str, passed: str, told: str
) -> None:
    host_with.loaded(command, f"PassEnvironment={passed}")
    try:
        seen = host_with.run.get(cloudflared_token).told
    except Unreachable as unreachable:
        seen = unreachable.sentence
    assert told in seen


def test_variables_that_systemd_hands_to_every_service(host_with: Installation) -> None:
    host_with.loaded(RUN)
    host_with.stub.command(
        "systemctl", f"case $1 in show-environment) echo TUNNEL_TOKEN={token()} ;; *) echo '{_started(RUN)}' ;; esac"
    )
    assert "`systemctl show-environment` shows it to every user" in _place(host_with)


def test_an_empty_argument_leaves_no_variable(host_with: Installation) -> None:
    host_with.loaded(f"{RUN} --token=", f"Environment=TUNNEL_TOKEN={token()}")
    assert host_with.run.get(cloudflared_token).told == "the argument --token: empty"


# --- its own configuration file


@pytest.mark.parametrize("setting", ["token", "token-file"])
def test_a_token_in_its_own_configuration_file(host_with: Installation, setting: str) -> None:
    path = host_with.write("token", token())
    host_with.write("config.yml", f"{setting}: {token() if setting == 'token' else path}\n", 0o640)
    host_with.loaded(RUN, state="active")
    host_with.runs("cloudflared", "tunnel", "run", environment={})
    assert host_with.files() == ({"config.yml": "0640"} if setting == "token" else {"token": "0600"})
    os.utime(path, (1, 1))
    assert host_with.run.get(cloudflared_token_in_use).same


def test_its_own_configuration_file_does_not_count_beside_a_variable(host_with: Installation) -> None:
    host_with.write("config.yml", f"token: {token('other')}\n")
    host_with.loaded(RUN, f"Environment=TUNNEL_TOKEN={token()}")
    assert _place(host_with) == "the variable TUNNEL_TOKEN"


@pytest.mark.parametrize(
    ("command", "environment", "config", "place"),
    [
        ("--credentials-file /c.json", "", "", "the argument --credentials-file"),
        ("", "TUNNEL_CRED_FILE=/c.json", "", "the variable TUNNEL_CRED_FILE"),
        ("", "", "tunnel: x\ncredentials-file: /c.json\n", "the setting credentials-file of its configuration file"),
    ],
)
def test_credentials_in_place_of_a_token(
    host_with: Installation, command: str, environment: str, config: str, place: str
) -> None:
    host_with.write("config.yml", config)
    host_with.loaded(f"{RUN} {command} spark", f"Environment={environment}")
    assert host_with.run.get(cloudflared_token).told == f"{place}, by which it runs without a token: empty"


# --- credentials


def _credential(host_with: Installation, setting: str, name: str = "token") -> None:
    command = f"{RUN} --token-file /run/credentials/cloudflared.service/{name}"
    host_with.write("cloudflared.service", f"[Service]\n{setting}\nExecStart={RUN} --token-file %d/{name}\n", 0o644)
    host_with.loaded(command, "SetCredential=[unprintable]")


def test_a_credential_from_one_of_systemds_stores(host_with: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = tuple(str(host_with.directory / name) for name in ("none", "store"))
    monkeypatch.setattr(token_holding, "STORES", stores)
    (host_with.directory / "store").mkdir()
    path = host_with.write("store/tunnel", token())
    _credential(host_with, "LoadCredential=token:tunnel")
    assert _place(host_with) == f"the file {path}"


def test_a_credential_in_the_unit_is_shown_to_everybody(host_with: Installation) -> None:
    _credential(host_with, f"SetCredential=token:{token()}")
    assert _place(host_with) == "the unit's SetCredential="
    assert host_with.files() == {"cloudflared.service": "0644"}
    assert "SetCredential" in host_with.run.get(cloudflared_token_shown).told


def test_a_credential_whose_file_is_gone_has_its_default(host_with: Installation) -> None:
    _credential(host_with, f"LoadCredential=token:/nonexistent/token\nSetCredential=token:{token()}")
    assert _place(host_with) == "the unit's SetCredential="


def test_a_credential_whose_file_is_gone(host_with: Installation) -> None:
    _credential(host_with, "LoadCredential=token:/nonexistent/token")
    with pytest.raises(Unmet) as unmet:
        host_with.run.get(cloudflared_valid_token)
    assert unmet.value.note == "the file /nonexistent/token, which is not there: empty"


def test_a_credential_that_the_unit_does_not_set(host_with: Installation) -> None:
    _credential(host_with, "LoadCredential=other:/nonexistent/token")
    assert host_with.run.get(cloudflared_token).told == "the credential token, which the unit does not set: empty"


SEALED = [
    "LoadCredentialEncrypted=token:/etc/sealed",
    "SetCredentialEncrypted=token:k6iUCUh0RJCQyvL8k8q1",
    "ImportCredential=tok*",
]


@pytest.mark.parametrize("setting", SEALED)
def test_a_credential_that_systemd_alone_can_read(host_with: Installation, setting: str) -> None:
    _credential(host_with, setting)
    with pytest.raises(Unreachable, match=r"systemd alone reads .* \(token\).* is absent: start the service"):
        host_with.run.get(cloudflared_token)


def test_a_credential_that_systemd_decrypted(host_with: Installation) -> None:
    _credential(host_with, SEALED[0])
    own = "*/run/credentials/*"
    host_with.stub.command("stat", f'case $* in {own}) echo 400 7 root root ;; *) exec /usr/bin/stat "$@" ;; esac')
    host_with.stub.command("cat", f'case $* in {own}) echo {token()} ;; *) exec /bin/cat "$@" ;; esac')
    assert _place(host_with) == "the credential token, as the running service has it"
    for observe in (cloudflared_token_files, cloudflared_token_in_use, cloudflared_token_variables):
        with pytest.raises(Unreachable, match="systemd alone reads"):
            host_with.run.get(observe)


# --- other directories


@pytest.mark.parametrize(
    ("settings", "path"), [("WorkingDirectory={0}", "token"), ("RootDirectory={0}", "/token"), ("", "{0}/token")]
)
def test_a_file_below_a_directory_of_the_services(host_with: Installation, settings: str, path: str) -> None:
    file, at = host_with.write("token", token()), str(host_with.directory)
    command = f"{RUN} --token-file {path.format(at)}"
    host_with.write("cloudflared.service", f"[Service]\n{settings.format(at)}\nExecStart={command}\n")
    host_with.loaded(command)
    assert _place(host_with) == f"the file {file}"
