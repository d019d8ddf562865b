"""What is known of each fact: held against the types, the example, the faults, and itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from spark_conformance.facts.expectations import Frozen
from spark_conformance.facts.fact import Fact
from spark_conformance.facts.load import find, load
from spark_conformance.facts.model import TRAITS, Facts, chosen, is_fact, needing, needs_of, traits_of
from spark_conformance.facts.routes import SETTINGS
from spark_conformance.facts.traits import Means, Traits
from spark_conformance.facts.values import AbsolutePath
from spark_lab.faults import FAULTS

UNBROKEN = {Means.REPOSITORY}
"""Means that no fault takes away: tests/repository leave out the checkout."""


def expectation(fact: str) -> type[Fact[Any]]:
    component, _, name = fact.partition(".")
    table = get_args(Facts.model_fields[component].annotation)[0]
    kind: type[Fact[Any]] = get_args(table.model_fields[name].annotation)[0]
    return kind


def constraints(model: type[BaseModel], *fields: str) -> Iterator[object]:
    """The constraints of these fields of a model, or of all of them, and of what they consist of."""
    for name in fields or model.model_fields:
        field = model.model_fields[name]
        yield from field.metadata
        if isinstance(field.annotation, type) and issubclass(field.annotation, Frozen):
            yield from constraints(field.annotation)


def test_no_need_is_named_that_another_one_brings() -> None:
    brought = {
        fact: {more for need in own.needs if need in TRAITS for more in needs_of(need)} for fact, own in TRAITS.items()
    }
    assert {fact for fact, own in TRAITS.items() if not brought[fact].isdisjoint(own.needs)} == set()
    assert {fact for fact, own in TRAITS.items() if len(set(own.needs)) < len(own.needs)} == set()


STATED = load(find("spark-291b")).facts.all()
"""Of other systems the labs of the examples have the faults."""


@pytest.mark.parametrize("thing", sorted({need for fact in STATED for need in TRAITS[fact].needs} - UNBROKEN))
def test_every_need_is_put_out_of_sight_by_a_fault(thing: str) -> None:
    gone = needing(thing) | ({thing} if thing in TRAITS else set())
    assert [fault.name for fault in FAULTS.values() if gone <= fault.facts | fault.unverified]


def test_what_expects_a_path_on_the_host_says_so() -> None:
    path = get_args(AbsolutePath)[1]
    assert {fact for fact in TRAITS if path in constraints(expectation(fact), "expect")} == chosen(host_path=True)


def test_what_names_the_services_own_address_says_so() -> None:
    stated = load(find("spark-291b")).facts.all()
    address = stated["ollama.url"].expect.partition("://")[2]
    assert {fact for fact, own in stated.items() if address in str(own.expect)} == chosen(
        service_address=True
    ) & stated.keys()


def test_what_remedies_write_is_a_path_on_the_host() -> None:
    assert chosen(written=True) <= chosen(host_path=True)


@pytest.mark.parametrize(
    ("trait", "facts"),
    [
        ("of_all_hosts", {"tunnel.connector_on_host"}),
        ("of_the_model", {"ollama.gpu_share", "ollama.parameters_b", "ollama.quantization", "ollama.size_gb"}),
        ("counts_failures", {"cloudflared.restarts", "ollama.restarts", "service.restarts"}),
    ],
)
def test_few_facts_are_judged_otherwise_than_the_rest(trait: str, facts: set[str]) -> None:
    assert chosen(**{trait: True}) == facts


def test_what_is_known_of_a_group_holds_for_each_of_its_facts() -> None:
    probe, route = traits_of("probes.health"), traits_of("routes.api")
    assert probe
    assert route
    assert (probe.through_access, route.through_access) == (True, False)  # `--skip-access-probe` leaves a probe out
    assert (probe.service_address, route.service_address) == (False, True)  # the rule leads to another port in a lab


def test_cloudflared_s_own_settings_are_those_that_it_shows_where_nobody_has_set_them() -> None:
    recorded = json.loads((Path(__file__).parents[1] / "contract/recordings/start-quic.json").read_text())
    shown = recorded["config"]["config"]["originRequest"]
    assert {name: shown[name] for name in SETTINGS} == SETTINGS


def test_an_unknown_id_is_told_by_the_fact_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from spark_conformance.facts import model

    wrong = Traits(where="the host", do="nothing", needs=("ollama.modle",))
    with pytest.raises(
        ValueError, match=r"^ollama\.size_gb: its traits name another: ollama\.modle is not a fact; write"
    ):
        model._held([("ollama.size_gb", wrong)])
    circle = Traits(where="the host", do="nothing", needs=("host.gpu",))
    monkeypatch.setitem(TRAITS, "host.gpu", circle)
    needs_of.cache_clear()
    with pytest.raises(ValueError, match=r"^host\.gpu: needs itself, by way of host\.gpu; remove one need$"):
        model._held([("host.gpu", circle)])
    needs_of.cache_clear()


@pytest.mark.parametrize("name", ["ollama.modle", "ollama", "", "curl"])
def test_what_is_no_fact_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a fact; write the id of one"):
        is_fact(name)
    with pytest.raises(ValueError, match="is not a fact; write the id of one"):
        needing(name)
