"""The catalogue itself: complete, consistent, and of use to whoever reads it.

A day takes signs from a twelfth of the scenes by hand; `WORLDS=300` from all.
"""

import os

import pytest

from spark_conformance.diagnosis.causes.case import Way
from spark_conformance.diagnosis.causes.catalogue import CASES, Case
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Scene
from spark_conformance.diagnosis.signs import SIGNS, sign
from tests.diagnosis.by_hand import BY_HAND, by_hand, stated_for, without
from tests.diagnosis.scenarios import EVERY
from tests.matrix.selection import shared

ALL = [pytest.param(case, id=name) for name, case in CASES.items()]
COMPONENTS = {"ollama", "service", "cloudflared", "tunnel", "dns", "access", ""}


def _signs(way: Way) -> set[str]:
    return {*way.answer, *way.state, *(name for signs in (*way.proof, *way.sight) for name in signs)}


def _sighted(way: Way) -> set[str]:
    return {name for signs in way.sight for name in signs}


def test_every_cause_is_seen_in_some_scene() -> None:
    told = {cause for scenario in EVERY.values() for cause in (*scenario.active, *scenario.latent, *scenario.findings)}
    assert set(CASES) == told | BY_HAND.keys()
    assert told.isdisjoint(BY_HAND)


@pytest.mark.parametrize("cause", BY_HAND)
def test_a_scene_by_hand_is_told_by_its_cause(cause: str) -> None:
    seen = conclude(by_hand(cause))
    assert {named.cause.id for named in seen.active} == {cause}
    assert seen.answered_by == CASES[cause].answers


@pytest.mark.parametrize("cause", shared(list(BY_HAND), 12, every="WORLDS" in os.environ))
def test_a_scene_by_hand_with_a_sign_less_is_not_told_by_another(cause: str) -> None:
    for name in by_hand(cause).signs:
        seen = conclude(without(by_hand(cause), name))
        assert {named.cause.id for named in seen.active} <= {cause, "tunnel-no-connector", "service-unreachable"}, name


@pytest.mark.parametrize("case", ALL)
def test_a_cause_rests_on_signs_that_exist(case: Case) -> None:
    assert all(_signs(way) <= SIGNS.keys() for way in case.ways)


@pytest.mark.parametrize("case", ALL)
def test_what_proves_a_cause_shows_who_answered(case: Case) -> None:
    for way in case.ways:
        assert all("answer.by" in signs for signs in way.proof)
        assert way.answer.keys() | way.state.keys() >= {name for signs in way.proof for name in signs} - {"answer.by"}
        assert case.finding or not {name for name in _sighted(way) if name.startswith("answer.")} - {"answer.app"}


@pytest.mark.parametrize("case", ALL)
def test_a_cause_says_by_what_it_is_proven_and_why_nothing_else_gives_that(case: Case) -> None:
    proofs = [signs for way in case.ways for signs in (way.sight if case.finding else way.proof)]
    assert bool(proofs) == bool(case.decisive), "without a decisive sign nothing proves it, and with one something does"
    assert all(case.decisive & set(signs) for signs in proofs), "each set that proves it has a decisive sign"
    assert case.decisive <= {name for signs in proofs for name in signs}
    assert len(case.cause.reason) > 20
    assert not case.cause.reason.endswith(".")
    assert not (case.cause.caveat and case.decisive), "what was inferred is never proven"


@pytest.mark.parametrize("case", ALL)
def test_what_makes_an_answer_is_never_proven_without_its_decisive_signs(case: Case) -> None:
    for way in case.ways:
        wanted = {name: values for name, values in {**way.answer, **way.state}.items() if isinstance(values, tuple)}
        rest = {name: sign(name, values[0], name) for name, values in wanted.items() if name not in case.decisive}
        seen = conclude(Scene(rest, stated=stated_for(case.cause.id)))
        assert not any(one.cause.id == case.cause.id and one.confidence == "proven" for one in seen.active)


@pytest.mark.parametrize("case", ALL)
def test_a_cause_tells_what_to_do(case: Case) -> None:
    cause, remedy = case.cause, case.cause.remedy
    assert cause.title[0].islower() or cause.title.startswith(
        ("Access", "Cloudflare", "Browser", "Bot", "Super", "Ollama", "TLS", "{service}")
    )
    assert not cause.title.endswith(".")
    assert all((remedy.setting, remedy.value, remedy.changes, remedy.dashboard, remedy.call))
    assert cause.reference.startswith("https://"), "the vendor's address, which a reader can open"
    assert remedy.remediates in COMPONENTS
    assert cause.hop.place <= case.answers.place or case.answers.place >= 4


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.cause.caveat], ids=lambda case: case.cause.id)
def test_what_was_only_inferred_is_likely_at_most(case: Case) -> None:
    for way in case.ways:
        wanted = {name: values for name, values in {**way.answer, **way.state}.items() if isinstance(values, tuple)}
        full = Scene({name: sign(name, values[0], name) for name, values in wanted.items()})
        told = {named.cause.id: named.confidence for named in conclude(full).causes}
        assert told.get(case.cause.id, "possible") in {"likely", "possible"}


def test_nothing_seen_is_nothing_claimed() -> None:
    seen = conclude(Scene({}))
    assert (seen.causes, seen.findings, seen.answered_by, seen.reached) == ((), (), None, None)
    assert seen.undetermined
    assert {hop.state for hop in seen.hops} == {"unknown"}
