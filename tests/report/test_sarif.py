import json
from typing import Any

import pytest

from spark_conformance.core.secret import conceal
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.load import find, load
from spark_conformance.report.pages import Pages
from spark_conformance.report.sarif import PLACED, render
from tests.report.made import finding, results

WORKFLOW = "name: deploy\non:\n  push:\n    paths: [a]\njobs:\n  deploy:\n    runs-on: [spark]\n"
PATH = ".github/workflows/deploy.yml"


def run(*findings: Finding, pages: str = "") -> dict[str, Any]:
    """The one run of the SARIF, with what the format requires looked at."""
    data = json.loads(render(results(*findings), Pages(pages)))
    assert (data["version"], len(data["runs"])) == ("2.1.0", 1)
    made: dict[str, Any] = data["runs"][0]
    driver = made["tool"]["driver"]
    assert driver["name"]
    for number, result in enumerate(made["results"]):
        rule = driver["rules"][result["ruleIndex"]]
        assert (rule["id"], bool(rule["help"]["text"])) == (result["ruleId"], True)
        assert result["message"]["text"]
        assert result["level"] in {"error", "warning"}
        [place] = result["locations"]
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert not uri.startswith(("/", "file:"))
        assert " " not in uri
        assert place["physicalLocation"].get("region", {"startLine": 1})["startLine"] >= 1
        assert result["partialFingerprints"] not in [other["partialFingerprints"] for other in made["results"][:number]]
    return made


def places(made: dict[str, Any]) -> list[tuple[str, int]]:
    found = [result["locations"][0]["physicalLocation"] for result in made["results"]]
    return [(place["artifactLocation"]["uri"], place.get("region", {}).get("startLine", 0)) for place in found]


def test_each_leak_is_a_result_at_its_line_and_one_of_the_history_has_none() -> None:
    found = [
        {"file": "docs/my notes.md", "line": 40, "kind": "the tunnel's token"},
        {"file": "docs/my notes.md", "line": 41, "kind": "the tunnel's token"},
        {"file": "old.env in the history, object 0123456789ab", "line": 0, "kind": "a private key"},
    ]
    made = run(finding("secrets.leaks", Verdict.NONCONFORMANT, leaks={"found": found}))
    assert places(made) == [("docs/my%20notes.md", 40), ("docs/my%20notes.md", 41), ("old.env", 0)]
    assert made["results"][2]["message"]["text"] == (
        "a private key, in the history alone (object 0123456789ab): rotate it"
    )


@pytest.mark.parametrize(
    ("fact", "note", "line"),
    [
        ("pipeline.parses", "line 3: mapping values are not allowed here", 3),
        ("pipeline.parses", "the job deploy has no steps: it does nothing", 6),
        ("pipeline.trigger_paths", "on.push: a", 4),
        ("pipeline.manual", "", 2),
        ("pipeline.labels", "the labels of the jobs: spark", 7),
        ("pipeline.skip_switch", "", 2),
    ],
)
def test_what_is_wrong_with_a_workflow_stands_at_the_line_that_says_it(fact: str, note: str, line: int) -> None:
    seen = finding("pipeline.workflow", workflow_file={"path": PATH, "text": WORKFLOW, "fault": ""})
    assert places(run(seen, finding(fact, Verdict.NONCONFORMANT, note))) == [(PATH, line)]


def test_a_unit_and_a_file_that_is_not_there() -> None:
    broken = finding("pipeline.unit", Verdict.NONCONFORMANT, "line 9 is neither a section nor a setting",
                     repository_unit={"path": "units/x.service", "fault": "…"})  # fmt: skip
    assert places(run(broken)) == [("units/x.service", 9)]
    gone = finding("pipeline.workflow", Verdict.NONCONFORMANT)
    assert places(run(gone)) == [("documented%20pipeline.workflow", 1)]


def test_what_holds_is_no_result_what_is_waived_is_suppressed_and_what_was_not_seen_is_a_notification() -> None:
    made = run(
        finding("pipeline.unit"),
        finding("pipeline.manual", Verdict.WAIVED, "waived: later"),
        finding("secrets.leaks", Verdict.UNREACHABLE),
        finding("dns.ttl", Verdict.NONCONFORMANT),
        pages="https://example.org/docs",
    )
    [result] = made["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "waived: later"}]
    [invocation] = made["invocations"]
    assert [told["descriptor"]["id"] for told in invocation["toolExecutionNotifications"]] == ["secrets.leaks"]
    assert made["tool"]["driver"]["rules"][0]["helpUri"] == "https://example.org/docs/facts/pipeline.unit.md"


def test_no_secret_stands_in_it_and_every_placed_fact_is_one() -> None:
    conceal("canary-of-the-sarif-0123456789")
    leak = {"file": "a", "line": 1, "kind": "said canary-of-the-sarif-0123456789"}
    text = render(results(finding("secrets.leaks", Verdict.NONCONFORMANT, leaks={"found": [leak]})), Pages(""))
    assert "canary" not in text
    assert set(PLACED) <= set(load(find("spark-291b")).facts.all())
