"""Two faults at once are healed by one run. That each alone is, tests/matrix shows, which breaks and looks already.

A day tries one pair, another one each day; `HEALING=all` forty.
"""

import os
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest

from spark_conformance.core.run import Run
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault, inflict
from tests.matrix.groups import Group, named
from tests.matrix.selection import shared
from tests.remediation.mending import looked, mended

ALL = os.environ.get("HEALING") == "all"
PAIRS = 40
SHARES = 40


def ranked(pair: Group) -> str:
    return sha256(named(pair).encode()).hexdigest()


REMEDIABLE = [fault for fault in FAULTS.values() if fault.remedy]
APART = [
    pair
    for pair in combinations(REMEDIABLE, 2)
    if pair[0].component != pair[1].component
    and not (pair[0].facts | pair[0].unverified) & (pair[1].facts | pair[1].unverified)
]
"""Pairs that have no fact in common: neither can undo the other by being made."""
CHOSEN = shared(sorted(APART, key=ranked)[:PAIRS], SHARES, every=ALL)


@pytest.mark.parametrize("pair", [pytest.param(pair, id=named(pair)) for pair in CHOSEN])
def test_two_faults_are_healed_in_one_run(lab: Announcement, tmp_path: Path, pair: tuple[Fault, Fault]) -> None:
    inflict(lab, pair)
    run = Run(load(Path(lab.target)))
    try:
        outcome = mended(run, looked(run)[0], tmp_path)
        assert outcome.result == "applied", outcome
        assert looked(run)[1] == pair[0].stays | pair[1].stays
    finally:
        run.close()
