"""All checks of one target without a pytest session around them: the very functions of `checks/`, the very verdicts.

What pytest adds (reports, exit codes, order) has tests of its own; here a hundred runs must not cost so many sessions.
"""

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from fixtures.facts.load import SystemFile, load
from fixtures.suite import load_observations
from fixtures.suite.concluding import conclude, opened
from fixtures.suite.judging import Judge
from fixtures.suite.run import OBSERVATIONS, Run
from fixtures.suite.verdict import Finding, NotApplicable

CHECKS = Path(__file__).parents[2] / "checks"


@cache
def checks() -> dict[str, Callable[..., None]]:
    """Every check by its fact."""
    load_observations("cloudflare", "dns", "github", "host", "https", "repository", "secrets")
    found: dict[str, Callable[..., None]] = {}
    for path in sorted(CHECKS.glob("test_*.py")):
        module = import_module(f"checks.{path.stem}")
        for name, function in vars(module).items():
            if name.startswith("test_"):
                marks = {mark.name: mark for mark in function.pytestmark}
                found[marks["fact"].args[0]] = function
    return found


def evaluate(system: Path | SystemFile) -> dict[str, Finding]:
    """Judge every fact of a target; findings by fact."""
    run = Run(load(system) if isinstance(system, Path) else system)
    try:
        return findings_of(run)
    finally:
        run.close()


def findings_of(run: Run) -> dict[str, Finding]:
    """Judge every fact of a run; findings by fact."""
    for function in checks().values():
        for name in inspect.signature(function).parameters:
            if name in OBSERVATIONS:
                run.start(OBSERVATIONS[name])
    return {fact: finding_of(run, fact) for fact in checks()}


def finding_of(run: Run, fact: str) -> Finding:
    """Judge one fact of a run."""
    function = checks()[fact]
    finding = opened(run, fact, target="lab", check=function.__name__, manual=function.__doc__ or "")
    if fact not in run.stated:
        conclude(finding, NotApplicable("not stated"), None)
        return finding
    judge = Judge(fact, run.stated[fact])
    error: BaseException | None = None
    try:
        function(**{name: _value(run, name, judge) for name in inspect.signature(function).parameters})
    except Exception as raised:  # noqa: BLE001 - whatever it is, it has a verdict
        error = raised
    conclude(finding, error, judge, repr(error))
    return finding


def _value(run: Run, name: str, judge: Judge) -> Any:
    return {"judge": judge, "run": run}[name] if name in {"judge", "run"} else run.get(OBSERVATIONS[name])
