"""The stand-in docker of the lab's host: what the suite asks of it, and what operators and accidents do with it."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

from spark_conformance.host.containers import parse
from spark_lab.host import LabHost
from spark_lab.original import Connector
from tests.lab.host_bench import TOKEN, running, shell

CONTAINED = Connector(
    unit="/usr/lib/systemd/system/docker-cf.service", container="cf", image="cloudflare/cloudflared:2026.8.2"
)


async def inspected(host: LabHost, name: str = "cf") -> dict[str, Any]:
    (said,) = json.loads((await shell(host, f"docker inspect --type container {name}")).text)
    return dict(said)


async def until(host: LabHost, name: str, field: str, value: str) -> None:
    seen = f"$(docker inspect -f '{{{{{field}}}}}' {name})"
    async with asyncio.timeout(60):
        await shell(host, f'until [ "{seen}" = "{value}" ]; do sleep 0.02; done')


async def everything(host: LabHost) -> None:
    await _described(host)
    await _logged(host)
    await _restarted(host)
    await _made_anew(host)
    await _refused(host)


async def _described(host: LabHost) -> None:
    answer = await shell(host, "docker inspect cf")
    (found,) = parse(answer.text)
    container = found.container
    assert (container.name, container.service, container.image) == ("cf", "cf", "cloudflare/cloudflared:2026.8.2")
    assert (container.running, container.comes_back, container.restarts) == (True, True, 0)
    assert found.words == ("cloudflared", "--no-autoupdate", "tunnel", "run")
    assert found.environment == {"TUNNEL_TOKEN": TOKEN}
    env = container.compose_files[-1]
    assert (await shell(host, f"stat -c %a {env}; cat {env}")).text == f"600\nTUNNEL_TOKEN={TOKEN}"
    listed = await shell(host, "docker ps -aq --no-trunc --filter label=com.docker.compose.service=cf")
    assert listed.text == container.id
    assert (await shell(host, "docker ps -q --filter label=com.docker.compose.service=other")).text == ""


async def _logged(host: LabHost) -> None:
    async with asyncio.timeout(60):
        await shell(host, "until docker logs cf 2>&1 | grep -q token; do sleep 0.02; done")
    said = await inspected(host)
    seen = await shell(host, f"docker logs --since {said['State']['StartedAt']} cf 2>&1")
    assert seen.text.splitlines() == ["argv --no-autoupdate tunnel run", f"token {TOKEN}"]
    assert (await shell(host, "docker logs --since 2099-01-01T00:00:00.000000000Z cf 2>&1")).text == ""
    events = "--filter container=cf --filter event=start --format {{.Time}}"
    assert len((await shell(host, f"docker events --since 1 --until 9999999999 {events}")).text.splitlines()) == 1


async def _restarted(host: LabHost) -> None:
    """By docker itself after a crash, which counts; by hand, which sets the count to zero; not after a stop."""
    os.kill((await inspected(host))["State"]["Pid"], signal.SIGKILL)
    await until(host, "cf", ".RestartCount", "1")
    assert (await shell(host, "docker restart cf")).text == "cf"
    assert (await inspected(host))["RestartCount"] == 0
    await shell(host, "docker stop cf")
    stopped = await inspected(host)
    assert (stopped["State"]["Status"], stopped["State"]["Running"], stopped["State"]["Pid"]) == ("exited", False, 0)
    assert (await shell(host, "docker update --restart no cf && docker start cf")).status == 0
    assert (await inspected(host))["HostConfig"]["RestartPolicy"]["Name"] == "no"


async def _made_anew(host: LabHost) -> None:
    assert "container is running" in (await shell(host, "docker rm cf")).complaint
    mounted = host.root / "srv/token"
    mounted.write_text("x")
    made = f"docker run -d --name cf --network host -v {mounted}:/run/token:ro -e TUNNEL_TOKEN_FILE=/run/token"
    await shell(host, f"docker rm -f cf && {made} cloudflare/cloudflared tunnel run --token-file /run/token")
    said = await inspected(host)
    assert (said["Config"]["Image"], said["Args"][-1]) == ("cloudflare/cloudflared", "/run/token")
    await until(host, "cf", ".State.Status", "running")
    async with asyncio.timeout(60):
        seen = await shell(host, "until docker logs cf 2>&1 | grep argv; do sleep 0.02; done")
    assert seen.text == f"argv --no-autoupdate tunnel run --token-file {mounted}"


async def _refused(host: LabHost) -> None:
    missing = await shell(host, "docker inspect nix")
    assert (missing.status, missing.text, missing.complaint) == (
        1, "[]", "Error response from daemon: No such container: nix",
    )  # fmt: skip
    for words, told in (("exec cf true", "unknown command"), ("run -d --name x none", "Unable to find image")):
        assert told in (await shell(host, f"docker {words}")).complaint
    (host.root / "lab/docker-closed").touch()
    closed = await shell(host, "docker ps")
    assert (closed.status, closed.complaint[:17]) == (1, "permission denied")


def test_a_container_from_its_making_to_its_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, connector=CONTAINED, ollama_address="") as host:
            await everything(host)

    asyncio.run(scenario())
