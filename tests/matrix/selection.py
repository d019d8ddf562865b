"""Which faults a run of the matrix tries: one of each kind and a day's eighth of the rest; with FAULTS=all every one.

A kind is what a fault is declared to fail and to keep from being looked at. Two faults of one kind come to the same
verdicts by different ways, so a day without one of them says less: eight days try them all, and so does every night.
The same eighth is looked at as a whole; at the others a run looks anew where they may have changed something (see
tests.matrix.touched), which says nothing of the rest.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar
from zlib import crc32

from spark_lab.faults import Fault

T = TypeVar("T")
SHARES = 8
DAY = "MATRIX_DAY"
"""Set where the tests begin: a run's workers collect the same, though one of them does so after midnight."""


def everything() -> bool:
    """Whether nothing is to be left out, as at night."""
    return os.environ.get("FAULTS") == "all"


def chosen(faults: Iterable[Fault], *, today: date | None = None, every: bool | None = None) -> list[Fault]:
    """The faults to try, in their order. `every`: not what FAULTS says, but this."""
    kinds: set[tuple[frozenset[str], frozenset[str]]] = set()
    found = []
    for fault in faults:
        kind = fault.facts, fault.unverified
        if kind not in kinds or whole(fault, today=today, every=every):
            found.append(fault)
        kinds.add(kind)
    return found


def whole(fault: Fault, *, today: date | None = None, every: bool | None = None) -> bool:
    """Whether a fault is of the day's eighth."""
    return _all(every) or (crc32(fault.name.encode()) + _day(today)) % SHARES == 0


def shared(those: Sequence[T], shares: int, *, today: date | None = None, every: bool | None = None) -> list[T]:
    """A day's share of these, by their places: so many days try them all."""
    return [one for place, one in enumerate(those) if _all(every) or (place + _day(today)) % shares == 0]


def _all(every: bool | None) -> bool:
    return everything() if every is None else every


def _day(today: date | None) -> int:
    return (today or date.fromisoformat(os.environ[DAY])).toordinal()
