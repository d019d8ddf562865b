"""The examples for an operator's own repository: linted, and their deployment and its way back carried out.

Stand-ins: the runner (executing.py), `pulumi`, `sudo` (runs the command), `systemctl` (remembers); and the host's paths
are written to a directory of the test's.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from spark_conformance.core.run import Run
from spark_conformance.facts.load import find, load
from spark_conformance.facts.target import Repository
from spark_conformance.repository.workflow import workflow, workflow_file
from tests.report.test_merged import HOLDS, of, written
from tests.workflows.executing import Job, Runner

PROJECT = Path(__file__).parents[2]
DEPLOYMENT = PROJECT / "docs/examples/spark-ollama.yml"
README = PROJECT / "README.md"
REVISION = "0123456789abcdef0123456789abcdef01234567"
TOOLS = {
    "pulumi": '[ "$*" = "config get --cwd cloud dgx-spark:cloudflareTunnelToken" ] && cat "$HOME/token"',
    "sudo": 'exec "$@"',
    "systemctl": 'echo "systemctl $*" >> "$HOME/asked"',
}


def pinned(text: str) -> str:
    return text.replace("OWNER/", "goldfish/").replace("@REVISION", f"@{REVISION}")


def examples() -> dict[str, str]:
    shown = re.findall(r"^```yaml\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return {
        **{path.name: path.read_text(encoding="utf-8") for path in DEPLOYMENT.parent.glob("*.yml")},
        **{f"README-{n}": text for n, text in enumerate(shown)},
    }


@pytest.mark.parametrize("name", examples())
def test_zizmor_finds_nothing(tmp_path: Path, name: str) -> None:
    file = tmp_path / ".github/workflows/example.yml"
    file.parent.mkdir(parents=True)
    file.write_text(pinned(examples()[name]))
    zizmor = Path(sysconfig.get_path("scripts"), "zizmor")
    said = subprocess.run([zizmor, "--offline", "--quiet", file], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", examples())
def test_what_is_called_takes_what_it_is_given(name: str) -> None:
    called = yaml.safe_load((PROJECT / ".github/workflows/conformance.yml").read_text(encoding="utf-8"))[True]
    takes = called["workflow_call"]
    calls = [job for job in yaml.safe_load(examples()[name])["jobs"].values() if "uses" in job]
    assert calls
    for call in calls:
        assert set(call["with"]) <= set(takes["inputs"])
        assert {key for key, value in takes["inputs"].items() if value.get("required")} <= set(call["with"])
        assert set(call["secrets"]) <= set(takes["secrets"])
        assert {key for key, value in takes["secrets"].items() if value.get("required")} <= set(call["secrets"])
        assert call["permissions"] == {"contents": "read"}


def test_a_readers_example_has_less_than_twenty_lines() -> None:
    assert {
        name: text.count("\n")
        for name, text in examples().items()
        if name.startswith("README-") and text.count("\n") >= 20
    } == {}


def test_the_deployment_is_what_the_document_says(tmp_path: Path) -> None:
    system = load(find("spark-291b"))
    stated = {name: fact.expect for name, fact in system.facts.all().items() if name.startswith("pipeline.")}
    path = str(stated["pipeline.workflow"])
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(pinned(DEPLOYMENT.read_text(encoding="utf-8")))
    target = system.target.model_copy(update={"repository": Repository(path=str(tmp_path))})
    run = Run(system.model_copy(update={"target": target}))
    seen = run.get(workflow)
    assert run.get(workflow_file).fault == ""
    assert seen.triggers(stated["pipeline.trigger_paths"]) == stated["pipeline.trigger_paths"]
    assert seen.manual
    assert seen.labels(stated["pipeline.labels"]) == stated["pipeline.labels"]
    assert seen.switch(stated["pipeline.skip_switch"]) == stated["pipeline.skip_switch"]


class Host:
    """The host's directories, and the deployment's two jobs on it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.units = place / "host/etc/systemd/system"
        self.units.mkdir(parents=True)
        tools = place / "bin"
        tools.mkdir()
        for name, does in TOOLS.items():
            (tools / name).write_text(f"#!/bin/sh\n{does}\n")
            (tools / name).chmod(0o755)

    def run(self, job: str, *, token: str, unit: str) -> Job:
        (self.place / "token").write_text(token)
        shutil.rmtree(self.place / job, ignore_errors=True)

        def checkout(_given: dict[str, Any], workspace: Path) -> None:
            (workspace / "infrastructure/spark").mkdir(parents=True)
            (workspace / "infrastructure/spark/cloudflared.service").write_text(unit)

        text = DEPLOYMENT.read_text(encoding="utf-8")
        for path in ("/etc/systemd/system", "/var/lib/spark-ollama"):
            text = text.replace(path, f"{self.place}/host{path}")
        jobs = yaml.safe_load(text)["jobs"]
        alone = {**jobs[job], "needs": [], "if": None}
        files = self.place / f"run-{len(list(self.place.glob('run-*')))}"
        files.mkdir()
        around = {"PATH": f"{self.place}/bin:/usr/bin:/bin", "HOME": str(self.place)}
        contexts: dict[str, Any] = {"github": {}, "secrets": {}, "inputs": {}}
        return Runner(files, contexts, {"actions/checkout": checkout}, around).execute({"jobs": {job: alone}})[job]

    def installed(self) -> dict[str, str]:
        return {str(path.relative_to(self.units)): path.read_text() for path in self.units.rglob("*") if path.is_file()}


def test_a_deployment_installs_the_token_for_root_alone_and_can_be_taken_back(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert host.run("deploy", token="first", unit="[Unit] # one\n").result == "success"
    before = host.installed()
    assert before["cloudflared.service"] == "[Unit] # one\n"
    assert before["cloudflared.service.d/token.env"] == "CLOUDFLARE_TUNNEL_TOKEN=first\n"
    assert str(host.units / "cloudflared.service.d/token.env") in before["cloudflared.service.d/override.conf"]
    assert (host.units / "cloudflared.service.d/token.env").stat().st_mode & 0o077 == 0

    assert host.run("deploy", token="second", unit="[Unit] # two\n").result == "success"
    assert host.installed() != before
    assert host.run("rollback", token="", unit="").result == "success"
    assert host.installed() == before
    assert (tmp_path / "asked").read_text().splitlines()[-1] == "systemctl restart cloudflared"


def test_an_empty_token_is_not_installed(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.run("deploy", token="first", unit="[Unit]\n")
    before = host.installed()
    ended = host.run("deploy", token="", unit="[Unit]\n")
    assert ended.result == "failure"
    assert "the tunnel's token in Pulumi is empty" in ended.out
    assert host.installed() == before


def test_without_a_unit_before_there_is_nothing_to_put_back(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert host.run("deploy", token="first", unit="[Unit]\n").result == "success"
    ended = host.run("rollback", token="", unit="")
    assert ended.result == "failure"
    assert "nothing to put back" in ended.out


def test_a_fleets_night_has_one_report_and_misses_nobody(tmp_path: Path) -> None:
    """Its last job, after a night in which one of three runners left nothing."""
    fleet = yaml.safe_load((DEPLOYMENT.parent / "conformance-fleet.yml").read_text(encoding="utf-8"))
    assert fleet["jobs"]["night"]["strategy"]["matrix"] == {"system": "${{ fromJSON(vars.SPARK_SYSTEMS) }}"}
    job = {name: told for name, told in fleet["jobs"]["fleet"].items() if name != "needs"}
    assert job["steps"][1]["name"] == "Install"
    del job["steps"][1]
    uploaded: list[str] = []

    def download(given: dict[str, str], workspace: Path) -> None:
        assert given["pattern"] == "conformance-report-17-*"
        for number in (1, 2):
            written(workspace / given["path"] / f"conformance-report-17-1-{number}", of(f"spark-{number}", HOLDS))

    def checkout(given: dict[str, str], workspace: Path) -> None:
        (workspace / given["path"] / ".venv/bin").mkdir(parents=True)
        (workspace / given["path"] / "fixtures").symlink_to(PROJECT / "fixtures")
        (workspace / given["path"] / ".venv/bin/python").symlink_to(sys.executable)

    def upload(given: dict[str, str], workspace: Path) -> None:
        uploaded.extend(sorted(path.name for path in (workspace / given["path"]).iterdir()))

    contexts = {
        "github": {"run_id": "17", "run_attempt": "1"}, "secrets": {},
        "vars": {"SPARK_SYSTEMS": '["spark-1", "spark-2", "spark-3"]'},
    }  # fmt: skip
    uses = {"actions/checkout": checkout, "actions/download-artifact": download, "actions/upload-artifact": upload}
    around = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": sysconfig.get_path("purelib")}
    done = Runner(tmp_path, contexts, uses, around).execute({"jobs": {"fleet": job}})["fleet"]
    assert done.result == "failure", done.out  # 7: one was not looked at
    assert "could not be run: spark-3" in done.summary
    assert uploaded == [
        "junit.xml", "report.html", "report.spark-1.html", "report.spark-2.html", "results.json", "summary.md",
    ]  # fmt: skip
