"""The way to the host, and what is said where there is none."""

import socket
from pathlib import Path

import pytest

import checks
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.facts.calling import SOURCES
from spark_conformance.host.connection import target_host
from spark_conformance.host.machine import machine
from spark_conformance.host.pulumi import host_pulumi
from spark_conformance.repository.jobs import Job
from spark_conformance.repository.workflow import Workflow, workflow
from spark_conformance.ssh import local
from spark_conformance.ssh.backend import PersistentBackend
from spark_conformance.ssh.errors import Cause, CommandFlooded, CommandTimeout, HostUnreachable
from tests.host.stubs import StubHost, given, run_on


def test_a_target_that_does_not_say_how(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match=r"\[target\.ssh\]") as unreachable:
        run_on(None, target__ssh=None).get(target_host)
    assert unreachable.value.owner == "host.reachable"


def test_no_message_takes_the_suites_user_for_one_of_ssh() -> None:
    files = [*(SOURCES / "spark_conformance").rglob("*.py"), *Path(checks.__file__).parent.glob("*.py")]
    assert len(files) > 200
    assert [path.name for path in files if "ssh user" in path.read_text().casefold()] == []


def test_the_machine_itself_is_asked_without_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    run = run_on(None, target__ssh=None, target__local={})
    with run.closing:
        assert run.get(machine).answered
        assert run.get(machine).hostname == socket.gethostname()


def test_a_machine_that_gives_no_shell_is_one_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "SHELL", str(tmp_path / "sh"))
    run = run_on(None, target__ssh=None, target__local={})
    with run.closing, pytest.raises(Unreachable, match="cannot be started on this machine") as unreachable:
        run.get(machine)
    assert (unreachable.value.cause, unreachable.value.owner) == ("local: other", "host.reachable")


def test_a_host_that_is_not_there_is_one_root(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host *\n  HostName 127.0.0.1\n  Port 1\n  UserKnownHostsFile /dev/null\n")
    run = run_on(None, target__ssh={"host": "spark-291b", "config": str(config)})
    with run.closing:
        said = []
        for observe in (machine, host_pulumi):
            with pytest.raises(Unreachable) as unreachable:
                run.get(observe)
            said.append((unreachable.value.cause, unreachable.value.sentence, unreachable.value.owner))
    assert said[0] == said[1]
    assert said[0][2] == "host.reachable"
    assert "spark-291b" in said[0][1]


@pytest.mark.parametrize(
    ("cause", "contradicts"),
    [(cause, cause in {Cause.HOST_KEY_CHANGED, Cause.NO_SHELL}) for cause in Cause],
)
def test_a_host_that_answers_otherwise_than_it_must_fails_its_fact(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cause: Cause, contradicts: bool
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise HostUnreachable(cause, "why, and what to do")

    monkeypatch.setattr(PersistentBackend, "run", gone)
    config = tmp_path / "config"
    config.write_text("Host *\n  HostName 127.0.0.1\n  Port 1\n")
    run = run_on(None, target__ssh={"host": "spark-291b", "config": str(config)})
    with run.closing:
        if contradicts:
            with pytest.raises(Unmet) as unmet:
                run.get(machine)
            assert (unmet.value.fact, unmet.value.note) == ("host.reachable", "why, and what to do")
        else:
            with pytest.raises(Unreachable, match="why, and what to do") as unreachable:
                run.get(machine)
            assert unreachable.value.owner == "host.reachable"


@pytest.mark.parametrize(
    ("unfinished", "cause", "words"),
    [
        (
            CommandFlooded("journalctl", 8 << 20),
            "host: a command printed too much",
            "printed more than 8 MiB and was end",
        ),
        (CommandTimeout("journalctl", 30, killed=True), "host: a command took too long", "took longer than 30 s"),
    ],
)
def test_a_command_without_an_end_leaves_unreachable_only_what_it_was_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unfinished: Exception, cause: str, words: str
) -> None:
    def endless(*_: object, **__: object) -> None:
        raise unfinished

    monkeypatch.setattr(PersistentBackend, "run", endless)
    (tmp_path / "config").write_text("Host *\n  HostName 127.0.0.1\n  Port 1\n")
    run = run_on(None, target__ssh={"host": "spark-291b", "config": str(tmp_path / "config")})
    with run.closing, pytest.raises(Unreachable, match=f"on the host the command {words}") as unreachable:
        run.get(machine)
    assert (unreachable.value.cause, unreachable.value.owner) == (cause, None)


# --- pulumi, on the host or by the workflow


def _workflow(*, installs: bool | None) -> Workflow:
    jobs = (Job("a", (), brings_pulumi=installs),)
    return Workflow("w.yml", None, manual=True, inputs=(), unused_inputs=(), jobs=jobs)


def test_pulumi_on_the_path(stub: StubHost) -> None:
    stub.command("pulumi", "")
    seen = run_on(stub).get(host_pulumi)
    assert (seen.path, seen.available) == (str(stub.bin / "pulumi"), True)


def test_pulumi_below_the_home_directory(stub: StubHost, tmp_path: Path) -> None:
    program = tmp_path / ".pulumi" / "bin" / "pulumi"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    stub.backend._env["HOME"] = str(tmp_path)
    assert run_on(stub).get(host_pulumi).path == str(program)


@pytest.mark.parametrize(
    ("seen", "available"),
    [
        (_workflow(installs=True), True),
        (_workflow(installs=False), False),
        (Unmet("pipeline.workflow", "absent"), False),
        (NotApplicable("no fact"), False),
    ],
)
def test_no_pulumi_on_the_host(stub: StubHost, seen: object, available: bool) -> None:
    run = run_on(stub)
    given(run, workflow, seen)
    assert run.get(host_pulumi).available is available


def test_no_pulumi_on_the_host_and_no_workflow_in_sight(stub: StubHost) -> None:
    run = run_on(stub)
    given(run, workflow, Unreachable("target.repository", "nowhere"))
    with pytest.raises(Unreachable, match="nowhere"):
        run.get(host_pulumi)


def test_no_pulumi_on_the_host_and_actions_that_may_bring_it(stub: StubHost) -> None:
    run = run_on(stub)
    given(run, workflow, _workflow(installs=None))
    with pytest.raises(Unreachable, match="actions or workflows that are not in the checkout"):
        run.get(host_pulumi)
