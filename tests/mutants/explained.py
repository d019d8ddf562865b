"""Survivors that no test can notice, each with its reason: `explained.toml` beside this module."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True)
class Explained:
    """Why a mutant is no mistake. `path` is the mutated file, below the root."""

    id: str
    path: str
    why: str


def explained() -> dict[str, Explained]:
    """The explained survivors by their mutants' ids. Raises TypeError where a row has not these three keys."""
    with FILE.open("rb") as file:
        rows = tomllib.load(file).get("survivor", [])
    return {row["id"]: Explained(**row) for row in rows}
