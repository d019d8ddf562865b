"""Where several hosts serve the tunnel, only what all of them show alike is a sign of the one that answered."""

from collections.abc import Callable

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.diagnosis.reading.hosts import on_each
from spark_conformance.diagnosis.reading.look import Look
from spark_conformance.facts.load import SystemFile

SYSTEM = SystemFile.model_validate(
    {
        "system": {"name": "edge", "hostname": "app.example.com"},
        "target": {"replicas": [{"name": name, "ssh": {"host": name}} for name in ("a", "b")]},
        "facts": {"cloudflared": {"active": {"expect": True}}},
    }
)


def looked(states: dict[str, str], more: Callable[[Look], None] = lambda _: None) -> Look:
    look = Look(Run(SYSTEM))

    def reader(own: Look) -> None:
        state = states.get(own.run.name)
        if state:
            own.see("cloudflared.unit", state, f"it is {state}")
        more(own)

    on_each(reader, look)
    return look


def test_what_all_show_alike_is_a_sign() -> None:
    look = looked({"a": "active", "b": "active"})
    assert (look.value("cloudflared.unit"), look.signs["cloudflared.unit"].told) == ("active", "it is active")
    assert not look.missing


def test_what_differs_is_none_and_is_told() -> None:
    look = looked({"a": "active", "b": "inactive"})
    assert look.value("cloudflared.unit") is None
    assert [one.reason for one in look.missing] == [
        "the hosts differ in the connector's service (a: it is active; b: it is inactive)"
    ]


@pytest.mark.parametrize("states", [{"a": "active"}, {"b": "inactive"}, {}])
def test_what_only_some_show_is_none(states: dict[str, str]) -> None:
    look = looked(states)
    assert look.value("cloudflared.unit") is None


def test_a_closed_view_is_told_with_its_host_and_once_where_it_is_closed_on_all() -> None:
    def closed(own: Look) -> None:
        own.miss("host", Unreachable("shared", "nobody can see it"))
        if own.run.name == "b":
            own.miss("host", Unreachable("ssh", "b refuses the connection"))

    look = looked({"a": "active"}, closed)
    assert [one.reason for one in look.missing] == ["nobody can see it", "b: b refuses the connection"]
