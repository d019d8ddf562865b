"""Facts that spark-291b does not state, on its lab: routes, probes, who gets in, and whether Access stands there.

Each has a fault that fails it, and leaves the others of these as they were.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.remediation.remedies.tunnel import Ingress
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict

NAME = "ollama.goldfish.io"


def system(lab: Announcement) -> SystemFile:
    """The lab's facts, with these in addition."""
    stated = load(Path(lab.target))
    tunnel, access = stated.facts.tunnel, stated.facts.access
    assert tunnel is not None
    assert access is not None
    assert tunnel.ingress is not None
    assert tunnel.http_host_header is not None
    assert access.token_id is not None
    served = {"hostname": NAME, "service": tunnel.ingress.expect.service}
    expected: dict[str, dict[str, Any]] = {
        "routes": {
            "api": {**served, "path": "/api/tags", "http_host_header": tunnel.http_host_header.expect},
            "others": {"hostname": "*.goldfish.io", "service": "http_status:404"},
        },
        "probes": {
            "people": {"path": "/api/tags", "login": True},
            "clients": {"path": "/api/tags", "as": "service_token", "status": 200, "text": "llama"},
        },
        "access": {
            "admits": {"everyone": True, "service_tokens": [access.token_id.expect]},
            "protected": True,
        },
    }
    facts = {
        group: {name: {"expect": expect, "source": "test", "why": "test"} for name, expect in table.items()}
        for group, table in expected.items()
    }
    return load(Path(lab.target), {"facts": facts})


STATED = ("routes.api", "routes.others", "probes.people", "probes.clients", "access.admits", "access.protected")


def verdicts(lab: Announcement) -> dict[str, str]:
    """Those of these facts that do not hold, with what was seen."""
    run = Run(system(lab))
    try:
        findings = findings_of(run, STATED)
    finally:
        run.close()
    assert set(findings) == set(STATED)
    assert {one.verdict for one in findings.values()} <= {Verdict.CONFORMANT, Verdict.NONCONFORMANT}, json.dumps(
        {fact: one.cause for fact, one in findings.items()}
    )
    return {fact: one.observed for fact, one in findings.items() if one.verdict != Verdict.CONFORMANT}


@pytest.mark.parametrize(
    ("fault", "fails"),
    [
        ("", set()),
        ("ingress-other-host-header", {"routes.api"}),
        ("ingress-wildcard-before", {"routes.api", "routes.others", "probes.clients"}),
        ("access-policy-narrowed", {"access.admits"}),
        ("access-bypass-elsewhere", {"access.admits"}),
        ("access-app-other-domain", {"access.protected", "probes.people"}),
    ],
)
def test_each_fault_fails_what_it_breaks_and_nothing_else(lab: Announcement, fault: str, fails: set[str]) -> None:
    if fault:
        inflict(lab, [FAULTS[fault]])
    assert set(verdicts(lab)) == fails


def test_a_route_is_brought_where_it_is_met_and_its_neighbour_is_left(lab: Announcement) -> None:
    inflict(lab, [FAULTS["ingress-wildcard-before"]])
    stated = system(lab)
    assert stated.facts.tunnel is not None
    alone = stated.facts.tunnel.model_copy(update={"ingress": None, "http_host_header": None, "rules": None})
    facts = stated.facts.model_copy(update={"tunnel": alone, "routes": {"api": stated.facts.routes["api"]}})
    run = Run(stated.model_copy(update={"facts": facts}))
    try:
        [write, _] = Ingress().plan(run, findings_of(run, ["routes.api"]))
        write.action.apply(run, write.action.before(run, ""))
    finally:
        run.close()
    assert "*.goldfish.io" in write.diff
    assert set(verdicts(lab)) == {"routes.others"}
