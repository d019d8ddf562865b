"""The services of the host, as systemctl shows and changes them."""

import asyncio
import os
from pathlib import Path

from spark_lab.host import LabHost
from tests.lab.host_bench import DROP_IN, TOKEN, UNIT, ends, running, shell, shown


def test_the_healthy_host_runs_both_services(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            seen = await shown(host)
            expected = {
                "LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled",
                "NRestarts": "0", "NeedDaemonReload": "no", "Result": "success", "Type": "notify",
                "FragmentPath": str(host.root / UNIT), "StatusText": "connected",
            }  # fmt: skip
            assert {key: seen[key] for key in expected} == expected
            assert str(host.root / DROP_IN) in seen["DropInPaths"].split()
            assert len(seen["InvocationID"]) == 32
            process = host.root / "/proc" / seen["MainPID"]
            environment = (process / "environ").read_bytes().split(b"\0")
            assert f"TUNNEL_TOKEN={TOKEN}".encode() in environment
            assert b"TUNNEL_EDGE=127.0.0.1:7844,127.0.0.2:7844" in environment
            assert TOKEN.encode() not in (process / "cmdline").read_bytes()
            assert (host.root / DROP_IN).stat().st_mode & 0o777 == 0o600
            assert (await shown(host, "ollama"))["ActiveState"] == "active"

    asyncio.run(scenario())


def test_only_asked_for_properties_are_shown_in_the_tools_own_order(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            answer = await shell(
                host, "systemctl show cloudflared ollama.service -p SubState,ActiveState --property=Nope"
            )
            page = "ActiveState=active\nSubState=running"
            assert answer.text == f"{page}\n\n{page}"
            assert (await shell(host, "systemctl show -p ActiveState --value cloudflared")).text == "active"

    asyncio.run(scenario())


ODD = """[Service]
Environment=A=%n "B=two $words" C=1
EnvironmentFile=-/etc/default/%p
EnvironmentFile=/etc/other
StandardError=append:/var/log/odd.log
ExecStart=/bin/sleep \\
  %p 1
"""


def test_a_units_settings_are_shown_as_systemd_shows_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            (host.root / "etc/systemd/system/odd.service").write_text(ODD)
            asked = "-p ExecStart,Environment,EnvironmentFiles,StandardOutput,StandardError"
            lines = (await shell(host, f"systemctl daemon-reload; systemctl show {asked} odd")).text.splitlines()
            assert "EnvironmentFiles=/etc/default/odd (ignore_errors=yes)" in lines
            assert "EnvironmentFiles=/etc/other (ignore_errors=no)" in lines
            assert 'Environment=A=odd.service "B=two \\$words" C=1' in lines
            assert {"StandardOutput=journal", "StandardError=append"} <= set(lines)
            (command,) = [line for line in lines if line.startswith("ExecStart=")]
            assert " ; argv[]=/bin/sleep odd 1 ; " in command

    asyncio.run(scenario())


def test_a_missing_unit(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            seen = await shown(host, "nginx")
            assert (seen["LoadState"], seen["ActiveState"], seen["UnitFileState"]) == ("not-found", "inactive", "")
            assert (await shell(host, "systemctl is-active nginx")).status == 4
            assert (await shell(host, "systemctl is-enabled nginx")).text == "not-found"
            started = await shell(host, "systemctl start nginx")
            assert (started.status, started.complaint) == (
                5,
                "Failed to start nginx.service: Unit nginx.service not found.",
            )

    asyncio.run(scenario())


def test_stop_start_restart_make_new_invocations(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            first = await shown(host)
            assert (await shell(host, "sudo -n systemctl restart cloudflared")).status == 0
            second = await shown(host)
            assert first["InvocationID"] != second["InvocationID"]
            assert first["MainPID"] != second["MainPID"]
            assert (await shell(host, "systemctl stop cloudflared")).status == 0
            stopped = await shell(host, "systemctl is-active cloudflared")
            assert (stopped.status, stopped.text) == (3, "inactive")
            assert ends(int(second["MainPID"]))
            assert (await shell(host, "systemctl start cloudflared")).status == 0
            assert (await shown(host))["ActiveState"] == "active"

    asyncio.run(scenario())


def test_a_changed_unit_is_pending_until_the_reload_and_the_old_one_runs_until_then(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            drop_in = host.root / DROP_IN
            drop_in.write_text('[Service]\nEnvironment="CLOUDFLARE_TUNNEL_TOKEN=other"\n')
            assert (await shown(host))["NeedDaemonReload"] == "yes"
            restarted = await shell(host, "systemctl restart cloudflared")
            assert "changed on disk. Run 'systemctl daemon-reload'" in restarted.complaint
            assert TOKEN in (await shell(host, "journalctl -u cloudflared -o cat -n 2")).text
            assert (await shell(host, "systemctl daemon-reload")).status == 0
            assert (await shown(host))["NeedDaemonReload"] == "no"
            await shell(host, "systemctl restart cloudflared")
            assert "token other" in (await shell(host, "journalctl -u cloudflared -o cat -n 2")).text
            extra = drop_in.with_name("zz.conf")
            extra.write_text("[Service]\nRestart=no\n")
            assert (await shown(host))["NeedDaemonReload"] == "yes"
            await shell(host, "systemctl daemon-reload")
            assert (await shown(host))["Restart"] == "no"

    asyncio.run(scenario())


def test_a_service_that_dies_is_restarted_and_counted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            (host.root / DROP_IN).with_name("fast.conf").write_text("[Service]\nRestartSec=0\n")
            await shell(host, "systemctl daemon-reload")
            first = await shown(host)
            service = host.init.service("cloudflared")
            with host.init.journal.follower() as news:
                os.kill(int(first["MainPID"]), 9)
                while service.restarts < 1 or service.active != "active":
                    news.clear()
                    await asyncio.wait_for(news.wait(), 60)
            again = await shown(host)
            assert (again["NRestarts"], again["ActiveState"]) == ("1", "active")
            assert again["InvocationID"] != first["InvocationID"]
            told = (await shell(host, "journalctl -u cloudflared -t systemd -o cat")).text
            assert "Main process exited, code=killed, status=9/KILL" in told
            assert "Scheduled restart job, restart counter is at 1." in told

    asyncio.run(scenario())


def test_a_restart_loop_ends_at_the_start_limit(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            unit = "[Service]\nExecStart=/bin/sh -c 'echo bad >&2; exit 3'\nRestart=always\nRestartSec=0\n"
            (host.root / "etc/systemd/system/loop.service").write_text(unit)
            await shell(host, "systemctl start loop")
            service = host.init.service("loop")
            with host.init.journal.follower() as news:
                while service.active != "failed":
                    news.clear()
                    await asyncio.wait_for(news.wait(), 60)
            seen = await shown(host, "loop")
            assert (seen["Result"], seen["NRestarts"]) == ("start-limit-hit", "5")
            assert (await shell(host, "systemctl --failed")).text.startswith("loop.service")
            await shell(host, "systemctl reset-failed loop")
            assert (await shell(host, "systemctl is-failed loop")).text == "inactive"

    asyncio.run(scenario())


def test_a_start_that_fails_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            unit = host.root / "etc/systemd/system"
            (unit / "a.service").write_text("[Service]\nType=notify\nExecStart=/bin/false\n")
            (unit / "b.service").write_text("[Service]\nType=notify\nTimeoutStartSec=100ms\nExecStart=/bin/sleep 60\n")
            (unit / "c.service").write_text("[Service]\nType=notify\nExecStart=/nowhere\n")
            (unit / "d.service").write_text("[Service]\nRestart=always\n")
            failed = await shell(host, "systemctl start a")
            assert failed.complaint.startswith("Job for a.service failed because the control process exited with error")
            assert failed.status == 1
            assert "a timeout was exceeded" in (await shell(host, "systemctl start b")).complaint
            await shell(host, "systemctl start c")
            assert (await shown(host, "c"))["ExecMainStatus"] == "203"
            assert "bad unit file setting" in (await shell(host, "systemctl start d")).complaint
            assert (await shown(host, "d"))["LoadState"] == "bad-setting"

    asyncio.run(scenario())


def test_enable_disable_mask(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            assert (await shell(host, "systemctl disable cloudflared")).status == 0
            disabled = await shell(host, "systemctl is-enabled cloudflared")
            assert (disabled.status, disabled.text) == (1, "disabled")
            enabled = await shell(host, "systemctl enable cloudflared")
            assert enabled.complaint.startswith("Created symlink ")
            assert (await shell(host, "systemctl is-enabled cloudflared")).text == "enabled"
            assert "already exists" in (await shell(host, "systemctl mask cloudflared")).complaint
            (host.root / UNIT).unlink()
            assert (await shell(host, "systemctl mask cloudflared")).status == 0
            seen = await shown(host)
            assert (seen["LoadState"], seen["UnitFileState"], seen["ActiveState"]) == ("masked", "masked", "active")
            assert "is masked" in (await shell(host, "systemctl restart cloudflared")).complaint
            assert (await shell(host, "systemctl unmask cloudflared")).status == 0
            assert (await shown(host))["LoadState"] == "not-found"

    asyncio.run(scenario())


def test_a_stubborn_service_is_killed_and_its_children_with_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            command = 'trap "" TERM; sleep 600 & echo child $!; while :; do wait; done'
            unit = f"[Service]\nTimeoutStopSec=100ms\nExecStart=/bin/sh -c '{command}'\n"
            (host.root / "etc/systemd/system/s.service").write_text(unit.replace("$!", "$$!"))
            await shell(host, "systemctl start s")
            with host.init.journal.follower() as news:
                while not any(b"child" in entry.message for entry in host.init.journal.after()):
                    news.clear()
                    await asyncio.wait_for(news.wait(), 60)
            await shell(host, "systemctl stop s")
            told = (await shell(host, "journalctl -u s -o cat")).text
            assert "State 'stop-sigterm' timed out. Killing." in told
            child = next(line for line in told.splitlines() if line.startswith("child")).split()[1]
            assert ends(int(child))
            seen = await shown(host, "s")
            assert (seen["ActiveState"], seen["Result"]) == ("failed", "timeout")

    asyncio.run(scenario())


def test_bad_command_lines_are_refused_in_a_sentence(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            for words in ("frobnicate", "show --frob x", "start", "kill -s NOPE cloudflared"):
                answer = await shell(host, f"systemctl {words}")
                assert answer.status == 1
                assert answer.complaint.startswith("systemctl: ")
                assert "\n" not in answer.complaint

    asyncio.run(scenario())


def test_a_job_is_done_to_its_end_although_its_caller_was_killed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            ready = host.root / "tmp/ready"
            os.mkfifo(ready)
            command = f"read -r line <{ready}; exec {host.root}/usr/local/bin/cloudflared slow"
            unit = f"[Service]\nType=notify\nExecStart=/bin/sh -c '{command}'\n"
            (host.root / "etc/systemd/system/slow.service").write_text(unit)
            client = await asyncio.create_subprocess_exec(str(host.root / "usr/bin/systemctl"), "restart", "slow")
            service = host.init.service("slow")
            with host.init.journal.follower() as news:
                while not service.main_pid:
                    news.clear()
                    await asyncio.wait_for(news.wait(), 60)
            client.kill()
            await client.wait()
            ready.write_text("now\n")
            await asyncio.wait_for(host.settled(), 60)
            assert (await shown(host, "slow"))["ActiveState"] == "active"

    asyncio.run(scenario())


def test_a_job_that_nobody_waits_for_and_a_stop_before_it_is_ready(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            before = (await shown(host))["InvocationID"]
            (host.root / "usr/local/bin/cloudflared").write_text("#!/bin/sh\nexec sleep 60\n")
            assert (await shell(host, "systemctl restart --no-block cloudflared")).status == 0
            seen = await asyncio.wait_for(_another_invocation(host, before), 60)
            assert seen["ActiveState"] == "activating"
            assert (await shell(host, "systemctl start --no-block nginx")).status == 0
            assert (await shell(host, "systemctl stop cloudflared")).status == 0
            assert (await shown(host))["ActiveState"] == "inactive"
            assert "Started cloudflared" not in "".join(host.init.journal.tail(4))

    asyncio.run(scenario())


async def _another_invocation(host: LabHost, before: str) -> dict[str, str]:
    while True:
        seen = await shown(host)
        if seen["InvocationID"] != before and seen["MainPID"] != "0":
            return seen
        await asyncio.sleep(0.02)
