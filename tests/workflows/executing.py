"""Executes a workflow's jobs as a runner does: each `run` step by bash, with a runner's environment and its files.

A stand-in for GitHub and its runner. `uses` steps are what the test says they are; a job that calls another workflow,
a matrix, services, containers, timeouts and permissions are not here.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.workflows.expressions import BASE, filled, truth, whole

Json = dict[str, Any]
Uses = Callable[[Json, Path], None]
"""Does what an action does, with its inputs, in a workspace."""
PATIENCE_S = 120


@dataclass
class Job:
    """What a job came to."""

    result: str
    """`success`, `failure` or `skipped`."""
    outputs: dict[str, str] = field(default_factory=dict)
    runs_on: Any = None
    out: str = ""
    summary: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    """Each step by its name: `success`, `failure` or `skipped`."""


@dataclass
class Runner:
    """Where jobs run: a directory, the contexts that GitHub gives, the actions, and what stands on `PATH`."""

    place: Path
    contexts: Mapping[str, Any]
    uses: Mapping[str, Uses]
    environment: Mapping[str, str]

    def execute(self, workflow: Json) -> dict[str, Job]:
        """Every job in the order in which it is written, which is that of their needs."""
        done: dict[str, Job] = {}
        for name, job in workflow["jobs"].items():
            done[name] = self._job(name, job, done)
        return done

    def _job(self, name: str, job: Json, done: Mapping[str, Job]) -> Job:
        wanted = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        needs = {need: {"result": done[need].result, "outputs": done[need].outputs} for need in wanted}
        well = all(need["result"] == "success" for need in needs.values())
        functions = {**BASE, **_states(well)}
        contexts = {**self.contexts, "needs": needs, "steps": {}}
        if not _goes_on(job.get("if"), contexts, functions, well=well):
            return Job("skipped")
        workspace = self.place / name
        workspace.mkdir()
        ran = Job("success", runs_on=whole(job["runs-on"], contexts, functions))
        contexts["github"] = {**contexts["github"], "workspace": str(workspace)}
        for number, step in enumerate(job["steps"]):
            self._step(step, ran, contexts, self.place / f"{name}-{number}")
        ran.outputs = {key: filled(text, contexts, BASE) for key, text in job.get("outputs", {}).items()}
        return ran

    def _step(self, step: Json, ran: Job, contexts: Json, files: Path) -> None:
        name = str(step.get("name") or step.get("uses") or "run")
        functions = {**BASE, **_states(ran.result == "success")}
        if not _goes_on(step.get("if"), contexts, functions, well=ran.result == "success"):
            ran.steps[name] = "skipped"
            return
        workspace = Path(contexts["github"]["workspace"])
        if "uses" in step:
            given = {key: filled(value, contexts, functions) for key, value in step.get("with", {}).items()}
            self.uses[step["uses"].partition("@")[0]](given, workspace)
            ran.steps[name] = "success"
            return
        files.mkdir()
        output, summary = files / "output", files / "summary"
        output.touch()
        summary.touch()
        environment = {key: filled(value, contexts, functions) for key, value in step.get("env", {}).items()}
        script = files / "script.sh"
        script.write_text(filled(step["run"], contexts, functions))
        ended = subprocess.run(
            ["bash", "-e", str(script)],  # what a `run` without a `shell` gets
            cwd=workspace / step.get("working-directory", "."),
            env={
                "PATH": os.environ["PATH"], "HOME": str(self.place), "LANG": "C.UTF-8", "CI": "true",
                "GITHUB_ACTIONS": "true", "GITHUB_PATH": str(files / "path"),
                "GITHUB_WORKSPACE": str(workspace), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
                **self.environment, **environment,
            },
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S,
            check=False,
        )  # fmt: skip
        ran.out += ended.stdout
        ran.summary += summary.read_text()
        ran.steps[name] = "failure" if ended.returncode else "success"
        if ended.returncode:
            ran.result = "failure"
        if "id" in step:
            lines = [line.partition("=") for line in output.read_text().splitlines()]
            contexts["steps"][step["id"]] = {"outputs": {key: value for key, _, value in lines}}


def _states(well: bool) -> dict[str, Callable[[], bool]]:
    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "success": lambda: well,
        "failure": lambda: not well,
    }


def _goes_on(condition: Any, contexts: Json, functions: Mapping[str, Callable[..., Any]], *, well: bool) -> bool:
    """Whether a job or a step runs: one that names no state runs only while all went well."""
    if condition is None:
        return well
    text = str(condition)
    named = any(f"{state}()" in text for state in _states(well))
    return truth(whole(text if "${{" in text else f"${{{{ {text} }}}}", contexts, functions)) and (named or well)
