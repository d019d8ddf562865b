from dataclasses import replace

import pytest

from spark_conformance.core.session import NotAsked
from spark_conformance.history.__main__ import _runs
from spark_conformance.history.past import History, enough, held_against
from spark_conformance.history.timeline import LOOKED_BACK, lists, past_of
from spark_conformance.history.words import opening, strip
from tests.history.runs import FIRST, nights


def found(line: str) -> str:
    made = lists(nights(ttl=line))
    [name] = [name for name in ("new", "still", "fixed", "flapping") if getattr(made, name)] or ["none"]
    return name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (".", "none"),
        ("....", "none"),
        ("F", "new"),
        ("...F", "new"),
        ("...U", "new"),
        ("..FF", "still"),
        ("FFFF", "still"),
        (".FUF", "still"),
        ("..F.", "fixed"),
        ("..U.", "fixed"),
        (".F.F", "flapping"),
        (".F.F.", "flapping"),
        ("..FB", "none"),  # what blocks it is told
        ("..B.", "none"),  # it was never judged to fail
        ("..Bw", "none"),
        ("..FF-", "none"),
        (". F", "new"),
        ("F .", "fixed"),
    ],
)
def test_what_became_of_a_fact(line: str, name: str) -> None:
    assert found(line) == name


def test_since_when() -> None:
    runs = nights(ttl="..F.B FUF")
    past = past_of("dns.ttl", runs)
    assert (past.before, past.after) == (runs[3], runs[6])
    assert past.held == runs[3].at
    assert past.since == runs[6].at
    assert (past.failed, past.judged, past.turns) == (4, 7, 3)


def test_a_fact_that_never_held_has_no_day_on_which_it_did() -> None:
    past = past_of("dns.ttl", nights(ttl="FF"))
    assert past.before is None
    assert past.since == FIRST


def test_a_run_that_was_asked_for_a_part_is_told_as_one() -> None:
    before, now = nights(ttl="..")
    before = replace(before, not_asked=NotAsked("-m dns", ("host.gpu",)))
    history = held_against([before], now)
    for told in (history, History.from_json(history.as_json(), now)):
        assert opening(told).endswith(": CONFORMANT; not asked for (-m dns): host (gpu)")
    older = history.as_json()
    del older["previous"]["not_asked"]
    assert opening(History.from_json(older, now)).endswith(": CONFORMANT")
    first, second = list(_runs([before, now], 9))[2:4]
    assert first.endswith("every required fact that was checked holds; not asked for (-m dns): host (gpu)")
    assert second.endswith("every required fact that was checked holds")


def test_only_the_last_runs_count() -> None:
    past = past_of("dns.ttl", nights(ttl="F.F.F" + "." * LOOKED_BACK + "F"))
    assert (past.failed, past.judged, past.turns) == (1, LOOKED_BACK, 1)
    assert past.held == past_of("dns.ttl", nights(ttl="F.F.F" + "." * LOOKED_BACK + "F")).held


def test_a_fact_as_a_line_of_letters() -> None:
    assert strip("dns.ttl", nights(ttl=".F UBw-")) == ".F UBw-"


@pytest.mark.parametrize(
    ("line", "now", "told"),
    [
        ("." * 29, ".", False),
        ("." * 30, ".", True),
        ("." * 40 + "F" * 5, "F", True),
        ("." * 5 + "F" * 30, "F", False),  # what changed all the time, before it failed, is not known yet
        ("F" * 60, "F", False),  # it may have held before
        ("F" * 60, ".", True),
        ("F" * 60, "B", True),
    ],
)
def test_it_is_read_as_far_back_as_it_takes(line: str, now: str, *, told: bool) -> None:
    runs = nights(ttl=line + now)
    assert enough(runs[-2::-1], runs[-1]) is told
