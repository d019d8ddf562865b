import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from spark_conformance.core.secret import conceal
from spark_conformance.core.session import NotAsked
from spark_conformance.core.verdict import Verdict
from spark_conformance.history.trends import MEASURES
from spark_conformance.report.prometheus import ALL, LABELS, NUMBERS, PREFIX, render
from tests.report.made import BEGAN, finding, results

EXAMPLES = Path(__file__).parents[2] / "docs/examples/monitoring"
NAME = re.compile(rf"\b{PREFIX}\w+")
LABEL = re.compile(r'(\w+)\s*=~?"')
PLAIN = re.compile(r"(?:by|without) \(([^)]*)\)")


def parsed(text: str) -> dict[tuple[str, ...], float]:
    """The samples by name and what tells them apart, as Prometheus reads them."""
    return {
        (sample.name.removeprefix(PREFIX), *(value for name, value in sorted(sample.labels.items()) if name in KEYS)):
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }  # fmt: skip


KEYS = {"fact", "verdict", "state"}


def test_verdicts_numbers_and_times() -> None:
    seen = parsed(render(results(
        finding("public.certificate_days", certificate={"not_after": "2026-12-27T02:23:12.5+00:00"}),
        finding("dns.ttl", Verdict.NONCONFORMANT),
        finding("host.disk", host_disk={"free_gib": 10.5}),
    )))  # fmt: skip
    assert seen["fact_verdict", "dns.ttl", "nonconformant"] == 1
    assert (seen["facts", "conformant"], seen["facts", "nonconformant"], seen["facts", "blocked"]) == (2, 1, 0)
    assert (seen["root_causes", "nonconformant"], seen["root_causes", "unverified"]) == (1, 0)
    assert seen["certificate_left_seconds",] == 30 * 86400
    assert seen["disk_free_bytes",] == 10.5 * 2**30
    assert (seen["exit_code",], seen["last_run_duration_seconds",]) == (1, 12.5)
    assert seen["last_run_timestamp_seconds",] == BEGAN.timestamp() + 12.5
    assert ("last_success_timestamp_seconds",) not in seen


def test_the_last_success_is_kept_by_what_comes_after_it() -> None:
    good = render(results(finding("dns.ttl"), exit_code=0))
    bad = render(results(finding("dns.ttl", Verdict.NONCONFORMANT)), good)
    again = parsed(render(results(finding("dns.ttl", Verdict.UNREACHABLE), exit_code=7), bad))
    assert again["last_success_timestamp_seconds",] == BEGAN.timestamp() + 12.5
    assert again["exit_code",] == 7
    assert ("last_success_timestamp_seconds",) not in parsed(render(results(), "torn {{{ 1"))


@pytest.mark.parametrize(
    ("gate", "less", "success"),
    [("post", None, True), ("pre", None, False), (None, NotAsked("-m dns", ("host.gpu",)), False)],
)
def test_a_look_at_a_part_is_no_success_of_the_whole(*, gate: Any, less: NotAsked | None, success: bool) -> None:
    """Else a debugging run, or a gate before a deployment, silences the alert that nobody has seen the system well."""
    whole = results(finding("dns.ttl"), exit_code=0)
    target = replace(whole.targets[0], session=replace(whole.session, not_asked=less))
    seen = parsed(render(replace(whole, gate=gate, targets=[target])))
    assert seen["exit_code",] == 0
    assert (("last_success_timestamp_seconds",) in seen) is success


def test_what_is_told_survives_any_text_and_no_secret_stands_in_it() -> None:
    conceal("canary-of-the-metrics-0123456789")
    odd = results(finding("own.a", verdict='a "quoted"\nline \\ canary-of-the-metrics-0123456789'))
    text = render(odd)
    assert ("fact_verdict", "own.a", 'a "quoted"\nline \\ ***') in parsed(text)
    assert "canary" not in text


def test_every_measure_has_a_metric_and_every_metric_a_unit() -> None:
    assert {measure.name for measure in MEASURES} == set(NUMBERS)
    assert len({metric.name for metric in ALL}) == len(ALL)
    for metric, _ in NUMBERS.values():
        assert metric.name.endswith(("_seconds", "_bytes", "_per_second"))


def expressions() -> Iterator[Any]:
    """Every expression of the examples, with where it stands."""
    rules = yaml.safe_load((EXAMPLES / "prometheus-rules.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            words = " ".join(rule["annotations"].values())
            yield pytest.param(rule["expr"], words, id=rule["alert"])
    board = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], "", id=f"{panel['title']} {target['refId']}")
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield pytest.param(variable["definition"], "", id=f"${variable['name']}")


@pytest.mark.parametrize(("expression", "words"), list(expressions()))
def test_the_examples_name_metrics_labels_and_verdicts_that_there_are(expression: str, words: str) -> None:
    names = set(NAME.findall(expression))
    assert names
    assert names <= {f"{PREFIX}{metric.name}" for metric in ALL}
    grouped = {label.strip() for labels in PLAIN.findall(expression) for label in labels.split(",")}
    told = set(re.findall(r"\$labels\.(\w+)", words))
    values = re.findall(r"label_values\([^,]*, (\w+)\)", expression)
    assert {*LABEL.findall(expression), *grouped, *told, *values} <= LABELS
    for verdicts in re.findall(r'verdict=~?"([^"]*)"', expression):
        assert set(verdicts.split("|")) <= {str(verdict) for verdict in Verdict}
    assert expression.count("(") == expression.count(")")


def test_every_metric_is_on_the_dashboard_or_in_a_rule_and_each_panel_has_its_place() -> None:
    shown = {name for param in expressions() for name in NAME.findall(str(param.values[0]))}
    assert shown == {f"{PREFIX}{metric.name}" for metric in ALL}
    panels = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)
