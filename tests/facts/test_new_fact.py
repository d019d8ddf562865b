"""The walk of CONTRIBUTING.md, "A new fact", in a copy of the tree: these files, and no other, need touching.

What a lab says of the fact, broken and healthy, comes from the copy's own code, in processes of their own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FACT = "ollama.keep_alive_s"
FAULT = "generation-kept-briefly"
PATIENCE_S = 240
STEPS: dict[str, list[tuple[str, str]]] = {
    "fixtures/spark_conformance/facts/components/ollama.py": [
        ("    accepts_host: Annotated[", """\
    keep_alive_s: Annotated[
        Fact[AtLeast] | None,
        Traits(
            needs=("ollama.gpu_share",),
            looked_up_by=("ollama.generates",),
            where=HOST,
            do="`sudo systemctl edit ollama`: OLLAMA_KEEP_ALIVE, in seconds {expected}; then restart it",
        ),
    ] = None
"""),
    ],
    "fixtures/spark_conformance/facts/spark-291b.toml": [
        ("[facts.ollama.accepts_host]", """\
[facts.ollama.keep_alive_s]
expect = { at_least = 60 }
source = "implied: a model that is dropped soon after an answer is loaded anew for the next one"
why = "A cold 70B model takes longer to load than clients wait."

"""),
    ],
    "fixtures/spark_conformance/host/inference.py": [
        ("from typing import Any\n", "from datetime import UTC, datetime\n"),
        ("\n    @property\n    def gpu_share(", """\
    expires_at: str = ""

    @property
    def keep_alive_s(self) -> float | None:
        \"\"\"For how many seconds from now it stays in memory; None where Ollama does not say.\"\"\"
        try:
            return (datetime.fromisoformat(self.expires_at) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return None
"""),
        (")\n    return None\n\n\ndef computing(", ', expires_at=str(entry.get("expires_at", ""))'),
    ],
    "checks/test_ollama.py": [
        ('@pytest.mark.fact("ollama.accepts_host")', '''\
@pytest.mark.fact("ollama.keep_alive_s")
def test_keep_alive(judge: Judge, ollama_residency: Residency) -> None:
    """Ollama drops the model soon after an answer, and loads it anew for the next one."""
    judge(ollama_residency.keep_alive_s)


'''),
    ],
    "fixtures/spark_lab/faults/ollama_models.py": [
        ('fault(\n    "generation-unloaded",', """\
fault(
    "generation-kept-briefly",
    "Ollama keeps the model for half a minute after an answer",
    environment("OLLAMA_KEEP_ALIVE=30s"),
    "ollama.keep_alive_s",
)
"""),
    ],
}  # fmt: skip
"""By file: what is written before which text."""


def run(copy: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest in the copy, of its code alone."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-q", *options],
        cwd=copy, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip


def verdict(copy: Path) -> dict[str, str]:
    """What the last run in the copy said of the facts that it judged."""
    results = json.loads((copy / "reports/results.json").read_text())
    return {item["fact"]: item["verdict"] for item in results["targets"][0]["findings"]}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("walk")
    for name in ("checks", "fixtures", "tests"):  # compiled, but for what is just being written
        shutil.copytree(PROJECT / name, place / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(PROJECT / name, place / name)
    for name, steps in STEPS.items():
        path = place / name
        for before, text in steps:
            said = path.read_text(encoding="utf-8")
            assert said.count(before) == 1, f"{name}: {before}"
            path.write_text(said.replace(before, text + before), encoding="utf-8")
    return place


def test_these_are_the_files_that_contributing_names() -> None:
    section = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## A new fact\n")[2]
    assert re.findall(r"^\d\. `([^`]+)`", section.partition("\n## ")[0], re.MULTILINE) == list(STEPS)


def test_a_new_fact_fails_by_its_fault(copy: Path) -> None:
    done = run(copy, "checks/", "--lab-fault", FAULT, "-k", "test_keep_alive or test_gpu_share")
    assert verdict(copy) == {FACT: "nonconformant", "ollama.gpu_share": "conformant"}, done.stdout + done.stderr
    assert done.returncode == 1


def test_what_is_held_of_every_fact_is_held_of_a_new_one(copy: Path) -> None:
    held = run(
        copy, "tests/facts/test_traits.py", "tests/facts/test_document.py", "tests/remediation/test_instructions.py"
    )
    assert held.returncode == 0, held.stdout
