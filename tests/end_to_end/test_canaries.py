"""The lab's secrets are canaries: whatever fails, none of them stands in any output, nor in any process's arguments."""

import base64
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.secret import MASK
from spark_conformance.core.secret.forms import PART
from spark_lab.announcement import Announcement
from spark_lab.faults import inflict, named
from tests.end_to_end.session import PROJECT, Session, check, check_here, counted, project
from tests.secret.reading import given_away
from tests.ssh.eventually import running

PASSPHRASE = "op://lab/pulumi/passphrase"
TALKATIVE = ("-vv", "--showlocals", "--log-level=DEBUG", "--log-cli-level=DEBUG", "--tb=long", "-rA")
LEAKING = ["as-documented", "esc-client-secret-plain", "esc-client-id-with-blank", "token-in-argv", "leak-tunnel-token"]
"""Faults that put secrets where they do not belong, for whoever looks to stumble over."""
FORMS = """
import base64, html, json, os
from urllib.parse import quote
FORMS = [
    str, html.escape, lambda text: json.dumps(json.dumps(text)), lambda text: quote(text, safe=""), bytes.hex,
    lambda text: base64.b64encode(b"user:" + text.encode()).decode(), lambda text: text[:9] + "…",
    lambda text: "".join(f"\\\\u{ord(letter):04x}" for letter in text),
]
def written(value):
    return [form(value.encode()) if form is bytes.hex else form(value) for form in FORMS]
"""
"""What a broken check makes of the secrets that it has at hand."""
BLOTTED = re.compile(r"(?:CF_\w+=|eyJ[\w-]+\.eyJ[\w-]+\.|: |/ ?)\*\*\*|\*{4,}")
"""A session's cookie, a token's signature, and a Secret that shows itself: all that a healthy run has to mask; and a
style sheet's own stars."""


def canaries(lab: Announcement) -> dict[str, str]:
    """Every secret of a lab, by what it is."""
    stack = json.loads((Path(lab.operator) / "pulumi.json").read_text())["config"]
    items = json.loads((Path(lab.operator) / "op.json").read_text())["items"]
    token = stack["dgx-spark:cloudflareTunnelToken"]["value"]
    return {
        "API token": lab.api_token,
        "tunnel token": token,
        "tunnel secret": json.loads(base64.b64decode(token))["s"],
        "client secret": stack["dgx-spark:accessClientSecret"]["value"],
        **{name: value for name, value in items.items() if not name.endswith("client-id")},  # which is no secret
    }


def found(text: str, secrets: dict[str, str]) -> list[str]:
    return [name for name, value in secrets.items() if value[:PART] in text and name != "tunnel token"] + [
        "tunnel token" for name, value in secrets.items() if name == "tunnel token" and value in text
    ]  # the beginning of a tunnel's token is its account, which is no secret


@dataclass(frozen=True)
class Healthy:
    """A talkative run of a healthy lab, what the lab counted before and after it, and how its programs were called."""

    session: Session
    before: dict[str, Any]
    after: dict[str, Any]
    arguments: str


@pytest.fixture(scope="module")
def healthy(one_lab: Announcement, tmp_path_factory: pytest.TempPathFactory) -> Healthy:
    """A shell stands in the way of each program and writes down how it was called."""
    place, tools = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("tools")
    arguments = tools / "arguments.txt"
    real = os.environ["PATH"]
    for name in ("ssh", "git"):
        (tools / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{arguments}"\nPATH="{real}" exec {name} "$@"\n')
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}:{real}", "PULUMI_CONFIG_PASSPHRASE": canaries(one_lab)[PASSPHRASE]}
    before = counted(one_lab)
    session = check(project(place), "--target", one_lab.target, *TALKATIVE, environment=environment)
    return Healthy(session, before, counted(one_lab), arguments.read_text())


def test_no_output_of_a_talkative_run_holds_a_secret(healthy: Healthy, one_lab: Announcement) -> None:
    ran = healthy.session
    assert ran.code == 0, ran.out
    assert found(ran.written, canaries(one_lab)) == []
    others = [line for line in BLOTTED.sub("", ran.written).splitlines() if MASK in line]
    assert [line[max(0, line.index(MASK) - 80) :][:100] for line in others] == []


def test_no_process_of_a_run_has_a_secret_among_its_arguments(healthy: Healthy, one_lab: Announcement) -> None:
    assert "spark-291b" in healthy.arguments
    secrets = canaries(one_lab)
    assert found(healthy.arguments, secrets) == []
    of_the_host = "\n".join(running(""))  # another run's lab among them, whose token begins alike, and may be shown
    token = secrets["tunnel token"]
    assert token not in of_the_host
    assert found(of_the_host, {name: value for name, value in secrets.items() if value != token}) == []


def test_one_ssh_session_serves_the_whole_run(healthy: Healthy) -> None:
    before, after = healthy.before, healthy.after
    assert after["ssh_connections"] - before["ssh_connections"] == 1
    assert after["ssh_sessions"] - before["ssh_sessions"] == 1


def test_each_resource_of_the_api_is_asked_for_once(healthy: Healthy) -> None:
    asked = Counter(healthy.after["api_requests"][len(healthy.before["api_requests"]) :])
    assert [request for request, times in asked.items() if times > 1] == []


def test_whatever_leaks_no_output_nor_recording_nor_replay_holds_a_secret(
    lab: Announcement, pytester: pytest.Pytester
) -> None:
    inflict(lab, named(LEAKING))
    secrets = canaries(lab) | {"serial number": _serial_number(lab)}
    recording = pytester.path / "recording"
    ran = check(
        project(pytester.path), "--target", lab.target, "--diagnose", "--record", str(recording), *TALKATIVE,
        environment={"PULUMI_CONFIG_PASSPHRASE": secrets[PASSPHRASE]},
    )  # fmt: skip
    assert ran.code == 1, ran.out
    assert found(ran.written, secrets) == []
    _follow_their_schema(ran.reports)
    kept = {path: path.read_text() for path in recording.rglob("*") if path.is_file()}
    assert len(kept) > 70
    assert {path.name: found(text, secrets) for path, text in kept.items() if found(text, secrets)} == {}
    again = check_here(pytester, "--replay", str(recording), "--showlocals", "--tb=long", "-rA")
    assert again.code == ran.code
    assert found(again.written, secrets) == []


def _follow_their_schema(reports: Path) -> None:
    """Hold the results of a run in which much fails against results.schema.json: all that it names is there."""
    schema = json.loads((PROJECT / "fixtures/spark_conformance/report/results.schema.json").read_text())
    finding, target = schema["$defs"]["finding"], schema["$defs"]["target"]
    results = json.loads((reports / "results.json").read_text())
    assert set(results) == set(schema["properties"])
    for one in results["targets"]:
        assert set(one) == set(target["properties"])
        for found in one["findings"]:
            assert set(found) == set(finding["properties"])
            assert found["verdict"] in schema["$defs"]["verdict"]["enum"]


def _serial_number(lab: Announcement) -> str:
    release = (Path(lab.root) / "etc/dgx-release").read_text()
    return next(line.partition("=")[2].strip('"') for line in release.splitlines() if "SERIAL" in line)


def test_a_check_that_breaks_with_secrets_at_hand_shows_none(one_lab: Announcement, tmp_path: Path) -> None:
    place = project(tmp_path)
    (place / "checks").unlink()
    (place / "checks").mkdir()
    (place / "checks/test_broken.py").write_text(
        FORMS
        + """
import logging, pytest
@pytest.mark.fact("secrets.client_secret_shape")
def test_shape(judge, access_client_secret, esc_tunnel_token):
    for value in (access_client_secret.reveal(), esc_tunnel_token.reveal(), os.environ["PULUMI_CONFIG_PASSPHRASE"]):
        for text in written(value):
            print(text)
            logging.getLogger("x").warning("said %s", text)
            judge.show("shown", f"the API said {text}")
    texts = [text for value in (access_client_secret, esc_tunnel_token) for text in written(value.reveal())]
    raise RuntimeError(" ".join([*texts, *written(os.environ["PULUMI_CONFIG_PASSPHRASE"])]))
"""
    )
    secrets = canaries(one_lab)
    environment = {"PULUMI_CONFIG_PASSPHRASE": secrets[PASSPHRASE]}
    options = ("--target", one_lab.target, "checks/test_broken.py::test_shape", *TALKATIVE)
    ran = check(place, *options, environment=environment)
    assert "RuntimeError" in ran.out
    assert found(ran.written, secrets) == []
    assert [name for name, value in secrets.items() if name != "tunnel token" and given_away(ran.written, value)] == []


def test_nothing_of_the_lab_is_readable_to_others(one_lab: Announcement) -> None:
    directory = Path(one_lab.directory)
    assert directory.stat().st_mode & 0o077 == 0
    assert (directory / "lab.json").stat().st_mode & 0o077 == 0


def test_the_lab_announces_no_secret_on_its_screen() -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "spark_lab", "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    out = ""
    for line in process.stdout:
        out += line
        if "heal it" in line:
            break
    directory = Path(out.split("--target ")[1].split("/target.toml")[0])
    lab = Announcement(**json.loads((directory / "lab.json").read_text()))
    secrets = canaries(lab)
    process.terminate()
    out += process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0
    assert found(out, secrets) == []
    assert not directory.exists()
