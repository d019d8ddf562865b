"""Nothing survives the lab, however it ends."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from tests.lab.host_bench import ends, running, ssh

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from spark_lab.host import start
from tests.lab.host_bench import plan, run

async def main():
    directory = Path(sys.argv[1])
    host = await start(plan(directory.parent), directory)
    await host.settled()
    stray = "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!"
    answer = await run(["ssh", "-F", str(host.ssh.ssh_config), "spark-291b", stray])
    services = [host.init.service(name).main_pid for name in ("cloudflared", "ollama")]
    print(host.reaper.pid, answer.text, *services, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_supervisor_takes_everything_along(tmp_path: Path) -> None:
    directory = tmp_path / "lab"
    directory.mkdir()
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with supervisor:
        assert supervisor.stdout is not None
        pids = [int(word) for word in supervisor.stdout.readline().split()]
        supervisor.send_signal(signal.SIGKILL)
    assert all(ends(pid) for pid in pids)
    assert len(pids) == 4
    assert not directory.exists()


def test_an_orderly_end_takes_along_what_left_its_session(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            stray = int((await ssh(host, "spark-291b", "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!")).text)
            place = host.root.parent
        assert ends(stray)
        assert list(place.iterdir()) == []

    asyncio.run(scenario())


def test_two_hosts_do_not_touch_each_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        async with running(tmp_path / "a") as first:
            async with running(tmp_path / "b") as second:
                assert (await ssh(second, "spark-291b", "sudo systemctl stop cloudflared")).status == 0
                assert first.init.service("cloudflared").active == "active"
            assert (await ssh(first, "spark-291b", "systemctl is-active cloudflared")).text == "active"

    asyncio.run(scenario())
