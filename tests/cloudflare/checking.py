"""The checks of tunnel, DNS and Access, called as pytest would call them, on a run of the twin."""

import importlib
import inspect
from typing import Any

from spark_conformance.core.judging import Judge
from spark_conformance.core.run import OBSERVATIONS, Run
from spark_conformance.core.verdict import Nonconformant, Unmet, Unreachable
from spark_conformance.facts.load import find, load
from spark_conformance.host.own_connector import OwnConnector
from spark_conformance.observations import load_observations
from tests.cloudflare.twin import CONNECTOR

MODULES = ("checks.test_tunnel", "checks.test_dns", "checks.test_access")
load_observations()
PROBED = {"access.app_answers", "access.refuses_anonymous", "access.refuses_wrong_secret", "access.admits_token"}
"""Checks of Access that send requests to the public name."""


def _checks() -> dict[str, Any]:
    found = {}
    for module in MODULES:
        for name, check in vars(importlib.import_module(module)).items():
            if name.startswith("test_"):
                fact = next(mark.args[0] for mark in check.pytestmark if mark.name == "fact")
                found[fact] = check
    stated = load(find("spark-291b")).facts.all()  # as the twin's
    return {fact: check for fact, check in found.items() if fact not in PROBED and fact in stated}


CHECKS = _checks()
NEEDS = {fact: tuple(inspect.signature(check).parameters) for fact, check in CHECKS.items()}
"""What each check takes."""


def verdict(fact: str, run: Run) -> str:
    """What a check makes of a run: conformant, nonconformant, or the fact by which it is blocked."""
    judge = Judge(fact, run.facts.all()[fact])
    own: dict[str, Any] = {"judge": judge, "run": run, "own_connector": OwnConnector(CONNECTOR, "the host's")}
    try:
        CHECKS[fact](**{name: own[name] if name in own else run.get(OBSERVATIONS[name]) for name in NEEDS[fact]})
    except Nonconformant:
        return "nonconformant"
    except Unmet as unmet:
        return "nonconformant" if unmet.fact == fact else f"blocked by {unmet.fact}"
    except Unreachable as hindrance:
        return f"unreachable: {hindrance.cause}"
    assert judge.observed is not None
    return "conformant"


def failing(run: Run) -> dict[str, str]:
    """Every check that is not conformant."""
    for name in {name for needs in NEEDS.values() for name in needs} & OBSERVATIONS.keys() - {"own_connector"}:
        run.start(OBSERVATIONS[name])
    verdicts = {fact: verdict(fact, run) for fact in CHECKS}
    return {fact: told for fact, told in verdicts.items() if told != "conformant"}
