"""A diagnosis as a part of the HTML page, and as Markdown."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spark_conformance.diagnosis.picture import no_picture, picture
from spark_conformance.report.markdown import render
from tests.diagnosis_report.recorded import KINDS, data, diagnosis

STYLE = Path(__file__).parents[2] / "fixtures/spark_conformance/report/report.css"


class Nesting(HTMLParser):
    """Notes every class, and fails where a tag is closed that is not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.classes: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.classes.append(dict(attrs).get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_well_formed_and_shows_every_hop_with_its_state(kind: str) -> None:
    shown = diagnosis(kind)
    classes = Nesting(picture(shown, "lab", commands=True)).classes
    hops = [name.removeprefix("dx-hop ") for name in classes if name.startswith("dx-hop ")]
    assert hops == [view.state.replace(" ", "-") for view in shown.hops]


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_has_a_style(kind: str) -> None:
    style = STYLE.read_text(encoding="utf-8")
    names = {name for text in Nesting(picture(diagnosis(kind), "lab", commands=True)).classes for name in text.split()}
    assert {name for name in names if f".{name}" not in style} <= {"first"}


@pytest.mark.parametrize(
    ("kind", "mood"),
    [("as_documented", "bad"), ("edge_undetermined", "open"), ("from_outside", "open"), ("well", "good")],
)
def test_the_colour_tells_how_sure_it_is(kind: str, mood: str) -> None:
    assert f'class="diagnosis {mood}"' in picture(diagnosis(kind), "lab", commands=False)


def test_the_hop_to_blame_is_marked_where_it_is_known() -> None:
    page = picture(diagnosis("as_documented"), "lab", commands=False)
    assert re.findall(r'dx-place">(\w+)</span>(?:(?!<li).)*the cause is here', page) == ["cloudflared"]
    assert "the cause is here" not in picture(diagnosis("edge_undetermined"), "lab", commands=False)
    assert "the cause is likely here" in picture(diagnosis("from_outside"), "lab", commands=False)


def test_evidence_that_is_used_comes_first_and_is_marked() -> None:
    page = picture(diagnosis("as_documented"), "lab", commands=False)
    own = page[page.index("the host, over SSH (") :]
    assert own.index("dx-used") < own.index("cloudflared.service is active")
    assert "the API token lacks Zone WAF Read" in page
    assert "the token expires in 211 days" in page


def test_a_command_is_shown_only_where_the_suite_has_it() -> None:
    assert "--remediate" in picture(diagnosis("as_documented"), "lab", commands=True)
    assert "--remediate" not in picture(diagnosis("as_documented"), "lab", commands=False)


def test_what_was_seen_is_no_markup() -> None:
    shown = diagnosis("as_documented")
    evil = "<script>alert(1)</script>"
    sign = replace(shown.signs[0], told=evil, id=evil)
    named = replace(shown.causes[0], cause=replace(shown.causes[0].cause, title=evil), supports=(sign,))
    page = picture(replace(shown, question=evil, answer=evil, causes=(named,), signs=(sign,)), evil, commands=False)
    assert "<script" not in page
    assert "<script" not in no_picture(evil, evil)
    Nesting(no_picture(evil, evil))


def results(made: object) -> str:
    target = {"about": "pi", "findings": [], "diagnosis": made, "remediation": None}
    times = {"started_at": "2026-11-27T03:00:00+00:00", "finished_at": "2026-11-27T03:01:00+00:00"}
    return render({"exit_code": 1, "headline": "", "gate": None, "failures": [], "targets": [target], **times})


def test_markdown_has_the_causes_and_their_remedies() -> None:
    told = results(data("access_then_ollama"))
    assert "with the service token answered 403? → 403, by Cloudflare Access**" in told
    assert "- cause, **proven** (access): no Service Auth policy" in told
    assert "- met next, **proven** (cloudflared): the ingress" in told
    assert "Remedy: originRequest.httpHostHeader of the ingress rule for ollama.goldfish.io: localhost:11434" in told
    assert "- wrong as well, **proven** (access): everyone gets past" in results(data("as_documented"))


def test_markdown_says_what_is_not_known() -> None:
    told = results(data("edge_undetermined"))
    assert "the cause is **undetermined**" in told
    assert "- one of several, **possible** (edge): a custom rule" in told


def test_markdown_without_a_diagnosis() -> None:
    assert "diagnosis" not in results(None)
    assert "The diagnosis failed: ValueError: a &lt;b&gt;" in results({"failed": "ValueError: a <b>", "evidence": []})
