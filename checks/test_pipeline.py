"""Checks of the pipeline: the workflow that deploys, the runner that it needs, and its last run."""

import pytest

from fixtures.github.actions import LastRun, Runners
from fixtures.repository.unit import UnitFile
from fixtures.repository.workflow import Workflow, WorkflowFile
from fixtures.suite.judging import Judge


@pytest.mark.fact("pipeline.workflow")
def test_workflow(judge: Judge, workflow_file: WorkflowFile) -> None:
    """The deployment's workflow is not in the checkout: it was moved or renamed, or the branch is another one.

    Restore the file, or correct the document; `git log --follow -- PATH` finds where it went.
    """
    judge(workflow_file.path)


@pytest.mark.fact("pipeline.parses")
def test_parses(judge: Judge, workflow_file: WorkflowFile) -> None:
    """GitHub cannot read the workflow, and so never runs it. Mend the line in the note; `actionlint` tells more."""
    judge(not workflow_file.fault, note=workflow_file.fault)


@pytest.mark.fact("pipeline.unit")
def test_unit(judge: Judge, repository_unit: UnitFile) -> None:
    """The unit that deployments copy to the host is not in the repository, or systemd would not start it.

    `git log -- PATH` shows who moved or changed it; `systemd-analyze verify PATH` on the host tells more.
    """
    judge("broken" if repository_unit.fault else repository_unit.path, note=repository_unit.fault)


@pytest.mark.fact("pipeline.trigger_paths")
def test_trigger_paths(judge: Judge, workflow: Workflow) -> None:
    """Changes of what the document names do not start a deployment, or changes of anything do.

    Mend `on.push.paths` in the workflow.
    """
    judge(workflow.triggers(judge.expect), note=workflow.told)


@pytest.mark.fact("pipeline.manual")
def test_manual(judge: Judge, workflow: Workflow) -> None:
    """Nobody can start a deployment by hand. Add `workflow_dispatch` to the workflow's `on`."""
    judge(workflow.manual)


@pytest.mark.fact("pipeline.labels")
def test_labels(judge: Judge, workflow: Workflow) -> None:
    """No job asks for the documented runner: the deployment runs on a machine without the tunnel's service.

    Mend the job's `runs-on`.
    """
    jobs = "; ".join(f"{job.name}: {', '.join(job.labels) or 'none'}" for job in workflow.jobs)
    judge(workflow.labels(judge.expect), note=f"the labels of the jobs: {jobs}")


@pytest.mark.fact("pipeline.skip_switch")
def test_skip_switch(judge: Judge, workflow: Workflow) -> None:
    """A manual run cannot leave the Access probe out: every deployment fails for as long as the probe does.

    Add the input to `workflow_dispatch`, and let the probe's step ask for it with `if`.
    """
    judge(workflow.switch(judge.expect))


@pytest.mark.fact("pipeline.runner_online")
def test_runner_online(judge: Judge, github_runners: Runners) -> None:
    """No runner of this label listens: a deployment waits in the queue for a day, unseen.

    Start the runner's service on the host (`sudo ./svc.sh start` in its directory), or register it again under the
    repository's Settings > Actions > Runners.
    """
    judge(github_runners.online(judge.expect), note=github_runners.told)


@pytest.mark.fact("pipeline.last_run")
def test_last_run(judge: Judge, workflow_run: LastRun) -> None:
    """The last deployment did not end as documented, and what it left half done is what the host runs.

    Open the run in the note, mend what failed, and run it again.
    """
    judge(workflow_run.conclusion, note=workflow_run.told)
