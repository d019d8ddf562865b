"""The pages under docs/ say what the code says now, each fact and cause has one, and every link leads somewhere."""

import re
from pathlib import Path

import pytest

from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.facts.model import TRAITS
from tests.docs.pages import DOCS, pages

_LINK = re.compile(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


def test_each_page_is_what_the_code_says(made: dict[str, str]) -> None:
    there = {path.relative_to(DOCS).as_posix(): path.read_text() for path in DOCS.glob("*/*.md")}
    stale = {name for name in there.keys() | made.keys() if there.get(name) != made.get(name)}
    assert not stale, f"write them again with `python -m tests.docs`: {', '.join(sorted(stale))}"


def test_each_fact_and_each_cause_has_a_page(made: dict[str, str]) -> None:
    assert {f"facts/{fact}.md" for fact in TRAITS} | {f"causes/{cause}.md" for cause in CASES} <= made.keys()


def test_every_link_leads_to_a_page(made: dict[str, str]) -> None:
    lost = {
        (name, link)
        for name, text in made.items()
        for link in _LINK.findall(text)
        if (Path(name).parent / link).as_posix() not in made
        and not (DOCS / Path(name).parent / link).resolve().is_file()
    }
    assert lost == set()


@pytest.mark.parametrize("name", ["facts/tunnel.connections.md", "facts/host.memory_gib.md", "facts/dns.proxied.md"])
def test_a_page_of_a_fact_says_how_to_look_by_hand_and_what_to_do(made: dict[str, str], name: str) -> None:
    sections = re.findall(r"^## (.+)$", made[name], re.MULTILINE)
    assert {"When it does not hold", "What to do", "How it is looked at", "How to look by hand"} <= set(sections)


def test_no_page_lacks_what_a_person_would_do(made: dict[str, str]) -> None:
    """A fact without a way to look by hand would leave its reader with the suite's word alone."""
    short = {name for name, text in made.items() if name.startswith("facts/") and "README" not in name
             and "## How to look by hand" not in text}  # fmt: skip
    assert short == set()


def test_every_page_says_in_which_wrong_world_its_check_passes(made: dict[str, str]) -> None:
    """No look sees everything: whoever relies on one must know what else may be so."""
    silent = {name for name, text in made.items() if name.startswith("facts/") and "README" not in name
              and "## What it does not see" not in text}  # fmt: skip
    assert silent == set(), 'write "Not seen here: " into the docstring of the check'


def test_every_fact_that_rests_on_a_vendors_word_names_its_page() -> None:
    without = {fact for fact, traits in TRAITS.items() if not traits.reference}
    assert without == {"cloudflared.unit_in_repository"}, "only that the host has the repository's file is ours alone"
    assert all(traits.reference.startswith("https://") for fact, traits in TRAITS.items() if fact not in without)
