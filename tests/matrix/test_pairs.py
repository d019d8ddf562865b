"""Two faults at once: no verdict of one hides the other, unless the one truly blocks it (see tests.matrix.pairs).

A day tries a tenth of the sample, FAULTS=all the whole of it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault, FaultError
from tests.labs import heal
from tests.machine.differences import on_machine
from tests.matrix.looks import Looks
from tests.matrix.pairs import UNDONE, hidden, noise, ranked
from tests.matrix.selection import shared

SAMPLE = 40


@contextmanager
def made(lab: Announcement, looks: Looks, one: Fault, other: Fault) -> Iterator[Run]:
    """Both, made in the order in which that can be done: a fault may break what the other one is made with."""
    with ExitStack() as there:
        try:
            run = there.enter_context(looks.at(one, other))
        except FaultError:
            heal(lab)
            run = there.enter_context(looks.at(other, one))
        yield run


@pytest.mark.parametrize(
    ("one", "other"),
    [pytest.param(*pair, id=" + ".join(each.name for each in pair)) for pair in shared(ranked()[:SAMPLE], 10)],
)
def test_neither_of_two_faults_hides_the_other(
    lab: Announcement, looks: Looks, one: Fault, other: Fault, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--lab-host") == "systemd":
        one, other = on_machine(one), on_machine(other)
    with made(lab, looks, one, other) as run:
        findings = findings_of(run)
        assert (hidden(one, other, findings), hidden(other, one, findings)) == ({}, {})
        assert noise(one, other, findings) == {}


# --- the rule itself

ONE = Fault("one", "", lambda _: None, frozenset({"dns.type"}), frozenset({"dns.target"}))
OTHER = Fault("other", "", lambda _: None, frozenset({"tunnel.id"}), frozenset({"tunnel.name"}))
Found = Callable[..., Finding]


@pytest.fixture
def found() -> Found:
    def make(fact: str, verdict: Verdict, blocked_by: str = "", cause: str = "") -> Finding:
        return Finding(
            "lab", fact, "check", "required", "", "", "", verdict=verdict, blocked_by=blocked_by, cause=cause
        )

    return make


@pytest.mark.parametrize(
    ("verdict", "blocked_by", "quiet"),
    [
        (Verdict.NONCONFORMANT, "", False),
        (Verdict.CONFORMANT, "", True),
        (Verdict.ERROR, "", True),
        (Verdict.UNREACHABLE, "", True),
        (Verdict.BLOCKED, "host.reachable", True),
        (Verdict.BLOCKED, "dns.target", True),
        (Verdict.BLOCKED, "tunnel.id", False),
        (Verdict.BLOCKED, "tunnel.name", False),
    ],
)
def test_what_hides_a_fault(found: Found, verdict: Verdict, blocked_by: str, quiet: bool) -> None:
    findings = {"dns.type": found("dns.type", verdict, blocked_by)}
    assert bool(hidden(ONE, OTHER, findings)) is quiet


def test_what_the_other_fault_alone_makes_unverifiable_may_be_so(found: Found) -> None:
    findings = {"tunnel.name": found("tunnel.name", Verdict.UNREACHABLE)}
    renamed = Fault("renamed", "", lambda _: None, frozenset({"tunnel.name"}))
    assert hidden(renamed, OTHER, findings) == {}
    assert hidden(renamed, ONE, findings) != {}


def test_what_is_noise(found: Found) -> None:
    findings = {
        "dns.type": found("dns.type", Verdict.NONCONFORMANT),
        "tunnel.name": found("tunnel.name", Verdict.BLOCKED, cause="the tunnel is not there"),
        "tunnel.id": found("tunnel.id", Verdict.ERROR),
        "dns.ttl": found("dns.ttl", Verdict.CONFORMANT),
        "dns.records": found("dns.records", Verdict.NONCONFORMANT, cause="the tunnel is not there"),
        "host.gpu": found("host.gpu", Verdict.UNREACHABLE, cause="the host is silent"),
        "tunnel.rules": found("tunnel.rules", Verdict.UNREACHABLE, cause="the tunnel is not there"),
        "tunnel.status": found("tunnel.status", Verdict.BLOCKED, "tunnel.id", "tunnel.id does not hold"),
    }
    assert set(noise(ONE, OTHER, findings)) == {"tunnel.id", "dns.records", "host.gpu"}


def test_the_sample_is_of_different_components_and_comes_out_alike() -> None:
    pairs = ranked()
    assert pairs == ranked.__wrapped__()
    assert len(pairs) > SAMPLE
    assert all(one.component != other.component for one, other in islice(pairs, SAMPLE))


def test_pairs_that_undo_each_other_are_of_faults_that_there_are() -> None:
    names = {name for pair in UNDONE for name in pair}
    assert names <= FAULTS.keys()
    assert all(pair == tuple(sorted(pair)) for pair in UNDONE)
