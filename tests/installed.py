"""What is installed beside the suite changes no more while its tests run, and is read once in each process.

Each run of pytest within a test looks through the metadata of every package for plugins, twice, and compiles the
templates of its report: a quarter of what the run of a small system costs. A program that a test starts does all that.
"""

from importlib import metadata
from pathlib import Path
from sysconfig import get_path
from types import CodeType
from typing import Any

import jinja2

PACKAGES = Path(get_path("purelib"))


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


def read_once() -> None:
    """Begin with it, in this process."""
    for name in ("entry_points", "files", "metadata"):
        setattr(metadata.Distribution, name, Installed(name))
    jinja2.Environment.compile = _compiling_once()  # type: ignore[method-assign]
