"""Pieces of a page in Markdown."""

import re
import textwrap
from collections.abc import Iterable, Sequence

from spark_conformance.facts.naming import UNNAMED

MADE = "<!-- Made from the code by `python -m tests.docs`: change the code, not this page. -->"
WIDTH = 120
_NAMES = re.compile(r"(?<![\w/.`-])([a-z]+\.[a-z_0-9]+)(?![\w/(-]|\.\w)")


def page(title: str, *parts: str) -> str:
    """A page: its title, and the parts that are not empty."""
    return "\n\n".join([f"# {title}", MADE, *filter(None, parts)]) + "\n"


def section(title: str, *parts: str) -> str:
    """A section with its title; empty where all of its parts are."""
    said = [part for part in parts if part]
    return "\n\n".join([f"## {title}", *said]) if said else ""


def bullets(items: Iterable[str]) -> str:
    return "\n".join(_filled(item, "- ", "  ") for item in items)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *lines]) if lines else ""


def prose(text: str) -> str:
    """Text of a docstring as paragraphs."""
    paragraphs = re.split(r"\n\s*\n", textwrap.dedent(text).strip())
    return "\n\n".join(_filled(" ".join(part.split())) for part in paragraphs)


def linked(text: str, known: Iterable[str], but: str = "") -> str:
    """The text with the names of facts, but for one, as links to their pages in the same folder."""
    names = set(known) - {but}
    return _NAMES.sub(lambda found: f"[{found[1]}]({found[1]}.md)" if found[1] in names else found[1], text)


def sentence(text: str) -> str:
    """A text as a sentence: it begins with a capital letter, unless it is code, and ends with a full stop."""
    said = text[:1].upper() + text[1:]
    return said if said.endswith((".", "?")) else f"{said}."


def blanks(text: str) -> str:
    """A text for people with what a finding would say in its blanks."""
    text = text.replace("{service}", UNNAMED)
    return re.sub(
        r"\{([a-z0-9_.]+)(?:\|([^}]*))?\}", lambda blank: f"<{blank[1]}>" if blank[2] is None else blank[2], text
    )


def _filled(text: str, first: str = "", others: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
