"""The Markdown of a CI run's page: each cause once, and nothing foreign that acts."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.report.markdown import escape, render

TIMES = {"started_at": "2026-11-27T03:00:00+00:00", "finished_at": "2026-11-27T03:01:00+00:00"}
ACTIVE = re.compile(r"(?<!\\)(?:\\\\)*[`*_\[\]!|~#$]|[<>]|https?://|www\.|@|[\n\r\x1b]")
"""Whatever would make Markdown of a text: no escape before it."""


def finding(fact: str, verdict: Verdict, **fields: Any) -> dict[str, Any]:
    return Finding("lab", fact, "c", "required", "s", "w", "e", verdict=verdict, **fields).as_json()


def page(*findings: dict[str, Any], code: int = 7, headline: str = "NOT VERIFIED", **more: Any) -> str:
    target = {"about": "pi", "findings": findings, "diagnosis": None, "remediation": None}
    data = {"exit_code": code, "headline": headline, "gate": None, "failures": [], "targets": [target]}
    return render({**data, **TIMES, **more})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](https://evil.example/p.png)", r"\!\[x\](https\://evil.example/p.png)"),
        ("[log in](javascript:x)", r"\[log in\](javascript:x)"),
        ("# all is well\r\n\r\n- yes", r"\# all is well - yes"),
        ("a\rb", r"a\\x0db"),
        ("a | b", r"a \| b"),
        ("<img src=x onerror=y>&amp;", "&lt;img src=x onerror=y&gt;&amp;amp;"),
        ("`x` *y* _z_ ~~q~~ $m$", r"\`x\` \*y\* \_z\_ \~\~q\~\~ \$m\$"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("www.evil.example, you@evil.example, @ops", r"www\.evil.example, you@<!-- -->evil.example, @<!-- -->ops"),
        ("\x1b[2Jgone", r"\\x1b\[2Jgone"),
        ("C:\\temp", r"C:\\temp"),
    ],
)
def test_foreign_text_is_shown_as_it_stands(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text(st.one_of(st.sampled_from("\\`*_[]!|~#$<>&@:/w.\r\n- 1x"), st.characters(codec="utf-8"))))
def test_no_text_becomes_markup_a_link_or_a_mention(text: str) -> None:
    shown = escape(text).replace("@<!-- -->", "")
    assert not ACTIVE.search(shown)
    assert not re.match(r"[-+=\s]|\d+[.)]", shown)


def test_a_cause_is_told_once_with_all_that_hangs_on_it() -> None:
    why = "the API says nothing"
    told = page(
        finding("dns.records", Verdict.UNREACHABLE, cause=why),
        finding("dns.type", Verdict.BLOCKED, cause=why, blocked_by="dns.records"),
        finding("tunnel.name", Verdict.BLOCKED, cause=why, blocked_by="dns.records"),
        finding("host.hostname", Verdict.UNREACHABLE, cause="no route"),
    )
    assert told.count(why) == 1
    assert f"| {why} | `dns.records`, `dns.type`, `tunnel.name` |" in told
    assert "| no route | `host.hostname` |" in told


def test_the_headline_and_its_mark_are_those_of_the_exit_code() -> None:
    good = finding("dns.records", Verdict.CONFORMANT)
    assert page(good, code=0, headline="CONFORMANT").startswith("## ✅ CONFORMANT\n")
    assert page(good, code=1, headline="NOT").startswith("## ❌ NOT\n")
    for code in (2, 3, 5, 6, 7, 99):
        assert page(good, code=code).startswith("## ⚠️ ")


def test_what_failed_without_a_finding_is_told() -> None:
    failures = [{"place": "checks/test_dns.py", "sentence": "ImportError: [x](y)", "check": True}]
    assert r"- **checks/test\_dns.py**: ImportError: \[x\](y)" in page(failures=failures)


def test_waivers_and_errors_have_their_own_tables() -> None:
    told = page(
        finding("dns.ttl", Verdict.WAIVED, note="waived: until the move", waiver="applied"),
        finding("dns.type", Verdict.CONFORMANT, note="fixed, remove its waiver", waiver="fixed"),
        finding("dns.records", Verdict.ERROR, cause="ZeroDivisionError: x | y"),
    )
    assert "| `dns.ttl` | waived: until the move |" in told
    assert "| `dns.type` | fixed, remove its waiver |" in told
    assert r"| `dns.records` | ZeroDivisionError: x \| y |" in told
    assert "could not be verified" not in told


def test_what_is_blocked_stands_with_what_blocks_it() -> None:
    told = page(
        finding("dns.records", Verdict.NONCONFORMANT, observed="2"),
        finding("dns.type", Verdict.BLOCKED, cause="dns.records does not hold: 2", blocked_by="dns.records"),
        finding("dns.ttl", Verdict.ERROR, cause="ZeroDivisionError: x"),
        finding("dns.target", Verdict.BLOCKED, cause="ZeroDivisionError: x", blocked_by="dns.ttl"),
    )
    assert "| `dns.records` | nonconformant | e | 2 | `dns.type` |" in told
    assert "| ZeroDivisionError: x | `dns.ttl`, `dns.target` |" in told
    assert "dns.records does not hold" not in told
