"""Where `checks/` stands: import-linter, which holds the layers, sees packages alone, and in a clone it is none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.observations import PACKAGES
from tests.suite.small import PROJECT

BELOW = {
    "spark_conformance.core",
    "spark_conformance.facts",
    "spark_conformance.syntax",
    *(package.__name__ for package in PACKAGES),
}
OF_A_KIND = re.compile(r"spark_conformance\.services\.\w+\.(facts|observations)")


def imported(module: Path) -> Iterator[str]:
    """What a module imports of the project, by name."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.partition(".")[0] in {"spark_conformance", "spark_lab", "tests"})


@pytest.mark.parametrize("module", sorted((PROJECT / "checks").glob("test_*.py")), ids=lambda module: module.stem)
def test_checks_know_what_judges_and_what_observes_and_nothing_above(module: Path) -> None:
    names = list(imported(module))
    assert names
    above = [name for name in names if ".".join(name.split(".")[:2]) not in BELOW]
    assert not [name for name in above if not OF_A_KIND.fullmatch(name)]
