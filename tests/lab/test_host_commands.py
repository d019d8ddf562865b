"""The other commands on the host's PATH, and the files that change what they say."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

import pytest

from spark_lab.host.plan import STAND_IN
from spark_lab.host.root import program
from tests.lab.host_bench import running, shell


def test_the_documented_machine(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            assert 'DGX_NAME="DGX Spark"' in (host.root / "etc/dgx-release").read_text()
            kib = int((host.root / "proc/meminfo").read_text().split()[1])
            assert 119 < kib / 2**20 < 121
            query = "nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader"
            assert (await shell(host, query)).text == "NVIDIA GB10, [N/A], 580.95.05"
            assert (await shell(host, "timedatectl show -p NTPSynchronized --value")).text == "yes"
            assert (await shell(host, "timedatectl show -p NTPSynchronized")).text == "NTPSynchronized=yes"
            assert (await shell(host, "df -kP /")).text.splitlines()[1].split()[3] == "2737478176"
            assert (await shell(host, "pulumi version")).text.startswith("v3.")
            assert (await shell(host, "uname -s")).text == "Linux"
            assert abs(int((await shell(host, "date +%s")).text) - time.time()) < 60

    asyncio.run(scenario())


def test_its_shared_memory_ends_with_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            made = (await shell(host, "mktemp -d /dev/shm/spark-conformance.XXXXXX")).text
            assert Path(made).parent == host.root / "dev" / "shm"
            assert (await shell(host, "cd /tmp && mktemp -u lab.XXXXXX")).text.startswith("lab.")

    asyncio.run(scenario())


def test_sudo(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            assert (await shell(host, "sudo -n -- echo 'a  b'")).text == "a  b"
            assert (await shell(host, "sudo -n sh -c 'exit 4'")).status == 4
            assert (await shell(host, "sudo X=1 sh -c 'echo $X'")).text == "1"
            assert (await shell(host, "printf in | sudo tee /dev/null")).text == "in"
            listed = await shell(host, "sudo -n -l systemctl restart cloudflared")
            assert (listed.status, listed.text) == (0, f"{host.root}/usr/bin/systemctl restart cloudflared")
            assert (await shell(host, "sudo -n -l nothing-of-that-name")).status == 1
            assert (await shell(host, "sudo -n true")).status == 0

    asyncio.run(scenario())


def test_sudo_that_asks_and_sudo_that_refuses(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            rules = host.root / "etc/sudoers.d/operator"
            rules.write_text("operator ALL=(ALL:ALL) NOPASSWD: ALL, !/usr/bin/systemctl restart cloudflared\n")
            refused = await shell(host, "sudo -n systemctl restart cloudflared")
            assert refused.status == 1
            assert refused.complaint.startswith("Sorry, user operator is not allowed to execute")
            assert (await shell(host, "sudo -n -l systemctl restart cloudflared")).status == 1
            assert (await shell(host, "sudo -n systemctl daemon-reload")).status == 0
            rules.write_text(
                "operator ALL=(ALL:ALL) ALL\noperator ALL=(ALL:ALL) NOPASSWD: /usr/bin/cat, /usr/bin/systemctl enable\n"
            )
            assert (await shell(host, "sudo -n cat /dev/null")).status == 0
            assert (await shell(host, "sudo -n systemctl enable cloudflared")).status == 0
            for command in ("sudo -n systemctl restart cloudflared", "sudo -n true"):
                assert (await shell(host, command)).complaint == "sudo: a password is required"
            assert (await shell(host, "sudo -n -l systemctl restart cloudflared")).status == 0
            listed = (await shell(host, "sudo -n -l")).text.splitlines()
            assert listed[1:] == [
                "    (ALL : ALL) ALL",
                "    (ALL : ALL) NOPASSWD: /usr/bin/cat, /usr/bin/systemctl enable",
            ]
            rules.write_text("operator ALL=(ALL:ALL) ALL\n")
            asked = await shell(host, "sudo -n true")
            assert (asked.status, asked.complaint) == (1, "sudo: a password is required")
            assert (await shell(host, "sudo -n -l systemctl daemon-reload")).status == 1

    asyncio.run(scenario())


def test_the_labs_files_change_what_the_host_says(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            lab = host.root / "lab"
            (lab / "nvidia-smi").unlink()
            assert (await shell(host, "nvidia-smi --query-gpu=name --format=csv,noheader")).status == 9
            (lab / "clock-offset").write_text("-3600\n")
            assert abs(int((await shell(host, "date +%s")).text) + 3600 - time.time()) < 60
            assert (await shell(host, "date -u -d @0 +%Y")).text == "1970"
            (lab / "timedatectl").write_text("NTPSynchronized=no\n")
            assert (await shell(host, "timedatectl show -p NTPSynchronized --value")).text == "no"
            (lab / "df").unlink()
            assert "nvme0n1p2" not in (await shell(host, "df -kP /")).text
            (lab / "machine").write_text("x86_64\n")
            assert (await shell(host, "uname -m")).text == "x86_64"

    asyncio.run(scenario())


def test_the_stand_in_for_ss_tells_the_same_as_the_kernel(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            program = Path(__file__).parents[2] / "fixtures/spark_lab/host/sockets.py"
            listening = await shell(host, f"python3 -I -S {program} -tlnH")
            assert f"127.0.0.1:{host.ssh.port} 0.0.0.0:0" in listening.text
            assert (await shell(host, f"python3 -I -S {program} -u")).status == 1

    asyncio.run(scenario())


def test_a_port_that_the_firewall_closes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            server = await asyncio.start_server(_greet, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            get = f"curl -q -sS -m 5 --url http://127.0.0.1:{port}"
            assert (await shell(host, get)).text == "ok"
            (host.root / "lab/closed-ports").write_text(f"1\n{port}\n")
            for url in (get, f"{get}/ready"):
                closed = await shell(host, url)
                assert (closed.status, closed.text) == (7, "")
            (host.root / "lab/closed-ports").write_text("1\n")
            assert (await shell(host, f"{get}/ready")).text == "ok"
            server.close()

    asyncio.run(scenario())


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("environment", [{}, {"SPARK_LAB_VERSION": "2024.6.1"}], ids=["as it is", "of another version"])
def test_a_shell_says_the_version_that_the_stand_in_says(tmp_path: Path, environment: dict[str, str]) -> None:
    """No interpreter is asked: `/bin/false` is in the place of it."""
    shim = tmp_path / "cloudflared"
    shim.write_text(program(STAND_IN).replace(STAND_IN[0], "/bin/false"))
    shim.chmod(0o755)
    told = [
        subprocess.run([*command, "--version"], env={**os.environ, **environment}, capture_output=True, check=True)
        for command in ([shim], STAND_IN)
    ]
    assert told[0].stdout == told[1].stdout
    assert environment.get("SPARK_LAB_VERSION", "cloudflared version 20").encode() in told[0].stdout
    assert subprocess.run([shim, "--version", "tunnel"], check=False).returncode == 1
