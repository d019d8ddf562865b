"""What GitHub makes of `${{ … }}` in a workflow, as far as ours use it.

After "Evaluate expressions in workflows and actions" in GitHub's documentation: operators give back one of their
operands, values of two kinds are compared as numbers, strings without regard to case, and what is not there is null.
Not here: `contains`, `format`, `hashFiles` and other functions, `*` in a path, order (`<`).
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.-]*)"
    r"|(?P<sign>\|\||&&|==|!=|!|\(|\)|,))"
)
PLACE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
WORDS = {"true": True, "false": False, "null": None}
Functions = Mapping[str, Callable[..., Any]]


class Expression:
    """One expression, read from left to right by the usual precedence: `||`, `&&`, comparison, `!`."""

    def __init__(self, text: str, contexts: Mapping[str, Any], functions: Functions) -> None:
        self._contexts, self._functions = contexts, functions
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if match is None:
                raise SyntaxError(f"not understood in a workflow: {text[at:]!r}")
            self._tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            at = match.end()

    def value(self) -> Any:
        value = self._either()
        if self._tokens:
            raise SyntaxError(f"left over in a workflow's expression: {self._tokens}")
        return value

    def _next(self, *signs: str) -> bool:
        if self._tokens and self._tokens[0] in [("sign", sign) for sign in signs]:
            self._tokens.pop(0)
            return True
        return False

    def _either(self) -> Any:
        value = self._both()
        while self._next("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._next("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._single()
        if self._next("=="):
            return equal(value, self._single())
        return not equal(value, self._single()) if self._next("!=") else value

    def _single(self) -> Any:
        if self._next("!"):
            return not truth(self._single())
        if self._next("("):
            value = self._either()
            if not self._next(")"):
                raise SyntaxError("a workflow's expression lacks a closing parenthesis")
            return value
        kind, text = self._tokens.pop(0)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        return self._called(text) if self._next("(") else self._named(text)

    def _called(self, name: str) -> Any:
        arguments = []
        while not self._next(")"):
            arguments.append(self._either())
            self._next(",")
        return self._functions[name](*arguments)

    def _named(self, path: str) -> Any:
        if path in WORDS:
            return WORDS[path]
        first, *rest = path.split(".")
        value = self._contexts[first]  # GitHub refuses a workflow that names another
        for name in rest:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def truth(value: Any) -> bool:
    return value not in (None, False, 0, "")


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    return (type(one) is type(other) and one == other) or _number(one) == _number(other)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def shown(value: Any) -> str:
    """A value in a string: what the runner puts in its place."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def filled(text: Any, contexts: Mapping[str, Any], functions: Functions) -> str:
    """A value of a workflow with every expression in it replaced."""
    return PLACE.sub(lambda found: shown(Expression(found[1], contexts, functions).value()), shown(text))


def whole(text: Any, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """The value of an `if` or a `runs-on`: one expression with or without its braces, or what is no expression."""
    found = PLACE.fullmatch(str(text).strip())
    return Expression(found[1], contexts, functions).value() if found else text


BASE: Functions = {"fromJSON": json.loads}
