"""What each report of a run tells, read from the report alone, and whether they all tell the same."""

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

from spark_conformance.report.markdown import escape, render

NAMES = ("report.html", "junit.xml", "results.json")
UNSEEN = "not checked"
ADVISORY = "advisory"
JUNIT = {
    "conformant": "", "nonconformant": "failure", "advisory": "skipped", "waived": "skipped",
    "not applicable": "skipped", "unreachable": "error", "blocked": "error", "error": "error", UNSEEN: "error",
}  # fmt: skip
"""What JUnit makes of a verdict."""
LAST = {"conformant": "passed", "error": "error of the suite"}
"""What pytest's last line calls a verdict, where that is another word."""

Found = dict[tuple[str, str], str]
"""Verdicts by target and fact; an advisory finding that does not hold is `advisory`."""


@dataclass
class Told:
    """What one report tells of a run."""

    exit_code: int
    headline: str
    found: Found


def data_of(reports: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((reports / "results.json").read_text())
    return data


def by_json(reports: Path) -> Told:
    data = data_of(reports)
    found = {
        (item["target"], item["fact"]): _word(item) for target in data["targets"] for item in target["findings"]
    } | {("", fact): UNSEEN for fact in data["not_looked_at"]}
    return Told(data["exit_code"], data["headline"], found)


def _word(item: dict[str, Any]) -> str:
    told = item["severity"] == ADVISORY and item["verdict"] == "nonconformant"
    return ADVISORY if told else str(item["verdict"])


def by_html(reports: Path, targets: list[str]) -> Told:
    """What the page tells; of several systems what their own pages tell, which it lists."""
    page = (reports / "report.html").read_text()
    line = re.search(r'<p class="run-verdict[^>]*>(.*?)</p>', page)
    assert line
    found: Found = {}
    if len(targets) == 1:
        found = _facts(page, targets[0])
    else:
        listed = dict(re.findall(r'<tr><td><a href="([^"#]*)">(.*?)</a>', page))
        assert len(listed) == len(targets)
        for data in data_of(reports)["targets"]:
            own = next(place for place, system in listed.items() if unescape(system) == data["system"])
            found |= _facts((reports / own).read_text(), data["target"])
    headline = unescape(line[1])
    code = re.search(r"exit code (\d+)", headline)
    return Told(int(code[1]) if code else -1, headline, found)


def _facts(page: str, target: str) -> Found:
    found = {}
    for verdict, rest in re.findall(r'<details class="fact" id="[^"]*" data-verdict="([^"]*)"(.*?)</summary>', page):
        name = re.search(r'<span class="name">(.*?)</span>', rest)
        assert name
        fact = unescape(name[1])
        found["" if verdict == UNSEEN else target, fact] = verdict
    return found


def by_junit(reports: Path) -> tuple[Told, dict[str, str]]:
    """And the outcomes of what has no finding, by their names."""
    suite = ET.parse(reports / "junit.xml").getroot()[0]  # noqa: S314 - our own file
    run = _properties(suite)
    found, others = {}, {}
    for case in suite.iter("testcase"):
        kind = next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "")
        own = _properties(case)
        if "fact" in own:
            found[own.get("target", ""), own["fact"]] = own["verdict"]
            expected = JUNIT[ADVISORY if kind == "skipped" and own["verdict"] == "nonconformant" else own["verdict"]]
            assert kind == expected, (own, kind)
        else:
            others[case.get("name", "")] = kind
    counts = Counter(child.tag for case in suite.iter("testcase") for child in case)
    assert int(suite.get("failures", 0)) == counts["failure"]
    assert int(suite.get("errors", 0)) == counts["error"]
    return Told(int(run["exit_code"]), run["headline"], found), others


def run_properties(reports: Path) -> dict[str, str]:
    """What JUnit tells of the run as a whole."""
    return _properties(ET.parse(reports / "junit.xml").getroot()[0])  # noqa: S314 - our own file


def _properties(node: ET.Element) -> dict[str, str]:
    return {item.get("name", ""): item.get("value", "") for item in node.iterfind("properties/property")}


def by_terminal(out: str) -> tuple[Counter[str], Counter[str], list[str]]:
    """The counts of the tables, those of pytest's last line, and every line."""
    lines = [line.rstrip() for line in out.splitlines()]
    tables: Counter[str] = Counter()
    for line in lines:
        row = re.match(r"  [a-z]+ +(\d+) of \d+ +conformant(?:   (.*))?$", line)
        if row:
            tables["conformant"] += int(row[1])
            tables.update({word: int(count) for count, word in re.findall(r"(\d+) ([a-z ]+)", row[2] or "")})
    last = next(line for line in reversed(lines) if re.search(r" in [\d.]+s", line))
    counts = Counter({word: int(count) for count, word in re.findall(r"(\d+) ([a-z][a-z ]*?)(?=,| in )", last)})
    return +tables, counts, lines


def _component(key: tuple[str, str]) -> tuple[str, str]:
    return key[0], key[1].partition(".")[0]


def _stated(found: Found) -> set[tuple[str, str]]:
    """The components of which something is stated: page and table leave out the others."""
    return {_component(key) for key, word in found.items() if word != "not applicable"}


def agree(reports: Path, out: str, code: int) -> dict[str, Any]:
    """Hold every report of a run against the others; its results."""
    data, told = data_of(reports), by_json(reports)
    targets = [target["target"] for target in data["targets"]]
    assert told.exit_code == code
    assert f"exit code {code}" in told.headline
    there = {key: word for key, word in told.found.items() if _component(key) in _stated(told.found)}
    assert by_html(reports, targets) == replace(told, found=there)
    junit, others = by_junit(reports)
    assert junit.exit_code == code
    assert junit.headline == told.headline
    left = data["not_asked"]
    assert ("not_asked" in run_properties(reports)) == bool(left) == ("; not asked for (" in told.headline)
    for target in data["targets"] if left else ():
        assert (target["not_asked"] is not None) == ("; not asked for (" in target["headline"])
        assert f"- {escape('not asked for (' + target['not_asked']['by'])}" in render(data)
    assert junit.found == {key: "nonconformant" if word == ADVISORY else word for key, word in told.found.items()}
    assert ("the run" in others) >= (not data["complete"])
    kinds = {*others.values(), *(JUNIT[word] for word in told.found.values())}
    assert bool(kinds & {"failure", "error"}) == (code != 0)
    page = render(data)
    assert page.startswith(f"## {'✅' if code == 0 else '❌' if code == 1 else '⚠️'} {escape(told.headline)}\n")
    for (_, fact), word in told.found.items():
        if word not in {"conformant", "not applicable", UNSEEN}:
            assert f"`{fact}`" in page, fact
    tables, last, lines = by_terminal(out)
    assert told.headline in lines
    plain = Counter("nonconformant" if word == ADVISORY else word for word in there.values() if word != UNSEEN)
    assert tables == plain
    counted = Counter(LAST.get(word, word) for word in told.found.values() if word != UNSEEN)
    counted["passed"] += sum(kind == "" for kind in others.values())
    assert {word: last[word] for word in +counted} == +counted, last
    assert {target["target"]: sum(target["verdicts"].values()) for target in data["targets"]} == {
        name: sum(target == name for target, _ in told.found) for name in targets
    }
    return data
