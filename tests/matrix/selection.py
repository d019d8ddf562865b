"""Which faults a run of the matrix tries: one of each kind and a day's eighth of the rest; with FAULTS=all every one.

A kind is what a fault is declared to fail and to keep from being looked at. Two faults of one kind come to the same
verdicts by different ways, so a day without one of them says less: eight days try them all, and so does every night.
"""

import os
from collections.abc import Iterable
from datetime import date
from zlib import crc32

from spark_lab.faults import Fault

SHARES = 8
DAY = "MATRIX_DAY"
"""Set where the tests begin: a run's workers collect the same, though one of them does so after midnight."""


def chosen(faults: Iterable[Fault], *, today: date | None = None, everything: bool | None = None) -> list[Fault]:
    """The faults to try, in their order. `everything` is what FAULTS=all asks for."""
    every = os.environ.get("FAULTS") == "all" if everything is None else everything
    day = (today or date.fromisoformat(os.environ[DAY])).toordinal()
    kinds: set[tuple[frozenset[str], frozenset[str]]] = set()
    found = []
    for fault in faults:
        kind = fault.facts, fault.unverified
        if every or kind not in kinds or (crc32(fault.name.encode()) + day) % SHARES == 0:
            found.append(fault)
        kinds.add(kind)
    return found
