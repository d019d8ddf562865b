"""A small system of its own, with checks of its own: what the suite makes of them, without any network."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from spark_conformance.core.run import OBSERVATIONS
from tests import warm

PROJECT = Path(__file__).parents[2]
LEAN = ("-p", "no:hypothesispytest", "-p", "no:anyio")
"""Without hypothesis, which users have none of, and anyio's plugin: each run would import them anew."""

FACTS = """
[system]
name = "pi"
hostname = "llm.example.org"
document = "my notes"

[target]

[facts.dns.records]
expect = 1
source = "notes, page 1"
why = "one name, one record"

[facts.dns.ttl]
expect = 1
source = "implied: automatic"
why = "another was set by hand"
severity = "advisory"

[facts.dns.type]
expect = "CNAME"
source = "notes, page 2"
why = "only a CNAME leads into a tunnel"
"""

HEAD = """
import pytest
from dataclasses import dataclass
from spark_conformance.core.secret import Secret
from spark_conformance.core.judging import Judge
from spark_conformance.core.run import Run, observation
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
"""

REST = """
@pytest.mark.fact("dns.{name}")
def test_{name}(judge):
    judge("something")
"""

NAMES = (
    "zone_status", "records", "type", "target", "proxied", "ttl", "shadowed", "resolvers_in_range",
    "authoritative_in_range", "cname_visible",
)  # fmt: skip

ALL_GOOD = """
@pytest.mark.fact("dns.records")
def test_records(judge):
    judge(1)

@pytest.mark.fact("dns.ttl")
def test_ttl(judge):
    judge(1)

@pytest.mark.fact("dns.type")
def test_type(judge):
    judge("CNAME")
"""


@dataclass
class Outcome:
    """What one run of the suite came to."""

    code: int
    out: str
    folder: Path

    @property
    def results(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.folder / "reports/results.json").read_text())
        return data

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [finding for target in self.results["targets"] for finding in target["findings"]]

    @property
    def verdicts(self) -> dict[str, str]:
        """Of the stated facts."""
        found = {item["fact"]: item["verdict"] for item in self.findings}
        return {fact: verdict for fact, verdict in found.items() if verdict != "not applicable"}


def run_suite(  # noqa: PLR0913 - each is one thing that a test varies
    pytester: pytest.Pytester,
    checks: str,
    *options: str,
    facts: str = FACTS,
    plugin: str = "",
    target: str | None = "facts.toml",
    fresh: bool = True,
    apart: bool = False,
) -> Outcome:
    """Run the suite on these checks of dns; the facts that they leave out get checks that are not applicable.

    `apart` runs it in a process of its own, which takes longer.
    """
    folder = pytester.path / "checks"
    if fresh or not folder.exists():
        pytester.makeconftest('pytest_plugins = ["spark_conformance.plugin"]\n')
        pytester.makepyprojecttoml(f'[tool.pytest.ini_options]\npythonpath = ["{PROJECT}/fixtures", "{PROJECT}"]\n')
        folder.mkdir(exist_ok=True)
    left = "".join(REST.format(name=name) for name in NAMES if f"test_{name}(" not in checks)
    (folder / "test_dns.py").write_text(HEAD + plugin + checks + left)
    (pytester.path / "facts.toml").write_text(facts)
    named = ["--target", target] if target else []
    words = [*LEAN, *named, *(options or ["checks"])]
    if apart:
        with warm.beginning():
            result = pytester.runpytest_subprocess(*words)
    else:
        with patch.dict(OBSERVATIONS), warm.beginning() if "-n" in options else nullcontext():
            result = pytester.runpytest_inprocess(*words, no_reraise_ctrlc=True)
    return Outcome(int(result.ret), result.stdout.str() + result.stderr.str(), pytester.path)
