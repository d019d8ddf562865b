"""What is installed beside the suite changes no more while its tests run, and is read once in each process.

Each run of pytest within a test looks through the metadata of every package for plugins, twice, compiles the templates
of its report, looks for fixtures in every name of every plugin, and where it is interrupted parses the source of each
file on the way: half of what the run of a small system costs. It also asks each name of each plugin whether it is a
hook, in every way in which one could be. A program that a test starts does all that.
"""

import ast
import sys
from importlib import metadata
from pathlib import Path
from sysconfig import get_path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import jinja2
import pluggy
from _pytest import fixtures
from _pytest._code import code
from _pytest.fixtures import FixtureFunctionDefinition, FixtureManager

PACKAGES = Path(get_path("purelib"))
SOURCES = Path(__file__).parents[1] / "fixtures"
READ = ast.Module([], [])
"""Stands for the tree of a source whose statement is known."""


class Installed:
    """A property of an installed package that is read once; of a package elsewhere, as a test may make, each time."""

    def __init__(self, name: str) -> None:
        self._read = vars(metadata.Distribution)[name].fget
        self._known: dict[Path, Any] = {}

    def __get__(self, package: Any, _: object = None) -> Any:
        path = getattr(package, "_path", None)
        if not isinstance(path, Path) or path.parent != PACKAGES:
            return self._read(package)
        if path not in self._known:
            self._known[path] = self._read(package)
        return self._known[path]


def _compiling_once() -> Any:
    """Jinja's way to compile a template, which keeps those of pytest-html: each run makes an environment alike."""
    compiling = jinja2.Environment.compile
    known: dict[tuple[str, ...], CodeType] = {}

    def compiled(self: jinja2.Environment, source: Any, name: Any = None, filename: Any = None, **more: Any) -> Any:
        if more or filename is None or not Path(filename).is_relative_to(PACKAGES / "pytest_html"):
            return compiling(self, source, name, filename, **more)
        if (source, filename) not in known:
            known[source, filename] = compiling(self, source, name, filename)
        return known[source, filename]

    return compiled


def _looking_for_fixtures_once() -> Any:
    """Pytest's way to find a plugin's fixtures, but for modules and classes that are known to have none."""
    looking = FixtureManager.parsefactories
    known: WeakKeyDictionary[ModuleType | type, bool] = WeakKeyDictionary()

    def found(self: FixtureManager, *words: Any, **named: Any) -> None:
        holder = named.get("holder")
        kind = holder if isinstance(holder, ModuleType) else type(holder)
        if kind not in known:
            names = [name for base in getattr(kind, "__mro__", [kind]) for name in vars(base)]
            lasting = "holder" in named and _lasts(kind)
            known[kind] = not lasting or any(
                isinstance(getattr(kind, name, None), FixtureFunctionDefinition) for name in names
            )
        if known[kind]:
            looking(self, *words, **named)

    return found


def _naming_fixtures_once() -> Any:
    """`dir`, but of a module that lasts: the names of its fixtures, for which pytest looks among all others."""
    known: WeakKeyDictionary[ModuleType, list[str]] = WeakKeyDictionary()

    def names(holder: Any) -> list[str]:
        if type(holder) is not ModuleType or (holder not in known and not _lasts(holder)):
            return dir(holder)
        if holder not in known:
            known[holder] = [name for name, what in vars(holder).items() if isinstance(what, FixtureFunctionDefinition)]
            known[holder].sort()
        return known[holder]

    return names


def _lasts(kind: ModuleType | type) -> bool:
    """Whether a module, or that of a class, is of an installed package or of the suite, and made by no test."""
    module = kind if isinstance(kind, ModuleType) else sys.modules.get(kind.__module__)
    path = Path(getattr(module, "__file__", None) or "/")
    return path.is_relative_to(PACKAGES) or path.is_relative_to(SOURCES)


def _finding_statements_once() -> Any:
    """Pytest's way to find where a line's statement begins and ends, for which it parses the whole file."""
    finding = vars(code)["getstatementrange_ast"]
    known: dict[tuple[str, int], tuple[int, int]] = {}

    def found(lineno: int, source: Any, assertion: bool = False, astnode: ast.AST | None = None) -> Any:
        place = (str(source), lineno)
        if place in known and not assertion:
            return READ, *known[place]
        tree, *place_of = finding(lineno, source, assertion, None if astnode is READ else astnode)
        known[place] = (place_of[0], place_of[1])
        return tree, *place_of

    return found


def _finding_hooks_at_once() -> Any:
    """Pluggy's way to find a function that may be a hook, but for the usual ones: a module's and a class's own."""
    finding = vars(pluggy._manager)["_static_hook_attr"]

    def found(plugin: Any, name: str) -> Any:
        kind = type(plugin)
        if kind is ModuleType:
            function = vars(plugin).get(name)
            return (function, function) if type(function) is FunctionType else finding(plugin, name)
        if not isinstance(plugin, type) and name not in getattr(plugin, "__dict__", {name}):
            function = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
            if type(function) is FunctionType:
                return function, MethodType(function, plugin)
        return finding(plugin, name)

    return found


def _naming_once() -> Any:
    """Pluggy's way to tell what a hook's function is given."""
    naming = vars(pluggy._impl)["varnames"]
    known: WeakKeyDictionary[FunctionType, dict[bool, Any]] = WeakKeyDictionary()

    def names(hook: Any) -> Any:
        bound = type(hook) is MethodType
        function = hook.__func__ if bound else hook
        if type(function) is not FunctionType:
            return naming(hook)
        of = known.setdefault(function, {})
        if bound not in of:
            of[bound] = naming(hook)
        return of[bound]

    return names


def _hooks_alone(plugin: object) -> list[str]:
    """The names of a plugin that pytest may take for a hook's."""
    return [name for name in dir(plugin) if name.startswith("pytest_")]


def read_once() -> None:
    """Begin with it, in this process."""
    for name in ("entry_points", "files", "metadata"):
        setattr(metadata.Distribution, name, Installed(name))
    jinja2.Environment.compile = _compiling_once()  # type: ignore[method-assign]
    FixtureManager.parsefactories = _looking_for_fixtures_once()  # type: ignore[method-assign]
    vars(fixtures)["dir"] = _naming_fixtures_once()
    vars(code)["getstatementrange_ast"] = _finding_statements_once()
    vars(pluggy._manager)["_static_hook_attr"] = _finding_hooks_at_once()
    vars(pluggy._impl)["varnames"] = _naming_once()
    vars(pluggy._manager)["dir"] = _hooks_alone
