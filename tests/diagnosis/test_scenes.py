"""Scenes to conclusions, from recordings: the verdicts, and that evidence taken away never makes one wrong.

A day takes evidence from a twenty-fourth of the scenes, another day from others; `WORLDS=300` takes it from all, and
draws more of what is taken.
"""

import os
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Diagnosis, Scene
from spark_conformance.diagnosis.signs import SIGNS
from tests.diagnosis.by_hand import without
from tests.diagnosis.judging import not_wrong, right
from tests.diagnosis.scenarios import EVERY
from tests.diagnosis.scenes import recorded, scene
from tests.matrix.selection import shared

NAMES = recorded()
ALL = "WORLDS" in os.environ
TURN = shared(NAMES, 24, every=ALL)
DRAWN, FEW = (1000, 500) if ALL else (200, 100)
GROUPS = sorted({name.partition(".")[0] for name in SIGNS})
"""Signs that are had together: those of one probe, one service, one resource."""


def test_every_scenario_is_recorded() -> None:
    assert sorted(EVERY) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_scene_is_told_by_its_cause(name: str) -> None:
    right(conclude(scene(name)), EVERY[name])


@pytest.mark.parametrize("name", NAMES)
def test_no_cause_that_is_true_is_contradicted_by_its_own_scene(name: str) -> None:
    for cause in EVERY[name].active:
        assert any(way.fits(scene(name)) for way in CASES[cause].ways), cause


@pytest.mark.parametrize("name", TURN)
def test_a_single_sign_or_view_taken_away_makes_nothing_wrong(name: str) -> None:
    full = scene(name)
    views = {sign.view for sign in full.signs.values()}
    less = [without(full, sign) for sign in full.signs]
    less += [_without_views(full, *gone) for count in (1, 2) for gone in combinations(sorted(views), count)]
    less += [without(full, *_of_group(full, group)) for group in GROUPS]
    for reduced in less:
        not_wrong(conclude(reduced), EVERY[name])


@settings(max_examples=DRAWN, deadline=None, derandomize=True)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_evidence_taken_away_never_makes_a_right_verdict_wrong(data: st.DataObject, name: str) -> None:
    full = scene(name)
    kept = data.draw(st.sets(st.sampled_from(sorted(full.signs))), label="signs that are taken away")
    not_wrong(conclude(without(full, *kept)), EVERY[name])


@settings(max_examples=FEW, deadline=None, derandomize=True)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_few_signs_are_not_taken_for_more_than_they_show(data: st.DataObject, name: str) -> None:
    full = scene(name)
    kept = data.draw(st.sets(st.sampled_from(sorted(full.signs)), max_size=12), label="signs that are left")
    not_wrong(conclude(without(full, *(full.signs.keys() - kept))), EVERY[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_diagnosis_survives_json(name: str) -> None:
    seen = conclude(scene(name))
    assert Diagnosis.from_json(seen.as_json()) == seen


def _without_views(full: Scene, *views: str) -> Scene:
    return without(full, *(sign.id for sign in full.signs.values() if sign.view in views))


def _of_group(full: Scene, group: str) -> list[str]:
    return [sign for sign in full.signs if sign.startswith(f"{group}.")]
