"""`.github/workflows/conformance.yml`, every step of it, on a stand-in of GitHub's runner and against the lab.

Stand-ins: the runner (executing.py), `gh` (answers from a file), `actions/checkout` (copies), `actions/cache` (a
directory), `actions/upload-artifact` (remembers), and `python3 -m venv` with its pip, so that nothing is downloaded.
The checks are the suite's own.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from tests import warm
from tests.end_to_end.session import project
from tests.workflows.executing import Job, Runner

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the stand-in of gh filters with jq")
WORKFLOW = Path(__file__).parents[2] / ".github/workflows/conformance.yml"
SUITE, OWN = "we/spark-conformance", "goldfish/infrastructure"
GH = """#!{python}
import json, os, subprocess, sys
path = next(word for word in sys.argv[2:] if not word.startswith("-")).partition("?")[0]
status, answer = json.load(open({answers!r})).get(path, (404, {{"message": "Not Found"}}))
if not os.environ["GH_TOKEN"] or status != 200:
    sys.exit(f"gh: {{answer['message']}} (HTTP {{status}})")
ended = subprocess.run(["jq", "-r", sys.argv[sys.argv.index("--jq") + 1]], input=json.dumps(answer), text=True)
sys.exit(ended.returncode)
"""
VENV = """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec {python} "$@"
mkdir -p "$3/bin"
printf '#!/bin/sh\\nexec {python} "$@"\\n' > "$3/bin/python"
printf '#!/bin/sh\\n{pytest}\\n' > "$3/bin/pytest"
printf '#!/bin/sh\\n[ "$1" = install ]\\n' > "$3/bin/pip"
chmod +x "$3"/bin/*
"""
CHECKS = 'exec {warm} -m pytest -p no:cacheprovider -p no:hypothesispytest "$@"'
NO_CHECKS = 'echo "pytest $@"; cat on-the-host.toml'
"""In pytest's place, where the system is not here."""
MINE = """extends = "{lab}"

[system]
name = "the-callers"

[target.cloudflare]
token = "env:CLOUDFLARE_API_TOKEN"

[target.repository]
path = "env:SPARK_INFRA_REPOSITORY"
"""


def runner(status: str = "online", label: str = "Spark") -> dict[str, Any]:
    return {"name": "spark-291b", "status": status, "labels": [{"name": "self-hosted"}, {"name": label}]}


def listed(*runners: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"total_count": len(runners), "runners": list(runners)}


REFUSED = (403, {"message": "Resource not accessible by personal access token"})
USERS, ORGANIZATIONS = ((200, {"owner": {"type": kind}}) for kind in ("User", "Organization"))


@dataclass
class Github:
    """What GitHub knows, and what a run of the workflow came to."""

    place: Path
    lab: Announcement
    pytest: str = CHECKS
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    checkouts: list[dict[str, str]] = field(default_factory=list)
    artifacts: list[dict[str, str]] = field(default_factory=list)

    def run(self, *, repository: str = OWN, variables: dict[str, str] | None = None, **inputs: Any) -> dict[str, Job]:
        secrets = {"CLOUDFLARE_API_TOKEN": self.lab.api_token, "SPARK_GITHUB_TOKEN": "a-token-for-github"}
        return self.run_with(secrets, repository, variables or {}, inputs)

    def run_with(
        self, secrets: dict[str, str], repository: str, variables: dict[str, str], inputs: dict[str, Any]
    ) -> dict[str, Job]:
        tools = self.place / "bin"
        tools.mkdir()
        answers = self.place / "answers.json"
        answers.write_text(json.dumps({f"repos/{repository}": USERS, **self.answers}))
        for name, text in (("gh", GH), ("python3", VENV)):
            begun = self.pytest.replace("{warm}", warm.python())
            (tools / name).write_text(text.format(python=sys.executable, answers=str(answers), pytest=begun))
            (tools / name).chmod(0o755)
        contexts = {
            "github": {
                "repository": repository, "repository_owner": repository.partition("/")[0], "sha": "c0ffee",
                "run_id": "17", "run_attempt": "1", "token": "a-runs-own-token",
            },
            "job": {"workflow_repository": SUITE, "workflow_sha": "ca11ed"},
            "inputs": inputs, "vars": variables, "secrets": secrets,
        }  # fmt: skip
        uses = {
            "actions/checkout": self._checkout, "actions/upload-artifact": self._upload,
            "actions/cache/restore": self._restore, "actions/cache/save": self._save,
        }  # fmt: skip
        around = {"PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin"}
        workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
        return Runner(self.place, contexts, uses, around).execute(workflow)

    def _checkout(self, given: dict[str, str], workspace: Path) -> None:
        self.checkouts.append(given)
        place = workspace / given["path"]
        if given["repository"] == SUITE:
            place.mkdir()
            project(place)
            return
        shutil.copytree(self.lab.infrastructure, place)
        (place / "conformance").mkdir()
        (place / "conformance/mine.toml").write_text(MINE.format(lab=self.lab.target))

    def _restore(self, given: dict[str, str], workspace: Path) -> None:
        """The newest of what was kept whose key begins so, as the action takes it."""
        kept = sorted((self.place / "cache").glob("*"), key=lambda place: place.stat().st_mtime)
        found = [place for place in kept if place.name.startswith(given["restore-keys"].replace("/", "+"))]
        if found:
            shutil.copytree(found[-1], workspace / given["path"], dirs_exist_ok=True)

    def _save(self, given: dict[str, str], workspace: Path) -> None:
        if (workspace / given["path"]).is_dir():
            shutil.copytree(workspace / given["path"], self.place / "cache" / given["key"].replace("/", "+"))

    def _upload(self, given: dict[str, str], workspace: Path) -> None:
        self.artifacts.append(
            {**given, "found": " ".join(path for path in given["path"].split() if any(workspace.glob(path)))}
        )


@pytest.fixture
def github(tmp_path: Path, lab: Announcement) -> Github:
    return Github(tmp_path, lab)


def test_called_from_the_infrastructures_repository_it_checks_with_its_own_revision_and_the_callers_facts(
    github: Github,
) -> None:
    github.answers[f"repos/{OWN}/actions/runners"] = listed(runner("offline"), runner())
    jobs = github.run(target="conformance/mine.toml", gate="post", settle=0.0, on_host=False, runner="spark")
    assert jobs["runner"].result == "success", jobs["runner"].out
    assert jobs["checks"].result == "success", jobs["checks"].out
    assert jobs["checks"].runs_on == ["self-hosted", "spark"]
    assert jobs["checks"].outputs == {"exit_code": "0"}
    assert "target: the-callers" in jobs["checks"].out
    suite, infrastructure = github.checkouts
    assert (suite["repository"], suite["ref"]) == (SUITE, "ca11ed")
    assert (infrastructure["repository"], infrastructure["ref"]) == (OWN, "c0ffee")
    assert "CONFORMANT" in jobs["checks"].summary
    [kept] = (github.place / "cache").iterdir()
    assert kept.name == "conformance-history-conformance+mine.toml-17-1"
    assert len(list(kept.glob("*.json.gz"))) == 1
    [artifact] = github.artifacts
    assert artifact["name"] == "conformance-post-17-1-conformance-mine.toml"
    assert artifact["found"] == " ".join(artifact["path"].split())


def test_while_the_runner_is_away_a_night_is_red_and_looks_from_outside(github: Github) -> None:
    github.answers[f"repos/{OWN}/actions/runners"] = listed(runner("offline"))
    jobs = github.run(target="conformance/mine.toml", gate="", markers="dns or host", on_host=True, runner="spark")
    assert jobs["runner"].result == "failure"
    assert "::error::no self-hosted runner with the label spark is online" in jobs["runner"].out
    assert jobs["checks"].runs_on == ["ubuntu-24.04"]
    assert jobs["runner"].outputs["markers"] == "(dns or host) and (dns or access or tunnel or public)"
    assert jobs["checks"].result == "success", jobs["checks"].out
    assert " dns " in jobs["checks"].out
    assert " host " not in jobs["checks"].out


CASES: dict[str, Callable[[Github], None]] = {
    "of the organization": lambda github: github.answers.update({
        f"repos/{OWN}": ORGANIZATIONS, "orgs/goldfish/actions/runners": listed(runner()),
    }),
    "of the organization, which may not be asked": lambda github: github.answers.update({
        f"repos/{OWN}": ORGANIZATIONS, "orgs/goldfish/actions/runners": REFUSED,
    }),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_runner_that_is_not_the_repositorys_own_is_waited_for(github: Github, case: str) -> None:
    github.answers[f"repos/{OWN}/actions/runners"] = listed(runner("offline"), runner(label="another"))
    CASES[case](github)
    github.pytest = NO_CHECKS
    jobs = github.run(target="spark-291b", gate="pre", on_host=True, runner="spark")
    assert jobs["runner"].result == "success", jobs["runner"].out
    assert ("Self-hosted runners, read" in jobs["runner"].out) == case.endswith("asked")
    assert jobs["checks"].runs_on == ["self-hosted", "spark"]


def test_a_gate_does_not_look_from_outside(github: Github) -> None:
    github.answers[f"repos/{OWN}/actions/runners"] = listed(runner("offline"))
    jobs = github.run(target="conformance/mine.toml", gate="pre", on_host=True, runner="spark")
    assert (jobs["runner"].result, jobs["checks"].result) == ("failure", "skipped")


def test_on_the_host_itself_the_facts_are_asked_without_ssh(github: Github) -> None:
    github.answers[f"repos/{SUITE}/actions/runners"] = listed(runner())
    github.pytest = NO_CHECKS
    jobs = github.run(repository=SUITE, variables={"SPARK_INFRA_GITHUB_REPOSITORY": OWN})  # a night has no inputs
    assert jobs["runner"].outputs["on_host"] == "true"
    assert jobs["runner"].outputs["infrastructure"] == OWN
    assert github.checkouts[1]["ref"] == ""
    assert (
        "pytest checks/ --target on-the-host.toml --settle 0 --sarif reports/conformance.sarif\n"
        'extends = "spark-291b"\n\n[target.local]\n' in jobs["checks"].out
    )
    system = load(github.place / "checks/suite/on-the-host.toml")
    assert (system.system.name, system.target.ssh) == ("spark-291b", None)
    assert system.target.local is not None


def test_what_is_missing_is_told_and_never_replaced(github: Github) -> None:
    github.answers[f"repos/{SUITE}/actions/runners"] = listed(runner())
    jobs = github.run_with({"CLOUDFLARE_API_TOKEN": ""}, SUITE, {}, {})
    assert jobs["runner"].result == "failure"
    assert jobs["checks"].result == "skipped"
    for name in ("CLOUDFLARE_API_TOKEN", "SPARK_GITHUB_TOKEN", "SPARK_INFRA_GITHUB_REPOSITORY"):
        assert f"{name} is empty or not set" in jobs["runner"].out


def test_who_may_not_list_runners_is_told_what_the_token_needs(github: Github) -> None:
    github.answers[f"repos/{OWN}/actions/runners"] = REFUSED
    jobs = github.run(target="conformance/mine.toml", gate="", runner="spark")
    assert jobs["runner"].result == "failure"
    assert "SPARK_GITHUB_TOKEN needs Administration (read)" in jobs["runner"].out
    assert jobs["checks"].result == "skipped"
