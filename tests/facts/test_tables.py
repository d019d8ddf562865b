"""What is derived from a facts file and from the facts' traits: parts, lookups, kinds of service, commands."""

from typing import Any

import pytest

from spark_conformance.facts import calling, lookups
from spark_conformance.facts.groups import check_mark, component_of
from spark_conformance.facts.load import SystemFile
from spark_conformance.facts.lookups import LOOKUPS, how_to_write, out_of_sight
from spark_conformance.facts.mistakes import nearest
from spark_conformance.facts.model import COMPONENTS, GROUPS, TRAITS, Facts, of_another_kind
from spark_conformance.facts.parts import PLACES, parts
from spark_conformance.facts.traits import Traits

PATHS = {"cloudflared": {"drop_in": {"expect": "/etc/x.conf"}}}


def system(**target: Any) -> SystemFile:
    return SystemFile.model_validate({"system": {"name": "a", "hostname": "b.c"}, "target": target, "facts": PATHS})


def test_what_a_file_leaves_out_is_as_the_model_takes_it() -> None:
    """These are not read through the model, which takes its time for each."""
    left = system()
    for table in (left.target.host, left.target.public, left.remediation, left.notify):
        assert table == type(table)()


def test_the_parts_of_a_system_are_where_its_file_says() -> None:
    found = parts(system(ssh={"host": "one"}, secrets={"op": "/opt/op"}, repository={"path": "/srv/infra"}))
    assert {name: place for name, place in found.items() if place is not None} == {
        "ssh.host": "one", "host.state_directory": "/var/lib/spark-conformance", "secrets.pulumi": "pulumi",
        "secrets.pulumi_cwd": "cloud", "secrets.op": "/opt/op", "repository.path": "/srv/infra",
        "cloudflared.drop_in": "/etc/x.conf",
    }  # fmt: skip
    assert {"ssh.config", "cloudflare.api", "cloudflare.zone", "cloudflare.account", *PLACES} <= found.keys()


def test_each_host_of_several_has_parts_of_its_own() -> None:
    hosts = [
        {"name": "x", "ssh": {"host": "one", "config": "/c"}, "host": {"state_directory": "/s"}},
        {"name": "y", "ssh": {"host": "two"}, "facts": {"cloudflared": {"drop_in": "/etc/y.conf"}}},
    ]
    found = {name: place for name, place in parts(system(replicas=hosts)).items() if name.startswith("replicas.")}
    assert {name: place for name, place in found.items() if place is not None} == {
        "replicas.x.host": "one", "replicas.x.config": "/c", "replicas.x.state": "/s",
        "replicas.x.cloudflared.drop_in": "/etc/x.conf", "replicas.y.host": "two",
        "replicas.y.state": "/var/lib/spark-conformance", "replicas.y.cloudflared.drop_in": "/etc/y.conf",
    }  # fmt: skip
    assert found.keys() == {f"replicas.{host}.{name}" for host in "xy" for name in ("host", "config", "state", *PLACES)}


def test_there_is_a_host_where_one_way_or_several_are_stated() -> None:
    replica = {"name": "x", "ssh": {"host": "one"}}
    ways: list[dict[str, Any]] = [{}, {"ssh": {"host": "one"}}, {"local": {}}, {"replicas": [replica]}]
    assert [system(**way).target.states_host for way in ways] == [False, True, True, True]


@pytest.mark.parametrize(
    ("stated", "hidden"),
    [
        (["ollama.model"], [("ollama.url", ["ollama.model"])]),
        (["ollama.model", "ollama.url"], []),
        (["tunnel.connections"], [("tunnel.id", ["tunnel.connections"])]),
        (["tunnel.connections", "tunnel.name"], []),
        (["tunnel.connections", "tunnel.id"], []),
        (["ollama.quantization"], [("ollama.url", ["ollama.quantization"]), ("ollama.model", ["ollama.quantization"])]),
        ([], []),
    ],
)
def test_what_cannot_be_looked_up_is_told_by_what_is_missing(stated: list[str], hidden: list[Any]) -> None:
    assert list(out_of_sight(stated)) == hidden


def test_what_a_fact_is_looked_up_by_is_followed() -> None:
    by = {lookup.by: lookup.facts for lookup in LOOKUPS}
    assert by["service.unit", "service.container"] == {"service.active", "service.enabled", "service.restarts"}
    assert by["openai.models",] == {"openai.completes", "openai.requires_key"}
    assert by["openai.models",] < by["service.url",]
    assert "ollama.gpu_share" in by["ollama.generates",] & by["ollama.model",] & by["ollama.url",]
    assert list(by) == sorted(by, key=lambda way: list(TRAITS).index(way[0]))
    assert how_to_write("tunnel.id") == (
        "[facts.tunnel.id] with expect (`python fixtures explain tunnel.id` shows an example)"
    )


def test_what_any_of_several_is_looked_up_by_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    several: tuple[str | tuple[str, ...], ...] = (("ollama.model", "tunnel.name"),)
    one: tuple[str | tuple[str, ...], ...] = ("ollama.model",)
    for by, ways in ((several, set(several)), (one, {("ollama.model",), ("ollama.url",)})):
        monkeypatch.setitem(TRAITS, "dns.ttl", Traits(where="the zone", do="nothing", looked_up_by=by))
        assert lookups._ways("dns.ttl") == ways


def test_a_kind_of_service_that_a_system_has_not_is_not_spoken_of() -> None:
    facts = Facts.model_validate({"service": {"url": {"expect": "http://localhost:1"}}})
    told = {name: of_another_kind(f"{name}.x", facts) for name in ("service", "openai", "ollama", "dns", "own")}
    assert told == {"service": False, "openai": True, "ollama": True, "dns": False, "own": False}


def test_components_stand_in_the_order_of_a_request() -> None:
    order = "host service openai ollama cloudflared tunnel dns access public secrets pipeline"
    assert list(COMPONENTS) == order.split()
    assert list(GROUPS) == [*order.split(), "own"]


def test_commands_can_be_typed_as_they_are_printed() -> None:
    assert calling.command("lab", "up") == "python fixtures lab up"
    assert calling.checking("--target", "my facts.toml") == "pytest checks/ --target 'my facts.toml'"
    assert calling.installing_lab() == "pip install --require-hashes -r requirements.txt"
    assert (calling.CHECKS / "test_dns.py").is_file()


def test_the_nearest_word_is_what_was_meant() -> None:
    assert nearest("recrods", ["name", "records", "record"]) == "records"
    assert nearest("x", ["records"]) == nearest("x", []) == ""


def test_a_fact_of_a_group_has_the_groups_component_and_check() -> None:
    facts = ("routes.api", "probes.x", "dns.ttl", "routes", "own.a")
    assert [component_of(fact) for fact in facts] == ["tunnel", "public", "dns", "routes", "own"]
    assert [check_mark(fact) for fact in facts] == ["routes.*", "probes.*", "dns.ttl", "routes", "own.a"]
