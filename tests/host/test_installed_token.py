"""The token's way from the unit's files into the process, on a stub host with real files and a real process."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.cloudflare.account import account_id
from spark_conformance.cloudflare.tunnel import tunnel, tunnel_token
from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.installed_token import (
    cloudflared_token,
    cloudflared_token_in_argv,
    cloudflared_token_in_use,
    cloudflared_token_variables,
    cloudflared_valid_token,
)
from spark_conformance.host.process import age, connector_among, connector_process
from spark_conformance.host.token_files import cloudflared_token_files, copies
from spark_conformance.host.token_holding import installed
from spark_conformance.host.token_matches import cloudflared_token_account, cloudflared_token_api, cloudflared_token_esc
from spark_conformance.secrets.references import esc_tunnel_token
from tests.host.installation import HANDS_ON, Installation
from tests.host.stubs import StubHost, given
from tests.host.tokens import ACCOUNT, TUNNEL, token

ELSEWHERE = "11111111-1111-4111-8111-111111111111"


def test_the_documented_way(host_with: Installation) -> None:
    host_with.environment(token())
    seen = host_with.run.get(cloudflared_valid_token)
    assert (seen.place, seen.variables) == ("the variable TUNNEL_TOKEN", ("CLOUDFLARE_TUNNEL_TOKEN",))
    assert (seen.account, seen.tunnel, seen.characters) == (ACCOUNT, TUNNEL, len(token()))
    assert host_with.files() == {"override.conf": "0600"}


def test_nothing_of_the_token_is_in_the_evidence(host_with: Installation) -> None:
    host_with.environment(token())
    said = json.dumps(asdict(host_with.run.get(cloudflared_token))) + repr(host_with.run.get(installed))
    assert token()[:8] not in said
    assert "canary" not in said


def test_a_variable_that_nothing_hands_on(host_with: Installation) -> None:
    host_with.write("cloudflared.service", "[Service]\nExecStart=/usr/bin/cloudflared tunnel run\n")
    host_with.environment(token())
    seen = host_with.run.get(cloudflared_valid_token)
    assert "does not hand on" in seen.place


@pytest.mark.parametrize("command", ["--token {0}", "--token={0}", "--token ${{CLOUDFLARE_TUNNEL_TOKEN}}"])
def test_a_token_among_the_arguments(host_with: Installation, command: str) -> None:
    text = (
        f"[Service]\nEnvironment=CLOUDFLARE_TUNNEL_TOKEN={token()}\nExecStart=/c tunnel run {command.format(token())}\n"
    )
    host_with.write("cloudflared.service", text, 0o644)
    seen = host_with.run.get(cloudflared_valid_token)
    assert seen.place == "the argument --token"
    assert host_with.files() == {"cloudflared.service": "0644"}


def test_a_token_file(host_with: Installation) -> None:
    path = host_with.write("token", f"{token()}\n", 0o640)
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/c tunnel run --token-file {path}\n")
    seen = host_with.run.get(cloudflared_valid_token)
    assert (seen.place, seen.variables) == (f"the file {path}", ())
    assert host_with.files() == {"token": "0640"}


def test_an_environment_file(host_with: Installation) -> None:
    path = host_with.write("environment", f"TUNNEL_TOKEN={token()}\n", 0o604)
    host_with.write("cloudflared.service", f"[Service]\nEnvironmentFile=-{path}\nExecStart=/c tunnel run\n")
    seen = host_with.run.get(cloudflared_valid_token)
    assert seen.variables == ("TUNNEL_TOKEN",)
    assert host_with.files() == {"environment": "0604"}


def test_the_loosest_of_several_files_counts(host_with: Installation) -> None:
    host_with.environment(token(), mode=0o600)
    host_with.write("cloudflared.service", f"{HANDS_ON}Environment=OTHER={token()}\n", 0o644)
    seen = host_with.run.get(cloudflared_token_files).loosest
    assert seen is not None
    assert (seen.path, seen.strange) == (str(host_with.unit), False)


@pytest.mark.parametrize("name", ["override.conf.bak", "override.conf~", ".override.conf.swp", "override.old"])
def test_a_copy_beside_it_counts(host_with: Installation, name: str) -> None:
    host_with.environment(token())
    host_with.write(name, f"VALUE={token()}", 0o644)
    host_with.write("another.conf", token(), 0o666)
    assert host_with.files() == {"override.conf": "0600", name: "0644"}


def test_a_copy_of_another_token_does_not(host_with: Installation) -> None:
    host_with.environment(token())
    host_with.write("override.conf.bak", token("rotated away"), 0o644)
    assert host_with.files() == {"override.conf": "0600"}


@pytest.mark.parametrize(("user", "strange"), [("", True), ("nobody", False)])
def test_a_file_of_somebody_elses(host_with: Installation, user: str, strange: bool) -> None:
    host_with.stub.prints("systemctl", f"User={user}")
    host_with.environment(token())
    theirs, ours = "echo 600 7 nobody nogroup", "echo 644 7 root root"
    host_with.stub.command("stat", f"case $* in *override*) {theirs} ;; *) {ours} ;; esac")
    (seen,) = host_with.run.get(cloudflared_token_files).files
    assert (seen.owner, seen.strange, seen.looser("0600")) == ("nobody", strange, strange)


def test_in_a_directory_of_drop_ins_every_file_may_be_a_copy() -> None:
    names = ["override.conf", "token.env", "x"]
    assert copies("/u.d", ["/u.d/override.conf"], names) == ["/u.d/override.conf", "/u.d/token.env", "/u.d/x"]
    assert copies("/etc", ["/u.d/override.conf", "/etc/token"], ["token.1", "passwd"]) == ["/etc/token.1"]


# --- ways that the documented one is not


@pytest.mark.parametrize("value", ["", token()])
def test_a_variable_beside_a_file_has_no_effect(host_with: Installation, value: str) -> None:
    path = host_with.write("token", token())
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/c tunnel run --token-file {path}\n")
    host_with.environment(value)
    seen = host_with.run.get(cloudflared_token_variables)
    assert (seen.names, seen.place) == ((), f"the file {path}")


@pytest.mark.parametrize(
    "script",
    ["TUNNEL_TOKEN={0}; export TUNNEL_TOKEN; exec /c run", "TUNNEL_TOKEN={0} /c run; exit $?", "/c run --token {0};"],
)
def test_a_token_followed_by_a_semicolon(host_with: Installation, script: str) -> None:
    text = script.format(token())
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/bin/sh -c '{text}'\n")
    assert host_with.run.get(cloudflared_valid_token).characters == len(token())


SCRIPTS = [
    "TUNNEL_TOKEN=$(cat /etc/token) cloudflared tunnel run",
    "read TUNNEL_TOKEN </etc/token; export TUNNEL_TOKEN; cloudflared tunnel run",
    ". /etc/default/cloudflared; exec cloudflared tunnel run",
    "cloudflared tunnel run --token `cat /etc/token`",
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shell_that_fetches_the_token_itself(host_with: Installation, script: str) -> None:
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/bin/sh -c '{script}'\n")
    host_with.runs("cloudflared", "tunnel", "run", environment={"TUNNEL_TOKEN": token()})
    seen = host_with.run.get(cloudflared_valid_token)
    assert (seen.tunnel, seen.place) == (TUNNEL, "the variable TUNNEL_TOKEN, as process 7 has it")
    observations: list[Callable[[Run], object]] = [
        cloudflared_token_files, cloudflared_token_in_use, cloudflared_token_variables
    ]  # fmt: skip
    for observe in observations:
        with pytest.raises(Unreachable, match="only that tells"):
            host_with.run.get(observe)


def test_a_shell_that_gives_a_file_of_its_own(host_with: Installation) -> None:
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/bin/sh -c '{SCRIPTS[2]}'\n")
    path = host_with.write("credential", f"{token()}\n")
    host_with.runs("cloudflared", "tunnel", "run", "--token-file", str(path), environment={})
    seen = host_with.run.get(cloudflared_valid_token)
    assert (seen.tunnel, seen.place) == (TUNNEL, f"the file {path}, as process 7 has it")


@pytest.mark.parametrize("command", [f"/bin/sh -c '{SCRIPTS[0]}'", "/opt/cloudflared-start.sh"])
def test_a_shell_that_fetches_it_and_does_not_run(host_with: Installation, command: str) -> None:
    host_with.write("cloudflared.service", f"[Service]\nExecStart={command}\n")
    host_with.active(0, "failed")
    with pytest.raises(Unreachable, match="it does not run"):
        host_with.run.get(cloudflared_token)


@pytest.mark.parametrize(
    "text",
    [
        "Environment=TUNNEL_TOKEN_FILE=%d/token\nExecStart=/usr/local/bin/cloudflared tunnel run",
        "ExecStart=/usr/local/bin/cloudflared tunnel run --token-file ${CREDENTIALS_DIRECTORY}/token",
        "ExecStart=/usr/local/bin/cloudflared tunnel run --token-file %d/token",
    ],
)
def test_a_token_that_systemd_loads_as_a_credential(host_with: Installation, text: str) -> None:
    path = host_with.write("token", f"{token()}\n")
    host_with.write("cloudflared.service", f"[Service]\nLoadCredential=token:{path}\n{text}\n")
    seen = host_with.run.get(cloudflared_valid_token)
    assert seen.place == f"the file {path}"
    assert host_with.files() == {"token": "0600"}


def test_a_file_of_variables_by_a_specifier(host_with: Installation) -> None:
    host_with.write("cloudflared", f"TUNNEL_TOKEN={token()}\n")
    text = f"[Service]\nEnvironmentFile={host_with.directory}/%p\nExecStart=/usr/local/bin/cloudflared tunnel run\n"
    host_with.write("cloudflared.service", text)
    assert host_with.run.get(cloudflared_valid_token).place == "the variable TUNNEL_TOKEN"


def test_a_comment_between_the_lines_of_a_command(host_with: Installation) -> None:
    command = f"/usr/local/bin/cloudflared \\\n  # --token {token('old')} \\\n  tunnel run"
    host_with.write("cloudflared.service", f"[Service]\nEnvironment=TUNNEL_TOKEN={token()}\nExecStart={command}\n")
    assert host_with.run.get(cloudflared_valid_token).place == "the variable TUNNEL_TOKEN"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "the variable TUNNEL_TOKEN: empty"),
        ("${TUNNEL_TOKEN}", "the variable TUNNEL_TOKEN: 15 characters, which are not a tunnel token"),
        (token()[:40], "the variable TUNNEL_TOKEN: 40 characters, which are not a tunnel token"),
    ],
)
def test_a_token_that_is_none(host_with: Installation, value: str, said: str) -> None:
    host_with.environment(value)
    with pytest.raises(Unmet) as unmet:
        host_with.run.get(cloudflared_valid_token)
    assert (unmet.value.fact, unmet.value.note) == ("cloudflared.token_present", said)
    assert host_with.run.get(cloudflared_token).variables == ("CLOUDFLARE_TUNNEL_TOKEN",)


def test_no_token_at_all(host_with: Installation) -> None:
    seen = host_with.run.get(cloudflared_token)
    assert (seen.valid, seen.told) == (False, "the variable TUNNEL_TOKEN: empty")


def test_a_unit_that_says_nothing(host_with: Installation) -> None:
    host_with.write("cloudflared.service", "")
    assert host_with.run.get(cloudflared_token).told == "the unit: empty"


def test_a_drop_in_that_we_may_not_read(stub: StubHost, host_with: Installation) -> None:
    host_with.environment(token())
    stub.command("cat", 'case $2 in *override*) exit 1 ;; esac; exec /bin/cat "$@"')
    with pytest.raises(Unreachable, match="sudo -n cat"):
        host_with.run.get(cloudflared_token)


# --- in use


def test_the_process_has_the_same(host_with: Installation) -> None:
    host_with.environment(token())
    host_with.runs("cloudflared", "tunnel", "run", environment={"TUNNEL_TOKEN": token()})
    assert host_with.run.get(cloudflared_token_in_use).same
    assert not host_with.run.get(cloudflared_token_in_argv).in_argv


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("c", "run"), {"TUNNEL_TOKEN": token("old")}, "another one from the variable TUNNEL_TOKEN"),
        (("c", "run", "--token", token("old")), None, "another one from the argument --token"),
        (("c", "run"), {"CLOUDFLARE_TUNNEL_TOKEN": token()}, "no token"),
        (("c", "run"), {"TUNNEL_TOKEN_FILE": "/nonexistent/token"}, "absent"),
    ],
)
def test_the_process_has_not_the_same(
    host_with: Installation, words: tuple[str, ...], environment: dict[str, str] | None, said: str
) -> None:
    host_with.environment(token())
    host_with.runs(*words, environment=environment)
    seen = host_with.run.get(cloudflared_token_in_use)
    assert not seen.same
    assert said in seen.told
    assert token("old") not in seen.told


def test_a_token_in_a_shells_text(host_with: Installation) -> None:
    host_with.runs("sh", "-c", f"TUNNEL_TOKEN={token()}; cloudflared tunnel run")
    assert host_with.run.get(cloudflared_token_in_argv).in_argv


@pytest.mark.parametrize("words", [("c", "--token", token()), ("c", f"--token={token()}")])
def test_a_token_in_the_process_list(host_with: Installation, words: tuple[str, ...]) -> None:
    host_with.environment(token())
    host_with.runs(*words)
    assert host_with.run.get(cloudflared_token_in_argv).in_argv
    assert host_with.run.get(cloudflared_token_in_use).same


def test_a_token_file_written_after_the_start(host_with: Installation) -> None:
    path = host_with.write("token", token())
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/c tunnel run --token-file {path}\n")
    host_with.runs("c", "tunnel", "run", "--token-file", str(path), environment={}, age_s=1000)
    seen = host_with.run.get(cloudflared_token_in_use)
    assert (seen.same, "after the process started" in seen.told) == (False, True)


def test_a_token_file_older_than_the_process(stub: StubHost, host_with: Installation) -> None:
    path = host_with.write("token", token())
    os.utime(path, (1, 1))
    host_with.write("cloudflared.service", f"[Service]\nExecStart=/c tunnel run --token-file {path}\n")
    host_with.runs("c", "tunnel", "run", "--token-file", str(path), environment={}, age_s=1000)
    assert host_with.run.get(cloudflared_token_in_use).same


def test_a_token_file_of_the_process_that_is_closed_to_us(stub: StubHost, host_with: Installation) -> None:
    host_with.environment(token())
    path = host_with.write("credential", token())
    stub.command("cat", 'case $2 in *credential) exit 1 ;; esac; exec /bin/cat "$@"')
    host_with.runs("c", "tunnel", "run", "--token-file", str(path), environment={})
    with pytest.raises(Unreachable, match="credential"):
        host_with.run.get(cloudflared_token_in_use)


def test_a_token_file_with_another_token_by_now(host_with: Installation, tmp_path: Path) -> None:
    host_with.environment(token())
    other = host_with.write("other", token("old"))
    host_with.runs("c", "tunnel", "run", environment={"TUNNEL_TOKEN_FILE": str(other)})
    seen = host_with.run.get(cloudflared_token_in_use)
    assert (seen.same, "now holds another token" in seen.told) == (False, True)


def test_a_token_file_that_is_gone_by_now(host_with: Installation, tmp_path: Path) -> None:
    host_with.environment(token())
    host_with.runs("c", "tunnel", "run", environment={"TUNNEL_TOKEN_FILE": f"{tmp_path}/gone"})
    seen = host_with.run.get(cloudflared_token_in_use)
    assert (seen.same, seen.told) == (False, f"it reads its token from {tmp_path}/gone, which is absent")


def test_an_environment_that_is_closed_to_us(host_with: Installation) -> None:
    host_with.environment(token())
    host_with.runs("c", "tunnel", "run", environment=None)
    with pytest.raises(Unreachable, match="environ"):
        host_with.run.get(cloudflared_token_in_use)


def test_a_stopped_service_uses_nothing(host_with: Installation) -> None:
    host_with.environment(token())
    host_with.active(0, "failed")
    with pytest.raises(Unmet) as unmet:
        host_with.run.get(cloudflared_token_in_use)
    assert unmet.value.fact == "cloudflared.active"


# --- the real process


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"], env={"TUNNEL_TOKEN": "x=y", "PATH": os.environ["PATH"]})
    yield process
    process.kill()
    process.wait()


def test_a_process_as_proc_shows_it(host_with: Installation, sleeper: subprocess.Popen[bytes]) -> None:
    host_with.active(sleeper.pid)
    seen = host_with.run.get(connector_process)
    assert (seen.words, seen.environment and seen.environment["TUNNEL_TOKEN"]) == (("sleep", "60"), "x=y")
    assert seen.age_s is not None
    assert -1 < seen.age_s < 60
    assert "x=y" not in repr(seen)


def test_what_a_shell_started_is_the_connector_and_its_arguments_count(host_with: Installation) -> None:
    script = f"tail -f /dev/null --pid $$ tunnel {token()}; exit $?"
    with subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL, start_new_session=True) as shell:
        try:
            child = _child(shell.pid)
            host_with.active(shell.pid)
            seen = host_with.run.get(connector_process)
            assert (seen.pid, seen.words[0]) == (child, "tail")
            assert [words[0] for words in seen.service] == ["sh", "tail"]
            assert host_with.run.get(cloudflared_token_in_argv).in_argv
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


def _child(pid: int) -> int:
    """The process that a shell has started, once it is another program."""
    while True:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"tail\0"):
                return int(child)
        os.sched_yield()


@pytest.mark.parametrize(
    ("family", "pid"),
    [
        ({1: ("/usr/bin/tini", "--", "cloudflared", "tunnel", "run"), 2: ("/opt/cloudflared", "tunnel", "run")}, 2),
        ({1: ("/usr/local/bin/cloudflared", "tunnel", "run"), 2: ("/opt/cloudflared", "update")}, 1),
        ({1: ("/bin/sh", "-c", "x"), 2: ("sleep", "1"), 3: ("/opt/c", "tunnel", "run")}, 3),
        ({1: ("/usr/bin/docker", "run", "cloudflared", "tunnel", "run")}, 1),
        ({1: ("",)}, 1),
        ({}, 1),
    ],
)
def test_which_process_is_the_connector(family: dict[int, tuple[str, ...]], pid: int) -> None:
    assert connector_among(1, family) == pid


def test_a_process_that_has_just_ended(host_with: Installation) -> None:
    host_with.active(2**22 + 1)
    with pytest.raises(Unreachable, match="run the checks again"):
        host_with.run.get(connector_process)


def test_the_age_of_a_process_with_an_odd_name() -> None:
    stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 4200 1 2 3"
    assert age(stat, "100.50 90.00\n") == 58.5
    assert age("", "1 1") is None
    assert age(stat, "") is None


# --- against others


def _matches(host_with: Installation, **others: Any) -> Run:
    host_with.environment(token())
    for observe, seen in {account_id: ACCOUNT, esc_tunnel_token: token(), tunnel_token: token()}.items():
        value = others.get(observe.__name__, seen)
        given(host_with.run, observe, value if observe is account_id else Secret(value, "test"))
    return host_with.run


def test_all_the_same(host_with: Installation) -> None:
    run = _matches(host_with)
    assert run.get(cloudflared_token_account).same
    assert run.get(cloudflared_token_esc).same
    assert run.get(cloudflared_token_api).same


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (token("rotated"), "has another secret"),
        (token(tunnel=ELSEWHERE), "is of tunnel 11111111"),
        ("pasted wrong", "is not a tunnel token (12 characters)"),
    ],
)
def test_another_token(host_with: Installation, other: str, said: str) -> None:
    run = _matches(host_with, esc_tunnel_token=other, tunnel_token=other)
    for observe in (cloudflared_token_esc, cloudflared_token_api):
        seen = run.get(observe)
        assert not seen.same
        assert said in seen.told
        assert other not in seen.told


def test_another_tunnels_token_has_a_current_one_of_its_own(host_with: Installation) -> None:
    run = _matches(host_with)
    host_with.environment(token(tunnel=ELSEWHERE))
    given(run, tunnel, SimpleNamespace(id=TUNNEL))
    with pytest.raises(Unmet) as raised:
        run.get(cloudflared_token_api)
    assert (raised.value.fact, raised.value.observed) == ("cloudflared.token_tunnel", ELSEWHERE)


def test_the_token_of_a_tunnel_made_anew(host_with: Installation) -> None:
    run = _matches(host_with, tunnel_token=token(tunnel=ELSEWHERE))
    host_with.environment(token(tunnel=ELSEWHERE))
    given(run, tunnel, SimpleNamespace(id=ELSEWHERE))
    assert run.get(cloudflared_token_api).same


def test_no_token_and_no_variable_for_it(host_with: Installation) -> None:
    with pytest.raises(Unmet) as raised:
        host_with.run.get(cloudflared_token_variables)
    assert raised.value.fact == "cloudflared.token_present"


def test_a_variable_without_a_token(host_with: Installation) -> None:
    host_with.environment("")
    assert host_with.run.get(cloudflared_token_variables).names == ("CLOUDFLARE_TUNNEL_TOKEN",)


def test_another_account(host_with: Installation) -> None:
    seen = _matches(host_with, account_id="f" * 32).get(cloudflared_token_account)
    assert not seen.same
    assert ACCOUNT in seen.told
