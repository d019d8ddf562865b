from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.facts.target import Repository, Target
from fixtures.repository.workflow import fault_of, parse, workflow, workflow_file
from fixtures.suite.run import Run
from fixtures.suite.verdict import Unmet
from tests.secrets.runs import run_of

PATH = ".github/workflows/deploy.yml"
GOOD = """
name: Deploy
on:
  push:
    branches: [main]
    paths:
      - "infrastructure/spark/**"
      - .github/workflows/deploy.yml
  workflow_dispatch:
    inputs:
      skip_access_probe: {type: boolean, default: false}
      loud: {type: boolean}
jobs:
  deploy:
    runs-on: [self-hosted, linux, spark]
    steps:
      - uses: pulumi/actions@v6
      - if: ${{ !inputs.skip_access_probe }}
        run: ./probe
  watchdog:
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
"""


def run_with(tmp_path: Path, text: str | bytes | None, **facts: Any) -> Run:
    file = tmp_path / PATH
    file.parent.mkdir(parents=True)
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    target = Target(repository=Repository(path=str(tmp_path)))
    return run_of(target, {"pipeline": {"workflow": PATH, **facts}})


def test_what_a_workflow_says(tmp_path: Path) -> None:
    seen = run_with(tmp_path, GOOD).get(workflow)
    assert seen.push_paths == ("infrastructure/spark/**", PATH)
    assert seen.triggers(("infrastructure/spark/**",)) == ("infrastructure/spark/**",)
    assert seen.triggers(("docs/**",)) == seen.push_paths
    assert seen.manual
    assert seen.installs_pulumi
    assert seen.labels(("spark", "self-hosted")) == ("spark", "self-hosted")
    assert seen.labels(("gpu",)) == ("self-hosted", "linux", "spark", "ubuntu-latest")
    assert seen.switch("skip_access_probe") == "skip_access_probe"
    assert seen.switch("loud") == "loud, which nothing in the workflow looks at"
    assert seen.switch("quiet") == "only skip_access_probe, loud"


@pytest.mark.parametrize(
    ("on", "paths", "manual"),
    [
        ("push", (), False),
        ("[push, workflow_dispatch]", (), True),
        ("workflow_dispatch", None, True),
        ("{push: , workflow_dispatch: }", (), True),
        ("{push: {paths: a/**}}", ("a/**",), False),
        ("{schedule: [{cron: '0 3 * * *'}]}", None, False),
    ],
)
def test_triggers_in_all_their_forms(on: str, paths: tuple[str, ...] | None, manual: bool) -> None:
    text = f"on: {on}\njobs: {{a: {{runs-on: x}}}}\n"
    assert fault_of(text) == ""
    seen = parse(PATH, text)
    assert (seen.push_paths, seen.manual) == (paths, manual)
    assert seen.switch("any") == "no input at all"


@pytest.mark.parametrize(
    ("runs_on", "labels"),
    [("spark", ("spark",)), ("{group: g, labels: [self-hosted, spark]}", ("self-hosted", "spark")), ("{group: g}", ())],
)
def test_labels_in_all_their_forms(runs_on: str, labels: tuple[str, ...]) -> None:
    assert parse(PATH, f"on: push\njobs: {{a: {{runs-on: {runs_on}}}}}\n").jobs[0].labels == labels


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("on: push\njobs:\n\ta: {}\n", "line 3: "),
        ("on: push\non: push\njobs: {}\n", "line 2: the key on stands twice"),
        ("on: [push\n", "line 2: "),
        ("- a\n", "not a table"),
        ("", "not a table"),
        ("jobs: {a: {runs-on: x}}\n", "`on` is missing"),
        ("on: push\n", "`jobs` is missing"),
        ("on: push\njobs: {a: {steps: []}}\n", "the job a has no runs-on"),
        ("on: push\njobs: {a: *nowhere}\n", "line 2: "),
        ("on: !!python/object/apply:os.system [true]\njobs: {}\n", "line 1: "),
        ("[" * 5000, "nested too deep"),
    ],
)
def test_a_workflow_that_does_not_parse_is_a_finding_of_its_own(tmp_path: Path, text: str, fault: str) -> None:
    run = run_with(tmp_path, text)
    assert fault in run.get(workflow_file).fault
    with pytest.raises(Unmet) as caught:
        run.get(workflow)
    assert caught.value.fact == "pipeline.parses"


def test_a_file_that_is_no_text_does_not_parse(tmp_path: Path) -> None:
    assert "UTF-8" in run_with(tmp_path, b"\xff\xfe").get(workflow_file).fault


def test_a_workflow_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    run = run_with(tmp_path, None)
    (tmp_path / ".github/workflows/other.yaml").write_text("")
    with pytest.raises(Unmet) as caught:
        run.get(workflow)
    assert (caught.value.fact, caught.value.observed) == ("pipeline.workflow", "absent")
    assert "other.yaml" in caught.value.note


def test_a_workflow_that_was_renamed_is_known_by_what_triggers_it(tmp_path: Path) -> None:
    run = run_with(tmp_path, None, trigger_paths=["infrastructure/spark/**"])
    folder = tmp_path / ".github/workflows"
    (folder / "broken.yml").write_text("on: [")
    (folder / "docs.yml").write_text(GOOD.replace("infrastructure/spark", "docs"))
    (folder / "renamed.yml").write_text(GOOD)
    assert run.get(workflow_file).path == ".github/workflows/renamed.yml"
    assert run.get(workflow).manual


def test_where_several_could_be_meant_none_is_taken(tmp_path: Path) -> None:
    run = run_with(tmp_path, None, trigger_paths=["infrastructure/spark/**"])
    for name in ("one.yml", "two.yml"):
        (tmp_path / ".github/workflows" / name).write_text(GOOD)
    with pytest.raises(Unmet, match="absent"):
        run.get(workflow_file)


@given(st.text())
def test_any_text_is_parsed_or_faulted(text: str) -> None:
    if not fault_of(text):
        parse(PATH, text)


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3))


@given(trees, trees)
def test_any_triggers_and_jobs_are_parsed_or_faulted(on: object, jobs: object) -> None:
    import yaml

    text = yaml.safe_dump({"on": on, "jobs": jobs})
    if not fault_of(text):
        parse(PATH, text)
