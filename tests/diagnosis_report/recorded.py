"""Recorded diagnoses, and a suite whose engine plays one of them back."""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.diagnosis.model import Diagnosis
from tests.suite.small import Outcome, run_suite

FOLDER = Path(__file__).with_name("recorded")
KINDS = sorted(path.stem for path in FOLDER.glob("*.json"))

FACTS = """
[system]
name = "pi"
hostname = "llm.example.org"
document = "my notes"

[target]

[facts.public.answers]
expect = { path = "/api/tags", status = 200 }
source = "notes, page 3"
why = "what clients want"

[facts.access.admits_token]
expect = true
source = "notes, page 4"
why = "clients have nothing else"
"""

OBSERVED = """
from dataclasses import dataclass
from spark_conformance.core.run import OBSERVATIONS

@dataclass(frozen=True)
class Exchange:
    status: int

@dataclass(frozen=True)
class Probe:
    exchange: Exchange

def token_probe(run):
    return Probe(Exchange({status}))

OBSERVATIONS["token_probe"] = token_probe  # it takes the place of the suite's
"""

ENGINE = """
import json, os, sys, types
from pathlib import Path
from spark_conformance.diagnosis.model import Diagnosis
from spark_conformance.core.secret import Secret

CANARY = "canary-9f3a-b1-{name}"

def diagnose(run, **asked):
    with Path("made.txt").open("a") as made:
        made.write(f"{{os.environ.get('PYTEST_XDIST_WORKER', 'main')}}\\n")
    Secret(CANARY, "a token")
    text = Path({path!r}).read_text()
    {act}
    return Diagnosis.from_json(json.loads(text))

engine = types.ModuleType("spark_conformance.diagnosis.engine")
engine.diagnose = diagnose
sys.modules[engine.__name__] = engine
"""

ADMITS = """
@pytest.mark.fact("access.admits_token")
def test_admits_token(judge, token_probe):
    judge({admitted})
"""

ANSWERS = """
@pytest.mark.fact("public.answers")
def test_answers(judge, token_probe):
    status = token_probe.exchange.status
    judge(f"status {status}", ok=status == 200)
"""


def data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def diagnosis(name: str) -> Diagnosis:
    return Diagnosis.from_json(data(name))


def play(  # noqa: PLR0913 - each is one thing that a test varies
    pytester: pytest.Pytester,
    *options: str,
    kind: str = "as_documented",
    status: int = 403,
    checks: str = ANSWERS + ADMITS.format(admitted=True),
    act: str = "",
    apart: bool = False,
    facts: str = FACTS,
) -> Outcome:
    """Run the small suite with checks of the public answer; `act` is what the engine does before it answers.

    Workers need to be `apart`: they find the engine by the environment of a process.
    """
    path = str(FOLDER / f"{kind}.json")
    pytester.makepyfile(observed=OBSERVED.format(status=status))
    pytester.makepyfile(playback=ENGINE.format(name=kind, path=path, act=act or "pass"))
    pytester.syspathinsert()
    words = ("-p", "observed", "-p", "playback", *options, "checks")
    return run_suite(pytester, checks, *words, facts=facts, apart=apart)


def made(ran: Outcome) -> list[str]:
    """The processes that made a diagnosis."""
    path = ran.folder / "made.txt"
    return path.read_text().split() if path.exists() else []
