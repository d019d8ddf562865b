"""The lab's secrets are canaries: whatever fails, none of them stands in any output, nor in any process's arguments."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.core.secret import MASK
from spark_conformance.core.secret.forms import PART
from spark_lab.announcement import Announcement
from spark_lab.faults import heal, inflict, named
from tests.end_to_end.session import check, project
from tests.secret.reading import given_away

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
    token = stack["dgx-spark:cloudflareTunnelToken"]["value"]
    return {
        "API token": lab.api_token,
        "tunnel token": token,
        "tunnel secret": json.loads(base64.b64decode(token))["s"],
        "client secret": stack["dgx-spark:accessClientSecret"]["value"],
        **json.loads((Path(lab.operator) / "op.json").read_text())["items"],
    }


def found(text: str, secrets: dict[str, str]) -> list[str]:
    return [name for name, value in secrets.items() if value[:PART] in text and name != "tunnel token"] + [
        "tunnel token" for name, value in secrets.items() if name == "tunnel token" and value in text
    ]  # the beginning of a tunnel's token is its account, which is no secret


@pytest.fixture
def broken(kept_lab: Announcement, request: pytest.FixtureRequest) -> Iterator[Announcement]:
    inflict(kept_lab, named(request.param))
    yield kept_lab
    heal(kept_lab)


@pytest.mark.parametrize("broken", [[], ["as-documented"]], indirect=True, ids=["healthy", "as-documented"])
def test_no_output_of_a_talkative_run_holds_a_secret(broken: Announcement, tmp_path: Path) -> None:
    secrets = canaries(broken)
    environment = {"PULUMI_CONFIG_PASSPHRASE": secrets[PASSPHRASE]}
    ran = check(project(tmp_path), "--target", broken.target, *TALKATIVE, environment=environment)
    assert ran.code in {0, 1}
    assert found(ran.written, secrets) == []
    others = [line for line in BLOTTED.sub("", ran.written).splitlines() if MASK in line]
    assert [line[max(0, line.index(MASK) - 80) :][:100] for line in others] == []


@pytest.mark.parametrize("broken", [LEAKING], indirect=True, ids=["leaking"])
def test_no_recording_holds_a_secret_nor_does_its_replay(broken: Announcement, tmp_path: Path) -> None:
    secrets = canaries(broken) | {"serial number": _serial_number(broken)}
    place, recording = tmp_path / "run", tmp_path / "recording"
    place.mkdir()
    ran = check(project(place), "--target", broken.target, "--diagnose", "--record", str(recording))
    assert ran.code in {0, 1}
    kept = {path: path.read_text() for path in recording.rglob("*") if path.is_file()}
    assert len(kept) > 70
    assert {path.name: found(text, secrets) for path, text in kept.items() if found(text, secrets)} == {}
    again = check(place, "--replay", str(recording), "--showlocals", "--tb=long", "-rA")
    assert again.code == ran.code
    assert found(again.written, secrets) == []


def _serial_number(lab: Announcement) -> str:
    release = (Path(lab.root) / "etc/dgx-release").read_text()
    return next(line.partition("=")[2].strip('"') for line in release.splitlines() if "SERIAL" in line)


def test_a_check_that_breaks_with_secrets_at_hand_shows_none(kept_lab: Announcement, tmp_path: Path) -> None:
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
    secrets = canaries(kept_lab)
    environment = {"PULUMI_CONFIG_PASSPHRASE": secrets[PASSPHRASE]}
    options = ("--target", kept_lab.target, "checks/test_broken.py::test_shape", *TALKATIVE)
    ran = check(place, *options, environment=environment)
    assert "RuntimeError" in ran.out
    assert found(ran.written, secrets) == []
    assert [name for name, value in secrets.items() if name != "tunnel token" and given_away(ran.written, value)] == []


def test_no_process_of_a_run_has_a_secret_among_its_arguments(kept_lab: Announcement, tmp_path: Path) -> None:
    """Every program that the run starts is traced by a shell on its way; the host's own processes are looked at too."""
    secrets = canaries(kept_lab)
    seen = tmp_path / "arguments.txt"
    tools = tmp_path / "tools"
    tools.mkdir()
    real = os.environ["PATH"]
    for name in ("ssh", "git"):
        (tools / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{seen}"\nPATH="{real}" exec {name} "$@"\n')
        (tools / name).chmod(0o755)
    place = tmp_path / "run"
    place.mkdir()
    ran = check(project(place), "--target", kept_lab.target, environment={"PATH": f"{tools}:{real}"})
    assert ran.code == 0, ran.out
    assert "spark-291b" in seen.read_text()
    running = "\n".join(
        path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )
    assert found(seen.read_text() + running, secrets) == []


def test_nothing_of_the_lab_is_readable_to_others(kept_lab: Announcement) -> None:
    directory = Path(kept_lab.directory)
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
