"""Looking at a broken lab: at what the fault may have changed; the rest is lent, as it was seen when it was healthy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.traced import Traced
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from spark_lab.faults import Fault
from tests.matrix.selection import whole
from tests.matrix.touched import HOST, LOOKED_AT, broken, may_differ

ON_THE_WAY = {"host", "ollama", "cloudflared", "tunnel"}
"""Components whose faults may change nearly everything: for them nothing is looked at beforehand."""
LASTING = LOOKED_AT.keys() - {HOST}
"""Parts that are brought back without a service's being restarted: what was seen of the host stays true."""


class Looks:
    """The worker's lab as it was seen healthy, for as long as that holds."""

    def __init__(self, lab: Announcement) -> None:
        self._lab = lab
        self._healthy: Traced | None = None

    @contextmanager
    def at(self, fault: Fault) -> Iterator[Run]:
        """Make a fault, and a run that looks at it."""
        if not whole(fault) and fault.component not in ON_THE_WAY:
            self._look()
        parts = broken(self._lab, fault)
        run = Run(load(Path(self._lab.target)))
        try:
            if self._healthy is not None and not whole(fault):
                self._healthy.lend(run, but=may_differ(parts))
            yield run
        finally:
            run.forget()
            run.close()
            if not parts <= LASTING:
                self.close()

    def _look(self) -> None:
        if self._healthy is None:
            self._healthy = Traced(load(Path(self._lab.target)))
            findings = findings_of(self._healthy)
            assert {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == set()
            assert self._healthy.strays == set()

    def close(self) -> None:
        if self._healthy is not None:
            self._healthy.close()
        self._healthy = None
