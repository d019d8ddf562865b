"""Worlds of settings drawn at random, and those that were told wrongly once.

Fifty in each run, the same ones, without the host's settings, which take long; a thousand others each night, by
`python -m tests.diagnosis.worlds --count 1000`.
"""

from pathlib import Path

import pytest

from spark_conformance.diagnosis.engine import conclude
from spark_lab.announcement import Announcement
from tests.diagnosis.worlds.drawing import drawn, name
from tests.diagnosis.worlds.judging import judge
from tests.diagnosis.worlds.making import Maker
from tests.diagnosis.worlds.recorded import everything, read
from tests.diagnosis.worlds.trying import attempt

SEED, COUNT, PARTS = 1, 50, 2
COSTS = ("light", "tunnel", "host")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_diagnosis_of_a_drawn_world_says_what_the_lab_says(lab: Announcement, part: int) -> None:
    worlds = [world for place, world in enumerate(drawn(SEED, COUNT, cheap=True)) if place % PARTS == part]
    worlds.sort(key=lambda world: max(COSTS.index(one.cost) for one in world))  # what was lent is forgotten but once
    with Maker(lab) as maker:
        found = [attempt(maker, world) for world in worlds]
    assert [(name(one.world), one.problem) for one in found if one.problem] == []
    assert [(name(one.world), one.judgement) for one in found if one.wrong] == []
    assert sum(one.missed for one in found) <= 0.05 * len(found), [
        (name(one.world), one.judgement) for one in found if one.missed
    ]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in everything()])
def test_a_world_that_was_told_wrongly_once_is_told_rightly(path: Path) -> None:
    kept = read(path)
    judgement = judge(kept, conclude(kept.scene))
    hidden = kept.all != kept.world
    assert judgement.wrong == ()
    assert judgement.named is not False or hidden, judgement.told
