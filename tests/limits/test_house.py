"""What is bound here stays bound: every HTTP client of the suite, and every program that it starts."""

import ast
import re
from functools import cache
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures/spark_conformance"
CONCERNED = re.compile("httpx|subprocess|import os")
SUITE = [path for path in sorted(FIXTURES.rglob("*.py")) if CONCERNED.search(path.read_text())]
BECOMING_PYTEST = FIXTURES / "plugin/command.py"
"""`check` turns into the run of pytest that its user asked for, with the whole of their environment."""
CLIENTS = {"Client", "AsyncClient", "DefaultHttpxClient"}
STARTING = {"Popen", "run", "check_output", "check_call", "call", "create_subprocess_exec", "system", "execv", "execvp"}


@cache
def calls(path: Path) -> list[tuple[str, str, ast.Call]]:
    """Each call in a file: of what object's, of what name."""
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = [(node, node.func) for node in found if isinstance(node.func, ast.Attribute | ast.Name)]
    return [
        (ast.unparse(func.value), func.attr, node) if isinstance(func, ast.Attribute) else ("", func.id, node)
        for node, func in named
    ]


def test_every_http_client_has_its_limits() -> None:
    making = {path for path in SUITE for owner, name, _ in calls(path) if name in CLIENTS and owner in {"", "httpx"}}
    making -= {FIXTURES / "ssh/connection.py"}  # whose Client is ssh's own
    binding = {path for path in SUITE for _, name, _ in calls(path) if name == "lay_on"}
    assert len(making) >= 3
    assert making - binding == set()


def test_every_program_is_given_its_environment() -> None:
    started = [
        (path.relative_to(FIXTURES).as_posix(), node)
        for path in SUITE
        for owner, name, node in calls(path)
        if owner in {"subprocess", "os"} and name in STARTING and path != BECOMING_PYTEST
    ]
    assert len(started) >= 4
    assert [
        f"{path}:{node.lineno}" for path, node in started if not any(word.arg == "env" for word in node.keywords)
    ] == []
