"""Two systems on one host have one connection and one session, and it lasts as long as either looks."""

from socket import create_server

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.shared import Shared
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.load import SystemFile, find, load
from spark_conformance.facts.target import Ssh
from spark_conformance.host.clock import host_clock_sync
from spark_conformance.host.connection import target_host
from tests.ssh.servers import Server, target


def on(way: Ssh) -> SystemFile:
    file = load(find("spark-291b"))
    return file.model_copy(update={"target": file.target.model_copy(update={"ssh": way, "local": None})})


def test_two_systems_on_one_host_have_one_connection(server: Server) -> None:
    runs, shared = [Run(on(target(server))) for _ in range(2)], Shared()
    for run in runs:
        run.shared = shared
    before = server.sessions
    assert [run.get(target_host).run("echo here").stdout for run in runs] == ["here\n"] * 2
    assert server.sessions == before + 1
    runs[0].close()
    assert runs[1].get(target_host).run("echo still").stdout == "still\n"
    runs[1].forget()
    assert runs[1].get(target_host).run("echo anew").stdout == "anew\n"
    assert server.sessions == before + 2
    runs[1].close()


def test_a_host_that_takes_connections_and_says_nothing_delays_no_other(stand_in: Server) -> None:
    with create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        hangs = Run(on(target(stand_in, Port=port).model_copy(update={"connect_timeout_s": 1.0})))
        well, shared = Run(on(target(stand_in))), Shared()
        hangs.shared = well.shared = shared
        waiting = hangs.start(target_host)
        asking = [hangs.start(look) for look in (host_clock_sync,)]
        assert well.get(target_host).run("echo well").stdout == "well\n"
        assert waiting.result()
        with pytest.raises(Unreachable, match="spark"):
            asking[0].result()
        hangs.close()
        assert well.get(target_host).run("echo still").stdout == "still\n"
        well.close()
