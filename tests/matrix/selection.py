"""Which faults a run of the matrix tries: each day those of a sixth of the kinds, one for every fact that no other of
the day fails, and those that a change has to do with (see tests.matrix.changed); with FAULTS=all every one.

A kind is what a fault is declared to fail and to keep from being looked at. Two faults of one kind come to the same
verdicts by different ways, so a day without one of them says less: they take turns, as kinds do, and every night tries
them all. What a day is without: kinds that fail no fact of their own, where the change has nothing to do with them.
A twelfth of the kinds is looked at as a whole, each day another one; a fourth of these is healed, where there is a
remedy. A cause is told of what is looked at as a whole, and of a fifth of the others. Some faults are made together
(see tests.matrix.groups), and a run looks anew where they may have changed something (tests.matrix.touched), which says
nothing of the rest.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import TypeVar
from zlib import crc32

from spark_lab.faults import Fault
from tests.day import DAY
from tests.diagnosis.scenarios import BY_FAULT
from tests.matrix.changed import changed, touches

T = TypeVar("T")
TURNS = 6
"""Every so many days a kind has its turn."""
SHARES = 12
HEALED = 48
"""A multiple of the others: what is healed has its turn, and is looked at as a whole."""
TOLD = 5
"""Of so many faults whose cause is known, a day asks for one's, beside those that are looked at as a whole."""
Kind = tuple[frozenset[str], frozenset[str]]


def everything() -> bool:
    """Whether nothing is to be left out, as at night."""
    return os.environ.get("FAULTS") == "all"


def kind(fault: Fault) -> Kind:
    return fault.facts, fault.unverified


def chosen(faults: Iterable[Fault], *, today: date | None = None, every: bool | None = None) -> list[Fault]:
    """The faults to try, in their order. `every`: not what FAULTS says, but this."""
    faults = list(faults)
    if _all(every):
        return faults
    alike: dict[Kind, list[Fault]] = defaultdict(list)
    for fault in faults:
        alike[kind(fault)].append(fault)
    day = _day(today)
    placed = [(_place(those[0], today), those) for those in alike.values()]
    ready = [(place, those[day // _step(place) % len(those)]) for place, those in placed]
    turns = {fault.name: fault for place, fault in ready if place % TURNS == 0 or place % SHARES == 0}
    failed = {fact for fault in turns.values() for fact in fault.facts}
    for _, fault in sorted(ready, key=lambda one: len(one[1].unverified)):
        if not fault.facts <= failed:
            turns[fault.name] = fault
            failed |= fault.facts
    named = turns.keys() | changed(faults)
    return [fault for fault in faults if fault.name in named]


def whole(fault: Fault, *, today: date | None = None, every: bool | None = None) -> bool:
    """Whether a fault's kind is of the day's twelfth."""
    return _all(every) or _place(fault, today) % SHARES == 0


def healed(fault: Fault, *, today: date | None = None, every: bool | None = None) -> bool:
    """Whether a fault that has a remedy is healed: of the day's twelfth a fourth."""
    return fault.remedy and (_all(every) or _place(fault, today) % HEALED == 0)


def told(fault: Fault, *, today: date | None = None, every: bool | None = None) -> bool:
    """Whether a fault's cause is to be told: of those that are looked at as a whole, and of a fifth of the others.

    Of all where the change that is tried has to do with the diagnosis. What the diagnosis makes of the signs of each of
    them, tests/diagnosis/scenes shows without a lab.
    """
    if fault.name not in BY_FAULT:
        return False
    round_, day = divmod(_day(today), TOLD)
    share = crc32(f"{fault.name} {round_}".encode()) % TOLD == day
    return share or touches("diagnosis") or whole(fault, today=today, every=every)


def _place(fault: Fault, today: date | None) -> int:
    return _number(*kind(fault), fault.name if not any(kind(fault)) else "") + _day(today)


@cache
def _number(facts: frozenset[str], unverified: frozenset[str], name: str) -> int:
    return crc32((name or "+".join(("", *sorted(facts), "", *sorted(unverified)))).encode())


def _step(place: int) -> int:
    """After how many days a kind's next fault has its turn.

    The days on which a kind is looked at as a whole, or healed, have a count of their own: else some would never be.
    """
    return next(shares for shares in (HEALED, SHARES, TURNS, 1) if place % shares == 0)


def shared(those: Sequence[T], shares: int, *, today: date | None = None, every: bool | None = None) -> list[T]:
    """A day's share of these, by their places: so many days try them all."""
    return [one for place, one in enumerate(those) if _all(every) or (place + _day(today)) % shares == 0]


def _all(every: bool | None) -> bool:
    return everything() if every is None else every


def _day(today: date | None) -> int:
    return (today or date.fromisoformat(os.environ[DAY])).toordinal()
