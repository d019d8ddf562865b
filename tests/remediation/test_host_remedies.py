"""cloudflared and Ollama on the lab's host: each fault that a redeployment heals, and those that it must not touch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lab.announcement import Announcement, read
from fixtures.lab.faults import FAULTS, heal, inflict
from fixtures.remediation.model import CannotRemedy, Remedy, Step
from fixtures.remediation.remedies.cloudflared import Cloudflared
from fixtures.remediation.remedies.ollama import Ollama
from fixtures.remediation.remedies.ollama_model import OllamaModel
from fixtures.suite.evaluating import evaluate, findings_of
from fixtures.suite.labprocess import LabProcess
from fixtures.suite.run import Run
from fixtures.suite.verdict import Finding, Verdict
from tests.remediation.applying import apply, failing, running, take_back

REMEDIES: tuple[Remedy, ...] = (Ollama(), OllamaModel(), Cloudflared())
FACTS = frozenset[str]().union(*(remedy.facts for remedy in REMEDIES))
OF_THE_TUNNEL = {"config-not-accepted", "config-behind"}
"""Faults of the connector that come with the configuration from Cloudflare."""
OURS = [fault for fault in FAULTS.values() if fault.component in {"ollama", "cloudflared"} and fault.facts & FACTS]
HEALED = [fault.name for fault in OURS if fault.remedy and fault.name not in OF_THE_TUNNEL]
LEFT = [fault.name for fault in OURS if not fault.remedy]
WATCHED = ("etc", "usr", "root")


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Announcement]:
    process = LabProcess(())
    try:
        yield read(process.facts())
    finally:
        process.close()


@pytest.fixture
def lab(one_lab: Announcement) -> Iterator[Announcement]:
    yield one_lab
    heal(one_lab)


def plans(run: Run, findings: dict[str, Finding]) -> tuple[list[Step], list[str]]:
    """The steps of all remedies that are for something that fails, and what the others say instead."""
    steps: list[Step] = []
    said: list[str] = []
    for remedy in REMEDIES:
        if any(findings[fact].verdict == Verdict.NONCONFORMANT for fact in remedy.facts):
            try:
                steps += remedy.plan(run, findings)
            except CannotRemedy as cannot:
                said.append(cannot.sentence)
    return steps, said


def files(lab: Announcement) -> dict[str, tuple[int, bytes]]:
    """Every file of the host that is not of what runs, with its mode and content."""
    found = {}
    for top in WATCHED:
        for path in Path(lab.root, top).rglob("*"):
            if path.is_symlink():
                found[str(path)] = (0, str(path.readlink()).encode())
            elif path.is_file():
                found[str(path)] = (path.stat().st_mode, path.read_bytes())
    return found


@pytest.mark.parametrize("name", HEALED)
def test_what_a_redeployment_heals_is_healed_once(lab: Announcement, name: str) -> None:
    inflict(lab, [FAULTS[name]])
    with running(lab) as run:
        findings = findings_of(run)
        steps, said = plans(run, findings)
        assert (bool(steps), said) == (True, [])
        apply(lab, run, steps)
    with running(lab) as run:
        findings = findings_of(run)
        assert failing(findings) == {}
        assert plans(run, findings) == ([], [])


@pytest.mark.parametrize("name", LEFT)
def test_what_no_redeployment_heals_is_told(lab: Announcement, name: str) -> None:
    inflict(lab, [FAULTS[name]])
    before = files(lab)
    with running(lab) as run:
        steps, said = plans(run, findings_of(run))
    assert steps == []
    assert said
    assert files(lab) == before


@pytest.mark.parametrize(
    "name",
    ["token-empty", "unit-masked", "drop-in-missing", "cloudflared-restart-loop", "ollama-masked", "ollama-other-port"],
)
def test_what_was_done_is_taken_back_byte_by_byte(lab: Announcement, name: str) -> None:
    inflict(lab, [FAULTS[name]])
    before = files(lab)
    with running(lab) as run:
        steps, _ = plans(run, findings_of(run))
        done = apply(lab, run, steps)
        assert files(lab) != before
        take_back(run, done)
        assert files(lab) == before
    assert set(failing(evaluate(Path(lab.target)))) >= FAULTS[name].facts - {"cloudflared.restarts"}


def test_nothing_secret_is_in_a_plan(lab: Announcement) -> None:
    inflict(lab, [FAULTS["token-of-another-tunnel"]])
    with running(lab) as run:
        steps, _ = plans(run, findings_of(run))
        told = "".join(f"{step} {step.as_json()} {step.action!r}" for step in steps)
    drop_in = Path(lab.root, "etc/systemd/system/cloudflared.service.d/override.conf").read_text()
    token = drop_in.partition("TUNNEL_TOKEN=")[2].rstrip('"\n')
    assert len(token) > 100
    assert token not in told
    assert "eyJ" not in told
