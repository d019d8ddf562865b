import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.facts.calling import CHECKS, CHECKS_PACKAGE, USAGE
from spark_conformance.facts.groups import component_of
from spark_conformance.facts.model import HOST, TRAITS, chosen, on_host
from spark_conformance.plugin.ahead import (
    ON_HOST,
    ON_HOST_BEFORE,
    Asked,
    looks_at_host,
    plain,
    prepare,
)
from spark_conformance.programs.lab import WaitingLab
from spark_conformance.ssh.program import version
from tests import warm
from tests.ssh.eventually import eventually, running
from tests.suite.small import LEAN

HERE = CHECKS.parent
FACTS = """
[system]
name = "pi"
hostname = "llm.example.org"
[target.ssh]
host = "${name}"
[facts.host.reachable]
expect = true
[facts.dns.records]
expect = 1
"""
CONNECTED = f"sleep 42{os.getpid()}s"
"""What a stand-in for ssh does once it is begun; another worker's does it for another time."""
SSH = f"""#!/bin/sh
case $1 in -V) echo OpenSSH_9.6p1 >&2; exit;; esac
echo "$*" >>"${{0%/*}}/begun"
exec {CONNECTED}
"""


@pytest.mark.parametrize(
    "words",
    [
        ["checks/"],
        ["checks/", "-q", "-x"],
        ["checks/test_dns.py"],
        [str(CHECKS), "-n", "2", "--reports=there"],
        ["checks", "--target", "lab", "--lab-fault", "dns-missing"],
        ["--pyargs", CHECKS_PACKAGE],
    ],
    ids=" ".join,
)
def test_a_lab_waits_for_words_that_plainly_want_one(words: list[str]) -> None:
    assert plain(words, HERE)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["tests/"],
        ["checks/", "tests/"],
        ["checks/test_nothing.py"],
        ["checks/test_dns.py::test_one"],
        ["checks/", "--co"],
        ["checks/", "--collect-only", "-q"],
        ["checks/", "--ledger"],
        ["checks/", "--help"],
        ["checks/", "-m", "dns"],
        ["checks/", "-knothing"],
        ["checks/", "--lf"],
        ["checks/", "--bogus"],
        ["checks/", "--tb", "tall"],
        ["checks/", "-p", "mine"],
        ["checks/", "-p", "mine", "-p", "no:anyio"],
        ["checks/", "--target", "lab:mine.toml"],
        ["checks/", "--target", "a.toml", "--target", "b.toml"],
        ["checks/", "--target", "a.toml", "--lab"],
        ["checks/", "--target", "a.toml", "--gate", "before"],
        ["checks/", "--target", "a.toml", "--remediate"],
        ["checks/", "--replay", "there"],
        ["checks/", "--target"],
    ],
    ids=" ".join,
)
def test_nothing_begins_where_none_may_be_wanted(words: list[str]) -> None:
    assert not plain(words, HERE)


def test_words_are_read_where_they_were_typed(tmp_path: Path) -> None:
    assert not plain(["checks/"], tmp_path)


def test_a_lab_that_was_not_wanted_is_gone_and_is_nobodys() -> None:
    waiting = WaitingLab()
    process = waiting._process
    assert process is not None
    waiting.close()
    waiting.close()
    assert process.returncode is not None
    with pytest.raises(RuntimeError, match="taken once"):
        waiting.take(["up"])


def test_a_systems_words_are_told() -> None:
    assert plain(["checks/", "--target=a.toml"], HERE) == Asked("a.toml", whole=True, gate="", chosen="")
    words = ["checks/test_dns.py", "--target", "a.toml", "--gate", "pre", "-m", "not dns"]
    assert plain(words, HERE) == Asked("a.toml", whole=False, gate="pre", chosen="not dns")


class Session:
    """What of pytest's configuration decides what begins; a stand-in."""

    def __init__(self, *words: str, addopts: str = "") -> None:
        self.invocation_params = SimpleNamespace(args=words, dir=HERE)
        self.stash = pytest.Stash()
        self.cleanups: list[Callable[[], None]] = []
        self.add_cleanup = self.cleanups.append
        self._addopts = addopts.split()

    def getini(self, _name: str) -> list[str]:
        return self._addopts


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """With which words a session of these words begins an ssh, of a system of these facts; none of them is left."""
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    version.cache_clear()

    def begin(*words: str, facts: str = FACTS, addopts: str = "") -> list[str]:
        (tmp_path / "pi.toml").write_text(facts)
        session = Session(
            "checks/", *(word.replace("PI", str(tmp_path / "pi.toml")) for word in words), addopts=addopts
        )
        config: Any = session
        prepare(config)
        told = tmp_path / "begun"
        if session.cleanups:
            assert eventually(lambda: told.exists() and told.read_text().endswith("\n"))
        for cleanup in session.cleanups:
            cleanup()
        assert not running(CONNECTED)
        return told.read_text().splitlines() if told.exists() else []

    return begin


@pytest.mark.parametrize(
    "words",
    [["--target", "PI"], ["--target=PI", "-q", "-m", "host or ollama"], ["--target", "PI", "--gate", "pre"]],
    ids=" ".join,
)
def test_the_host_is_connected_to_where_it_is_plainly_looked_at(
    begun: Callable[..., list[str]], words: list[str]
) -> None:
    (ssh,) = begun(*words, addopts="--strict-markers -p no:anyio")
    assert ssh.endswith("-T -- pi exec /bin/sh")


@pytest.mark.parametrize(
    ("words", "was", "then"),
    [
        (["--target", "PI", "-m", "dns"], "", ""),
        (["--target", "PI", "-m", "host and slow"], "", ""),
        (["--target", "PI", "-m", "host and"], "", ""),
        (["--target", "PI", "--co"], "", ""),
        (["--target", "another.toml"], "", ""),
        (["--target", "PI"], "[target.ssh]", "[target.ssh"),
        (["--target", "PI"], "[target.ssh]", "[target.local]\n[target.ssh]"),
        (["--target", "PI"], 'host = "${name}"', "host = 7"),
        (["--target", "PI"], 'host = "${name}"', 'host = "-oProxyCommand=true"'),
        (["--target", "PI"], 'host = "${name}"', 'host = "${nobody}"'),
        (["--target", "PI"], 'host = "${name}"', 'host = "${name}"\nhots = "pi"'),
        (["--target", "PI"], 'host = "${name}"', 'host = "${name}"\nconnect_timeout_s = true'),
        (["--target", "PI"], 'host = "${name}"', 'host = "${name}"\nenvironment = ["A-B"]'),
        (["--target", "PI"], "[target.ssh]", '[[target.replicas]]\nname = "a"\n[target.replicas.ssh]'),
        (["--target", "PI"], "[facts.host.reachable]", "[facts.pipeline.runner]"),
        (["--target", "PI"], FACTS, f'extends = "nobody"\n{FACTS}'),
        (["--target", "PI"], FACTS, f'[[systems]]\nname = "a"\n{FACTS}'),
        (["--target", "PI"], FACTS, 'extends = "spark-291b"\nwithout = ["host.nothing"]'),
        (["--target", "grafana"], "", ""),
    ],
)  # fmt: skip
def test_no_host_is_connected_to_that_may_not_be_meant(
    begun: Callable[..., list[str]], words: list[str], was: str, then: str
) -> None:
    assert was in FACTS
    assert begun(*words, facts=FACTS.replace(was, then)) == []


def test_of_a_file_that_is_wrong_elsewhere_the_login_is_ended_and_the_mistake_told(tmp_path: Path) -> None:
    (tmp_path / "pi.toml").write_text(f"{FACTS}sources = 1\n")
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o700)
    words = ["checks/", "--target", str(tmp_path / "pi.toml"), *LEAN]
    done = subprocess.run(
        [warm.python(), "-m", "pytest", *words], cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=120, env={**os.environ, "PATH": f"{tmp_path}:/bin:/usr/bin"},
    )  # fmt: skip
    assert done.returncode == USAGE
    assert "facts.dns.records.sources" in done.stderr
    assert not running(CONNECTED)
    assert len((tmp_path / "begun").read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "SPARK_TARGET"])
def test_nothing_begins_by_words_that_stand_elsewhere(
    begun: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert begun("--target", "PI", addopts="--co") == []
    monkeypatch.setenv(name, "gw0")
    assert begun("--target", "PI") == []


def test_what_is_taken_to_be_seen_on_the_host_is() -> None:
    assert all(on_host(fact) for fact in TRAITS if component_of(fact) in ON_HOST)
    assert {component_of(fact) for fact in chosen(gate="pre") if on_host(fact)} == set(ON_HOST_BEFORE)
    assert HOST in chosen(gate="pre")


def test_before_a_deployment_of_the_host_itself_alone() -> None:
    asked = Asked("pi", whole=True, gate="pre", chosen="ollama")
    assert not looks_at_host(asked, {"host", "ollama"})
    assert looks_at_host(asked._replace(gate="post"), {"host", "ollama"})
