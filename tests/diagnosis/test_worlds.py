"""Worlds of settings drawn at random, and those that were told wrongly once.

A day tries five of fifty, without the host's settings, which take long; the night tries the fifty (WORLDS), and a
thousand others by `python -m tests.diagnosis.worlds --count 1000`.
"""

import os
from pathlib import Path

import pytest

from spark_conformance.diagnosis.engine import conclude
from spark_lab.announcement import Announcement
from tests.diagnosis.worlds.drawing import drawn, name
from tests.diagnosis.worlds.judging import judge
from tests.diagnosis.worlds.making import Maker
from tests.diagnosis.worlds.recorded import everything, read
from tests.diagnosis.worlds.trying import attempt
from tests.matrix.selection import shared

SEED, COUNT, DAYS = 1, 50, 10
COSTS = ("light", "tunnel", "host")


def test_a_diagnosis_of_a_drawn_world_says_what_the_lab_says(lab: Announcement) -> None:
    worlds = shared(list(drawn(SEED, COUNT, cheap=True)), DAYS, every="WORLDS" in os.environ)
    worlds.sort(key=lambda world: max(COSTS.index(one.cost) for one in world))  # what was lent is forgotten but once
    with Maker(lab) as maker:
        found = [attempt(maker, world) for world in worlds]
    assert [(name(one.world), one.problem) for one in found if one.problem] == []
    assert [(name(one.world), one.judgement) for one in found if one.wrong] == []
    assert sum(one.missed for one in found) <= 0.05 * COUNT, [
        (name(one.world), one.judgement) for one in found if one.missed
    ]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in everything()])
def test_a_world_that_was_told_wrongly_once_is_told_rightly(path: Path) -> None:
    kept = read(path)
    judgement = judge(kept, conclude(kept.scene))
    hidden = kept.all != kept.world
    assert judgement.wrong == ()
    assert judgement.named is not False or hidden, judgement.told
