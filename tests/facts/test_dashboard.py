"""Each page of Cloudflare's dashboard is named once, in `facts.dashboard`; all advice takes its name from there."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spark_conformance.facts import dashboard
from spark_conformance.facts.model import TRAITS

PROJECT = Path(__file__).parents[2]
HOME = PROJECT / "fixtures/spark_conformance/facts/dashboard.py"
PAGES = {name: page for name, page in vars(dashboard).items() if isinstance(page, str) and " > " in page}
OLD = {"Networks", "Access", "WAF", "Public Hostname", "Public Hostnames"}
"""What menus and tabs were called before."""
ANYWHERE = {"Settings", "Overview", "Edit", "Configure"}
"""What other sites' menus are called as well."""
MENUS = {part for page in PAGES.values() for part in page.split(" > ")[:-1]} | OLD
MENU = rf"\b({'|'.join(map(re.escape, sorted(MENUS - ANYWHERE)))})"
A_PAGE = re.compile(rf"{MENU}\s+>\s")
IN_PARTS = re.compile(rf"{MENU}[\s\"'frnt\\]*>")
"""A page in a source, whose text may stand in quotes of several lines."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the sources, docstrings too, with its place."""
    for path in sorted([*(PROJECT / "fixtures").rglob("*.py"), *(PROJECT / "checks").glob("*.py")]):
        text = path.read_text(encoding="utf-8")
        if path != HOME and IN_PARTS.search(text):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{path.relative_to(PROJECT)}:{node.lineno}", node.value


def test_no_other_place_names_a_page() -> None:
    assert [f"{place}: {text[:80]}" for place, text in texts() if A_PAGE.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "see Zero Trust > Access",
        "under\n    Networks > Tunnels",
        "the zone > DNS",
        "DNS > Records",
    ],
)
def test_a_page_that_is_named_elsewhere_is_seen(text: str) -> None:
    assert A_PAGE.search(text)


def test_each_page_has_one_name() -> None:
    assert len(set(PAGES.values())) == len(PAGES)


def test_when_they_were_looked_up_is_told() -> None:
    assert datetime.now(UTC).date() >= dashboard.LOOKED_UP
    assert all(source.startswith("https://developers.cloudflare.com/") for source in dashboard.SOURCES)


def test_facts_about_what_cloudflare_keeps_lead_to_its_dashboard() -> None:
    elsewhere = {fact for fact, own in TRAITS.items() if not any(page in own.where for page in PAGES.values())}
    at_cloudflare = {fact for fact in TRAITS if fact.startswith(("access.", "tunnel.", "dns."))}
    assert at_cloudflare & elsewhere == {
        "tunnel.id", "tunnel.status", "tunnel.pending", "tunnel.data_centres", "dns.resolvers_in_range",
        "dns.cname_visible", "access.app_id", "access.token_client_id",
    }  # fmt: skip
