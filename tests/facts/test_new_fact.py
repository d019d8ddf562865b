"""The walks of CONTRIBUTING.md, "A new fact" and its remedy, in a copy of the tree: no other file needs touching.

What a lab says of the fact, broken and healthy, comes from the copy's own code, in processes of their own.
"""

import json
from pathlib import Path

import pytest

from tests.facts.walks import PROJECT, copied, files_of, run

FACT = "ollama.keep_alive_s"
FAULT = "generation-kept-briefly"
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
    """Ollama drops the model soon after an answer, and loads it anew for the next one.

    Not seen here: that a client asks for another time.
    """
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
REMEDY: dict[str, list[tuple[str, str]]] = {
    "fixtures/spark_conformance/remediation/remedies/ollama_kept.py": [
        ("", '''\
"""How long Ollama keeps a model in memory after an answer, in our drop-in."""

from collections.abc import Mapping

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding
from spark_conformance.facts.expectations import AtLeast
from spark_conformance.host.connection import target_host
from spark_conformance.host.curl import CurlRequest, fetch
from spark_conformance.remediation.access_first import GATE
from spark_conformance.remediation.model import Asked, Remedy, Step
from spark_conformance.remediation.places import OLLAMA_DROP_IN, system_directory
from spark_conformance.remediation.remedies.failing import fails
from spark_conformance.remediation.remedies.ollama_settings import KEEP_ALIVE, Overrides, overrides_in
from spark_conformance.remediation.remedies.service_files import service_files
from spark_conformance.remediation.remedies.service_steps import UNIT_MODE, Ready, Wanted, service_steps
from spark_conformance.syntax.units import effective


class OllamaKept:
    id = "ollama.kept"
    component = "ollama"
    after = GATE | {"ollama"}
    facts = frozenset({"ollama.keep_alive_s"})

    def plan(self, run: Run, findings: Mapping[str, Finding]) -> list[Step]:
        if not fails(findings, *self.facts):
            return []
        path = f"{system_directory(run)}/{run.expect('ollama.unit', str)}"
        found = service_files(run, path, f"{path}.d/{OLLAMA_DROP_IN}")
        long = {KEEP_ALIVE: f"{2 * run.expect('ollama.keep_alive_s', AtLeast).at_least:.0f}s"}
        ours = Overrides(None, long).over(overrides_in(effective([found.drop_in.text]))).text
        ready = Ready("Ollama answers", _lacking, 60.0)
        return service_steps(found, Wanted(None, ours, UNIT_MODE, enabled=True), ready, self.component)


def _lacking(run: Run) -> str:
    (answer,) = fetch(run.get(target_host), CurlRequest(f"{run.expect('ollama.url', str)}/api/version", 5.0))
    return "" if answer.status else answer.said


def remedies(asked: Asked) -> list[Remedy]:
    del asked
    return [OllamaKept()]
'''),
    ],
    "fixtures/spark_lab/faults/ollama_models.py": [
        (""")
fault(
    "generation-unloaded",""", "    remedy=True,\n"),
    ],
}  # fmt: skip
"""And for a remedy of that fact."""


def verdict(copy: Path) -> dict[str, str]:
    """What the last run in the copy said of the facts that it judged."""
    results = json.loads((copy / "reports/results.json").read_text())
    return {item["fact"]: item["verdict"] for item in results["targets"][0]["findings"]}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = copied(tmp_path_factory.mktemp("walk"), ("tests",))
    for name, steps in (*STEPS.items(), *REMEDY.items()):
        path = place / name
        for before, text in steps:
            said = path.read_text(encoding="utf-8") if before else ""
            assert said.count(before) == 1, f"{name}: {before}"
            path.write_text(said.replace(before, text + before), encoding="utf-8")
    return place


def test_each_step_has_its_place() -> None:
    for name, steps in (*STEPS.items(), *REMEDY.items()):
        for before, _ in steps:
            assert not before or (PROJECT / name).read_text(encoding="utf-8").count(before) == 1, f"{name}: {before}"


@pytest.mark.parametrize(("title", "steps"), [("A new fact", STEPS), ("A remedy for it", REMEDY)])
def test_these_are_the_files_that_contributing_names(title: str, steps: dict[str, object]) -> None:
    assert [Path(name).name for name in files_of(title)] == [Path(name).name for name in steps]


def test_a_new_fact_fails_by_its_fault_and_its_remedy_heals_it(copy: Path) -> None:
    done = run(
        copy, "checks/", "--lab-fault", FAULT, "-k", "test_keep_alive or test_gpu_share",
        "--remediate", "apply", "--yes", "--no-diagnose",
    )  # fmt: skip
    assert f"nonconformant → conformant: {FACT}\n" in done.stdout, done.stdout + done.stderr
    assert verdict(copy) == {FACT: "conformant", "ollama.gpu_share": "conformant"}, done.stdout
    assert done.returncode == 0


def test_what_is_held_of_every_fact_is_held_of_a_new_one(copy: Path) -> None:
    held = run(
        copy, "tests/facts/test_traits.py", "tests/facts/test_document.py", "tests/remediation/test_instructions.py",
        "--deselect", "tests/facts/test_document.py::test_the_facts_are_what_they_were",  # they are not: one is new
    )  # fmt: skip
    assert held.returncode == 0, held.stdout
