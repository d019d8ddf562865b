"""A whole remediation of what was found, as `--remediate apply` makes it; and one that has nothing to do."""

from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.remediation.applying import Ways
from spark_conformance.remediation.model import Asked
from spark_conformance.remediation.outcome import Outcome
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.runner import Remediation
from spark_lab.announcement import Announcement
from spark_lab.faults import Fault
from spark_lab.faults.bench import Bench

FULL_BUDGET = Asked(budget=40)


def mended(run: Run, findings: dict[str, Finding], folder: Path) -> Outcome:
    return Remediation(run, findings, all_remedies(FULL_BUDGET), FULL_BUDGET, Ways(folder)).apply()


def looked(run: Run) -> tuple[dict[str, Finding], set[str]]:
    """Fresh findings, over connections of their own, and what does not hold by them."""
    run.forget()
    findings = findings_of(run)
    return findings, {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT}


def healed(run: Run, fault: Fault, findings: dict[str, Finding], folder: Path) -> None:
    """A fault is healed by one run, proven by fresh checks, and a second run has nothing to do."""
    outcome = mended(run, findings, folder)
    assert outcome.result == "applied", outcome
    findings, still = looked(run)
    assert still == fault.stays
    again = mended(run, findings, folder)
    assert again.result == "nothing to do", again


def planned(run: Run, findings: dict[str, Finding], folder: Path) -> None:
    """What a remedy is for has a plan."""
    outcome = Remediation(run, findings, all_remedies(FULL_BUDGET), FULL_BUDGET, Ways(folder)).plan()
    assert outcome.result == "planned", outcome
    assert outcome.steps
    assert not outcome.problems


def left_to_a_person(lab: Announcement, run: Run, fault: Fault, findings: dict[str, Finding], folder: Path) -> None:
    """What no remedy is for is told and not done."""
    before = _writes(lab), _files(lab)
    outcome = mended(run, findings, folder)
    assert outcome.result == "nothing to do", outcome
    assert outcome.steps == []
    assert (_writes(lab), _files(lab)) == before
    required = {name for name in fault.facts if run.stated[name].severity == "required"}
    assert not required or outcome.instructions or outcome.left_alone


def _writes(lab: Announcement) -> list[str]:
    """The API's requests so far that may have changed something."""
    bench = Bench(lab)
    requests: list[str] = bench.switch("seen")["api_requests"]
    bench.close()
    return [request for request in requests if not request.startswith("GET ") and "graphql" not in request]


def _files(lab: Announcement) -> dict[str, bytes]:
    """What the host's configuration holds."""
    files = (path for path in Path(lab.root, "etc").rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): path.read_bytes() for path in files}
