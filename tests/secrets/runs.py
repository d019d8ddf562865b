"""A run of a target of its own, in which what others observe is given."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from spark_conformance.core.run import Run
from spark_conformance.facts.load import About, SystemFile
from spark_conformance.facts.model import Facts
from spark_conformance.facts.target import Target

HOSTNAME = "ollama.example.org"


def run_of(
    target: Target, facts: dict[str, Any] | None = None, given: dict[Callable[[Run], Any], Any] | None = None
) -> Run:
    """A run whose facts are `{component: {name: expectation}}`; an exception that is given is raised."""
    tables = {
        component: {name: {"expect": expect, "source": "notes", "why": "it matters"} for name, expect in table.items()}
        for component, table in (facts or {}).items()
    }
    about = About(name="test", hostname=HOSTNAME, document="notes")
    run = Run(SystemFile(system=about, facts=Facts.model_validate(tables), target=target))
    for observe, value in (given or {}).items():
        future = run._futures[observe] = Future()
        if isinstance(value, BaseException):
            future.set_exception(value)
        else:
            future.set_result(value)
    return run
