"""What a person must do is told while a run waits for it, whatever pytest captures."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import warm
from tests.suite.small import ALL_GOOD, FACTS, LEAN, run_suite

SSH = """#!/bin/sh
case $1 in -V) echo OpenSSH_9.6 >&2; exit ;; esac
echo 'To authenticate, visit: https://login.example.com/a/1' >&2
read -r _ <opened
echo 'op@spark: Permission denied (publickey).' >&2
exit 255
"""
PROMPTLY = """
from spark_conformance.host.connection import target_host
from spark_conformance.ssh.connection import Connection
Connection.tell_after_s = 0.0
"""


def test_what_ssh_waits_for_is_told_at_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = FACTS.replace("[target]\n", '[target.ssh]\nhost = "spark"\n')
    checks = ALL_GOOD.replace("test_records(judge):", 'test_records(judge, run):\n    run.get(target_host).run("true")')
    run_suite(pytester, checks, "checks", "--collect-only", facts=facts, plugin=PROMPTLY)
    tools = pytester.mkdir("tools")
    (tools / "ssh").write_text(SSH)
    (tools / "ssh").chmod(0o700)
    os.mkfifo("opened")
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    command = [warm.python(), "-m", "pytest", *LEAN, "--target", "facts.toml", "checks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline() == "\n"
        told = running.stderr.readline()
        assert told.startswith("ssh still waits for spark, for up to ")
        assert told.endswith(" s more, and says: To authenticate, visit: https://login.example.com/a/1\n")
        Path("opened").write_text("\n")
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 7
    said = " ".join(out.split())
    assert "spark does not accept this user with this key" in said
    assert "ssh said: To authenticate, visit: https://login.example.com/a/1 / op@spark: Permission denied" in said
