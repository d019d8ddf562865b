"""The mutants of a file: each one change of one place, with a name that outlives edits elsewhere in the file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutants.operators import OPERATORS

FACT = "fact("
ANNOTATED_AT = {"annassign": 1, "tfpdef": 2}
"""Where the annotation is among the children of a variable's and of a parameter's declaration, in parso's tree."""


@dataclass(frozen=True)
class Mutant:
    """One change. `path` is below the root; `line` counts from 1; `text` is that line as it was."""

    path: str
    operator: str
    occurrence: int
    line: int
    text: str
    nth: int
    """Which of the same operator on lines of the same text in this file, from 0."""
    fact: str = ""
    """The fact whose check it is in; empty elsewhere."""

    @property
    def id(self) -> str:
        """Twelve hex digits that stay the same while the line does."""
        told = f"{self.path}\n{self.operator}\n{self.text}\n{self.nth}"
        return sha256(told.encode()).hexdigest()[:12]

    def code(self, source: str) -> str:
        """The file with this change made. Raises ValueError where the operator changes nothing there."""
        mutated = mutate_code(source, OPERATORS[self.operator], self.occurrence)
        if mutated is None:
            raise ValueError(f"{self.operator} changes nothing in {self.path}:{self.line}")
        return str(mutated)


def mutants(path: Path, source: str) -> Iterator[Mutant]:
    """Every mutant of a source, in no order that matters."""
    lines = source.splitlines()
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in OPERATORS.items():
        seen: Counter[str] = Counter()
        places = ((node, start) for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, (node, start) in enumerate(places):
            text = lines[start[0] - 1].strip()
            if not any(is_none(node) for is_none in NO_MUTANTS):
                yield Mutant(str(path), name, occurrence, start[0], text, seen[text], _fact(node))
                seen[text] += 1


def _only_annotates(node: Any) -> bool:
    """Whether a node stands in an annotation or an import, which no run could tell apart."""
    child, parent = node, node.parent
    while parent is not None:
        place = ANNOTATED_AT.get(parent.type)
        if place is not None and child is parent.children[place]:
            return True
        if parent.type == "funcdef" and child is parent.annotation:
            return True
        if parent.type in {"import_from", "import_name", "decorator"}:
            return True
        child, parent = parent, parent.parent
    return False


def _is_setting(node: Any) -> bool:
    """Whether a node is a number of a constant such as `PATIENCE_S = 60.0`: a choice, and not a decision."""
    if node.type != "number":
        return False
    statement = node.search_ancestor("expr_stmt")
    names = statement.get_defined_names() if statement is not None else []
    return bool(names) and statement.parent.parent.type == "file_input" and names[0].value.isupper()


def _is_no_operator(node: Any) -> bool:
    """Whether a star stands before a name, or alone among parameters, and multiplies nothing."""
    return node.type == "operator" and node.value in {"*", "**"} and node.parent.type not in {"term", "power"}


def _is_assertion(node: Any) -> bool:
    """Whether a node is the value of `strict=`, as of zip: it asserts what holds, and nothing follows from it."""
    name = node.parent.children[0] if node.parent is not None and node.parent.type == "argument" else None
    return name is not None and name is not node and getattr(name, "value", "") == "strict"


def _is_typing(node: Any) -> bool:
    """Whether a node is `if TYPE_CHECKING:`: only annotations need what is imported below it, and none is evaluated."""
    return node.type == "if_stmt" and getattr(node.children[1], "value", "") == "TYPE_CHECKING"


def _fact(node: Any) -> str:
    """The fact that the enclosing function is marked with."""
    while node is not None and node.type != "decorated":
        node = node.parent
    code = node.children[0].get_code() if node is not None else ""
    return code.partition(FACT)[2].partition('"')[2].partition('"')[0]


NO_MUTANTS = (_only_annotates, _is_setting, _is_assertion, _is_no_operator, _is_typing)
"""What a node may be that is no decision, so that another in its place is no mistake."""
