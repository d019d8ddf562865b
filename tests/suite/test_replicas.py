"""A fact is judged on each of several hosts, to one verdict: the worst of theirs, which names whose it is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.cloudflare.account import account_id
from spark_conformance.cloudflare.tunnel_connections import (
    Connector,
    EdgeConnection,
    TunnelConnections,
    tunnel_connections,
)
from spark_conformance.core.judging import Judge
from spark_conformance.core.replicas import judge_each
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Unmet, Unreachable, Verdict
from spark_conformance.facts.load import load
from spark_conformance.host.connector import Connector as Running
from spark_conformance.host.connector import connector
from spark_conformance.host.connector_state import connector_state
from spark_conformance.host.machine import Machine, machine
from spark_conformance.host.service_state import ServiceState
from tests.host.stubs import given

HOSTS = ("a", "b", "c")
FACTS = (
    "".join(f'[[target.replicas]]\nname = "{name}"\nssh.host = "host-{name}"\n' for name in HOSTS)
    + """
[system]
name = "edge"
hostname = "app.example.com"
[facts.host.reachable]
expect = true
[facts.host.hostname]
expect = "${replica}"
[facts.cloudflared.active]
expect = true
[facts.tunnel.id]
expect = "75a07d1a-0bc7-485f-86b2-ce676d7d1c35"
[facts.tunnel.connector_on_host]
expect = true
"""
)
GONE = Unreachable("ssh: refused", "host-b refuses the connection: start sshd there", "host.reachable")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = tmp_path / "facts.toml"
    path.write_text(FACTS)
    return Run(load(path))


def on_each(run: Run, observe: Callable[[Run], Any], *seen: Any) -> None:
    for replica, what in zip(run.replicas, seen, strict=True):
        given(replica, observe, what)


def judged(run: Run, fact: str) -> Finding:
    return findings_of(run, [fact])[fact]


def service(*, active: bool) -> ServiceState:
    return ServiceState("cloudflared.service", active, "active" if active else "inactive", True, "enabled")


def test_a_fact_that_holds_on_all_is_told_as_of_one(run: Run) -> None:
    on_each(run, connector_state, *[service(active=True)] * 3)
    found = judged(run, "cloudflared.active")
    assert (found.verdict, found.observed, found.note, found.expected) == (Verdict.CONFORMANT, "yes", "active", "yes")


def test_the_worst_counts_and_says_whose_it_is(run: Run) -> None:
    on_each(run, connector_state, service(active=True), service(active=False), service(active=True))
    found = judged(run, "cloudflared.active")
    assert found.verdict == Verdict.NONCONFORMANT
    assert found.observed == "b: no; a, c as documented"
    assert found.note == "b: inactive"


def test_a_host_that_is_gone_hides_no_other_that_is_wrong(run: Run) -> None:
    on_each(run, connector_state, service(active=True), GONE, service(active=False))
    found = judged(run, "cloudflared.active")
    assert (found.verdict, found.observed) == (Verdict.NONCONFORMANT, "c: no; a as documented; b not seen")


def test_a_host_that_is_gone_is_named_with_what_was_seen_of_the_others(run: Run) -> None:
    on_each(run, connector_state, service(active=True), GONE, service(active=True))
    on_each(run, machine, Machine(True, "a", "x"), GONE, Machine(True, "c", "x"))
    found, reached = judged(run, "cloudflared.active"), judged(run, "host.reachable")
    assert (found.verdict, found.blocked_by) == (Verdict.BLOCKED, "host.reachable")
    assert reached.verdict == Verdict.UNREACHABLE
    for finding in (found, reached):
        assert finding.cause == "b: host-b refuses the connection: start sshd there"
        assert finding.observed == "a, c as documented"


def test_each_is_held_to_its_own_expectation(run: Run) -> None:
    on_each(run, machine, *[Machine(True, name, "x") for name in HOSTS])
    found = judged(run, "host.hostname")
    assert (found.verdict, found.expected) == (Verdict.CONFORMANT, "a: a; b: b; c: c")
    run.forget()
    on_each(run, machine, *[Machine(True, "a", "x")] * 3)
    found = judged(run, "host.hostname")
    assert (found.verdict, found.observed) == (Verdict.NONCONFORMANT, "b, c: a; a as documented")


def test_what_is_not_of_a_host_is_seen_once_for_all(run: Run) -> None:
    given(run, account_id, "account")
    assert [replica.get(account_id) for replica in run.replicas] == ["account"] * 3


def test_a_broken_check_is_an_error_of_the_suite_whatever_the_others_say(run: Run) -> None:
    on_each(run, connector_state, service(active=True), ValueError("odd"), service(active=True))
    assert judged(run, "cloudflared.active").verdict == Verdict.ERROR


def test_a_check_that_compares_nothing_is_an_error_of_the_suite_too(run: Run) -> None:
    judge = Judge("cloudflared.active", run.stated["cloudflared.active"])
    with pytest.raises(TypeError, match="compares nothing"):
        judge_each(run, judge, lambda _run, _judge: None)


# --- whose connectors serve the tunnel


def running(name: str, ready: int = 4) -> Running:
    return Running("127.0.0.1:20241", name, ready, None, None)


def listed(*names: str) -> TunnelConnections:
    link = EdgeConnection("1", "lab01", pending=False, opened_at=None, origin_ip=None)
    return TunnelConnections(tuple(Connector(name, "1", "amd64", None, 1, (link,)) for name in names))


STOPPED = Unmet("cloudflared.active", "no")


@pytest.mark.parametrize(
    ("there", "names", "verdict", "said"),
    [
        ("abc", "abc", Verdict.CONFORMANT, "a's connector is a; b's connector is b; c's connector is c"),
        ("abc", "abcx", Verdict.NONCONFORMANT, "connector x"),
        ("abc", "ab", Verdict.NONCONFORMANT, "c's is not among them"),
        ("ab-", "ab", Verdict.CONFORMANT, "c's service does not run"),
        ("ab?", "ab", Verdict.CONFORMANT, "c does not tell its own"),
        ("ab?", "abxy", Verdict.NONCONFORMANT, "connector y"),
        ("ab?", "abx", Verdict.BLOCKED, "whose connector x is cannot be told, as not every host tells its own: c: "),
        ("???", "x", Verdict.BLOCKED, "host-b refuses the connection"),
    ],
)
def test_a_stranger_is_a_connector_of_none_of_them(
    run: Run, there: str, names: str, verdict: Verdict, said: str
) -> None:
    on_each(run, connector, *[{"?": GONE, "-": STOPPED}.get(name) or running(name) for name in there])
    given(run, tunnel_connections, listed(*names))
    found = judged(run, "tunnel.connector_on_host")
    assert found.verdict == verdict, found
    assert said in f"{found.note}{found.cause}"


def test_a_connector_that_lost_its_connections_is_missing_nowhere_else(run: Run) -> None:
    on_each(run, connector, running("a"), running("b"), running("c", ready=0))
    given(run, tunnel_connections, listed("a", "b"))
    assert judged(run, "tunnel.connector_on_host").verdict == Verdict.CONFORMANT


def test_what_a_run_saw_is_kept_of_each_host(run: Run) -> None:
    on_each(run, machine, Machine(True, "a", "x"), GONE, Machine(True, "c", "x"))
    seen = {called: json.loads(text)["hostname"] for called, text in run.seen_by_host("machine").items()}
    assert seen == {"machine on a": "a", "machine on c": "c"}


def test_an_observation_of_one_host_is_made_on_each(run: Run) -> None:
    made: list[str] = []

    def counted(run: Run) -> int:
        made.append(run.name)
        return len(made)

    assert sorted(future.result() for future in run.begin(counted, each=True)) == [1, 2, 3]
    assert sorted(made) == ["a", "b", "c"]


def test_what_is_forgotten_is_looked_at_anew_on_each_host(run: Run) -> None:
    made: list[str] = []

    def counted(run: Run) -> None:
        made.append(run.name)

    for _ in range(2):
        for future in run.begin(counted, each=True):
            future.result()
        run.forget()
    assert sorted(made) == ["a", "a", "b", "b", "c", "c"]


def test_the_connections_to_all_hosts_end_with_the_run(run: Run) -> None:
    closed: list[str] = []
    for replica in run.replicas:
        replica.closing.callback(closed.append, replica.name)
    run.close()
    run.close()
    assert tuple(closed) == HOSTS


def test_a_fact_is_judged_on_each_where_one_of_its_observations_looks_at_a_host(run: Run) -> None:
    assert run.judges_each("public.tls", ["zone", "machine"])
    assert not run.judges_each("public.tls", ["zone"])
    assert not run.judges_each("public.tls")
