"""Checks of the pipeline: the workflow that deploys, the runner that it needs, and its last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spark_conformance.core.verdict import Unreachable

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.core.run import Run
    from spark_conformance.github.actions import LastRun
    from spark_conformance.github.runners import Runners
    from spark_conformance.github.triggering import Triggering
    from spark_conformance.repository.unit import UnitFile
    from spark_conformance.repository.workflow import Workflow, WorkflowFile


@pytest.mark.fact("pipeline.workflow")
def test_workflow(judge: Judge, workflow_file: WorkflowFile) -> None:
    """The deployment's workflow is not in the checkout: it was moved or renamed, or the branch is another one.

    Not seen here: whether the checkout is what GitHub has; pull before you trust what is judged of the workflow.
    """
    judge(workflow_file.path)


@pytest.mark.fact("pipeline.parses")
def test_parses(judge: Judge, workflow_file: WorkflowFile) -> None:
    """GitHub refuses the workflow, and so never runs it.

    Not seen here: keys that GitHub does not know, wrong expressions, and actions that are not there.
    """
    judge(not workflow_file.fault, note=workflow_file.fault)


@pytest.mark.fact("pipeline.unit")
def test_unit(judge: Judge, repository_unit: UnitFile) -> None:
    """The unit that deployments copy to the host is not in the repository, or systemd would not start it.

    Not seen here: whether the host has it (cloudflared.unit_in_repository), and whether what it starts is there.
    """
    judge("broken" if repository_unit.fault else repository_unit.path, note=repository_unit.fault)


@pytest.mark.fact("pipeline.trigger_paths")
def test_trigger_paths(judge: Judge, workflow: Workflow, triggering: Triggering) -> None:
    """Changes of what the document names do not start a deployment, or not all of them, or changes of anything do.

    By `on.push` in the workflow: its `paths`, of which the last that matches decides, and its `branches`; or because it
    is disabled.

    A condition (`if:`) that keeps what deploys from running after every push is seen where it is false by the file.

    Where another workflow starts this one, its own triggers do not tell.

    Not seen here: whether changes ever come to the branch that it names, where that is not the default one; a condition
    that is decided when it runs, which the note names; and where GitHub cannot be asked, whether there is such a
    branch, and whether the workflow is disabled.
    """
    if triggering.off:
        judge("nothing", ok=False, note=triggering.off)
    if workflow.push and workflow.lets_deploy("push") is False:
        judge("nothing", ok=False, note=f"{workflow.told}, and nothing is deployed then: {workflow.told_conditions}")
    reached = triggering.reached(workflow.push) if workflow.push else True
    if reached is None:
        raise Unreachable(
            "the workflow: which branches there are",
            f"whether a push triggers {workflow.path} cannot be told: {workflow.told}, the default branch is "
            f"{triggering.default_branch}, and whether there is a branch that matches is not known; give the GitHub "
            "token Contents: read, or name a branch that is there",
        )
    branches = f"; of these, GitHub has no branch {', '.join(triggering.missing)}" if triggering.missing else ""
    seen = workflow.triggers(judge.expect) if reached else ("nothing",)
    if seen != judge.expect:
        workflow.require_own_triggers("such changes")
    judge(seen, note=f"{workflow.told}{branches}{workflow.doubt('push')}")


@pytest.mark.fact("pipeline.manual")
def test_manual(judge: Judge, workflow: Workflow) -> None:
    """Nobody can start a deployment by hand.

    Not seen here: that GitHub offers it only for a file on the default branch, and not while the workflow is
    disabled; a condition that is decided when it runs, which the note names.
    """
    if not workflow.manual and judge.expect:
        workflow.require_own_triggers("runs by hand")
    kept = workflow.manual and workflow.lets_deploy("workflow_dispatch") is False
    told = f"nothing is deployed then: {workflow.told_conditions}" if kept else workflow.doubt("workflow_dispatch")
    judge(workflow.manual and not kept, note=told.removeprefix("; "))


@pytest.mark.fact("pipeline.labels")
def test_labels(judge: Judge, workflow: Workflow) -> None:
    """The job that deploys does not ask for the documented runner: it runs on a machine without the tunnel's service.

    The job that deploys is known by what it does to the tunnel's service, in its own steps or in a script of the
    repository; where none is known by it, every job has to ask for the runner.

    A job that no trigger of the workflow lets run counts for nothing; of a matrix each job counts. Where a group of
    runners, a variable or a workflow of another repository decides, that cannot be told from the file.

    Not seen here: which machines bear the label; see pipeline.runner_online.
    """
    judge(workflow.labels(judge.expect), note=f"the labels of the jobs: {workflow.told_jobs}")


@pytest.mark.fact("pipeline.skip_switch")
def test_skip_switch(judge: Judge, workflow: Workflow) -> None:
    """A manual run cannot leave the Access probe out: every deployment fails for as long as the probe does.

    Not seen here: what is left out by it, and whether the condition is the right way round.
    """
    judge(workflow.switch(judge.expect))


@pytest.mark.fact("pipeline.runner_online")
def test_runner_online(judge: Judge, github_runners: Runners, run: Run) -> None:
    """No runner with this label is online, so a deployment waits for a day, unseen; or another machine has it.

    A deployment may run on every machine with the label.

    The host's runner is known by the host's name, else by its service on the host; another system or architecture
    is never it. An organisation's runners are looked at where none of the repository's own is online. Not seen here:
    another machine that was given the host's name at GitHub.
    """
    from spark_conformance.host.runner_services import runner_services

    online = github_runners.online(judge.expect)
    named = github_runners.otherwise_named(judge.expect) if online == judge.expect else ()
    doubtful = [str(runner) for runner in named if not run.get(runner_services).has(runner.name)]
    if doubtful:
        raise Unreachable(
            "GitHub: a runner of another name",
            f"whether {', '.join(doubtful)} is on the host is not known: it has another name, and is not a service "
            "there (actions.runner.*); name the runner after the host, install it as a service with `sudo ./svc.sh "
            "install`, or remove the label from it",
        )
    judge(online, note=github_runners.told)


@pytest.mark.fact("pipeline.last_run")
def test_last_run(judge: Judge, workflow_run: LastRun) -> None:
    """The last deployment did not end as documented, and the host runs what it left behind.

    Not seen here: runs that wait or are under way, and whether the last one deployed what is in the repository now, or
    anything: where the workflow has other triggers too, as pull requests, a run of theirs in which the job that deploys
    is skipped counts as the last, and may hide a deployment that failed. `gh run view RUN` shows each job.
    """
    judge(workflow_run.conclusion, note=workflow_run.told)
