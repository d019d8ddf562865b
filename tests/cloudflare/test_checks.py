"""The checks themselves, on the lab's healthy world, and with each of their facts altered."""

from typing import Any

import pytest

from spark_conformance.cloudflare.records import dns_records
from spark_conformance.core.run import Run
from spark_conformance.facts.expectations import AtLeast, AtMost, Frozen
from spark_conformance.facts.fact import Fact
from tests.cloudflare.checking import CHECKS, failing
from tests.cloudflare.twin import Twin


def test_the_healthy_world_conforms_and_each_resource_is_fetched_once(lab: Twin) -> None:
    with lab.run() as run:
        assert failing(run) == {}
    assert len(set(lab.api.requests)) == len(lab.api.requests)
    assert len(lab.api.requests) == 10


def leaves(expect: Any) -> list[Any]:
    """An expectation, altered in each of its parts."""
    match expect:
        case AtLeast():
            return [AtLeast(at_least=1e6)]
        case AtMost():
            return [AtMost(at_most=-1)]
        case Frozen():
            parts = {name: getattr(expect, name) for name in type(expect).model_fields}
            altered = [(name, other) for name, value in parts.items() for other in leaves(value)]
            return [type(expect).model_construct(**{**parts, name: other}) for name, other in altered]
        case bool():
            return [not expect]
        case int():
            return [expect + 1]
    return [f"{expect[:-1]}{'1' if expect[-1] == '0' else '0'}"]


@pytest.mark.parametrize("fact", CHECKS)
def test_altering_a_fact_fails_its_check_and_no_other(fact: str, lab: Twin) -> None:
    system = lab.system()
    for other in leaves(system.facts.all()[fact].expect):
        run = Run(system.model_copy(update={"facts": altered(system.facts, fact, other)}))
        assert failing(run) == {fact: "nonconformant"}, other
        run.close()


def altered(facts: Any, fact: str, expect: Any) -> Any:
    component, _, name = fact.partition(".")
    table = getattr(facts, component)
    stated = getattr(table, name)
    other = Fact.model_construct(**{**stated.__dict__, "expect": expect})
    return facts.model_copy(update={component: table.model_copy(update={name: other})})


def test_one_observation_of_the_records_serves_all_their_checks(lab: Twin) -> None:
    with lab.run() as run:
        assert run.get(dns_records) is run.get(dns_records)
