"""What the suite's user may do as root: by recordings of what sudo 1.9.13 lists, and by how often sudo is asked."""

import getpass
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spark_conformance.core.run import OBSERVATIONS, Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.target import Ssh
from spark_conformance.host import sudo_rules
from spark_conformance.host.connection import HostBackend, guard, target_host
from spark_conformance.host.shell import Host
from spark_conformance.host.sudo import sudo_rights
from spark_conformance.host.sudo_rules import Grant, parse
from spark_conformance.observations import load_observations
from spark_conformance.ssh.backend import PersistentBackend
from spark_conformance.ssh.connection import Connection
from tests.host.stubs import StubHost, given, run_on

COMMANDS = ("systemctl daemon-reload", "systemctl restart cloudflared", "rm -rf '/a b'", "echo 'never closed")
DEFAULTS = """Matching Defaults entries for spark on dgx:
    env_reset, mail_badpass,
    secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,
    use_pty

"""
HEAD = "User spark may run the following commands on dgx:\n"
ALL_FREE = f"{DEFAULTS}{HEAD}    (ALL : ALL) NOPASSWD: ALL\n"
MIXED = f"""{DEFAULTS}{HEAD}    (ALL : ALL) ALL
    (root) NOPASSWD: /usr/bin/cat, /usr/bin/stat, /usr/bin/journalctl,
        /usr/bin/systemctl daemon-reload
"""
TAGGED = f"""{DEFAULTS}{HEAD}    (ALL : ALL) NOPASSWD: ALL
    (root) PASSWD: /usr/bin/systemctl restart cloudflared, NOPASSWD:
        !/usr/bin/id, /usr/bin/systemctl enable *
"""
FREE_BY_DEFAULT = DEFAULTS.replace("use_pty", "use_pty, !authenticate")
ALIASED = f"""{FREE_BY_DEFAULT}{HEAD}    (root : adm) SETENV: NOEXEC:
        /usr/bin/systemctl restart cloudflared, /usr/bin/systemctl daemon-reload
    (ollama) NOPASSWD: /usr/bin/true
"""
LAST_ASKS = f"{HEAD}    (ALL : ALL) NOPASSWD: /usr/bin/cat\n    (ALL : ALL) ALL\n"
GERMAN = "Der Benutzer spark darf die folgenden Befehle auf dgx ausführen:\n    (ALL : ALL) NOPASSWD: ALL\n"
OTHERS = f"{HEAD}    (ollama) NOPASSWD: ALL\n"
RESTART = "/usr/bin/systemctl restart cloudflared"
RELOAD = "/usr/bin/systemctl daemon-reload"


@pytest.mark.parametrize(
    ("listing", "restart", "reload"),
    [
        (ALL_FREE, False, False),
        (GERMAN, False, False),
        (MIXED, True, False),
        (TAGGED, True, False),
        (ALIASED, False, False),
        (LAST_ASKS, True, True),
        (OTHERS, None, None),
        ("", None, None),
    ],
)
def test_whether_sudo_asks_for_a_password(listing: str, restart: bool | None, reload: bool | None) -> None:
    rules = parse(listing)
    assert (rules.asks(RESTART), rules.asks(RELOAD)) == (restart, reload)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("ALL", True),
        ("/usr/bin/systemctl", True),
        ("/usr/bin/", True),
        ("/usr/", False),
        ("/usr/bin/system*", True),
        ("/usr/bin/systemctl restart *", True),
        ("/usr/bin/systemctl restart clouds", False),
        ('/usr/bin/systemctl ""', False),
        ("^/usr/bin/systemctl$ ^restart (cloudflared|ollama)$", True),
        ("^/usr/bin/systemctl$ ^stop", False),
        ("/bin/systemctl", False),
    ],
)
def test_which_rule_is_about_a_command(pattern: str, matches: bool) -> None:
    assert Grant(pattern, password=False).matches(RESTART) is matches


def test_a_rule_that_goes_on_in_the_next_line_stays_that_of_its_own_users() -> None:
    rules = parse(f"{HEAD}    (root) NOPASSWD: /usr/bin/x\n    (postgres) NOPASSWD: /usr/bin/y,\n        /usr/bin/z\n")
    assert [grant.command for grant in rules.grants] == ["/usr/bin/x"]


def test_escapes_and_digests_of_a_rule() -> None:
    (grant,) = parse(f"{HEAD}    (root) NOPASSWD: sha224:0Gom== /usr/bin/x a\\,b\\:c\\=d\n").grants
    assert grant == Grant("/usr/bin/x a,b:c=d", password=False)


def _lists(stub: StubHost, listing: str, answer: str = "") -> None:
    """A sudo that lists rules, and says of each command where it is unless `answer` says otherwise."""
    stub.command("id", "echo 1000")
    stub.prints("listing", listing)
    stub.command(
        "sudo", f'[ "$1 $2" = "-n -l" ] || exit 9\n[ $# -gt 2 ] || exec listing\nshift 3\n{answer}\necho "/usr/bin/$*"'
    )


def test_each_command_is_asked_about_and_none_is_run(stub: StubHost) -> None:
    _lists(
        stub,
        ALL_FREE,
        'case "$*" in *restart*) echo "Sorry, not allowed" >&2; exit 1 ;; esac\n'
        '[ "$1" != rm ] || [ "$3" = "/a b" ] || exit 8',
    )
    seen = run_on(stub, host__sudo=list(COMMANDS)).get(sudo_rights)
    assert seen.refused == ("systemctl restart cloudflared",)
    assert seen.allowed == (COMMANDS[0], COMMANDS[2], COMMANDS[3])
    assert (seen.said, seen.asking) == ("Sorry, not allowed", ())
    assert len(stub.backend.ahead) == len(COMMANDS)


def test_mixed_rules_say_yes_and_ask_for_a_password_then(stub: StubHost) -> None:
    _lists(stub, MIXED)
    seen = run_on(stub, host__sudo=list(COMMANDS[:2])).get(sudo_rights)
    assert (seen.allowed, seen.refused, seen.asking) == ((COMMANDS[0],), (COMMANDS[1],), (COMMANDS[1],))


def test_root_is_never_asked(stub: StubHost) -> None:
    _lists(stub, f"{HEAD}    (ALL : ALL) ALL\n")
    stub.command("id", "echo 0")
    assert run_on(stub, host__sudo=list(COMMANDS[:2])).get(sudo_rights).allowed == COMMANDS[:2]


def test_a_rule_that_cannot_be_found_is_not_a_refusal(stub: StubHost) -> None:
    _lists(stub, OTHERS)
    with pytest.raises(Unreachable, match="lists no rule"):
        run_on(stub, host__sudo=list(COMMANDS[:2])).get(sudo_rights)


def test_a_password_for_the_list_says_nothing_of_the_commands_and_is_asked_for_once(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match=r"does not list its rules: sudo: a password is required") as no:
        run_on(stub).get(sudo_rights)
    assert "where `listpw` is set in sudoers, some may be" in no.value.sentence
    assert [command for command in stub.backend.commands if "sudo -n" in command] == ["sudo -n -l"]


def test_sudo_rs_has_no_listpw_and_its_refusal_tells(stub: StubHost) -> None:
    stub.command(
        "sudo",
        '[ "$1" != --version ] || { echo "sudo-rs 0.2.5" >&2; exit; }\n'
        "echo 'sudo: interactive authentication is required' >&2; exit 1",
    )
    seen = run_on(stub).get(sudo_rights)
    assert (seen.allowed, seen.said) == ((), "sudo: interactive authentication is required")
    assert [command for command in stub.backend.commands if "sudo -n" in command] == ["sudo -n -l"]


def test_a_host_without_sudo(stub: StubHost) -> None:
    stub.command("sudo", "exit 127")
    assert run_on(stub).get(sudo_rights).said == "there is no sudo"


def test_no_word_reaches_the_shell_unquoted(stub: StubHost) -> None:
    _lists(stub, ALL_FREE)
    run_on(stub, host__sudo=["$(touch x); `id` && true"]).get(sudo_rights)
    assert stub.backend.commands[2:] == ["sudo -n -l -- '$(touch' 'x);' '`id`' '&&' true"]


# --- sudo is not asked for what would cost a failed login


@pytest.fixture
def asked(stub: StubHost, monkeypatch: pytest.MonkeyPatch) -> HostBackend:
    """The suite's own backend, whose commands the stub host runs."""

    def run(backend: HostBackend, command: str, *args: str, **_: object) -> object:
        return stub.backend.run(backend.get_command(command, *args))

    monkeypatch.setattr(PersistentBackend, "run", run)
    return HostBackend(Connection(Ssh(host="nowhere")))


def _count(stub: StubHost, listing: str) -> None:
    """A sudo that writes down what it is asked, and lists rules, or asks for a password."""
    stub.prints("listing", listing)
    lists = "exec listing" if listing else "echo 'sudo: Passwort ist notwendig' >&2; exit 1"
    stub.command("sudo", f'{_noting(stub)}\n[ "$*" != "-n -l" ] || {{ {lists}; }}\necho ran "$2"')


def _noting(stub: StubHost) -> str:
    """What a sudo does first that writes down what it is asked, but for its version, which asks for nothing."""
    return f'[ "$1" != --version ] || {{ echo "Sudo Version 1.9.16p2"; exit; }}\necho "$*" >>{stub.bin}/asked'


def _asked(stub: StubHost) -> list[str]:
    return (stub.bin / "asked").read_text().splitlines()


def _does_not_list(run: Run) -> str:
    with pytest.raises(Unreachable, match="sudo does not list its rules") as refused:
        run.get(sudo_rights)
    return refused.value.sentence


def test_after_one_refusal_sudo_is_asked_no_more(stub: StubHost, asked: HostBackend) -> None:
    _count(stub, "")
    for number in range(13):
        result = asked.run("sudo -n cat -- %s", f"/root/{number}")
        assert (result.rc, result.stderr) == (1, "sudo: Passwort ist notwendig\n")
    assert asked.run("sudo -n /bin/sh -c %s", "true").rc == 1
    assert asked.run("true").rc == 0
    run = run_on(stub)
    given(run, target_host, Host(asked))
    assert "sudo: Passwort ist notwendig" in _does_not_list(run)
    assert _asked(stub) == ["-n -l"]


def test_only_what_the_rules_leave_free_is_asked_for(stub: StubHost, asked: HostBackend) -> None:
    _count(stub, MIXED)
    assert asked.run("sudo -n cat -- x; sudo -n /usr/bin/stat x").stdout == "ran cat\nran /usr/bin/stat\n"
    assert asked.run("x=$(sudo -n readlink x 2>&1); echo $x").stdout == "sudo: a password is required\n"
    assert _asked(stub) == ["-n -l", "-n cat -- x", "-n /usr/bin/stat x"]


WITH_ARGUMENTS = f"""{HEAD}    (ALL : ALL) ALL
    (root) NOPASSWD: /usr/bin/cat /etc/a*, /usr/bin/stat "", /usr/bin/systemctl restart cloudflared
    (root) NOPASSWD: /usr/sbin/, PASSWD: /usr/bin/cat /etc/abc, NOPASSWD: !/usr/bin/id
"""


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("cat /etc/a", True),
        ("/usr/bin/cat '/etc/a b'", True),
        ("cat /etc/abc", False),
        ("cat /etc/b", False),
        ("cat", False),
        ("systemctl restart cloudflared", True),
        ("systemctl restart cloudflared x", False),
        ("systemctl show", False),
        ("stat", True),
        ("stat /", False),
        ("id", False),
        ("/bin/sh -c 'cat /etc/a'", False),
    ],
)
def test_a_rule_with_arguments_is_free_for_these_alone(
    stub: StubHost, asked: HostBackend, command: str, runs: bool
) -> None:
    _count(stub, WITH_ARGUMENTS.replace("/usr/sbin/", "/usr/bin/journalctl"))
    result = asked.run(f"sudo -n {command}")
    assert (result.rc == 0) is runs
    assert len(_asked(stub)) == 1 + runs


def test_where_all_is_free_nothing_stands_between(stub: StubHost, asked: HostBackend) -> None:
    _count(stub, ALL_FREE)
    assert asked.run("sudo -n anything").stdout == "ran anything\n"
    assert asked.get_command("sudo -n cat -- %s", "/x") == "sudo -n cat -- /x"
    assert len(_asked(stub)) == 2


def test_the_rules_are_the_users_own_within_sudo_too(stub: StubHost, asked: HostBackend) -> None:
    _count(stub, ALL_FREE)
    there = Host(asked)
    asked.set_host(there)
    with there.sudo():
        assert there.run("true").stdout == "ran /bin/sh\n"
    assert _asked(stub) == ["-n -l", "-n /bin/sh -c true"]


def test_what_needs_no_root_costs_no_question(stub: StubHost, asked: HostBackend) -> None:
    _count(stub, MIXED)
    assert asked.run("echo %s", "sudo of mine").stdout == "sudo of mine\n"
    assert not (stub.bin / "asked").exists()
    assert asked.get_command("sudo -n -l -- true") == "sudo -n -l -- true"


def test_a_host_without_sudo_says_so_by_itself(stub: StubHost) -> None:
    assert guard(stub.backend.result(127, b"", b"", b"sudo: not found")) == ""


def test_a_whole_run_asks_sudo_once(stub: StubHost, asked: HostBackend) -> None:
    _count(stub, "")
    run = run_on(stub)
    given(run, target_host, Host(asked))
    load_observations()
    made = [name for name, observe in OBSERVATIONS.items() if observe.__module__.startswith("spark_conformance.host.")]
    assert len(made) > 30
    with run.closing, ThreadPoolExecutor(len(made)) as threads:
        for _ in threads.map(lambda name: _exception(run, OBSERVATIONS[name]), made):
            pass
    assert _asked(stub) == ["-n -l"]


def _exception(run: Run, observe: Callable[[Run], object]) -> BaseException | None:
    return run.start(observe).exception()


@pytest.fixture
def tallies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stub host counts failed logins."""
    monkeypatch.setattr(sudo_rules, "TALLIES", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("age_s", "size_times"), [(0, (1, 0)), (900, (1, 0)), (3600, (1, 1)), (0, (0, 1)), (None, (0, 1))]
)
def test_sudo_is_not_asked_where_one_more_failure_could_lock_the_account(
    stub: StubHost, asked: HostBackend, tallies: Path, age_s: int | None, size_times: tuple[int, int]
) -> None:
    size, times = size_times
    if age_s is not None:
        tally = tallies / getpass.getuser()
        tally.write_bytes(b"x" * size)
        then = time.time() - age_s
        os.utime(tally, (then, then))
    _count(stub, "")
    run = run_on(stub)
    given(run, target_host, Host(asked))
    if times:
        assert "sudo: Passwort ist notwendig" in _does_not_list(run)
        assert _asked(stub) == ["-n -l"]
        return
    with pytest.raises(Unreachable, match=r"could lock the account: a failed login .* less than 16 minutes ago; wait"):
        run.get(sudo_rights)
    assert asked.run("sudo -n cat x").stderr.startswith("a failed login of this user was counted")
    assert not (stub.bin / "asked").exists()


# --- recordings of sudo-rs 0.2.5 and sudo 1.9.16, Debian 13


RUST_MIXED = """User spark may run the following commands on dgx:
    (ALL : ALL) ALL
    (root) NOPASSWD: /usr/bin/cat, /usr/bin/stat, /usr/bin/systemctl restart cloudflared
"""
SPECIFIC = f"""Matching Defaults entries for spark on dgx:
    env_reset, mail_badpass, secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin, use_pty

Runas and Command-specific defaults for spark:
    Defaults>root !lecture    Defaults!/usr/bin/systemctl !authenticate

{HEAD}    (ALL) ALL
    (root) NOPASSWD: /usr/bin/cat, CWD=/tmp TIMEOUT=5m {RELOAD}
"""
RUST_ALL_BUT_ONE = """User spark may run the following commands on dgx:
    (ALL : ALL) NOPASSWD: ALL, PASSWD: /usr/bin/systemctl restart cloudflared
"""


def test_a_default_of_some_commands_says_nothing_of_all() -> None:
    rules = parse(SPECIFIC)
    assert (rules.asks(RESTART), rules.asks(RELOAD), rules.asks("/usr/bin/cat x")) == (None, False, False)
    assert dict(rules.arms)["*"] is False


@pytest.mark.parametrize(
    ("listing", "restart", "reload"),
    [(RUST_MIXED, False, True), (RUST_ALL_BUT_ONE, True, False)],
)
def test_sudo_rs_lists_rules_as_sudo_does(listing: str, restart: bool, reload: bool) -> None:
    rules = parse(listing)
    assert (rules.asks(RESTART), rules.asks(RELOAD)) == (restart, reload)


@pytest.mark.parametrize(
    "said",
    [
        "sudo-rs: interactive authentication is required",
        "sudo-rs: PAM error: Permission denied",
        "sudo-rs: Sorry, user spark may not run sudo on dgx.",
        "sudo: sorry, you must have a tty to run sudo",
        "sudo: mot de passe nécessaire",
    ],
)
def test_a_list_that_is_refused_in_whatever_words_is_the_last_question(
    stub: StubHost, asked: HostBackend, said: str
) -> None:
    stub.command("sudo", f"{_noting(stub)}\necho '{said}' >&2\nexit 1")
    run = run_on(stub)
    given(run, target_host, Host(asked))
    assert said in _does_not_list(run)
    assert asked.run("sudo -n cat x").stderr == f"{said}\n"
    assert _asked(stub) == ["-n -l"]
