"""What a mutant changes in functions that are there already, so that nothing has to be imported anew to try it."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType
from typing import Any

Swap = tuple[CodeType, CodeType]
"""The code that a function has, and that of the mutant in its place."""
Place = tuple[str, str, int]
Functions = dict[Place, list[FunctionType]]
_Cached = type(cache(len))


def swaps(before: str, after: str, path: str) -> list[Swap]:
    """What has to be put in the place of what, from the outermost function that a change is in to the innermost.

    Empty where a change is in no function, but in a module's or a class's own statements, as a dataclass's fields are.
    """
    one, other = (compile(source, path, "exec", dont_inherit=True) for source in (before, after))
    return _swaps(one, other) or []


def functions() -> Functions:
    """All functions that there are, by the place of their code."""
    there: defaultdict[Place, list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            there[place(one.__code__)].append(one)
    return there


def place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def swap(wanted: list[Swap], there: Functions) -> None:
    """Give the functions their new code; what their modules' caches hold is of the old."""
    modules = set()
    for old, new in wanted:
        for function in there.get(place(old), ()):
            function.__code__ = new
            modules.add(function.__module__)
    for one in gc.get_objects():
        if isinstance(one, _Cached) and one.__module__ in modules:
            one.cache_clear()


def _swaps(old: CodeType, new: CodeType) -> list[Swap] | None:
    """None where what differs is in no function."""
    is_function = bool(old.co_flags & CO_OPTIMIZED)
    own = [(old, new)] if is_function else []
    if _own(old) != _own(new):
        return own or None
    for inner, other in zip(_inner(old), _inner(new), strict=True):
        below = _swaps(inner, other)
        if below is None:
            return None
        if below:
            return [*own, *below]
    return []


def _own(code: CodeType) -> tuple[Any, ...]:
    """What a piece of code is but for the functions within it, and for where it stands."""
    constants = [(type(one), repr(one)) for one in code.co_consts if not isinstance(one, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, constants


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (one for one in code.co_consts if isinstance(one, CodeType))
