"""Where a report finds the page of a fact or a cause, and the command that prints one."""

from pathlib import Path

import pytest

from spark_conformance.__main__ import main
from spark_conformance.diagnosis.picture import picture
from spark_conformance.diagnosis.terminal import screen
from spark_conformance.report import pages
from spark_conformance.report.pages import DOCS, Pages, installed
from spark_conformance.report.rows import Observed, Row, section
from tests.diagnosis_report.recorded import diagnosis

TOP = Path(__file__).parents[2]


def test_by_default_the_pages_are_those_of_this_copy_as_seen_from_the_report() -> None:
    assert installed() == TOP / DOCS
    assert Pages.below("", TOP).fact("dns.proxied") == "docs/facts/dns.proxied.md"
    report = TOP / "reports"
    address = Pages.below("", report).cause("ollama-host-header")
    assert address == "../docs/causes/ollama-host-header.md"
    assert (report / address).resolve().is_file()


@pytest.mark.parametrize("base", ["https://git.example.org/suite/docs", "https://git.example.org/suite/docs/"])
def test_another_base_is_taken_as_it_is(base: str) -> None:
    assert Pages.below(base, TOP).fact("dns.proxied") == "https://git.example.org/suite/docs/facts/dns.proxied.md"


def test_pages_that_are_far_from_the_report_are_named_by_their_whole_path(tmp_path: Path) -> None:
    assert Pages.below("", tmp_path).fact("dns.proxied") == f"{TOP}/docs/facts/dns.proxied.md"


def test_a_fact_of_ones_own_has_no_page() -> None:
    assert Pages.below("", TOP).fact("own.banner") == ""


def test_a_copy_without_pages_names_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "PLACE", tmp_path / DOCS)
    assert installed() is None
    assert Pages.below("", tmp_path).fact("dns.proxied") == ""


def test_terminal_and_report_name_the_page() -> None:
    row = Row("dns.proxied", "conformant", "dns.proxied", page="docs/facts/a&b.md")
    assert '<a href="docs/facts/a&amp;b.md">docs/facts/a&amp;b.md</a>' in section([row], Observed())
    shown = diagnosis("as_documented")
    address = Pages("https://git.example.org/docs").cause
    cause = address(shown.active[0].cause.id)
    lines = ["".join(text for text, _ in line) for line in screen(shown, 116, commands=True, page=address)]
    assert any(line.split() == ["page", cause] for line in lines)
    assert f'<a href="{cause}">' in picture(shown, "lab", commands=True, page=address)


def test_explain_prints_the_page_of_a_fact_and_of_a_cause(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "tunnel.connections", "ollama-host-header"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# tunnel.connections\n")
    assert "\n# ollama-host-header\n" in said
    assert "<!--" not in said


@pytest.mark.parametrize(("name", "told"), [("tunnel.conections", "did you mean tunnel.connections?"),
                                            ("README", "lists them"), ("../../etc/passwd", "lists them")])  # fmt: skip
def test_explain_says_so_where_there_is_no_such_page(name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{name}: no fact or cause has this name; " in said.err
    assert told in said.err
