"""How an observation looks, read from its source: what it asks of Cloudflare's API, and the commands it runs."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from spark_conformance.cloudflare.endpoints import Endpoint
from spark_conformance.core.run import OBSERVATIONS

COMMANDS = (
    "awk|cat|command|curl|df|hostname|id|journalctl|ls|nvidia-smi|ollama|op|pulumi|readlink|ss|stat|systemctl|test|"
    "timedatectl|uname"
)
_COMMAND = re.compile(rf"(?:sudo -n )?(?:{COMMANDS}) \S[^\n]*")
_BLANK = re.compile(r"%\w")


@dataclass(frozen=True)
class Looks:
    """What one observation does itself, and the observations that it stands on."""

    endpoints: tuple[Endpoint, ...]
    commands: tuple[str, ...]
    stands_on: tuple[str, ...]


@cache
def looks(name: str) -> Looks:
    """How the observation of this name looks: itself, and by the functions of its own module that it calls."""
    observe: Any = OBSERVATIONS[name]
    module = inspect.getmodule(observe)
    assert module is not None
    nodes = list(_reached(module, observe.__name__))
    found = [_value(module, node) for node in nodes]
    texts = [value for value in found if isinstance(value, str)]
    return Looks(
        endpoints=tuple(dict.fromkeys(value for value in found if isinstance(value, Endpoint))),
        commands=tuple(dict.fromkeys(_BLANK.sub("…", text) for text in texts if _COMMAND.fullmatch(text))),
        stands_on=tuple(dict.fromkeys(other for node in nodes if (other := _observed(module, node)) and other != name)),
    )


def chain(names: tuple[str, ...]) -> tuple[str, ...]:
    """These observations, and all that they stand on, each once, nearest first."""
    found = dict.fromkeys(names)
    for name in found.copy():
        found |= dict.fromkeys(chain(looks(name).stands_on))
    return tuple(found)


@cache
def _functions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(module))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _reached(module: ModuleType, name: str) -> Iterator[ast.AST]:
    """All nodes of a function, and of those of its module that it names."""
    functions, waiting, seen = _functions(module), [name], set[str]()
    while waiting:
        current = waiting.pop()
        if current in seen or current not in functions:
            continue
        seen.add(current)
        for node in ast.walk(ast.Module(functions[current].body, [])):
            yield node
            if isinstance(node, ast.Name):
                waiting.append(node.id)


def _value(module: ModuleType, node: ast.AST) -> object:
    """What a node stands for, where that is a text or something that the module names."""
    if isinstance(node, ast.Constant):
        return node.value
    return vars(module).get(node.id) if isinstance(node, ast.Name) else None


def _observed(module: ModuleType, node: ast.AST) -> str:
    """The observation that `run.get(…)` in this node asks for; empty where it is another node."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"):
        return ""
    value = _value(module, node.args[0]) if node.args else None
    name = getattr(value, "__name__", "")
    return name if OBSERVATIONS.get(name) is value else ""
