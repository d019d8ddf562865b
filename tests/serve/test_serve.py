"""Runs again and again, one at a time, what they left over HTTP, and nothing left in the end."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from spark_conformance.report.placing import PREVIOUS
from spark_conformance.serve import running
from spark_conformance.serve.__main__ import LOCK, main
from spark_conformance.serve.pages import Pages
from spark_conformance.serve.running import LOG, Runner
from tests import warm
from tests.suite.small import FACTS, LEAN, PROJECT

RUN = """
import pathlib, sys, time
folder = pathlib.Path({folder!r})
with (folder / "count").open("a") as count:
    count.write("x")
print("said something")
{act}
"""


FOREVER, ENDLESS = "forever", ("sleep", "600")
"""An act, and the program that does it: it can be ended from its first moment, which Python cannot."""


def a_run(folder: Path, act: str = "") -> list[str]:
    """A run that is none: a program that counts how often it is started."""
    return [sys.executable, "-c", RUN.format(folder=str(folder), act=act)]


@contextmanager
def made(folder: Path, act: str = "", every_s: float = 3600, timeout_s: float = 60, runs: int = 1) -> Iterator[Runner]:
    """A runner that has made so many runs, and is stopped in the end."""
    enough = threading.Event()

    def tell(line: str) -> None:
        if line.startswith(f"run {runs}:"):
            enough.set()

    runner = Runner(ENDLESS if act == FOREVER else a_run(folder, act), folder, every_s, timeout_s, tell)
    runner.start()
    try:
        assert not runs or enough.wait(60)
        yield runner
    finally:
        runner.stop()


@contextmanager
def deaf() -> Iterator[None]:
    """Programs that are started here do not listen from the first moment: what is ignored, they ignore as well."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def served(folder: Path, runner: Runner) -> Iterator[httpx.Client]:
    server = Pages(("127.0.0.1", 0), folder, runner)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False, timeout=60) as client:
            yield client
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_runs_follow_each_other_and_never_two_at_once(tmp_path: Path) -> None:
    alone = "(folder / 'alone').touch(exist_ok=False); time.sleep(0.05); (folder / 'alone').unlink()"
    with made(tmp_path, alone, every_s=0.01, runs=3) as runner:
        assert runner.healthy
        assert runner.state.exit_code == 0
    assert len((tmp_path / "count").read_text()) >= 3
    assert not (tmp_path / LOG).read_text().startswith("Traceback")


@pytest.mark.parametrize(("act", "code"), [("sys.exit(1)", 1), ("sys.exit(7)", 7), ("sys.exit(4)", 4)])
def test_it_is_healthy_where_a_run_comes_to_a_verdict_whatever_that_is(tmp_path: Path, act: str, code: int) -> None:
    with made(tmp_path, act) as runner, served(tmp_path, runner) as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["exit_code"]) == (503 if code == 4 else 200, code)


def test_a_run_that_takes_too_long_is_interrupted_and_one_that_does_not_listen_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made(tmp_path, FOREVER, timeout_s=0.1) as runner:
        assert (runner.state.overran, runner.state.exit_code) == (True, -signal.SIGINT)
    monkeypatch.setattr(running, "GRACE_S", 0.1)
    with deaf(), made(tmp_path, FOREVER, timeout_s=0.1) as runner:
        assert (runner.state.overran, runner.state.exit_code) == (True, -signal.SIGKILL)
        assert not runner.healthy


def test_a_program_that_cannot_be_started_is_no_run(tmp_path: Path) -> None:
    said: list[str] = []
    runner = Runner(["/nowhere"], tmp_path, 3600, 1, said.append)
    runner._run()
    assert said[0] == "no run: /nowhere: No such file or directory"
    assert runner.state.exit_code == 3


def test_the_last_report_is_there_while_the_next_run_is_under_way(tmp_path: Path) -> None:
    with made(tmp_path) as runner, served(tmp_path, runner) as client:
        assert client.get("/report").status_code == 503
        (tmp_path / PREVIOUS).mkdir()
        (tmp_path / PREVIOUS / "report.html").write_text("the last one")
        (tmp_path / "metrics.prom").write_text("a 1\n")
        assert client.get("/report").text == client.get("/report.html").text == "the last one"
        (tmp_path / "report.spark-1.html").write_text("of one of several")
        assert client.get("/report.spark-1.html").text == "of one of several"
        assert client.get("/report.x/../../secret.html").status_code == 404
        metrics = client.get("/metrics")
        assert (metrics.text, metrics.headers["content-type"]) == ("a 1\n", "text/plain; version=0.0.4; charset=utf-8")
        assert client.head("/metrics").headers["content-length"] == "4"
        assert "report" in client.get("/").text
        assert client.get("/../../etc/passwd").status_code == 404
        assert client.post("/metrics").status_code == 501
        assert client.get("/metrics", headers={"Host": "evil.example.org"}).status_code == 421


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["serve", *words])
    try:
        assert main() == 4
    except SystemExit as ended:
        assert ended.code == 4  # noqa: PT017 - argparse ends the program
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--listen", "0.0.0.0:9464"], "add --anybody if that is meant"),
        (["--listen", "[::]:9464"], "add --anybody if that is meant"),
        (["--listen", "9464"], "it is no HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "it is no HOST:PORT"),
        (["--every", "0"], "--every"),
        (["--target", "nowhere.toml"], "--target nowhere.toml: no such"),
    ],
)
def test_what_cannot_be_served_is_a_sentence(
    words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = [] if "--target" in words else ["--target", "spark-291b"]
    assert sentence in refused(monkeypatch, capsys, *target, "--reports", str(tmp_path), *words)


def test_two_do_not_share_a_folder_nor_a_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("--target", "spark-291b", "--reports", str(tmp_path))
    with (tmp_path / LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another `serve` keeps its reports there" in refused(monkeypatch, capsys, *words)
    with made(tmp_path, runs=0) as runner, served(tmp_path, runner) as client:
        listen = f"127.0.0.1:{client.base_url.port}"
        assert "nobody can listen there" in refused(monkeypatch, capsys, *words, "--listen", listen)


def test_it_checks_a_system_and_ends_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "facts.toml").write_text(FACTS)
    words = ["--target", "facts.toml", "--listen", "127.0.0.1:0", "--reports", "there", "--", "-m", "dns", *LEAN]
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}/fixtures"}
    process = subprocess.Popen(
        [warm.python(), "-m", "spark_conformance", "serve", *words],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        address = process.stdout.readline().split()[0]
        ended = process.stdout.readline()
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            said: dict[str, Any] = json.loads(client.get("/results.json").text)
            assert 'verdict="unreachable"' in client.get("/metrics").text
            assert client.get("/healthz").json()["exit_code"] == 7
            assert "<html" in client.get("/report").text
    finally:
        process.terminate()
        rest = process.communicate(timeout=60)[0]
    assert ended.startswith("run 1: exit code 7")
    assert said["exit_code"] == 7
    assert (process.returncode, rest.strip()) == (0, "ending: the run under way is interrupted")
