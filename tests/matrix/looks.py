"""Looking at a broken lab: at what the fault may have changed; the rest is lent, as it was seen when it was healthy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.cloudflare.client import cloudflare_api
from spark_conformance.core.run import Run
from spark_conformance.core.traced import Traced
from spark_conformance.core.verdict import Verdict
from spark_conformance.diagnosis.reading import read
from spark_conformance.facts.load import load
from spark_conformance.host.connection import target_host
from spark_lab.announcement import Announcement
from spark_lab.faults import Fault, FaultError
from tests.labs import BROKEN_UNSEEN, STARTED_ANEW
from tests.matrix.selection import whole
from tests.matrix.touched import CONFIG, HOST, LASTING, TUNNEL, broken, may_differ

ON_THE_WAY = {"host", "ollama", "cloudflared", "tunnel"}
"""Components whose faults change what a look costs most to see."""
CONNECTIONS = {target_host, cloudflare_api}
"""What a run closes when it ends."""


class Looks:
    """The worker's lab as it was seen healthy, as far as that holds."""

    def __init__(self, lab: Announcement) -> None:
        self._lab = lab
        self._healthy: Traced | None = None
        self._complete = False
        """Whether all that there is to see is seen, and holds."""
        self._system = load(Path(lab.target))

    def _doubt(self) -> None:
        """Forget what may have changed for good: another test healed the lab, or healing it started services anew."""
        if self._lab.directory in BROKEN_UNSEEN:
            self._drop({HOST, TUNNEL, CONFIG})
        BROKEN_UNSEEN.discard(self._lab.directory)
        if anew := STARTED_ANEW.pop(self._lab.directory, None):
            self._drop(anew)

    def _drop(self, parts: set[str]) -> None:
        if self._healthy is not None:
            self._healthy.drop(may_differ(parts), CONNECTIONS)
            self._complete = False

    @contextmanager
    def at(self, *faults: Fault) -> Iterator[Run]:
        """Make faults, and a run that looks at them.

        What it saw of what they cannot have touched is kept, as it was seen of a healthy lab: unless the test fails, or
        has the run forget it.
        """
        self._doubt()
        lent = not any(map(whole, faults))
        if lent and self._healthy is None:
            self.healthy()
        try:
            parts = broken(self._lab, faults)
        except FaultError:  # those before it are made, and what they touched is not told
            self.close()
            raise
        run = Traced(self._system)
        begun = run.since
        try:
            if lent and self._healthy is not None:
                self._healthy.lend(run, but=may_differ(parts))
            yield run
            if self._healthy is not None and run.since == begun and not run.strays:
                run.leave(self._healthy, CONNECTIONS, but=may_differ(parts))
        finally:
            run.forget()
            run.close()
            if not parts <= LASTING:
                self._drop(parts)

    def healthy(self) -> Traced:
        """All that is to be seen of the lab, which is healthy: what was not seen, or may have changed since, anew."""
        self._doubt()
        if self._healthy is None:
            self._healthy = Traced(self._system)
        if self._complete:
            return self._healthy
        findings = findings_of(self._healthy)
        assert {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == set()
        assert self._healthy.strays == set()
        read(self._healthy)  # what a diagnosis looks at besides
        self._complete = True
        return self._healthy

    def close(self) -> None:
        if self._healthy is not None:
            self._healthy.close()
        self._healthy = None
        self._complete = False
