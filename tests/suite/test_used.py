"""What the suite and the lab define, they use: what only tests use, or nobody, belongs to the tests, or goes."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.sources import trees

PROJECT = Path(__file__).parents[2]
OURS = [*PROJECT.glob("fixtures/**/*.py"), *PROJECT.glob("checks/*.py"), PROJECT / "conftest.py"]
OTHERS = [*(path for path in PROJECT.glob("fixtures/**/*") if path.is_file() and path.suffix not in {".py", ".pyc"})]
"""Templates, scripts and data that name what is in the code."""
BY_NAME = re.compile(r"pytest_\w+|enter_\w+|_\w+_one|__\w+__")
"""Called by a name that is put together: pytest's hooks, visits of a query, systemctl's commands, Python's own."""
SAVED = {
    "lend": "saves the matrix looking at what a fault cannot have changed",
    **dict.fromkeys(
        ("_show", "_is_system_running", "_list_units", "_reset_failed", "_daemon_reload"), "a command of systemctl"
    ),
}


def defined(tree: ast.Module, classes: set[str]) -> Iterator[str]:
    """Names of functions, classes and constants, less what is decorated, or may override a method of a library's."""
    yield from (
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    )
    for node in (tree, *tree.body):
        if isinstance(node, ast.Module) or (
            isinstance(node, ast.ClassDef) and all(map(classes.__contains__, _of(node)))
        ):
            yield from (
                inner.name
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not inner.decorator_list
            )


def _of(node: ast.ClassDef) -> Iterator[str]:
    """The names of a class's bases: `Base`, of `Base` and `Base[T]`."""
    for base in node.bases:
        yield ast.unparse(base.value if isinstance(base, ast.Subscript) else base)


def test_what_is_defined_is_used() -> None:
    texts = {path: path.read_text() for path in OURS}
    read = trees(OURS)
    classes = {node.name for tree in read.values() for node in tree.body if isinstance(node, ast.ClassDef)}
    named = Counter(
        word
        for text in (*texts.values(), *(path.read_text(errors="replace") for path in OTHERS))
        for word in re.findall(r"\w+", text)
    )
    unused = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path, tree in read.items()
        for name in defined(tree, classes)
        if named[name] == 1 and name not in SAVED and not BY_NAME.fullmatch(name)
    }
    assert unused == set()
