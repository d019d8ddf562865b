"""The host's facts in another Debian than this machine, with other programs of the same names, and in other languages.

`python -m tests.machine.debian DIRECTORY` makes such a tree; `SPARK_LAB_USERLAND` names it. Where it does not, this is
skipped.
"""

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.expectations import Restarts
from spark_conformance.facts.load import load
from spark_conformance.host.connection import target_host
from spark_conformance.host.restarts import weigh
from spark_conformance.host.units import ollama_unit
from spark_lab.announcement import Announcement
from spark_lab.faults import heal, inflict, named
from spark_lab.faults.bench import Bench, BenchError
from spark_lab.machine.userland import VARIABLE
from tests.labs import running
from tests.machine import ON_MACHINE, needs_machine
from tests.machine.differences import ONLY_ROOT_READS

pytestmark = [
    needs_machine,
    pytest.mark.skipif(
        not os.environ.get(VARIABLE),
        reason=f"{VARIABLE} names no other tree: make one with `python -m tests.machine.debian DIRECTORY`",
    ),
]
TRIES = 50
UNSEEN = {Verdict.UNREACHABLE, Verdict.BLOCKED}
HOST = ("host", "ollama", "cloudflared")
UUTILS = """for there in /usr/lib/cargo/bin/coreutils/*; do
  case ${there##*/} in uname | df | date) ;; *) ln -sf "$there" "/usr/bin/${there##*/}" ;; esac
done"""
"""All but the lab's own."""
SUDO_RS = "ln -sf ../lib/cargo/bin/sudo /usr/bin/sudo"
SHELL = "ln -sf {} /usr/bin/sh"
SSHD = 'kill -HUP "$(systemctl show -p MainPID --value ssh)"'
SPEAKS = f"""printf 'LANG=%s\\nLANGUAGE=%s\\n' {{0}} {{1}} >/etc/default/locale
sed -i 's/^SetEnv /&LANG={{0}} LC_ALL={{0}} LANGUAGE={{1}} TMOUT=1 /' /etc/ssh/sshd_config
printf 'Defaults env_check -= "LC_* LANG LANGUAGE"\\n' >>/etc/sudoers
sed -i '1a session required pam_env.so envfile=/etc/default/locale' /etc/pam.d/sudo
{SSHD}"""
"""Who logs in speaks a language, and root does under sudo, whatever the caller speaks (pam_env(8), sudoers(5))."""
GERMAN, FRENCH = SPEAKS.format("de_DE.UTF-8", "de"), SPEAKS.format("fr_FR.UTF-8", "fr")
NO_FILE = "sudo -n cat /none 2>&1"


@dataclass(frozen=True)
class World:
    """What makes it, a command of the suite's that shows that it is made, and what that says."""

    acts: tuple[str, ...]
    proof: str
    says: str


WORLDS = {
    "as Debian has it": World((), "cat /etc/debian_version", "13."),
    "uutils": World((UUTILS,), "cat /none 2>&1", "cat: /none: No such file or directory (os error 2)"),
    "sudo-rs": World((SUDO_RS,), "sudo --version 2>&1", "sudo-rs "),
    "German": World((GERMAN,), NO_FILE, "cat: /none: Datei oder Verzeichnis nicht gefunden"),
    "French, bash as sh": World(
        (FRENCH, SHELL.format("bash")), f'[ "$BASH_VERSION" ] && {NO_FILE}', "cat: /none: Aucun fichier"
    ),
    "busybox as sh": World((SHELL.format("busybox"),), "/bin/sh --help 2>&1", "BusyBox"),
    "uutils, sudo-rs, German, bash as sh": World(
        (UUTILS, SUDO_RS, GERMAN, SHELL.format("bash")), f"sudo --version 2>&1; {NO_FILE}", "(os error 2)"
    ),
}
HIDES = "mount -o remount,hidepid={} /proc"
KEEPS = "sed -i 's/^Storage=.*/Storage={}/' /etc/systemd/journald.conf.d/lab.conf && systemctl restart systemd-journald"
LEAVES_JOURNAL = f"gpasswd -d operator systemd-journal && {SSHD}"
ASKS = "echo 'operator ALL=(ALL:ALL) ALL' >/etc/sudoers.d/operator"
COUNTS = r"""sed -i 's/^@include common-auth/auth required pam_faillock.so preauth deny=3\n\
auth sufficient pam_unix.so\nauth [default=die] pam_faillock.so authfail deny=3/' /etc/pam.d/sudo
faillock --user operator --reset"""
"""Three failed logins lock the account (pam_faillock(8))."""
LOOKS_ALONE = "echo 'operator ALL=(ALL:ALL) NOPASSWD: /usr/bin/systemctl, /usr/bin/journalctl' >/etc/sudoers.d/operator"
LISTPW = "printf 'Defaults listpw=always\\n' >>/etc/sudoers"


@dataclass(frozen=True)
class Situation:
    """What an operator may have, what undoes it beside the files, and the facts that cannot be looked at in it."""

    act: str
    unseen: frozenset[str] = frozenset()
    undo: str = "true"
    said: str = ""


OPENS = "systemd-tmpfiles --create --prefix=/run/log/journal"
START = "systemctl restart cloudflared"
HIDDEN = ONLY_ROOT_READS.unverified | {"cloudflared.token_in_argv"}
UNLOGGED = frozenset({"cloudflared.connection_indexes", "cloudflared.protocol", "cloudflared.registered"})
SITUATIONS = {
    "hidepid=1": Situation(HIDES.format(1), undo=HIDES.format(0)),
    "hidepid=2": Situation(HIDES.format(2), undo=HIDES.format(0)),
    "without the journal": Situation(LEAVES_JOURNAL),
    "hidepid=2, no files by sudo": Situation(
        f"{HIDES.format(2)} && {LOOKS_ALONE}", HIDDEN, HIDES.format(0), "to root alone (hidepid)"
    ),
    "no journal is kept": Situation(
        f"{KEEPS.format('none')} && rm -r /run/log/journal && {START}",
        UNLOGGED,
        f"{KEEPS.format('volatile')} && {OPENS} && {START}",
        "the host keeps none",
    ),
    "listpw=always": Situation(LISTPW, ONLY_ROOT_READS.unverified | {"host.sudo"}),
}


@pytest.fixture(scope="module")
def one_debian() -> Iterator[Announcement]:
    with running(ON_MACHINE) as lab:
        yield lab


@pytest.fixture
def debian(one_debian: Announcement) -> Iterator[Bench]:
    """A shell in it; healthy again afterwards."""
    with closing(Bench(one_debian)) as bench:
        yield bench
        heal(one_debian)
        _do(bench, SSHD)


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_every_fact_of_the_host_is_right(debian: Bench, world: World) -> None:
    for act in world.acts:
        _do(debian, act)
    with _run(debian) as run:
        assert world.says in run.get(target_host).run(world.proof).stdout
        assert _others(run) == {}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_what_cannot_be_seen_is_never_wrong(debian: Bench, situation: Situation) -> None:
    _do(debian, situation.act)
    try:
        with _run(debian) as run:
            others = _others(run)
    finally:
        debian.shell(situation.undo)
    assert {fact: verdict for fact, (verdict, _) in others.items() if verdict not in UNSEEN} == {}
    assert sorted(others) == sorted(situation.unseen)
    assert situation.said in "\n".join(said for _, said in others.values())


@pytest.mark.parametrize(("sudo", "cost"), [(SUDO_RS, 1), ("true", 0)], ids=["sudo-rs", "sudo"])
def test_two_runs_cost_no_more_than_one_failed_login(debian: Bench, sudo: str, cost: int) -> None:
    for act in (sudo, ASKS, COUNTS):
        _do(debian, act)
    for _ in range(2):
        with _run(debian) as run:
            others = _others(run)
        assert others["host.sudo"][0] in {*UNSEEN, Verdict.NONCONFORMANT}
        assert {fact for fact, (verdict, _) in others.items() if verdict not in UNSEEN} <= {"host.sudo"}
    assert int(debian.shell("faillock --user operator | grep -c 'V *$' || true")) == cost


def test_systemds_lines_tell_of_restarts_where_the_machine_is_up_for_long(debian: Bench) -> None:
    inflict(debian.lab, named(["ollama-restarting"]))
    with _run(debian) as run:
        unit = run.get(ollama_unit)
        seen = weigh(run.get(target_host), unit, run.expect("ollama.restarts", Restarts), 1.0, 1e9)
    assert (seen.recent, seen.counted) == (4, 4)


def _do(bench: Bench, act: str) -> None:
    """Do something as root; sshd, told to read its settings anew, may turn a few away meanwhile."""
    bench.shell(act)
    for _ in range(TRIES):
        with suppress(BenchError):
            bench.shell("true")
            return
    raise AssertionError(act)


def _run(bench: Bench) -> "closing[Run]":
    return closing(Run(load(Path(bench.lab.target))))


def _others(run: Run) -> dict[str, tuple[str, str]]:
    """The facts of the host that are not conformant: how, and why."""
    findings = findings_of(run, [fact for fact in run.stated if fact.startswith(HOST)])
    assert len(findings) > 50
    return {
        fact: (found.verdict, str(found)) for fact, found in findings.items() if found.verdict != Verdict.CONFORMANT
    }
