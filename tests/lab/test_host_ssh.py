"""The SSH server, asked by the genuine client."""

import asyncio
import hashlib
import random
from pathlib import Path

import asyncssh

from spark_lab.host.process import DEVNULL, Process, Streams
from tests.lab.host_bench import ends, running, ssh


def test_commands_run_in_the_hosts_environment_and_nothing_of_ours(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            environment = dict(line.split("=", 1) for line in (await ssh(host, "spark-291b", "env")).text.splitlines())
            assert set(environment) - {"_", "SHLVL"} == {"HOME", "USER", "LOGNAME", "SHELL", "LANG", "PATH", "PWD"}
            assert environment["PATH"].split(":")[0] == f"{host.root}/usr/bin"
            assert (await ssh(host, "spark-291b", "hostname; uname -m")).text == "spark-291b\naarch64"
            assert (host.ssh.connections, host.ssh.sessions) == (2, 2)

    asyncio.run(scenario())


def test_streams_stay_apart_and_whole_and_the_status_comes_back(tmp_path: Path) -> None:
    content = random.Random(291).randbytes(3_000_000)  # noqa: S311 - any bytes will do

    async def scenario() -> None:
        async with running(tmp_path) as host:
            answer = await ssh(host, "spark-291b", "cat; echo bad >&2; exit 7", stdin=content)
            assert hashlib.sha256(answer.out).digest() == hashlib.sha256(content).digest()
            assert (answer.status, answer.err) == (7, b"bad\n")
            assert (await ssh(host, "spark-291b", "kill -9 $$")).status == 255
            assert (await ssh(host, "spark-291b", stdin=b"echo of a shell; exit 3\n")).out == b"of a shell\n"

    asyncio.run(scenario())


def test_one_connection_carries_a_persistent_shell(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            client = await asyncio.create_subprocess_exec(
                "ssh", "-F", str(host.ssh.ssh_config), "spark-291b", "/bin/sh",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert client.stdin is not None
            assert client.stdout is not None
            for number in range(50):
                client.stdin.write(b"echo %d\n" % number)
                assert await client.stdout.readline() == b"%d\n" % number
            client.stdin.close()
            assert await client.wait() == 0
            assert (host.ssh.connections, host.ssh.sessions) == (1, 1)

    asyncio.run(scenario())


def test_a_terminal_where_one_is_asked_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            answer = await ssh(host, "-tt", "spark-291b", "tty >/dev/null && stty size >/dev/null && echo a terminal")
            assert answer.out.strip() == b"a terminal"
            shell = await ssh(host, "-tt", "spark-291b", stdin=b"echo $((6*7)); exit 5\n")
            assert b"42" in shell.out
            assert shell.status == 5

    asyncio.run(scenario())


def test_what_a_session_runs_ends_with_its_client(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            client = await asyncio.create_subprocess_exec(
                "ssh", "-F", str(host.ssh.ssh_config), "spark-291b", "sleep 600 & echo $!; echo $$; wait",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert client.stdout is not None
            pids = [int(await client.stdout.readline()) for _ in range(2)]
            client.kill()
            await client.wait()
            for shell in list(host.ssh._shells):
                await shell.ended()
            assert all(ends(pid) for pid in pids)

    asyncio.run(scenario())


def test_other_keys_other_users_and_passwords_do_not_get_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            key = tmp_path / "stranger"
            made = Process(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)],
                {},
                "/",
                Streams(DEVNULL, DEVNULL, DEVNULL),
            )
            assert await made.reap() == 0
            assert (await ssh(host, "-l", "root", "spark-291b", "true")).status == 255
            (host.ssh.directory / "key").write_bytes(key.read_bytes())
            assert "Permission denied (publickey)" in (await ssh(host, "spark-291b", "true")).complaint
            (host.ssh.directory / "known_hosts").write_text("spark-291b " + key.with_suffix(".pub").read_text())
            refused = await ssh(host, "spark-291b", "true")
            assert refused.status == 255
            assert "Host key verification failed" in refused.complaint

    asyncio.run(scenario())


def test_the_accounts_files_decide_at_each_login(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            passwd, keys = host.root / "etc/passwd", host.root / "home/operator/.ssh/authorized_keys"
            passwd.write_text(passwd.read_text().replace(":/bin/sh", ":/bin/false"))
            assert (await ssh(host, "spark-291b", "true")).status == 1
            keys.write_text("")
            assert "Permission denied (publickey)" in (await ssh(host, "spark-291b", "true")).complaint
            keys.unlink()
            assert "Permission denied (publickey)" in (await ssh(host, "spark-291b", "true")).complaint

    asyncio.run(scenario())


def test_it_stops_listening_shows_another_key_and_comes_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            port = host.ssh.port
            await host.ssh.close()
            assert "Connection refused" in (await ssh(host, "spark-291b", "true")).complaint
            await host.ssh.open(asyncssh.generate_private_key("ssh-ed25519"))
            assert "IDENTIFICATION HAS CHANGED" in (await ssh(host, "spark-291b", "true")).complaint
            await host.ssh.reopen()
            assert ((await ssh(host, "spark-291b", "true")).status, host.ssh.port) == (0, port)

    asyncio.run(scenario())


def test_closing_the_host_cuts_its_sessions(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            client = await asyncio.create_subprocess_exec(
                "ssh", "-F", str(host.ssh.ssh_config), "spark-291b", "echo up; sleep 600",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            assert client.stdout is not None
            assert await client.stdout.readline() == b"up\n"
        assert await client.wait() == 255

    asyncio.run(scenario())
