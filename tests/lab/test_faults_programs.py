"""Programs that faults start get an environment of their own: nothing of whoever runs the lab."""

import ast
from pathlib import Path

from spark_lab import faults
from spark_lab.faults.bench import TOOLS

SOURCES = sorted(Path(faults.__path__[0]).glob("*.py"))


def started(source: str) -> list[ast.Call]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call for call in calls if ast.unparse(call.func).startswith(("subprocess.", "os.exec", "os.spawn"))]


def test_what_a_fault_starts_is_given_its_environment() -> None:
    calls = [(path.name, call) for path in SOURCES for call in started(path.read_text())]
    assert calls
    for name, call in calls:
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert given.get("env") == "TOOLS", f"{name}:{call.lineno}"


def test_that_environment_has_no_credential() -> None:
    assert set(TOOLS) == {"PATH", "HOME", "LC_ALL"}
