"""The project's own sources, read as trees by tests that hold something of all of them."""

import ast
import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def trees(paths: Iterable[Path]) -> dict[Path, ast.Module]:
    """Each file's tree, in the order of their names."""
    with _growing():
        return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)}


def nodes(paths: Iterable[Path]) -> Iterator[ast.AST]:
    """Each node of these files, one file's tree at a time."""
    for path in sorted(paths):
        with _growing():
            tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from ast.walk(tree)


@contextmanager
def _growing() -> Iterator[None]:
    """Look for no garbage while a tree grows: nodes hold each other, and two thirds of the time went there."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
