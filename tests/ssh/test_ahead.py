"""An ssh that connects before anybody has need of it: who takes it, and what becomes of one that nobody takes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spark_conformance.facts.load import load
from spark_conformance.facts.stated_way import StatedWay, way_and_components
from spark_conformance.facts.target import Ssh
from spark_conformance.ssh import ahead
from spark_conformance.ssh.connection import Connection
from spark_conformance.ssh.errors import Cause, HostUnreachable
from spark_conformance.ssh.program import ssh_to
from tests.ssh.eventually import eventually, running
from tests.ssh.servers import Server, target

FACTS = """
extends = "spark-291b"
[values]
alias = "spark"
[target.ssh]
host = "${alias}-1"
"""
REFUSED = """#!/bin/sh
case $1 in -V) echo OpenSSH_9.6p1 >&2; exit;; esac
echo "ssh: connect to host spark port 22: Connection refused" >&2
exec 2>&-
echo >"${0%/*}/ended"
exit 255
"""


def stated(way: Ssh) -> StatedWay:
    return StatedWay(way.host, way.config, way.environment, way.connect_timeout_s)


def test_one_that_waits_becomes_the_connection(server: Server) -> None:
    way = target(server)
    before = server.sessions
    ahead.begin(stated(way))
    assert eventually(lambda: server.sessions == before + 1)
    with Connection(way) as connection:
        assert connection.run("echo there").stdout == b"there\n"
    with Connection(way) as another:
        assert another.run("echo there").stdout == b"there\n"
    assert server.sessions == before + 2
    assert not running(str(way.config))


def test_one_that_leads_another_way_is_ended(server: Server) -> None:
    way, other = target(server), target(server, Compression="yes")
    ahead.begin(stated(other))
    with Connection(way) as connection:
        assert not running(str(other.config))
        assert connection.run("echo there").stdout == b"there\n"


def test_one_that_nobody_takes_is_ended(stand_in: Server, nap: str) -> None:
    way = target(stand_in, ProxyCommand=nap)
    ahead.begin(stated(way))
    ahead.end()
    assert not running(str(way.config))
    assert eventually(lambda: not running(nap))


def test_one_whose_process_is_killed_asks_for_nothing_and_goes(server: Server) -> None:
    way = target(server)
    before = server.sessions
    script = (
        "from spark_conformance.facts.stated_way import StatedWay\nfrom spark_conformance.ssh import ahead\n"
        f"ahead.begin(StatedWay('spark', {way.config!r})); print(flush=True); input()"
    )
    waiting = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with waiting:
        assert waiting.stdout
        waiting.stdout.readline()
        assert eventually(lambda: server.sessions == before + 1)
        waiting.send_signal(signal.SIGKILL)
    assert eventually(lambda: not running(str(way.config)))


def test_why_one_came_to_nothing_is_told_as_ever(stand_in: Server) -> None:
    for way, cause in (
        (target(stand_in, UserKnownHostsFile="/dev/null"), Cause.HOST_KEY_UNKNOWN),
        (target(stand_in, IdentityFile=str(stand_in.files / "other")), Cause.PERMISSION_DENIED),
        (target(stand_in, Port="1"), Cause.REFUSED),
    ):
        ahead.begin(stated(way))
        with Connection(way) as connection, pytest.raises(HostUnreachable) as told:
            connection.wait()
        assert told.value.cause is cause


def test_one_that_has_ended_before_it_is_taken_is_told_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text(REFUSED)
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ahead.begin(StatedWay("spark"))
    assert eventually((tmp_path / "ended").exists)
    with Connection(Ssh(host="spark")) as connection, pytest.raises(HostUnreachable) as told:
        connection.wait()
    assert told.value.cause is Cause.REFUSED


def test_without_an_ssh_whoever_connects_tells_so(
    stand_in: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    way = target(stand_in)
    monkeypatch.setenv("PATH", str(tmp_path))
    ahead.begin(stated(way))
    with Connection(way) as connection, pytest.raises(HostUnreachable) as told:
        connection.wait()
    assert told.value.cause is Cause.CLIENT_MISSING


@pytest.mark.parametrize(
    "more",
    ["", 'config = "~/.ssh/other"', "connect_timeout_s = 2.5", 'environment = ["PROXY_USER"]', "command_timeout_s = 3"],
)
def test_what_the_facts_file_states_is_read_alike_before_the_model_and_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setenv("PROXY_USER", "me")
    path = tmp_path / "mine.toml"
    path.write_text(FACTS + more, encoding="utf-8")
    found, way = way_and_components(str(path)), load(path).target.ssh
    assert found is not None
    assert way is not None
    assert ssh_to(found[0]) == ssh_to(way)
    assert {"host", "ollama", "cloudflared", "dns"} <= found[1]
