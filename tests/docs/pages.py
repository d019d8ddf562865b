"""All pages by their paths below docs/: those of the facts, those of the causes, and an index of each."""

from pathlib import Path

from tests.docs import causes, facts

DOCS = Path(__file__).parents[2] / "docs"


def pages() -> dict[str, str]:
    """The text of every page, as it must stand."""
    return {**_under("facts", facts.pages()), **_under("causes", causes.pages())}


def _under(folder: str, found: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}.md": text for name, text in found.items()}
