"""What a workflow's jobs come to, and the words of its scripts, case by case and without a checkout."""

import time
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.facts.target import Target
from spark_conformance.repository import history
from spark_conformance.repository.git import NoGitError, ask
from spark_conformance.repository.jobs import Job, jobs_of, used
from spark_conformance.repository.shell import DEEPEST, commands
from spark_conformance.repository.shell_words import parsed
from spark_conformance.repository.steps import deeds
from tests.secrets.runs import run_of

DEPLOY = {"run": "sudo systemctl restart cloudflared"}
GROUP = "runs-on names the group dgx, whose runners are not told here"
KNOWN: dict[str, dict[str, Any]] = {"push": {"github.event_name": "push"}, "workflow_dispatch": {"inputs.skip": True}}
CALLS_ITSELF = """
on: {workflow_call: {inputs: {skip: {type: boolean}}}}
jobs: {a: {uses: ./x.yml, with: {skip: '${{ inputs.skip }}'}}}
"""


def nothing(_path: str) -> str | None:
    """A checkout without other files."""
    return None


def jobs(whole: dict[Any, Any]) -> list[Job]:
    return list(jobs_of({"jobs": whole}, nothing, ("cloudflared",), KNOWN))


def is_used(**job: Any) -> bool | None:
    return used({"jobs": {"a": job}}, "skip", {"x.yml": CALLS_ITSELF}.get)


def test_where_an_input_counts() -> None:
    skip = "${{ inputs.skip }}"
    assert is_used(env={"SKIP": skip})
    assert is_used(**{"if": "${{ !inputs.skip }}"})
    assert is_used(steps=[{"run": f"probe {skip}"}])
    assert is_used(steps=[{"if": "inputs.skip", "run": "x"}])
    assert is_used(steps=[{"env": {"SKIP": skip}, "run": "x"}])
    assert is_used(steps=[{"env": {"SKIP": "inputs.skip"}, "run": "x"}]) is False
    assert is_used(name=skip, steps=[{"name": skip, "run": "x"}]) is False
    assert is_used(env={"SKIP": "${{ inputs.skipped }}"}) is False
    assert is_used(**{"if": False}, env={"SKIP": skip}) is False
    assert is_used(steps=[{"if": False, "run": f"probe {skip}"}]) is False
    assert is_used(uses="./gone.yml", **{"with": {"skip": skip}}) is None
    assert is_used(uses="other/x.yml", **{"with": {"skip": skip}}) is None
    assert is_used(uses="./x.yml", **{"with": {"skip": skip}}) is None, "as deep as workflows call one another"
    looks_at_another = {"y.yml": "on: workflow_call\njobs: {a: {env: {X: '${{ inputs.other }}'}}}"}
    handed = {"jobs": {"a": {"uses": "./y.yml", "with": {"other": "x"}}}}
    assert used(handed, "skip", looks_at_another.get) is False
    assert used({"env": {"SKIP": skip}}, "skip", nothing)
    assert used({"name": skip}, "skip", nothing) is False


@pytest.mark.parametrize(
    ("whole", "own", "deploys"),
    [
        (None, None, False),
        ("python", None, True),
        ("python", "bash", False),
        (None, "python", True),
        ("bash", "python", True),
    ],
)
def test_the_shell_that_a_job_names_counts_before_the_workflows(
    whole: str | None, own: str | None, deploys: bool
) -> None:
    steps = [{"run": "os.system('sudo systemctl restart cloudflared')"}]
    workflow: dict[Any, Any] = {"jobs": {"a": {"runs-on": "spark", "steps": steps}}}
    if whole:
        workflow["defaults"] = {"run": {"shell": whole}}
    if own:
        workflow["jobs"]["a"]["defaults"] = {"run": {"shell": own}}
    [job] = jobs_of(workflow, nothing, ("cloudflared",), KNOWN)
    assert job.deploys is deploys


def test_a_job_is_told_with_what_it_asks_for_though_it_never_runs() -> None:
    [never] = jobs({"a": {"if": False, "runs-on": ["self-hosted", "spark"], "steps": [DEPLOY]}})
    assert str(never) == "a, which deploys and never runs (if: false): self-hosted, spark"
    [plain] = jobs({"a": {"runs-on": [], "steps": []}})
    assert (str(plain), plain.runs) == ("a: none", {"push": True, "workflow_dispatch": True})
    [one] = jobs(
        {"a": {"if": "inputs.skip", "runs-on": "x", "steps": [{**DEPLOY, "if": "github.event_name == 'push'"}]}}
    )
    assert (one.condition, one.runs["push"]) == ("inputs.skip", None)


def test_a_job_waits_for_those_that_it_needs() -> None:
    off = {"if": False, "runs-on": "x", "steps": []}
    found = jobs({"a": off, "b": {"needs": "a", "runs-on": "x"}, "c": {"needs": ["b"], "runs-on": "x"},
                  "d": {"needs": "b", "if": "always()", "runs-on": "x"}})  # fmt: skip
    assert [job.runs["push"] for job in found] == [False, False, False, True]


def test_a_workflow_that_is_called_knows_its_own_inputs_alone() -> None:
    inner = "on: workflow_call\njobs: {in: {runs-on: x, if: inputs.skip, steps: [{run: y}]}}"
    [job] = jobs_of({"jobs": {"a": {"uses": "./in.yml"}}}, {"in.yml": inner}.get, (), KNOWN)
    assert job.runs["workflow_dispatch"] is None


@pytest.mark.parametrize(
    ("run", "deploys"),
    [
        ("systemctl reload-or-restart cloudflared.service", True),
        ("systemctl enable --now cloudflared", True),
        ("systemctl start -H root@spark nginx cloudflared", True),
        ("service cloudflared restart", True),
        ("service cloudflared start", True),
        ("cp unit /etc/systemd/system/cloudflared.service", True),
        ("cat unit > /etc/systemd/system/cloudflared.service", True),
        ("service cloudflared status", False),
        ("service restart cloudflared", False),
        ("systemctl status cloudflared", False),
        ("systemctl stop cloudflared", False),
        ("systemctl restart cloudflared-updater", False),
        ("ls /etc/systemd/system/cloudflared.service", False),
        ("cat ./deploy.sh", False),
        ("./deploy.sh", True),
        ("./round.sh", False),
    ],
)
def test_what_deploys_the_tunnels_service(run: str, deploys: bool) -> None:
    files = {"deploy.sh": DEPLOY["run"], "round.sh": "./round.sh"}
    assert deeds({"run": run}, files.get, ("cloudflared.service",)).deploys is deploys


def test_labels_by_what_triggers_a_job() -> None:
    runs_on = "${{ inputs.skip && 'spark' || 'ubuntu' }}"
    found = jobs({"a": {"runs-on": runs_on}})
    assert {job.labels: job.runs for job in found if not job.untold}[("spark",)] == {
        "push": False, "workflow_dispatch": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "wanted", "asks"),
    [
        (["spark"], ("Spark",), True), (["spark"], ("self-hosted", "spark"), True),
        (["spark"], ("self-hosted",), False),
        (["self-hosted"], ("self-hosted",), True), (["a"], ("spark",), False), ("${{ vars.X }}", ("spark",), None),
        (["spark", "${{ vars.X }}"], ("spark",), True),
    ],
)  # fmt: skip
def test_whether_a_job_asks_for_the_runner(labels: Any, wanted: tuple[str, ...], asks: bool | None) -> None:
    [job] = jobs({"a": {"runs-on": labels}})
    assert job.asks_for(wanted) is asks


@pytest.mark.parametrize(
    ("runs_on", "told"),
    [
        (
            {"group": "dgx", "labels": "spark"},
            (("spark",), "runs-on names the group dgx, whose runners are not told here"),
        ),
        ({"labels": ["a", "b"]}, (("a", "b"), "")),
        ({}, ((), "")),
        ("${{ fromJSON('[\"a\", 1]') }}", (("a", "1"), "")),
        ("${{ vars.X }}", ((), "runs-on is ${{ vars.X }}, which is decided when it runs")),
    ],
)
def test_what_runners_a_job_asks_for(runs_on: Any, told: tuple[tuple[str, ...], str]) -> None:
    [job] = jobs({"a": {"runs-on": runs_on}})
    assert (job.labels, job.untold) == told


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a b|c", [("a b", True), ("c", False)]),
        ("a || b && c", [("a", False), ("b", False), ("c", False)]),
        ("a |& b", [("a", True), ("b", False)]),
        ("a; b & c\nd", [("a", False), ("b", False), ("c", False), ("d", False)]),
        (r"a\ b \'c 'd  e' \"f g\"", [('a b \'c d  e "f g"', False)]),
        ("a#b # c", [("a#b", False)]),
        ("${a b} ${{ c d }}", [("${a b} ${{ c d }}", False)]),
        ("a\\\nb", [("ab", False)]),
        ("a >x b 2>&1", [("a b", False)]),
        ("a $(b c", [("a $(b c", False)]),
        ("a $(b (c) d) e", [("a $(b (c) d) e", False)]),
    ],
)
def test_the_words_of_a_script(script: str, words: list[tuple[str, bool]]) -> None:
    assert [(" ".join(command.words), piped) for command, piped, _ in parsed(script)] == words


def test_a_descriptor_is_no_file_that_is_written() -> None:
    [command] = commands("a 2>&1- 3>&2 4>&- >out")
    assert command.written == ("out",)


def test_shells_within_shells_are_followed_so_far() -> None:
    def nested(levels: int) -> str:
        return "eval " * levels + "deploy"

    assert [command.words[-1] for command in commands(nested(DEEPEST - 1)) if command.words[0] == "deploy"] == [
        "deploy"
    ]
    assert [command for command in commands(nested(DEEPEST)) if command.words[0] == "deploy"] == []
    assert [command.words for command in commands("echo 'deploy' || sh")] == [("echo", "deploy"), ("sh",)]


def test_a_matrix_with_expressions_is_decided_when_it_runs() -> None:
    def labels(matrix: Any) -> list[tuple[tuple[str, ...], str]]:
        found = jobs({"a": {"runs-on": "${{ matrix.on }}", "strategy": {"matrix": matrix}}})
        return [(job.labels, job.untold) for job in found]

    untold = [((), "runs-on is ${{ matrix.on }}, which is decided when it runs")]
    assert labels({"on": ["a", "b"]}) == labels({"include": [{"on": "a"}, {"on": "b"}]}) == [(("a",), ""), (("b",), "")]
    assert labels({"on": ["a", "${{ vars.X }}"]}) == labels({"include": [{"on": "${{ vars.X }}"}]}) == untold
    assert labels("${{ fromJSON(vars.X) }}") == untold
    assert labels({"on": ["a"], "size": ["${{ vars.X }}"]}) == untold


def test_nothing_is_nothing_that_was_searched(tmp_path: Path) -> None:
    assert history._found(tmp_path, [], (), 0.0) == ([], 0)


def test_what_git_lists_is_read_with_names_that_have_blanks() -> None:
    listed = (
        b"blob 0123456789abcdef 12 docs/a b c.md\ntree 9123456789abcdef 30 docs\n"
        b"commit abcdef0123456789 200\nblob bbcdef0123456789 7 \n"
    )
    assert history._chosen(BytesIO(listed)) == (
        [
            history._Object("0123456789abcdef", 12, "docs/a b c.md"),
            history._Object("abcdef0123456789", 200, "the message of abcdef012345"),
            history._Object("bbcdef0123456789", 7, "the message of bbcdef012345"),
        ],
        True,
    )
    assert history._chosen(BytesIO(b"0123456789abcdef missing\n")) == ([], False)


def test_git_that_fails_has_not_come_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        assert not history._run(tmp_path, ["rev-parse", "--verify", "nothing"], None, out, time.monotonic() + 60)


def test_git_that_fails_is_told_by_its_command(tmp_path: Path) -> None:
    run: Run = run_of(Target())
    with pytest.raises(NoGitError, match=r"^git rev-parse ended with \d+$"):
        ask(run, tmp_path, "rev-parse", "--verify", "nothing")


def test_git_gets_the_time_that_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def asked(*_: Any, timeout: float, **__: Any) -> None:
        given.append(timeout)
        raise OSError

    monkeypatch.setattr("subprocess.run", asked)
    monkeypatch.setattr(history, "time", SimpleNamespace(monotonic=lambda: 100.0))
    with (tmp_path / "out").open("wb") as out:
        assert not history._run(tmp_path, ["log"], None, out, 107.5)
        assert not history._run(tmp_path, ["log"], None, out, 90.0)
    assert given == [7.5, 0.1]
