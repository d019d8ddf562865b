"""Two systems on one host have one connection and one session, and it lasts as long as either looks."""

from spark_conformance.core.run import Run
from spark_conformance.core.shared import Shared
from spark_conformance.facts.load import find, load
from spark_conformance.host.connection import target_host
from tests.ssh.servers import Server, target


def test_two_systems_on_one_host_have_one_connection(server: Server) -> None:
    file = load(find("spark-291b"))
    there = file.model_copy(update={"target": file.target.model_copy(update={"ssh": target(server), "local": None})})
    runs, shared = [Run(there) for _ in range(2)], Shared()
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
