"""What is installed beside the suite changes no more while its tests run, and is read once in each process.

Each run of pytest within a test looks through the metadata of every package for plugins, twice, compiles the templates
of its report, looks for fixtures in every name of every plugin, and where it is interrupted parses the source of each
file on the way: half of what the run of a small system costs. A program that a test starts does all that.
"""

import ast
import sys
from importlib import metadata
from pathlib import Path
from sysconfig import get_path
from types import CodeType, ModuleType
from typing import Any

import jinja2
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
    known: dict[ModuleType | type, bool] = {}

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


def read_once() -> None:
    """Begin with it, in this process."""
    for name in ("entry_points", "files", "metadata"):
        setattr(metadata.Distribution, name, Installed(name))
    jinja2.Environment.compile = _compiling_once()  # type: ignore[method-assign]
    FixtureManager.parsefactories = _looking_for_fixtures_once()  # type: ignore[method-assign]
    vars(code)["getstatementrange_ast"] = _finding_statements_once()
