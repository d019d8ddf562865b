import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.target import Repository, Target
from spark_conformance.repository.filters import matches, taken_back
from spark_conformance.repository.workflow import Push, Workflow, parse, workflow, workflow_file
from spark_conformance.repository.workflow_syntax import fault_of, texts
from tests.secrets.runs import run_of

PATH = ".github/workflows/deploy.yml"
STEPS = "steps: [{run: y}]"
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
      - run: sudo systemctl restart cloudflared
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
    return run_of(target, {"pipeline": {"workflow": PATH, "unit": "infra/cloudflared.service", **facts}})


def test_a_value_that_stands_without_quotation_marks_is_the_text_that_github_makes_of_it() -> None:
    assert texts([True, 8, "main", False]) == ("true", "8", "main", "false")
    assert (texts("main"), texts(None)) == (("main",), ())


def test_what_a_workflow_says(tmp_path: Path) -> None:
    seen = run_with(tmp_path, GOOD).get(workflow)
    assert seen.push == Push(("infrastructure/spark/**", PATH), ("main",))
    assert seen.triggers(("infrastructure/spark/**",)) == ("infrastructure/spark/**",)
    assert seen.triggers(("docs/**",)) == seen.push.paths
    assert seen.manual
    assert seen.installs_pulumi
    assert seen.labels(("spark", "self-hosted")) == ("spark", "self-hosted")
    assert seen.labels(("gpu",)) == ("self-hosted", "linux", "spark")
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
    text = f"on: {on}\njobs: {{a: {{runs-on: x, {STEPS}}}}}\n"
    assert fault_of(text) == ""
    seen = parse(PATH, text)
    assert (seen.push.paths if seen.push else None, seen.manual) == (paths, manual)
    assert seen.switch("any") == "no input at all"


@pytest.mark.parametrize(
    ("runs_on", "labels"),
    [
        ("spark", ("spark",)),
        ("{group: g, labels: [self-hosted, spark]}", ("self-hosted", "spark")),
        ("{group: g, labels: spark}", ("spark",)),
        ("{group: g}", ()),
        ("no", ("no",)),
        ("[12:30, 1_0]", ("12:30", "1_0")),
        ("\"${{ 'spark' }}\"", ("spark",)),
        ('"${{ fromJSON(\'[\\"self-hosted\\", \\"spark\\"]\') }}"', ("self-hosted", "spark")),
        ("\"${{ inputs.runner || 'spark' }}\"", ("spark",)),
        ("\"${{ github.event_name == 'push' && 'spark' || 'ubuntu-latest' }}\"", ("spark",)),
        ('[self-hosted, "${{ vars.LABEL }}"]', ("self-hosted",)),
        ("'sp${{ 1 }}rk'", ("sp1rk",)),
    ],
)
def test_labels_in_all_their_forms(runs_on: str, labels: tuple[str, ...]) -> None:
    assert parse(PATH, f"on: push\njobs: {{a: {{runs-on: {runs_on}, {STEPS}}}}}\n").jobs[0].labels == labels


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
        ("on: push\njobs: {a: {runs-on: x}}\n", "the job a has no steps"),
        ("on: push\njobs: {a: {runs-on: x, steps: []}}\n", "the job a has no steps"),
        ("on: push\njobs: {a: {runs-on: x, steps: none}}\n", "the job a has no steps"),
        ("on: push\njobs: {a: {runs-on: x, steps: [{run: y}, {name: z}]}}\n", "step 2 of the job a has neither"),
        (f"on: push\njobs: {{a: {{runs-on: x, {STEPS}, needs: b}}}}\n", "the job a needs b, which is not a job"),
        (f"on: push\njobs: {{a: {{runs-on: x, {STEPS}, needs: [a]}}}}\n", "the job a needs itself"),
        (
            "on: push\njobs: {a: {runs-on: x, steps: [{name: z}, {run: y}, {name: z}]}}\n",
            "step 1 of the job a has neither",
        ),
        (f"on: push\njobs: {{a: {{runs-on: x, {STEPS}, needs: [b, c]}}}}\n", "the job a needs b, which is not a job"),
        (
            f"on: push\njobs: {{a: {{runs-on: x, {STEPS}, needs: b}}, b: {{runs-on: x, {STEPS}, needs: a}}}}\n",
            "the job a needs itself, by way of what it needs",
        ),
        ("on: !!python/object/apply:os.system [true]\njobs: {}\n", "line 1: "),
        ("[\n" * 5000, "nested too deep"),
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
    (tmp_path / ".github/workflows/other.yaml").write_text(GOOD)
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


def test_a_folder_in_the_place_of_the_workflow_cannot_be_read(tmp_path: Path) -> None:
    run = run_with(tmp_path, None)
    (tmp_path / PATH).mkdir()
    with pytest.raises(Unreachable, match=r"deploy\.yml cannot be read: Is a directory; correct it"):
        run.get(workflow_file)


def test_nothing_outside_of_the_checkout_is_read(tmp_path: Path) -> None:
    inside = tmp_path / "infra"
    (tmp_path / "deploy.sh").write_text("sudo systemctl restart cloudflared")
    run = run_with(inside, "on: push\njobs: {a: {runs-on: x, steps: [{run: ../deploy.sh}]}}")
    assert not run.get(workflow).jobs[0].deploys


CALLS = f"on: {{push: {{paths: [a/**]}}}}\njobs: {{x: {{uses: ./{PATH}}}}}\n"


@pytest.mark.parametrize(
    ("on", "other", "by"),
    [
        ("workflow_call", CALLS, (".github/workflows/all.yml",)),
        ("workflow_call", f"# uses: ./{PATH}\n{GOOD}", ()),
        ("workflow_call", f"on: push\njobs: {{x: {{uses: we/infra/{PATH}@main}}}}\n", ()),
        ("workflow_call", "jobs: [", ()),
        (
            "workflow_call",
            f"on: push\njobs: {{x: {{uses: ./{PATH}}}, y: {{runs-on: x, {STEPS}}}}}\n",
            (".github/workflows/all.yml",),
        ),
        ("{workflow_run: {workflows: [All], types: [completed]}}", GOOD, ("All",)),
    ],
)
def test_a_workflow_that_another_starts_is_not_judged_by_its_own_triggers(
    tmp_path: Path, on: str, other: str, by: tuple[str, ...]
) -> None:
    run = run_with(tmp_path, f"on: {on}\njobs: {{a: {{runs-on: x, {STEPS}}}}}\n")
    (tmp_path / ".github/workflows/all.yml").write_text(other)
    seen = run.get(workflow)
    assert seen.started_by == by
    if by:
        with pytest.raises(Unreachable, match="starts it, too"):
            seen.require_own_triggers("such changes")
    else:
        seen.require_own_triggers("such changes")


def test_paths_that_are_passed_over_are_told() -> None:
    seen = parse(PATH, f"on: {{push: {{paths-ignore: [docs/**]}}}}\njobs: {{a: {{runs-on: x, {STEPS}}}}}\n")
    assert seen.told == "a push triggers it by changes anywhere but under docs/**"
    assert seen.triggers(("infrastructure/spark/**",)) == ()


def test_where_several_could_be_meant_none_is_taken(tmp_path: Path) -> None:
    run = run_with(tmp_path, None, trigger_paths=["infrastructure/spark/**"])
    for name in ("one.yml", "two.yml"):
        (tmp_path / ".github/workflows" / name).write_text(GOOD)
    with pytest.raises(Unmet, match="absent"):
        run.get(workflow_file)


WANTED = ("self-hosted", "spark")
SERVICES = ("cloudflared.service",)
DEPLOYS = "steps: [{run: sudo systemctl restart cloudflared}]"
RESTART = "sudo systemctl restart cloudflared"
BY_SSH = f"{{uses: a/ssh@v1, with: {{script: {RESTART}}}}}"
MATRIX, NOT_DGX, ONLY = "strategy: {matrix: {on", "exclude: [{on: dgx}]", "include: [{on: spark, size: 1}]"


def of(jobs: str, on: str = "push", files: dict[str, str] | None = None) -> Workflow:
    text = f"on: {on}\njobs:\n{jobs}\n"
    assert fault_of(text) == ""
    return parse(PATH, text, (files or {}).get, SERVICES)


@pytest.mark.parametrize(
    ("jobs", "labels"),
    [
        (f"  a: {{runs-on: [self-hosted, spark], {STEPS}}}", WANTED),
        (f"  a: {{runs-on: [Self-Hosted, SPARK], {STEPS}}}", WANTED),
        (f"  a: {{runs-on: spark, {STEPS}}}", WANTED),
        (f"  a: {{runs-on: self-hosted, {STEPS}}}", ("self-hosted",)),
        (f"  a: {{runs-on: ubuntu-latest, {STEPS}}}", ("ubuntu-latest",)),
        # the job that deploys, and not another one, has to ask for the runner
        (f"  a: {{runs-on: ubuntu-latest, {DEPLOYS}}}\n  b: {{runs-on: spark, {STEPS}}}", ("ubuntu-latest",)),
        (f"  a: {{runs-on: spark, {DEPLOYS}}}\n  b: {{runs-on: ubuntu-latest, {STEPS}}}", WANTED),
        (f"  a: {{runs-on: spark, {DEPLOYS}}}\n  b: {{runs-on: ubuntu-latest, {DEPLOYS}}}", ("spark", "ubuntu-latest")),
        (f"  a: {{runs-on: spark, {DEPLOYS}, if: false}}", ()),
        (f"  a: {{runs-on: ubuntu-latest, {DEPLOYS}, if: false}}\n  b: {{runs-on: spark, {STEPS}}}", WANTED),
        # by a script of the repository, or a local action
        ("  a: {runs-on: x, steps: [{run: ./deploy.sh}]}\n  b: {runs-on: spark, steps: [{run: y}]}", ("x",)),
        ("  a: {runs-on: x, steps: [{uses: ./install}]}\n  b: {runs-on: spark, steps: [{run: y}]}", ("x",)),
        ("  a: {runs-on: x, steps: [{run: python3 deploy.py}]}\n  b: {runs-on: spark, steps: [{run: y}]}", ("x",)),
        (f"  a: {{runs-on: x, steps: [{BY_SSH}]}}\n  b: {{runs-on: spark, {STEPS}}}", ("x",)),
        (f"  a: {{runs-on: [spark, '${{{{ vars.MORE }}}}'], {DEPLOYS}}}", WANTED),
        (f"  a: {{runs-on: {{group: g, labels: [spark]}}, {DEPLOYS}}}", WANTED),
        # of a matrix each job counts
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {MATRIX}: [spark, Spark]}}}}, {DEPLOYS}}}", WANTED),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {MATRIX}: [[self-hosted, spark]]}}}}, {DEPLOYS}}}", WANTED),
        (f"  a: {{runs-on: '${{{{ matrix.on.label }}}}', {MATRIX}: [{{label: spark}}]}}}}, {DEPLOYS}}}", WANTED),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {MATRIX}: [spark, dgx]}}}}, {DEPLOYS}}}", ("spark", "dgx")),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {MATRIX}: [spark, dgx], {NOT_DGX}}}}}, {DEPLOYS}}}", WANTED),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', strategy: {{matrix: {{{ONLY}}}}}, {DEPLOYS}}}", WANTED),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {MATRIX}: [spark], {ONLY}}}}}, {DEPLOYS}}}", WANTED),
        # by a workflow of the repository
        ('  a: {uses: ./.github/workflows/list.yml, with: {runner: \'["self-hosted", "spark"]\'}}', WANTED),
        ("  a: {uses: ./.github/workflows/list.yml, with: {runner: '\"dgx\"'}}", ("dgx",)),
        ("  a: {uses: ./.github/workflows/call.yml, with: {runner: spark}}", WANTED),
        ("  a: {uses: ./.github/workflows/call.yml}", ("ubuntu-latest",)),
        # to look at the unit is not to deploy it
        (
            (
                "  a: {runs-on: x, steps: [{run: systemd-analyze verify infra/cloudflared.service}]}\n"
                f"  b: {{runs-on: spark, {DEPLOYS}}}"
            ),
            WANTED,
        ),
    ],
)
def test_the_job_that_deploys_asks_for_the_runner(jobs: str, labels: tuple[str, ...]) -> None:
    workflow = of(jobs, files=FILES)
    assert workflow.labels(WANTED) == labels
    assert ("never runs" in workflow.told_jobs) is ("if: false" in jobs)


NEVER = "if: github.event_name == 'never'"
BOTH = "[push, workflow_dispatch]"
MAIN = "{push: {branches: [main]}, workflow_dispatch: }"


@pytest.mark.parametrize(
    ("on", "jobs", "push", "manual"),
    [
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}}}", True, True),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: false}}", False, False),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, {NEVER}}}", False, False),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: github.event_name == 'push'}}", True, False),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: inputs.really}}", False, None),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: vars.DEPLOY}}", None, None),
        (MAIN, f"  a: {{runs-on: x, {DEPLOYS}, if: github.ref == 'refs/heads/main'}}", True, None),
        (MAIN, f"  a: {{runs-on: x, {DEPLOYS}, if: github.ref_name != 'main'}}", False, None),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: github.ref == 'refs/heads/main'}}", None, None),
        # another job may run: it is not the one that deploys
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: false}}\n  b: {{runs-on: x, {STEPS}}}", False, False),
        (BOTH, f"  a: {{runs-on: x, {DEPLOYS}, if: false}}\n  b: {{runs-on: x, {DEPLOYS}}}", True, True),
        # one that is left out takes with it what waits for it, unless that asks for its status
        (BOTH, f"  a: {{runs-on: x, {STEPS}, if: false}}\n  b: {{runs-on: x, {DEPLOYS}, needs: a}}", False, False),
        (
            BOTH,
            f"  a: {{runs-on: x, {STEPS}, if: false}}\n  b: {{runs-on: x, {DEPLOYS}, needs: a, if: always()}}",
            True,
            True,
        ),
        # the step that deploys may have a condition of its own
        (BOTH, "  a: {runs-on: x, steps: [{run: systemctl restart cloudflared, if: false}, {run: y}]}", False, False),
        (BOTH, "  a: {runs-on: x, steps: [{run: systemctl restart cloudflared}, {run: y, if: false}]}", True, True),
        # and a job that calls a workflow, with an input that only that one knows
        (BOTH, "  a: {uses: ./.github/workflows/call.yml, if: false}", False, False),
        (BOTH, "  a: {uses: ./.github/workflows/asks.yml, with: {really: true}}", True, True),
        (BOTH, "  a: {uses: ./.github/workflows/asks.yml}", False, False),
        (BOTH, "  a: {uses: ./.github/workflows/asks.yml, with: {really: '${{ vars.DEPLOY }}'}}", None, None),
        (BOTH, "  a: {uses: ./.github/workflows/asks.yml, with: {really: '${{ inputs.now }}'}}", False, None),
        # nothing says which job deploys: it may be any
        (BOTH, f"  a: {{runs-on: x, {STEPS}, if: false}}\n  b: {{runs-on: x, {STEPS}}}", True, True),
    ],
)
def test_whether_conditions_let_anything_be_deployed(
    on: str, jobs: str, push: bool | None, manual: bool | None
) -> None:
    seen = of(jobs, on, FILES)
    assert (seen.lets_deploy("push"), seen.lets_deploy("workflow_dispatch")) == (push, manual)


def test_the_condition_of_a_job_that_calls_a_workflow_is_told_with_those_of_the_workflow() -> None:
    calls = "  a: {uses: ./.github/workflows/asks.yml, if: vars.CALL}\n  b: {uses: ./.github/workflows/asks.yml}"
    told = "a / in has `if: vars.CALL`; b / in has `if: inputs.really`"
    assert of(calls, files=FILES).told_conditions == told


@pytest.mark.parametrize(("levels", "followed"), [(4, True), (5, False)])
def test_workflows_are_followed_as_deep_as_github_lets_them_call_one_another(levels: int, followed: bool) -> None:
    files = {f"{level}.yml": f"on: workflow_call\njobs: {{in: {{uses: ./{level + 1}.yml}}}}" for level in range(levels)}
    files[f"{levels - 1}.yml"] = f"on: workflow_call\njobs: {{in: {{runs-on: spark, {STEPS}}}}}"
    [job] = of("  a: {uses: ./0.yml}", files=files).jobs
    assert (job.labels == ("spark",)) is followed
    assert bool(job.untold) is not followed


def test_a_script_that_is_no_text_says_nothing(tmp_path: Path) -> None:
    run = run_with(tmp_path, "on: push\njobs: {a: {runs-on: x, steps: [{run: ./deploy.sh}]}}")
    (tmp_path / "deploy.sh").write_bytes(b"\xff\xfesystemctl restart cloudflared")
    assert not run.get(workflow).jobs[0].deploys


def test_a_condition_that_decides_when_it_runs_is_told() -> None:
    seen = of(f"  a: {{runs-on: x, {DEPLOYS}, if: vars.DEPLOY}}")
    assert seen.doubt("push") == "; whether anything is deployed then is decided when it runs: a has `if: vars.DEPLOY`"
    assert of(f"  a: {{runs-on: x, {DEPLOYS}, {NEVER}}}").doubt("push") == ""


FILES = {
    "deploy.sh": "#!/bin/sh\n# not: systemctl restart nginx\nsudo systemctl restart cloudflared\n",
    "install/action.yml": "runs: {steps: [{run: cp unit /etc/systemd/system/cloudflared.service}]}",
    ".github/workflows/call.yml": "on: {workflow_call: {inputs: {runner: {default: ubuntu-latest}}}}\n"
    "jobs: {in: {runs-on: '${{ inputs.runner }}', steps: [{run: y}]}}",
    ".github/workflows/list.yml": "on: {workflow_call: {inputs: {runner: {type: string}}}}\n"
    "jobs: {in: {runs-on: '${{ fromJSON(inputs.runner) }}', steps: [{run: y}]}}",
    ".github/workflows/asks.yml": "on: {workflow_call: {inputs: {really: {type: boolean}}}}\n"
    f"jobs: {{in: {{runs-on: x, if: inputs.really, {DEPLOYS}}}}}",
    ".github/workflows/round.yml": "on: workflow_call\njobs: {in: {uses: ./.github/workflows/round.yml}}",
    "heredoc.sh": "cat <<EOF\nsudo systemctl restart cloudflared\nEOF\necho 'sudo systemctl restart cloudflared'",
    "deploy.py": "import subprocess\nsubprocess.run(['sudo', 'systemctl', 'restart', 'cloudflared'], check=True)\n",
    "says.py": f"'{RESTART}'\nprint('{RESTART}')  # {RESTART}\n",
    "setup/action.yml": "runs: {using: composite, steps: [{uses: pulumi/actions@v6}]}",
    "idle/action.yml": "runs: {using: composite, steps: [{uses: pulumi/actions@v6, if: false}, {run: y}]}",
    "node/action.yml": "runs: {using: node20, main: index.js}",
    ".github/workflows/brings.yml": "on: {workflow_call: {inputs: {skip: {type: boolean}}}}\n"
    "jobs: {in: {runs-on: x, steps: [{uses: pulumi/actions@v6}]}}",
    ".github/workflows/skips.yml": "on: {workflow_call: {inputs: {skip: {type: boolean}}}}\n"
    "jobs: {in: {runs-on: x, steps: [{run: probe, if: '!inputs.skip'}]}}",
    "commented.sh": "# sudo systemctl restart cloudflared",
}


@pytest.mark.parametrize(
    ("jobs", "why"),
    [
        (f"  a: {{runs-on: x, {STEPS}}}\n  b: {{runs-on: spark, {STEPS}}}", "a: x; b: spark"),
        (
            "  a: {runs-on: x, steps: [{run: ./commented.sh}]}\n  b: {runs-on: spark, steps: [{run: y}]}",
            "a: x; b: spark",
        ),
        *(
            (f"  a: {{runs-on: x, steps: [{{run: {run}}}]}}\n  b: {{runs-on: spark, {STEPS}}}", "a: x; b: spark")
            for run in ("./heredoc.sh", "python3 says.py", "git commit -m 'systemctl restart cloudflared'")
        ),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {STEPS}}}", "which is decided when it runs"),
        (f"  a: {{runs-on: '${{{{ matrix.on }}}}', {MATRIX}: '${{{{ vars.ON }}}}'}}}}, {STEPS}}}", "when it runs"),
        (f"  a: {{runs-on: '${{{{ vars.RUNNER }}}}', {DEPLOYS}}}", "runs-on is ${{ vars.RUNNER }}"),
        (f"  a: {{runs-on: '${{{{ vars.NO && x }}}}', {DEPLOYS}}}", "when it runs"),
        (f"  a: {{runs-on: {{group: dgx}}, {DEPLOYS}}}", "names the group dgx"),
        (f"  a: {{runs-on: {{group: dgx, labels: [gpu]}}, {DEPLOYS}}}", "names the group dgx"),
        ("  a: {uses: we/infra/.github/workflows/x.yml@main}", "which cannot be read here"),
        ("  a: {uses: ./.github/workflows/gone.yml}", "which cannot be read here"),
        (f"  a: {{runs-on: x, {STEPS}}}\n  b: {{uses: we/infra/.github/workflows/x.yml@main}}", "b: it calls we/infra"),
        ("  a: {uses: ./.github/workflows/round.yml}", "which cannot be read here"),
    ],
)
def test_what_does_not_stand_in_the_file_is_not_called_wrong(jobs: str, why: str) -> None:
    with pytest.raises(Unreachable) as caught:
        of(jobs, files=FILES).labels(WANTED)
    assert why in caught.value.sentence


@pytest.mark.parametrize(
    ("step", "used"),
    [
        ("{run: y, if: '!inputs.skip'}", True),
        ("{run: y, if: \"github.event.inputs.skip != 'true'\"}", True),
        ("{run: y, env: {SKIP: '${{ inputs[''skip''] }}'}}", True),
        ("{run: y, if: '!INPUTS.Skip'}", True),
        ("{run: 'probe ${{ inputs.skip }}', shell: pwsh}", True),
        ("{uses: a/b@v1, with: {skip: '${{ toJSON(inputs) }}'}}", True),
        ("{run: 'echo ${{ inputs.skip }}'}", False),
        ("{run: 'probe # ${{ inputs.skip }}'}", False),
        ('{run: "cat <<EOF\\n${{ inputs.skip }}\\nEOF"}', False),
        ("{run: 'probe ${{ inputs.skip }}', if: false}", False),
        ("{run: probe, name: 'skip: ${{ inputs.skip }}'}", False),
        ("{run: 'probe ${{ inputs.skip }}'}", True),
        ("{run: y}  # inputs.skip", False),
        ("{run: '# ${{ inputs.skip }}'}", False),
        ("{run: echo inputs.skip}", False),
        ("{run: y, if: inputs.skipped}", False),
        ("{run: y, name: skip}", False),
    ],
)
def test_a_switch_counts_where_it_is_looked_at(step: str, used: bool) -> None:
    on = "{workflow_dispatch: {inputs: {skip: {type: boolean}}}}"
    seen = of(f"  a:\n    runs-on: x\n    steps:\n      - {step}", on)
    assert seen.switch("skip") == ("skip" if used else "skip, which nothing in the workflow looks at")


@pytest.mark.parametrize(
    ("jobs", "seen"),
    [
        ("  a: {uses: ./.github/workflows/skips.yml, with: {skip: '${{ inputs.skip }}'}}", "skip"),
        (
            "  a: {uses: ./.github/workflows/brings.yml, with: {skip: '${{ inputs.skip }}'}}",
            "skip, which nothing in the workflow looks at",
        ),
        ("  a: {uses: ./.github/workflows/skips.yml}", "skip, which nothing in the workflow looks at"),
        (f"  a: {{runs-on: x, if: false, {STEPS}, env: {{A: '${{{{ inputs.skip }}}}'}}}}", "skip, which nothing"),
        (f"  a: {{runs-on: x, if: inputs.skip, {STEPS}}}", "skip"),
        ("  a: {uses: we/infra/.github/workflows/x.yml@main, with: {skip: '${{ inputs.skip }}'}}", ""),
    ],
)
def test_a_switch_is_followed_into_the_workflows_that_get_it(jobs: str, seen: str) -> None:
    found = of(jobs, "{workflow_dispatch: {inputs: {skip: {type: boolean}}}}", FILES)
    if seen:
        assert found.switch("skip").startswith(seen)
    else:
        with pytest.raises(Unreachable, match="handed to a workflow that cannot be read here"):
            found.switch("skip")


@pytest.mark.parametrize(
    ("step", "installs"),
    [
        ("{uses: ./setup}", True),
        ("{uses: ./idle}", False),
        ("{uses: ./node}", None),
        ("{uses: ./gone}", None),
        ("{uses: we/tools@v1}", None),
        ("{uses: we/tools@v1, if: false}", False),
        ("{uses: actions/checkout@v4}", False),
        ("{uses: pulumi/actions@v6, if: false}", False),
        ("{uses: docker://pulumi/pulumi-base}", True),
        ("{run: 'apt-get install -y jq pulumi'}", True),
        ("{run: 'docker run pulumi/pulumi up'}", True),
        ("{run: 'echo curl -fsSL https://get.pulumi.com'}", False),
        ('{run: "cat <<EOF\\nuses: pulumi/actions@v6\\ncurl https://get.pulumi.com\\nEOF"}', False),
        ("{run: 'pip install pulumi-aws'}", False),
        ("{uses: pulumi/actions@v6}", True),
        ("{run: 'curl -fsSL https://get.pulumi.com | sh'}", True),
        ("{run: y}  # curl -fsSL https://get.pulumi.com | sh", False),
        ("{run: '# uses: pulumi/actions@v6'}", False),
    ],
)
def test_whether_the_workflow_brings_pulumi(step: str, *, installs: bool | None) -> None:
    assert of(f"  a:\n    runs-on: x\n    steps:\n      - {step}", files=FILES).installs_pulumi is installs


@pytest.mark.parametrize(
    ("jobs", "installs"),
    [
        ("  a: {uses: ./.github/workflows/brings.yml}", True),
        ("  a: {uses: ./.github/workflows/brings.yml, if: false}", False),
        ("  a: {uses: we/infra/.github/workflows/x.yml@main}", None),
        (f"  a: {{runs-on: x, container: pulumi/pulumi:3, {STEPS}}}", True),
        (f"  a: {{runs-on: x, container: {{image: node}}, {STEPS}}}", False),
    ],
)
def test_pulumi_may_come_with_a_workflow_or_a_container(jobs: str, *, installs: bool | None) -> None:
    assert of(jobs, files=FILES).installs_pulumi is installs


SPARK = "infrastructure/spark/**"


@pytest.mark.parametrize(
    ("paths", "triggers"),
    [
        ([SPARK], True),
        (["docs/**", SPARK], True),
        ([f"!{SPARK}", SPARK], True),
        ([SPARK, "!docs/**"], True),
        ([SPARK, "!infrastructure/sparkle/**"], True),
        ([SPARK, "!*.md"], True),
        ([SPARK, f"!{SPARK}"], False),
        ([SPARK, "!infrastructure/**"], False),
        ([SPARK, "!**/*.md"], False),
        ([SPARK, "!infrastructure/*/x/*.service"], False),
        ([SPARK, "!infrastructure/spark/[a-c]*"], False),
        ([SPARK, f"!{SPARK}", SPARK], True),
        (["docs/**"], False),
        ([], False),
    ],
)
def test_a_path_that_is_taken_back_triggers_nothing(paths: list[str], triggers: bool) -> None:
    seen = of(f"  a: {{runs-on: x, {STEPS}}}", json.dumps({"push": {"paths": paths}}))
    assert (seen.triggers((SPARK,)) == (SPARK,)) is triggers


def test_each_of_several_paths_must_trigger_it() -> None:
    def triggers(*paths: str) -> tuple[str, ...]:
        seen = of(f"  a: {{runs-on: x, {STEPS}}}", json.dumps({"push": {"paths": paths}}))
        return seen.triggers(("b/**", "a/**"))

    assert triggers("a/**", "b/**") == ("b/**", "a/**")
    assert triggers("a/**", "b/**", "!a/x") == ("a/**", "b/**", "!a/x")


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("workflow_dispatch", "pushes trigger nothing"),
        ("push", "every push does"),
        ("{push: {branches: [main, next]}}", "every push to main, next does"),
        ("{push: {paths: [a/**, b/**]}}", "a push triggers it by changes under a/**, b/**"),
        ("{push: {paths: [a/**], branches: [main]}}", "a push to main triggers it by changes under a/**"),
        ("{push: {paths-ignore: [a/**], branches: [main]}}",
         "a push to main triggers it by changes anywhere but under a/**"),
        ("{push: {tags: ['v*']}}", "pushes trigger nothing: only tags trigger it"),
        ("{push: {branches: []}}", "pushes trigger nothing: its filter of branches has no pattern"),
        ("{push: {branches: ['!main']}}", "pushes trigger nothing: no branch matches !main"),
        ("{push: {branches-ignore: ['**']}}", "pushes trigger nothing: every branch is ignored"),
    ],
)  # fmt: skip
def test_what_triggers_it_in_words(on: str, told: str) -> None:
    assert of(f"  a: {{runs-on: x, {STEPS}}}", on).told == told


@pytest.mark.parametrize(
    ("push", "main", "never"),
    [
        ({}, True, False),
        ({"branches": ["main"]}, True, False),
        ({"branches": ["m*", "!next"]}, True, False),
        ({"branches": ["trunk"]}, False, False),
        ({"branches": []}, False, True),
        ({"branches": ["releases/**"]}, False, False),
        ({"branches": ["**", "!main"]}, False, False),
        ({"branches": ["!main"]}, False, True),
        ({"branches": ["main", "!**"]}, False, True),
        ({"branches": ["main", "!main"]}, False, True),
        ({"branches-ignore": ["ma*n"]}, False, False),
        ({"branches-ignore": ["**"]}, False, True),
        ({"branches-ignore": ["next"]}, True, False),
        ({"tags": ["v*"]}, False, True),
        ({"tags": ["v*"], "branches": ["main"]}, True, False),
        ({"branches": ["mai+n?"]}, True, False),
        ({"branches": ["ma[i]n"]}, True, False),
    ],
)
def test_which_branches_trigger_it(push: dict[str, list[str]], main: bool, never: bool) -> None:
    seen = of(f"  a: {{runs-on: x, {STEPS}}}", json.dumps({"push": {"paths": [SPARK], **push}}))
    assert seen.push is not None
    assert (seen.push.takes("main"), bool(seen.push.never)) == (main, never)
    assert (seen.triggers((SPARK,)) == (SPARK,)) is not never


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("a/*/b", "a/x/b", True),
        ("a/*/b", "a/xb", False),
        ("a/*/b", "a/x/y/b", False),
        ("a/*", "a/b", True),
        ("a/*", "a/b/c", False),
        ("**/b", "b", True),
        ("**/b", "x/y/b", True),
        ("**/b", "xb", False),
        ("a**", "a/b/c", True),
        ("a?c", "c", True),
        ("a+", "aaa", True),
        ("a.c", "abc", False),
        ("a[", "a[", True),
    ],
)
def test_what_a_pattern_takes(pattern: str, name: str, taken: bool) -> None:
    assert matches([pattern], name) is taken


@given(st.text("ab*/", max_size=8), st.text("ab*/", max_size=8), st.text("ab/", max_size=6))
def test_patterns_that_take_a_path_in_common_are_seen_to_meet(one: str, other: str, path: str) -> None:
    if matches([one], path) and matches([other], path) and not one.startswith("!"):
        assert taken_back(one, [one, f"!{other}"])


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
