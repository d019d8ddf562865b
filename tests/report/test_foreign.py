"""Text from elsewhere in the reports: shown as it stands, whatever it would like to be."""

import json
import re
import unicodedata
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spark_conformance.report.markdown import render
from tests.report.told import agree
from tests.suite.small import FACTS, run_suite

HOSTILE = r"<img src=x onerror=alert(1)>![x](http://evil.example)\r# well\u001b[2J\u202e|</pre></td></script>&#10;E"
"""As it stands in a Python or TOML string."""
STEERING = {"Cc", "Cf", "Zl", "Zp"}
"""Unicode's categories of what steers a terminal or a page."""
OURS = {
    "a", "b", "button", "dd", "details", "div", "dl", "dt", "fieldset", "form", "h2", "h3", "input", "label", "legend",
    "option", "output", "pre", "section", "select", "span", "summary", "table", "td", "th", "tr",
}  # fmt: skip
"""The tags of the facts on the page, and of what is folded under them."""
CHECKS = f"""
@pytest.mark.fact("dns.records")
def test_records(judge):
    "{HOSTILE}"
    judge.show("{HOSTILE}", "{HOSTILE}\\n{HOSTILE}")
    judge("{HOSTILE}", note="{HOSTILE}")

@pytest.mark.fact("dns.ttl")
def test_ttl(judge):
    raise Unreachable("x", "{HOSTILE}")

@pytest.mark.fact("dns.type")
def test_type(judge):
    print("{HOSTILE}")
    raise ValueError("{HOSTILE}")
"""
BESIDE = f"""
import pytest
@pytest.mark.parametrize("x", ["{HOSTILE}"])
def test_bad(x):
    print(x)
    assert not x
"""


class Tags(HTMLParser):
    """The tags of a piece of a page, and what stands in none of them."""

    def __init__(self, piece: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(piece)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert tag != "a" or re.fullmatch(r"#[\w.]+|(file://)?[\w./-]*docs/facts/[\w.]+\.md", str(dict(attrs)["href"]))
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_all_reports_show_it_as_it_stands(pytester: pytest.Pytester) -> None:
    facts = FACTS
    for text in ("pi", "my notes", "notes, page 1", "one name, one record"):
        facts = facts.replace(f'"{text}"', f'"{HOSTILE}"')
    (pytester.path / "test_beside.py").write_text(BESIDE)
    ran = run_suite(pytester, CHECKS, "checks", "test_beside.py", facts=facts)
    reports = ran.folder / "reports"
    assert ran.code == 1, ran.out
    data = agree(reports, ran.out, 1)
    for path in filter(Path.is_file, reports.iterdir()):
        text = path.read_bytes().decode()
        assert {char for char in text if unicodedata.category(char) in STEERING} <= {"\n", "\t"}, path.name
    _page_is_ours((reports / "report.html").read_text())
    _markdown_is_ours(render(data))


def _page_is_ours(page: str) -> None:
    blob = re.search(r'data-jsonblob="([^"]*)"', page)
    assert blob
    data = json.loads(unescape(blob[1]))
    rows = [row for rows in data["tests"].values() for row in rows]
    assert len(rows) == 1  # the test beside the checks
    for row in rows:
        assert Tags("".join(row["resultsTableRow"])).tags <= OURS
        assert Tags(row["log"]).tags <= OURS
    told = Tags(page[page.index('<section class="facts"') : page.index("<script>")])
    assert told.tags <= OURS
    assert r"<img src=x onerror=alert(1)>![x](http://evil.example)\x0d# well\x1b[2J\u202e|</pre></td>" in told.text
    assert page.count("<img") == 1  # of pytest-html's own template of a row
    assert "onerror=alert(1)>" not in page


def _markdown_is_ours(text: str) -> None:
    assert "well" in text
    for markup in ("![", "<img", "http://", "\n# "):
        assert markup not in text
