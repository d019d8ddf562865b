"""Of several hosts of one tunnel the lab makes each its own, and says where it cannot."""

from spark_conformance.facts.load import SystemFile, find, load
from spark_lab.leaving import left_out
from spark_lab.original import Original
from spark_lab.planning import not_told_apart


def system(**facts: object) -> SystemFile:
    tables = load(find("replicas")).model_dump(exclude_none=True)
    for name, expect in facts.items():
        component, _, fact = name.partition("__")
        tables["facts"].setdefault(component, {})[fact] = {"expect": expect}
    return SystemFile.model_validate(tables)


def test_each_host_has_a_name_and_the_one_tunnel() -> None:
    hosts = Original(system()).on_each()
    assert [(host.host, host.way) for host in hosts] == [(name, name) for name in ("edge-1", "edge-2", "edge-3")]
    assert len({host.tunnel_id for host in hosts}) == 1


def test_twelve_connections_are_what_a_twin_of_three_hosts_has() -> None:
    assert left_out(system()) == []
    assert left_out(system(tunnel__connections=4)) == ["tunnel.connections"]


def test_where_each_host_runs_the_service_there_is_no_twin() -> None:
    assert "--lab-host process only" in not_told_apart(Original(system()), documented=True)
    assert not not_told_apart(Original(system()), documented=False)
    said = not_told_apart(Original(system(service__unit="wiki.service")), documented=False)
    assert said.startswith("replicas states service.unit of each of its hosts")
    assert not not_told_apart(Original(load(find("grafana"))), documented=True)
