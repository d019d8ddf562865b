"""Every leaf of what a facts file expects, and what else might stand there: of the same type, and not what is true."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from spark_conformance.facts.fact import Fact
from spark_conformance.facts.load import SystemFile

Path = tuple[str | int, ...]
BEYOND = 10.0**9
"""Further than any bound that a fact states."""
BOUNDS = {
    "at_least": (BEYOND, "999999"), "at_most": (-BEYOND,), "about": (BEYOND,), "within_percent": (1e-6,),
    "tokens": (64,), "within_s": (1e-6,), "cloudflared.token_mode": ("0400",),
}  # fmt: skip
"""Fields and facts that bound what is observed, each with values that nothing real comes up to; all else is exact."""
UNSEEN = {"within_h"}
"""Over how long something is counted: where nothing is to count any time is right (see tests/host/test_restarts.py)."""
WHOLE = {"cloudflared.connection_indexes"}
"""Lists of all that there is; any other list asks for what must be there at least, and asks for less without it."""
GAINED, LOST = "gained", "lost"


def leaves(fact_id: str, expect: Any) -> Iterator[Path]:
    """The places of an expectation where a value stands: itself, fields, elements; a list also gains, or loses, one."""
    if isinstance(expect, BaseModel):
        for name in type(expect).model_fields:
            yield from ((name, *rest) for rest in leaves(fact_id, getattr(expect, name)) if name not in UNSEEN)
    elif isinstance(expect, tuple):
        yield from ((number,) for number in range(len(expect)))
        yield (GAINED,)
        yield from ((number, LOST) for number in range(len(expect)) if fact_id in WHOLE)
    else:
        yield ()


def altered(system: SystemFile, fact_id: str, place: Path) -> SystemFile:
    """The same facts file with another value at one place. Raises LookupError where the model admits no other there."""
    component, _, name = fact_id.partition(".")
    table = getattr(system.facts, component)
    fact = getattr(table, name)
    for expect in BOUNDS.get(fact_id) or _replaced(fact.expect, place, _members(type(fact))):
        try:
            other = type(fact).model_validate({**fact.model_dump(), "expect": expect})
        except ValidationError:
            continue
        if other != fact:
            facts = system.facts.model_copy(update={component: table.model_copy(update={name: other})})
            return system.model_copy(update={"facts": facts})
    raise LookupError(f"{fact_id} {place}: no other value is valid")


def _members(fact: type[Fact[Any]]) -> tuple[str, ...]:
    """The values that a fact's expectation may have, where its type lists them."""
    annotation = fact.model_fields["expect"].annotation
    return tuple(value for value in get_args(annotation) if isinstance(value, str))


def _replaced(expect: Any, place: Path, members: tuple[str, ...]) -> Iterator[Any]:
    """The expectation with each of the other values at a place, valid or not."""
    if isinstance(expect, BaseModel):
        name, *rest = place
        fields, value = expect.model_dump(), getattr(expect, str(name))
        for other in BOUNDS.get(str(name)) or _replaced(value, tuple(rest), ()):
            yield {**fields, str(name): other}
    elif isinstance(expect, tuple):
        yield from _list(expect, place)
    else:
        yield from members or _others(expect)


def _list(values: tuple[Any, ...], place: Path) -> Iterator[tuple[Any, ...]]:
    if place == (GAINED,):
        yield from ((*values, other) for other in _others(values[-1]))
    else:
        at = int(place[0])
        others = [()] if LOST in place else ((other,) for other in _others(values[at]))
        yield from ((*values[:at], *other, *values[at + 1 :]) for other in others)


def _others(value: Any) -> Iterator[Any]:
    """Values of the same type, near enough to be as valid as this one; of a command, another program first."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, value + 100)
    else:
        if " " in value:
            yield f"x{value}"
        yield from (f"{value[:at]}{sign}{value[at + 1 :]}" for at in reversed(range(len(value))) for sign in "xq7e1")
