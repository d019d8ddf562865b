"""A host of the lab with stand-ins of a few lines for its services, and the ways to ask it."""

import asyncio
import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from spark_conformance.facts.expectations import FileField
from spark_lab.host import HostPlan, LabHost, Setting, start
from spark_lab.original import Connector

SERVICE = """
import os, signal, socket, sys
print("argv", *sys.argv[1:], flush=True)
print("token", os.environ.get("TUNNEL_TOKEN"), file=sys.stderr, flush=True)
if "NOTIFY_SOCKET" in os.environ:
    name = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.connect("\\0" + name[1:] if name[0] == "@" else name)
        notify.send(b"STATUS=connected\\nREADY=1")
signal.pause()
"""
TOKEN = "canary-tunnel-token"
UNIT = "etc/systemd/system/cloudflared.service"
DROP_IN = "etc/systemd/system/cloudflared.service.d/override.conf"


@dataclass(frozen=True)
class Answer:
    status: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode().rstrip("\n")

    @property
    def complaint(self) -> str:
        return self.err.decode().rstrip("\n")


def plan(directory: Path) -> HostPlan:
    program = directory / "service.py"
    program.write_text(SERVICE)
    command = (sys.executable, "-I", "-S", str(program))
    return HostPlan(
        tunnel_token=TOKEN,
        edge_addresses=("127.0.0.1:7844", "127.0.0.2:7844"),
        ca_path=directory / "ca.pem",
        metrics_address="127.0.0.1:20241",
        ollama_address="127.0.0.1:11434",
        name="spark-291b",
        connector=Connector(variable="CLOUDFLARE_TUNNEL_TOKEN"),
        gpu="NVIDIA GB10",
        release=FileField(path="/etc/dgx-release", value="DGX Spark"),
        models='[{"name": "llama3.3:70b"}]',
        connector_command=command,
        ollama_command=command,
        pulumi={"dgx-spark:cloudflareTunnelToken": Setting(TOKEN), "dgx-spark:region": Setting("eu", secret=False)},
        op_items={"op://lab/github/token": "canary-op-value"},
    )


@asynccontextmanager
async def running(directory: Path, **changes: object) -> AsyncIterator[LabHost]:
    place = directory / "lab"
    place.mkdir()
    host = await start(replace(plan(directory), **changes), place)  # type: ignore[arg-type]  # names are checked there
    try:
        await host.settled()
        yield host
    finally:
        await host.close()


async def run(argv: Sequence[str], stdin: bytes = b"", directory: Path | None = None) -> Answer:
    child = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=directory
    )
    out, err = await child.communicate(stdin)
    return Answer(child.returncode or 0, out, err)


async def shell(host: LabHost, command: str) -> Answer:
    """A command as an SSH session runs it, without SSH in between."""
    path = f"{host.root}/usr/bin:{host.root}/usr/local/bin:/usr/local/bin:/usr/bin:/bin"
    return await run(["/usr/bin/env", "-i", f"PATH={path}", f"HOME={host.root}/root", "sh", "-c", command])


async def ssh(host: LabHost, *words: str, stdin: bytes = b"") -> Answer:
    """A command over the genuine ssh client."""
    return await run(["ssh", "-F", str(host.ssh.ssh_config), "-o", "BatchMode=yes", *words], stdin)


async def shown(host: LabHost, unit: str = "cloudflared") -> dict[str, str]:
    answer = await shell(host, f"systemctl show {unit}")
    return dict(line.split("=", 1) for line in answer.text.splitlines())


def ends(pid: int) -> bool:
    """Whether a process is gone, or goes within a minute."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 60)[0])
    finally:
        os.close(descriptor)
