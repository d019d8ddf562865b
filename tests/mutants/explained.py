"""Survivors that no test can notice, each with its reason: `explained.toml` beside this module."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("explained.toml")


def explained() -> dict[str, str]:
    """The reason why a mutant is no mistake, by the mutant's id."""
    with FILE.open("rb") as file:
        rows = tomllib.load(file).get("survivor", [])
    return {row["id"]: row["why"] for row in rows}
