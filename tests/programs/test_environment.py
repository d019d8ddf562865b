"""Each program gets what it needs of the environment, and no secret that is another's."""

import fnmatch
import os
from collections import UserDict
from collections.abc import Iterator

import pytest

from spark_conformance.core.secret import mask
from spark_conformance.facts.target import Ssh
from spark_conformance.programs.environment import NEEDS, Program, _one_of, conceal_environment, environment
from spark_conformance.programs.lab import LabProcess
from spark_conformance.ssh.client import Client
from spark_conformance.ssh.program import ssh_to

TOKENS = {
    "CLOUDFLARE_API_TOKEN": "cf-7f3a9b2c1d", "CLOUDFLARE_API_KEY": "cfk-7f3a9b2c1d", "GITHUB_TOKEN": "gh-7f3a9b2c1d",
    "PULUMI_ACCESS_TOKEN": "pul-7f3a9b2c1d", "PULUMI_CONFIG_PASSPHRASE": "correct horse 7", "TUNNEL_TOKEN": "tt-7f3a9",
    "OP_SERVICE_ACCOUNT_TOKEN": "ops-7f3a9b2c1d", "OP_SESSION_my": "ses-7f3a9b2c1d", "AWS_SECRET_ACCESS_KEY": "aws-7f3",
    "VAULT_TOKEN": "hvs-7f3a9b2c1d", "SOME_TOKEN": "any-7f3a9b2c1d", "TUNNEL_SERVICE_TOKEN_SECRET": "tst-7f3a9b2c1d",
}  # fmt: skip
OWN: dict[Program, set[str]] = {
    "ssh": {"TUNNEL_SERVICE_TOKEN_SECRET"},
    "git": set(),
    "pulumi": {"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "VAULT_TOKEN"},
    "op": {"OP_SERVICE_ACCOUNT_TOKEN", "OP_SESSION_my"},
    "lab": set(),
}
PLAIN = {
    "ssh": {"SSH_AUTH_SOCK", "KRB5CCNAME", "HTTPS_PROXY"}, "git": set(), "pulumi": {"PULUMI_BACKEND_URL", "no_proxy"},
    "op": {"OP_ACCOUNT", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}, "lab": {"PYTHONPATH", "OLLAMA_MODELS"},
}  # fmt: skip
NAMES = ("AWS_REGION", "AWS_A_REGION", "AWS_REGIONAL", "A_TOKEN", "TOKEN", "TOKENS", "x", "", "SECRET_A", "A_SECRET_")
EVERYBODY = {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR"}


@pytest.fixture(autouse=True)
def _full(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EVERYBODY.union(*PLAIN.values()) - {"PATH", "TMPDIR"}:
        monkeypatch.setenv(name, "/value")
    monkeypatch.setenv("TMPDIR", "/tmp")  # noqa: S108 - where it is anyway
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("program", NEEDS)
def test_a_program_gets_its_own_and_nothing_of_the_others(program: Program) -> None:
    handed = environment(program)
    assert set(TOKENS) & set(handed) == OWN[program]
    assert set(handed) >= EVERYBODY | PLAIN[program]


@pytest.mark.parametrize("program", NEEDS)
def test_what_is_handed_on_and_secret_is_masked_from_then_on(program: Program) -> None:
    environment(program)
    assert {name for name in OWN[program] if TOKENS[name] in mask(f"said: {TOKENS[name]}!")} == set()
    assert mask("/value") == "/value"


def test_all_of_it_is_masked_from_the_beginning_whatever_runs() -> None:
    conceal_environment()
    secret = set().union(*OWN.values())
    assert {name for name in secret if TOKENS[name] in mask(f"said: {TOKENS[name]}!")} == set()


def test_a_strangers_secret_is_masked_as_well_unless_it_may_be_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "password")
    monkeypatch.setenv("SOME_API_KEY", "k3y-0123456789")
    conceal_environment()
    assert mask("sudo: a password is required") == "sudo: a password is required"
    assert mask("said k3y-0123456789") == "said ***"


class Changing(UserDict[str, str]):
    """An environment in which a variable is gone when its turn comes, as that is in which pytest names the test."""

    def __iter__(self) -> Iterator[str]:
        yield from ("GIT_GONE", *self.data)


def test_a_variable_that_is_taken_away_meanwhile_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", Changing(os.environ))
    conceal_environment()
    assert environment("git")["PATH"]


def test_the_target_may_hand_on_more_and_the_suite_keeps_what_it_reads_itself() -> None:
    assert "SOME_TOKEN" in environment("ssh", ["SOME_TOKEN"])
    assert "PULUMI_ACCESS_TOKEN" not in environment("pulumi", without={"PULUMI_ACCESS_TOKEN"})


def test_ssh_and_the_lab_are_started_with_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[set[str]] = []

    def refuse(*_: object, env: dict[str, str], **__: object) -> None:
        started.append(set(env))
        raise FileNotFoundError

    monkeypatch.setattr("spark_conformance.ssh.program.version", lambda _: (9, 6))
    monkeypatch.setattr("subprocess.Popen", refuse)
    for start in (lambda: Client(ssh_to(Ssh(host="spark", environment=("SOME_TOKEN",)))), lambda: LabProcess(())):
        with pytest.raises(FileNotFoundError):
            start()
    ssh, lab = started
    assert ssh & set(TOKENS) == {"TUNNEL_SERVICE_TOKEN_SECRET", "SOME_TOKEN"}
    assert lab & set(TOKENS) == set()


@pytest.mark.parametrize(
    "pattern", ["AWS_*", "*TOKEN", "TOKEN", "AWS_*REGION", "*SECRET_*", "*", "A_[ST]*", "TOKEN?", "x**"]
)
def test_a_pattern_means_what_a_shells_does(pattern: str) -> None:
    assert [name for name in NAMES if _one_of(name, (pattern,))] == fnmatch.filter(NAMES, pattern)
