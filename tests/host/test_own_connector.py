"""Whose the tunnel's connectors are, where one host serves it or several: told, untold, and never guessed."""

from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel_connections import Connector as AtEdge
from spark_conformance.cloudflare.tunnel_connections import EdgeConnection, TunnelConnections
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.connector import Connector, connector
from spark_conformance.host.own_connector import OnHost, OwnConnector, Unseen, own_connector
from tests.host.stubs import given, run_on


def links(*ids: str, pending: bool = False) -> TunnelConnections:
    live = (EdgeConnection("c", "fra03", pending, None, None),)
    return TunnelConnections(tuple(AtEdge(one, "2026.8.2", "arm64", None, None, live) for one in ids))


def seen_by(*hosts: tuple[str, Any]) -> OwnConnector:
    """What is seen of several hosts, of which each tells this of its connector, or fails with it."""
    replicas: list[Run] = []
    for name, seen in hosts:
        replica = run_on(None)
        replica.name = name
        given(replica, connector, seen)
        replicas.append(replica)
    run = run_on(None)
    run._replicas = tuple(replicas)
    return run.get(own_connector)


def running(identity: str, ready: int = 4) -> Connector:
    return Connector("", identity, ready, None, None)


STOPPED = Unmet("cloudflared.active", "no")
OF_ONE = OwnConnector("ours", "the host's connector is ours")


def test_of_one_host_the_connector_is_told() -> None:
    for seen, told in ((running("ours"), "the host's connector is ours"), (STOPPED, "the host's service does not run")):
        run = run_on(None)
        given(run, connector, seen)
        assert run.get(own_connector).told == told
    assert OF_ONE.ids == ("ours",)
    assert OwnConnector(None, "").ids == ()


def test_who_serves_the_tunnel_beside_the_host() -> None:
    assert OF_ONE.serves_alone(links("ours"))
    assert not OF_ONE.serves_alone(links("ours", "another"))
    assert not OwnConnector(None, "").serves_alone(links("another"))
    with pytest.raises(Unmet) as unmet:
        OF_ONE.serves_alone(links("ours", pending=True))
    assert unmet.value.fact == "tunnel.connections"


def test_of_several_hosts_each_connector_must_be_there() -> None:
    own = seen_by(("a", running("one")), ("b", running("two")), ("c", STOPPED), ("d", running("four", ready=0)))
    assert own.hosts == (
        OnHost("a", "one", connected=True), OnHost("b", "two", connected=True), OnHost("c", None, connected=False),
        OnHost("d", "four", connected=False),
    )  # fmt: skip
    assert own.connector_id == "one"
    assert own.told == "a's connector is one; b's connector is two; c's service does not run; d's connector is four"
    assert own.serves_alone(links("one", "two"))
    assert not own.serves_alone(links("one"))
    assert not own.serves_alone(links("one", "two", "another"))
    assert own.elsewhere(links("one")) == ("b",)
    assert own.told_of(links("one")) == (
        f"{own.told}; b's is not among them; connector one (arm64, 2026.8.2): connections in fra03"
    )


def test_a_stranger_may_be_the_connector_of_a_host_that_does_not_tell() -> None:
    own = seen_by(
        ("a", Unreachable("ssh", "no route to b")), ("b", running("two")), ("c", Unmet("cloudflared.unit", "absent"))
    )
    assert own.unseen == (
        Unseen("a", "no route to b", "cloudflared.ready_connections"),
        Unseen("c", "cloudflared.unit does not hold: absent", "cloudflared.unit"),
    )
    assert own.serves_alone(links("two"))
    assert not own.serves_alone(links("two", "x", "y", "z"))
    with pytest.raises(Unreachable) as untold:
        own.serves_alone(links("two", "x", "y"))
    assert (untold.value.cause, untold.value.owner) == ("replicas: connectors", "cloudflared.ready_connections")
    assert untold.value.sentence == (
        "whose connector x, y is cannot be told, as not every host tells its own: a: no route to b; c: "
        "cloudflared.unit does not hold: absent"
    )
    told = "b's connector is two; a does not tell its own; c does not tell its own; "
    assert own.told_of(links("two")).startswith(told)


def test_where_no_host_tells_the_first_says_why() -> None:
    away, absent = Unreachable("ssh", "no route", "host.reachable"), Unmet("cloudflared.unit", "absent")
    with pytest.raises(Unreachable, match="no route"):
        seen_by(("a", away), ("b", absent))
    with pytest.raises(Unmet, match="absent"):
        seen_by(("b", absent), ("a", away))
