"""What the pages for people name is there: paths, links, faults, options of the command line."""

import re
from pathlib import Path

import pytest

from spark_lab.faults import FAULTS

TOP = Path(__file__).parents[2]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "fixtures/spark_lab/README.md")
_PATH = re.compile(r"(?<![\w./-])((?:\.ci|\.github|checks|docs|fixtures|tests)/[\w./-]*[\w/])")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
_FAULT = re.compile(r"--lab-fault ([a-z][a-z0-9-]+)")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_is_there(page: str) -> None:
    text = (TOP / page).read_text()
    named = {(TOP / path, path) for path in _PATH.findall(text)}
    named |= {((TOP / page).parent / path, path) for path in _LINK.findall(text)}
    lost = sorted(path for place, path in named if not place.exists())
    assert lost == [], f"{page} names what is not there"


@pytest.mark.parametrize("page", PAGES)
def test_every_fault_that_is_named_is_one(page: str) -> None:
    assert {name for name in _FAULT.findall((TOP / page).read_text()) if name not in FAULTS} == set()
