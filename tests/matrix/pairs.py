"""Two faults at once: which pairs, and what one of them may keep from being told of the other.

The rule. With both faults made, each fact that either of them fails is nonconformant, unless the other fault truly
blocks it: nobody could look (unreachable or blocked, never conformant and never an error), and

- the other fault alone keeps this very fact from being looked at: it is among its `unverified`; or
- the finding says that it is blocked by a fact that the other fault fails or makes unverifiable.

And nothing is told of facts that neither fault has to do with: two faults make no noise that one of them does not.
Only what can be seen in two ways may be out of sight where each fault closes one: then what hinders it is what hinders
a fact of theirs.
"""

import hashlib
from functools import cache
from itertools import combinations

from spark_conformance.core.verdict import Finding, Verdict
from spark_lab.faults import FAULTS, Fault

SEED = 289
UNDONE = {
    ("access-token-expired", "as-documented"): "a policy that bypasses Access lets in whoever has an expired token too",
    ("edge-unreachable", "public-other-models"): "a connector that the edge cannot reach never gets the other ingress",
}
"""Pairs, names in order, of which one undoes what the other one does, each with its reason: nothing to tell."""


@cache
def ranked() -> list[tuple[Fault, Fault]]:
    """Every pair of faults of different components, in an order that a new fault leaves as it is but for its own."""
    pairs = [
        (FAULTS[one], FAULTS[other])
        for one, other in combinations(sorted(FAULTS), 2)
        if FAULTS[one].component != FAULTS[other].component and (one, other) not in UNDONE
    ]
    return sorted(pairs, key=lambda pair: hashlib.sha256(f"{SEED} {pair[0].name} {pair[1].name}".encode()).digest())


def hidden(fault: Fault, other: Fault, findings: dict[str, Finding]) -> dict[str, str]:
    """Facts that a fault fails and that the findings keep quiet about, though the other fault is no reason for it."""
    return {
        fact: _told(findings[fact])
        for fact in sorted(fault.facts)
        if findings[fact].verdict != Verdict.NONCONFORMANT and not _blocked(findings[fact], other)
    }


def _blocked(finding: Finding, other: Fault) -> bool:
    """Whether a fact is out of sight because of the other fault."""
    unseen = finding.verdict in {Verdict.UNREACHABLE, Verdict.BLOCKED}
    return unseen and (finding.fact in other.unverified or finding.blocked_by in other.facts | other.unverified)


def noise(one: Fault, other: Fault, findings: dict[str, Finding]) -> dict[str, str]:
    """What is told of facts that neither fault has to do with, and every error."""
    known = one.facts | one.unverified | other.facts | other.unverified
    roots = {findings[fact].cause for fact in known & findings.keys()}
    return {
        fact: _told(finding)
        for fact, finding in findings.items()
        if finding.verdict == Verdict.ERROR
        or (fact not in known and finding.verdict != Verdict.CONFORMANT and not _shared(finding, known, roots))
    }


def _shared(finding: Finding, known: frozenset[str], roots: set[str]) -> bool:
    """Whether a fact is out of sight for the same reason as one of those that the faults have to do with."""
    unseen = finding.verdict in {Verdict.UNREACHABLE, Verdict.BLOCKED}
    return unseen and (finding.blocked_by in known or finding.cause in roots)


def _told(finding: Finding) -> str:
    return f"{finding.verdict}: {finding.observed or finding.cause} {finding.note}"
