"""No dead expectation: whatever else a facts file might state, a check fails on a system that is as it was before.

Each leaf of each expectation is altered, one at a time. The lab stays healthy; only what depends on the altered fact is
observed anew, by what a traced run has seen: an observation that never read the fact, nor used one that did, cannot
come out otherwise.
"""

from pathlib import Path

import pytest

from spark_conformance.checking import finding_of
from spark_conformance.core.run import Run
from spark_conformance.core.traced import ALL, Traced
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import find, load
from spark_lab.announcement import Announcement
from tests.labs import check_system
from tests.matrix import altered

LEAVES = [
    pytest.param(fact, place, id=".".join((fact, *map(str, place))))
    for fact, stated in load(find("spark-291b")).facts.all().items()
    for place in altered.leaves(fact, stated.expect)
]


UNTOLD = {("host.memory_gib", ("path",)), ("host.memory_available_gib", ("path",))}
"""Where to look for something that every machine has: where the place is not there, nobody can tell."""


@pytest.mark.parametrize(("fact", "place"), LEAVES)
def test_a_leaf_that_is_altered_fails_its_own_check(seen: Traced, fact: str, place: altered.Path) -> None:
    system = altered.altered(seen.file, fact, place)
    run = Run(system)
    try:
        seen.lend(run, fact)
        finding = finding_of(run, fact)
    finally:
        run.close()
    fails = Verdict.UNREACHABLE if (fact, place) in UNTOLD else Verdict.NONCONFORMANT
    assert finding.verdict == fails, f"{finding.expected}: {finding.observed or finding.cause}"


def test_a_traced_run_knows_what_depends_on_a_fact(seen: Traced) -> None:
    observations = {observe.__name__ for observe in seen.changed_by("tunnel.id")}
    assert {"tunnel", "tunnel_config", "tunnel_connections"} <= observations
    assert not {"host", "zone", "cloudflare_api", "dns_records"} & observations
    through_all = {observe for observe, facts in seen.reads.items() if ALL in facts}
    assert {observe.__name__ for observe in through_all} <= {"origin_replay"}, "a diagnosis may ask by any of them"
    assert seen.changed_by("access.token_enabled") == through_all


def test_another_public_name_fails_what_is_looked_at_by_it(one_lab: Announcement) -> None:
    system = load(Path(one_lab.target))
    about = system.system.model_copy(update={"hostname": f"x{system.system.hostname}"})
    findings = check_system(system.model_copy(update={"system": about}))
    assert findings["dns.records"].verdict == Verdict.NONCONFORMANT
