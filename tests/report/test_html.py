"""The HTML page: well formed, each fact and each root once, and all of it there without its script."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from spark_conformance.core.secret import conceal
from spark_conformance.core.session import SessionResult
from spark_conformance.core.verdict import Evidence, Finding, Verdict
from spark_conformance.diagnosis.causes.facts import ANSWER
from spark_conformance.facts.load import find, load
from spark_conformance.history.past import held_against
from spark_conformance.report.index import index, own_page
from spark_conformance.report.page import Links, page
from spark_conformance.report.results import Results, TargetResults
from spark_conformance.report.rows import Observed
from tests.diagnosis.test_blame import finding
from tests.diagnosis.test_roots import blocked
from tests.diagnosis_report.recorded import diagnosis
from tests.history.runs import FIRST, night
from tests.secret.reading import given_away
from tests.secret.test_forms import FORMS

STYLE = Path(__file__).parents[2] / "fixtures/spark_conformance/report/report.css"
VOID = {"input", "meta", "br"}
PROBE = """{"exchange": {"method": "GET", "path": "/api/tags", "status": 200, "sent": ["CF-Access-Client-Id"],
"first_byte_s": 0.214}}"""
CERTIFICATE = """{"tls": "1.3", "not_after": "2026-12-01T02:23:00+00:00"}"""


class Parsed(HTMLParser):
    """The page's elements; fails where a tag is closed that is not open, or an id is there twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.classes: set[str] = set()
        self.opened: list[str] = []
        self.feed(text)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.opened.append(tag)
        self.classes |= set((told.get("class") or "").split())
        self.ids += [told["id"] or ""] if "id" in told else []
        self.links += [told["href"] or ""] if "href" in told else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def results(*findings: Finding, kind: str = "", history: bool = False, targets: int = 1) -> Results:
    file = load(find("spark-291b"))
    past = None
    if history:
        facts = {item.fact: "." for item in findings}
        now = {item.fact: "." if item.verdict == Verdict.CONFORMANT else "F" for item in findings}
        past = held_against([night(0, facts), night(1, facts)], night(2, now))
    made = [
        TargetResults.of(
            f"t{number}", file, findings, diagnosis=diagnosis(kind) if kind else None, history=past, began=FIRST,
            session=SessionResult(1, "NOT CONFORMANT", ("dns.ttl",)),
        )
        for number in range(targets)
    ]  # fmt: skip
    return Results(FIRST, FIRST, None, made[0].session, made)


LINKS = Links(lambda fact: f"docs/{fact}.md", lambda cause: f"docs/{cause}.md", commands=True)


def shown(told: Results) -> str:
    return "".join(page(told, told.targets[0], LINKS))


PLANTED = "v1-Q_7hR2kTz9LmX4wPbN8sVcY3gJ6dFaE5uKoI-0q"


def planted(item: Finding, write: Callable[[str], str]) -> Finding:
    """A finding whose every text tells a secret, so written; its evidence too, and by its label."""
    said = f"it said {write(PLANTED)} <b>"
    texts = ("check", "source", "why", "expected", "manual", "by_hand", "observed", "note", "cause", "waived_by")
    seen = [Evidence("observation: zone", json.dumps({"said": said})), Evidence(said, f"{said}\n{said}")]
    told: dict[str, Any] = dict.fromkeys(texts, said)
    return replace(item, **told, evidence=seen)


def test_no_file_of_our_own_tells_a_secret_whatever_it_is_made_of() -> None:
    """Nobody looks through them once more, as through those that libraries write."""
    conceal(PLANTED)
    for write in FORMS.values():
        findings = [planted(item, write) for item in the_403()]
        told = results(*findings, kind="as_documented", history=True, targets=2)
        session, said = SessionResult(1, f"NOT CONFORMANT {write(PLANTED)}", ("dns.ttl",)), f"x {write(PLANTED)}"
        targets = [
            replace(
                target, about=said, system=said, hostname=said, document=said, made_of=said, service=said,
                session=session,
            )
            for target in told.targets
        ]  # fmt: skip
        told = replace(told, targets=targets, session=session, remarks=[write(PLANTED)])
        made = [own_page(told, target, LINKS, "report.html") for target in targets]
        made += [told.render(), "".join(index(told, [Path("a.html"), Path("b.html")]))]
        assert [given_away(text, PLANTED) for text in made] == [""] * 4


def the_403() -> list[Finding]:
    answer = finding(ANSWER, "path /api/tags, status 403")
    answer.evidence = [Evidence("observation: token_probe", "{}"), Evidence("as curl", "a <b>\n line")]
    setting = finding("tunnel.http_host_header")
    setting.evidence = [Evidence("observation: token_probe", "{}")]
    return [setting, answer, blocked("public.generates", ANSWER, "it does not hold"), finding("host.gpu"),
            finding("dns.type", verdict=Verdict.CONFORMANT)]  # fmt: skip


def test_each_fact_has_one_place_and_every_link_leads_somewhere() -> None:
    told = shown(results(*the_403(), kind="as_documented", history=True))
    parsed = Parsed(told)
    assert {"tunnel.http_host_header", "host.gpu", "unseen.dns.ttl", "facts", "roots", "find"} <= set(parsed.ids)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert parsed.opened.count("details") - told.count('<details class="fact"') >= 1
    assert told.count('<details class="fact"') == 6


def test_each_root_is_told_once_with_its_dependents_folded_under_it() -> None:
    told = shown(results(*the_403(), kind="as_documented"))
    roots = told[told.index('<section class="roots"') : told.index('<section class="diagnosis')]
    assert roots.count("<article") == 2
    assert roots.count(">ollama-host-header</a>, proven: see the diagnosis") == 1
    assert "2 facts fail by it and 1 fact could not be looked at" in roots
    assert re.search(r'<a href="#public.generates">public.generates</a> it does not hold</li>', roots)


def test_an_observation_stands_there_once_however_many_facts_rest_on_it() -> None:
    told = shown(results(*the_403()))
    assert told.count('<details id="seen.token_probe">') == 1
    assert told.count('<a href="#seen.token_probe">') == 2
    assert "2 facts</span>" in told
    seen = Observed()
    assert [seen.place("x", "one"), seen.place("x", "two"), seen.place("x", "one")] == ["seen.x", "seen.x.2", "seen.x"]


def test_the_verdict_before_stands_beside_todays() -> None:
    told = shown(results(*the_403(), history=True))
    row = told[told.index('id="host.gpu"') :].partition("</details>")[0]
    assert '<span class="course new">new</span><span class="was">was conformant</span>' in row
    assert "<dt>the run before</dt><dd>conformant, 2026-11-02 02:23 UTC</dd>" in row
    kept = results(*the_403(), history=True).as_json()["targets"][0]["findings"]
    assert {(item["fact"], item["previous"], item["course"]) for item in kept} >= {
        ("host.gpu", "conformant", "new"), ("dns.type", "conformant", ""),
    }  # fmt: skip
    assert {item["previous"] for item in results(*the_403()).as_json()["targets"][0]["findings"]} == {None}


def test_a_healthy_run_has_the_way_with_the_numbers_that_were_observed_and_no_others() -> None:
    answer = finding(ANSWER, "path /api/tags, status 200", Verdict.CONFORMANT)
    answer.evidence = [Evidence("observation: token_probe", PROBE), Evidence("observation: certificate", CERTIFICATE)]
    told = shown(results(answer, finding("dns.type", verdict=Verdict.CONFORMANT)))
    way = told[told.index('<section class="diagnosis good"') :].partition("</section>")[0]
    assert "GET https://ollama.goldfish.io/api/tags with the service token" in way
    assert re.findall(r'dx-place">(.*?)<', way) == ["DNS", "TLS", "Cloudflare&#x27;s edge"]  # what is stated
    assert re.findall(r"<li>(.*?)</li>", way) == ["TLS 1.3", "certificate: 30 days left"]
    assert "dx-way" not in shown(results(finding("dns.type", verdict=Verdict.CONFORMANT)))


def test_every_class_has_a_style_and_the_script_stays_small() -> None:
    told = shown(results(*the_403(), kind="as_documented", history=True))
    style = STYLE.read_text(encoding="utf-8")
    plain = {"first", "both", "expected", "observed", "otherwise", "told", "fact", "new", "unverified", "marks"}
    assert {name for name in Parsed(told).classes if f".{name}" not in style} <= plain
    assert len(told.partition("<script>")[2]) < 4096
    assert "http" not in told.partition("<script>")[2]
