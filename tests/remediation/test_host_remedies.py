"""cloudflared and Ollama on the lab's host: each fault that a redeployment heals, and those that it must not touch.

A day tries a share of each, another day another one; `HOST_REMEDIES=all` all of them, and each fault that is healed.
"""

import json
import os
from functools import partial
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import find, load
from spark_conformance.remediation.model import CannotRemedy, Remedy, StepFailed
from spark_conformance.remediation.remedies.cloudflared import Cloudflared
from spark_conformance.remediation.remedies.ollama import Ollama
from spark_conformance.remediation.remedies.ollama_model import OllamaModel
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from tests.matrix.looks import Looks
from tests.matrix.selection import shared
from tests.remediation.applying import apply, failing, plans_of, running, take_back

REMEDIES: tuple[Remedy, ...] = (Ollama(), OllamaModel(), Cloudflared())
FACTS = frozenset(
    fact
    for fact, stated in load(find("spark-291b")).facts.all().items()
    if stated.severity == "required" and any(fact in remedy.facts for remedy in REMEDIES)
)
"""An advisory fact is mended with others, and never for its own sake."""
OF_THE_TUNNEL = {"config-not-accepted", "config-behind"}
"""Faults of the connector that come with the configuration from Cloudflare."""
OURS = [fault for fault in FAULTS.values() if fault.component in {"ollama", "cloudflared"} and fault.facts & FACTS]
HEALED = [fault.name for fault in OURS if fault.remedy and fault.name not in OF_THE_TUNNEL]
WAYS = (
    "unit-elsewhere", "unit-not-reloaded", "cloudflared-disabled", "cloudflared-stopped", "drop-in-of-another-name",
    "token-readable-by-all", "token-not-deployed", "token-by-service-install", "ollama-unit-missing", "ollama-hanging",
    "ollama-other-program", "ollama-failing", "model-missing", "model-smaller", "generation-unloaded",
)  # fmt: skip
"""One fault for each way in which these remedies heal."""
ALL = os.environ.get("HOST_REMEDIES") == "all"
plans = partial(plans_of, REMEDIES, FACTS)
CHOSEN = HEALED if ALL else shared(WAYS, 4)
SEEN = {
    fact
    for fact in load(find("spark-291b")).facts.all()
    if fact.startswith(("ollama.", "cloudflared.")) or fact in {"tunnel.connector_on_host", "public.answers"}
}
"""What is looked at here; that nothing else is spoilt is proven with all facts, by the matrix."""
BESIDE = {"token-copied": "token.env.bak holds the token", "drop-in-runs-something": "sets ExecStartPre"}
"""What fails beside a deployment that is right, and how it is named."""
LEFT = shared([fault.name for fault in OURS if not fault.remedy and fault.name not in BESIDE], 8, every=ALL)
"""That what only a person may do is told and not done, tests/matrix shows of each; here these remedies say it."""
TAKEN_BACK = (
    "unit-missing", "unit-masked", "cloudflared-restart-loop", "ollama-unit-missing", "ollama-other-port",
    "model-missing",
)  # fmt: skip
CONNECTOR = "cloudflared.service"
MODELS = "models.json"
"""Ollama's own list, which it writes anew: it is compared by what it says."""
WATCHED = ("etc", "root", "usr/lib/systemd/system", "usr/local/bin", "usr/share/ollama")
UNITS = "etc/systemd/system"
TOKEN = {f"{UNITS}/cloudflared.service.d/token.env"}
OVERRIDDEN = {f"{UNITS}/ollama.service.d/{name}" for name in ("override.conf", "zz-spark-conformance.conf")}
REMAINS = {
    "unit-elsewhere": {"usr/lib/systemd/system/cloudflared.service", f"{UNITS}/multi-user.target.wants/{CONNECTOR}"},
    "unit-not-deployed": {f"{UNITS}/{CONNECTOR}"},
    "drop-in-of-another-name": {f"{UNITS}/cloudflared.service.d/token.conf"},
    "binary-elsewhere": {"usr/bin/cloudflared"},
    "binary-by-path": {"usr/bin/cloudflared"},
    "binary-by-wrapper": {"usr/bin/cloudflared", "usr/local/bin/cloudflared-start.sh"},
    "token-in-readable-file": {"etc/cloudflared/token"},
    "token-by-file-alone": {"etc/cloudflared/token"},
    "local-config-by-flag": {"etc/cloudflared/spark.yml"},
    "token-not-deployed": TOKEN,
    "token-not-restarted": TOKEN,
    "token-not-reloaded": TOKEN,
    "ollama-failing": OVERRIDDEN,
    "ollama-other-port": OVERRIDDEN,
    "ollama-all-interfaces": OVERRIDDEN,
    "ollama-other-program": OVERRIDDEN,
    "generation-unloaded": OVERRIDDEN,
}
"""Where a healed host differs from one that was never broken: what others wrote is told, and stays; tokens are new."""


@pytest.fixture(scope="session")
def healthy(one_lab: Announcement) -> dict[str, tuple[int, bytes]]:
    return files(one_lab)


def files(lab: Announcement) -> dict[str, tuple[int, bytes]]:
    """Every file of the host that is not of what runs, with its mode and content."""
    found = {}
    for top in WATCHED:
        for path in Path(lab.root, top).rglob("*"):
            if path.is_symlink():
                found[str(path)] = (0, str(path.readlink()).encode())
            elif path.is_file():
                text = path.read_bytes()
                listed = json.dumps(json.loads(text)).encode() if path.name == MODELS else text
                found[str(path)] = (path.stat().st_mode, listed)
    return found


@pytest.mark.parametrize("name", CHOSEN)
def test_what_a_redeployment_heals_is_healed_once(
    healthy: dict[str, tuple[int, bytes]], lab: Announcement, name: str
) -> None:
    inflict(lab, [FAULTS[name]])
    with running(lab) as run:
        findings = findings_of(run, SEEN)
        steps, said = plans(run, findings)
        assert (bool(steps), said) == (True, [])
        apply(lab, run, steps)
    with running(lab) as run:
        findings = findings_of(run, SEEN)
        assert failing(findings) == {}
        assert plans(run, findings) == ([], [])
    now = files(lab)
    changed = {path for path in now.keys() | healthy.keys() if now.get(path) != healthy.get(path)}
    assert {path for path in changed if not path.endswith(f"/{MODELS}")} == {
        f"{lab.root}/{path}" for path in REMAINS.get(name, ())
    }


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_a_deployment_is_named_and_left(lab: Announcement, looks: Looks, name: str) -> None:
    with looks.at(FAULTS[name]) as run:
        before = files(lab)
        steps, (said,) = plans(run, findings_of(run, SEEN))
    assert steps == []
    assert BESIDE[name] in said
    assert files(lab) == before


@pytest.mark.parametrize("name", LEFT)
def test_what_no_redeployment_heals_is_told(lab: Announcement, looks: Looks, name: str) -> None:
    with looks.at(FAULTS[name]) as run:
        before = files(lab)
        steps, said = plans(run, findings_of(run, SEEN))
    assert steps == []
    assert said
    assert files(lab) == before


@pytest.mark.parametrize("name", shared(TAKEN_BACK, 3, every=ALL))
def test_what_was_done_is_taken_back_byte_by_byte(lab: Announcement, name: str) -> None:
    inflict(lab, [FAULTS[name]])
    before = files(lab)
    with running(lab) as run:
        steps, _ = plans(run, findings_of(run, SEEN))
        done = apply(lab, run, steps)
        assert files(lab) != before
        take_back(run, done)
        assert files(lab) == before
    with running(lab) as run:
        assert set(failing(findings_of(run, SEEN))) >= (FAULTS[name].facts & SEEN) - {"cloudflared.restarts"}


def test_files_are_back_even_if_the_service_cannot_start_with_them(lab: Announcement) -> None:
    inflict(lab, [FAULTS["drop-in-missing"]])
    before = files(lab)
    with running(lab) as run:
        done = apply(lab, run, plans(run, findings_of(run, SEEN))[0])
        with pytest.raises(StepFailed, match="restart"):
            take_back(run, done)
    assert files(lab) == before


def test_no_connector_is_started_beside_one_that_was_started_by_hand(lab: Announcement) -> None:
    inflict(lab, [FAULTS["connector-elsewhere"]])
    with running(lab) as run:
        findings = findings_of(run, SEEN)
        # where it runs on the host itself, nothing of the tunnel's tells it from the service's own
        findings["tunnel.connector_on_host"].verdict = Verdict.BLOCKED
        with pytest.raises(CannotRemedy, match=r"the tunnel is served all the same, by connector .*pgrep"):
            Cloudflared().plan(run, findings)


def test_nothing_secret_is_in_a_plan(lab: Announcement) -> None:
    inflict(lab, [FAULTS["token-of-another-tunnel"]])
    with running(lab) as run:
        steps, _ = plans(run, findings_of(run, SEEN))
        told = "".join(f"{step} {step.as_json()} {step.action!r}" for step in steps)
    file = Path(lab.root, "etc/systemd/system/cloudflared.service.d/token.env").read_text()
    token = file.partition("TUNNEL_TOKEN=")[2].rstrip("\n")
    assert len(token) > 100
    assert token not in told
    assert "eyJ" not in told
