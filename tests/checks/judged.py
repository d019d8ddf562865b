"""A check, called as pytest would call it, on observations made up of just what it reads."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

from spark_conformance.core.judging import Judge
from spark_conformance.core.verdict import Nonconformant
from spark_conformance.facts.fact import Fact


class Judged(NamedTuple):
    """What a report would say: what was observed, whether it is as documented, and the note beside it."""

    observed: str
    ok: bool
    note: str


def seen(**attributes: Any) -> Any:
    """An observation of which these attributes are known; whatever else a check reads fails its test."""
    return SimpleNamespace(**attributes)


def judged(check: Callable[..., None], expect: Any, name: str = "component.fact", **observations: Any) -> Judged:
    """What a check says of observations, where the facts expect this. Whatever else it raises is raised."""
    judge = Judge(name, Fact[Any].model_construct(expect=expect))
    try:
        check(judge, **observations)
    except Nonconformant:
        return Judged(judge.observed or "", ok=False, note=judge.note)
    return Judged(judge.observed or "", ok=True, note=judge.note)
