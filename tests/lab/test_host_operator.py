"""What stands on the operator's machine: pulumi, op, the infrastructure repository."""

import asyncio
import json
import os
from pathlib import Path

import pytest
import yaml

from spark_lab.host import HostUnavailableError, LabHost, start
from tests.lab.host_bench import TOKEN, UNIT, Answer, plan, run, running


async def pulumi(host: LabHost, *words: str, stdin: bytes = b"") -> Answer:
    return await run([str(host.operator_bin / "pulumi"), *words], stdin, host.infrastructure)


async def op(host: LabHost, *words: str) -> Answer:
    return await run([str(host.operator_bin / "op"), *words])


def test_pulumi_reads_its_stack(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            key = "dgx-spark:cloudflareTunnelToken"
            for words in (("--cwd", "cloud", key), (key, "--cwd", "cloud"), (key, "--cwd=cloud")):
                assert (await pulumi(host, "config", "get", *words)).out == f"{TOKEN}\n".encode()
            listed = json.loads((await pulumi(host, "config", "--json", "--cwd", "cloud")).out)
            assert listed[key] == {"secret": True}
            assert listed["dgx-spark:region"] == {"value": "eu", "secret": False}
            shown = json.loads((await pulumi(host, "config", "--json", "--show-secrets", "--cwd", "cloud")).out)
            assert shown[key]["value"] == TOKEN
            assert (await pulumi(host, "version")).text.startswith("v")

    asyncio.run(scenario())


def test_pulumi_says_what_is_wrong_in_its_own_words(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, pulumi_passphrase="canary-pass", passphrase_at_hand=False) as host:
            key = "dgx-spark:cloudflareTunnelToken"
            locked = await pulumi(host, "config", "get", key, "--cwd", "cloud")
            assert locked.status == 255
            assert "passphrase must be set with PULUMI_CONFIG_PASSPHRASE" in locked.complaint
            listed = json.loads((await pulumi(host, "config", "--json", "--cwd", "cloud")).out)
            assert listed[key] == {"secret": True}
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
                shown = await pulumi(host, "config", "--show-secrets", "--cwd", "cloud")
                assert "incorrect passphrase" in shown.complaint
                patch.setenv("PULUMI_CONFIG_PASSPHRASE", "canary-pass")
                assert (await pulumi(host, "config", "get", key, "--cwd", "cloud")).text == TOKEN
            missing = await pulumi(host, "config", "get", "a:b", "--cwd", "cloud")
            assert missing.status == 255
            assert missing.complaint == "error: configuration key 'a:b' not found for stack 'dev'"
            assert "no Pulumi.yaml project file found" in (await pulumi(host, "config", "get", "a:b")).complaint
            assert "unknown flag: --frob" in (await pulumi(host, "config", "--frob")).complaint

    asyncio.run(scenario())


def test_pulumi_sets_and_removes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            assert (
                await pulumi(host, "config", "set", "--secret", "a:b", "--cwd", "cloud", stdin=b"new\n")
            ).status == 0
            assert (await pulumi(host, "config", "get", "a:b", "--cwd", "cloud")).text == "new"
            stack = host.infrastructure / "cloud/Pulumi.dev.yaml"
            assert set(yaml.safe_load(stack.read_text())["config"]["a:b"]) == {"secure"}
            assert TOKEN not in stack.read_text()
            await pulumi(host, "config", "set", "--plaintext", "a:b", "seen", "--cwd", "cloud")
            assert yaml.safe_load(stack.read_text())["config"]["a:b"] == "seen"
            await pulumi(host, "config", "rm", "a:b", "--cwd", "cloud")
            assert "a:b" not in yaml.safe_load(stack.read_text())["config"]
            assert (host.operator_bin.parent / "pulumi.json").stat().st_mode & 0o777 == 0o600

    asyncio.run(scenario())


def test_pulumi_without_a_stack(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            assert (await pulumi(host, "stack", "unselect", "--cwd", "cloud")).status == 0
            lost = await pulumi(host, "config", "--cwd", "cloud")
            assert (lost.status, "no stack selected" in lost.complaint) == (255, True)
            assert (await pulumi(host, "config", "--cwd", "cloud", "--stack", "dev")).status == 0
            unknown = await pulumi(host, "stack", "select", "prod", "--cwd", "cloud")
            assert (unknown.status, "no stack named 'prod' found" in unknown.complaint) == (255, True)
            assert (await pulumi(host, "stack", "select", "dev", "--cwd", "cloud")).status == 0
            assert (await pulumi(host, "config", "--cwd", "cloud")).status == 0

    asyncio.run(scenario())


def test_op(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            assert (await op(host, "whoami")).status == 0
            assert (await op(host, "read", "op://lab/github/token")).out == b"canary-op-value\n"
            assert (await op(host, "read", "--no-newline", "op://lab/github/token")).out == b"canary-op-value"
            missing = await op(host, "read", "op://lab/none/token")
            assert (missing.status, "could not get item lab/none" in missing.complaint) == (1, True)
            state = host.operator_bin.parent / "op.json"
            state.write_text(state.read_text().replace('"signed_in": true', '"signed_in": false'))
            signed_out = await op(host, "whoami")
            assert (signed_out.status, signed_out.complaint.endswith("account is not signed in")) == (1, True)

    asyncio.run(scenario())


def test_without_perl_the_tools_run_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_lab.host.operator.perl", lambda: None)

    async def scenario() -> None:
        async with running(tmp_path, pulumi_passphrase="canary-pass") as host:
            assert "tool.pl" not in (host.operator_bin / "op").read_text()
            assert (await op(host, "read", "--no-newline", "op://lab/github/token")).out == b"canary-op-value"
            assert (await op(host, "read", "op://lab/none/token")).status == 1
            assert (await pulumi(host, "config", "set", "--secret", "a:b", "-C", "cloud", stdin=b"new\n")).status == 0
            assert (await pulumi(host, "config", "get", "a:b", "-C", "cloud")).text == "new"
            assert (await pulumi(host, "config", "get", "none", "-C", "cloud")).status == 255

    asyncio.run(scenario())


def test_the_infrastructure_repository(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            repository = host.infrastructure
            unit = (repository / "infrastructure/spark/cloudflared.service").read_bytes()
            assert unit == (host.root / UNIT).read_bytes()
            workflow = yaml.safe_load((repository / ".github/workflows/spark-ollama.yml").read_text())
            assert workflow[True]["push"]["paths"] == ["infrastructure/spark/**"]
            assert workflow[True]["workflow_dispatch"]["inputs"]["skip_access_probe"]["type"] == "boolean"
            assert workflow["jobs"]["deploy"]["runs-on"] == ["self-hosted", "spark"]
            for path in repository.rglob("*"):
                if path.is_file():
                    text = path.read_text()
                    assert "@NAME@" not in text
                    assert TOKEN[:8] not in text

    asyncio.run(scenario())


def test_a_directory_that_cannot_stand_in_scripts_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "with blanks"
    place.mkdir()

    async def scenario() -> None:
        with pytest.raises(HostUnavailableError, match="set TMPDIR to another one"):
            await start(plan(tmp_path), place)

    asyncio.run(scenario())


def test_the_plan_does_not_print_its_secrets(tmp_path: Path) -> None:
    shown = repr(plan(tmp_path))
    assert TOKEN not in shown
    assert "canary-op-value" not in shown
    assert os.fspath(tmp_path) in shown
