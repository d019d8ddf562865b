"""SSH servers on loopback that run a real `/bin/sh`: OpenSSH's sshd, and asyncssh standing in where there is none."""

import asyncio
import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from socket import create_server
from typing import Any, Protocol

import asyncssh

from spark_conformance.facts.target import Ssh

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
NEEDED = ("sh", "mktemp", "mkfifo", "rm", "wc", "head", "sleep", "cat", "true")
"""What the host's script cannot do without, and a few that the tests run."""


class Server(Protocol):
    """`prelude` is shell text that the host runs before the command, as a login shell's profile would."""

    port: int
    files: Path

    @property
    def sessions(self) -> int: ...
    def drop(self) -> None: ...
    def close(self) -> None: ...


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):  # it may have ended by itself meanwhile
        os.kill(process, signal.SIGKILL)


def keys(files: Path) -> None:
    """A host key, a client key that the host knows, and one of each that it does not."""
    for name in ("host", "client", "other"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(files / name)
        (files / name).chmod(0o600)
        key.write_public_key(files / f"{name}.pub")


def target(server: Server, timeout_s: float = 60, **other: str) -> Ssh:
    """The way to a server, through an ssh_config of its own, in which `other` options replace those that work."""
    host_key = (server.files / "host.pub").read_text(encoding="ascii")
    (server.files / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {host_key}", encoding="ascii")
    options = {
        "HostName": "127.0.0.1",
        "Port": str(server.port),
        "User": account(),
        "IdentityFile": str(server.files / "client"),
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": str(server.files / "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null",
        **other,
    }
    config = server.files / f"ssh_config-{abs(hash(tuple(options.items())))}"
    config.write_text(
        "Host spark\n" + "".join(f"  {key} {value}\n" for key, value in options.items()), encoding="utf-8"
    )
    return Ssh(host="spark", config=str(config), connect_timeout_s=60, command_timeout_s=timeout_s)


def account() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


class _Door(asyncssh.SSHServer):
    def __init__(self, server: "StandIn") -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._server.connections.discard(self._connection)

    def begin_auth(self, _username: str) -> bool:
        self._connection.send_auth_banner("Permission denied to strangers.\r\nssh: be careful\r\n")
        return True


async def _pump(source: Any, sink: Any) -> None:
    """Bytes from one to the other, until either is gone."""
    with suppress(OSError, asyncssh.Error, asyncssh.BreakReceived):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()


async def _hand_in(source: Any, stdin: asyncio.StreamWriter) -> None:
    """The client's input, and its end."""
    await _pump(source, stdin)
    stdin.close()


class StandIn:
    """asyncssh's server in a thread of its own; it has a banner that looks like trouble."""

    def __init__(self, files: Path, prelude: str = "") -> None:
        self.files = files
        self.sessions = 0
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._prelude = prelude
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        self.port = self._listener.get_port()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Door(self),
            server_host_keys=[str(self.files / "host")],
            authorized_client_keys=str(self.files / "client.pub"),
            process_factory=self._serve,
            encoding=None,
        )

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self.sessions += 1
        shell = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", self._prelude + (process.command or ""),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd=Path.home(), start_new_session=True,
        )  # fmt: skip
        assert shell.stdin
        assert shell.stdout
        assert shell.stderr
        inward = asyncio.create_task(_hand_in(process.stdin, shell.stdin))
        await asyncio.gather(_pump(shell.stdout, process.stdout), _pump(shell.stderr, process.stderr))
        process.exit(await shell.wait())
        inward.cancel()

    def drop(self) -> None:
        """Cut all connections."""
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for connection in list(self.connections):
            connection.abort()

    async def _end(self) -> None:
        self._listener.close()
        self._abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 60)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class OpenSsh:
    """OpenSSH's own server, for the account that runs the tests."""

    def __init__(self, files: Path, prelude: str = "") -> None:
        self.files = files
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # sshd's own requirement, compiled in
        self._log = files / "sshd.log"
        for _ in range(5):  # it takes no port 0, and another process may take one that is free before it does
            with create_server(("127.0.0.1", 0)) as probe:
                self.port = probe.getsockname()[1]
            if self._started(prelude):
                return
        raise RuntimeError(self._log.read_text(encoding="utf-8"))

    def _started(self, prelude: str) -> bool:
        """Whether it listens on its port."""
        files = self.files
        forced = f'ForceCommand {prelude} eval "$SSH_ORIGINAL_COMMAND"\n' if prelude else ""
        (files / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {files}/host\nAuthorizedKeysFile {files}/client.pub\n"
            f"PermitRootLogin yes\nStrictModes no\nUsePAM no\nPidFile none\nLogLevel VERBOSE\n"
            f"KexAlgorithms curve25519-sha256\n{forced}",  # its own choice, a post-quantum one, takes 0.15 s of CPU
            encoding="utf-8",
        )
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [SSHD or "sshd", "-D", "-e", "-f", files / "sshd_config"], stderr=log, start_new_session=True
            )
        while "Server listening" not in self._log.read_text(encoding="utf-8"):
            if self._process.poll() is not None:
                return False
            threading.Event().wait(0.01)
        return True

    @property
    def sessions(self) -> int:
        return self._log.read_text(encoding="utf-8").count("Starting session:")

    def drop(self) -> None:
        """Kill the processes that serve connections, not the one that listens."""
        parents = {int(stat.parent.name): _parent(stat) for stat in Path("/proc").glob("[0-9]*/stat")}
        for child in [child for child, parent in parents.items() if parent == self._process.pid]:
            for served in [served for served, parent in parents.items() if parent == child and _is_sshd(served)]:
                _kill(served)
            _kill(child)

    def close(self) -> None:
        self.drop()
        self._process.terminate()
        self._process.wait()


def _parent(stat: Path) -> int | None:
    with suppress(OSError):
        return int(stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()[1])
    return None


def _is_sshd(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8").startswith("sshd")
    return False


_BOTH: dict[str, type[StandIn] | type[OpenSsh]] = {"asyncssh": StandIn, **({"sshd": OpenSsh} if SSHD else {})}
KINDS = _BOTH if os.environ.get("ENGINES") == "all" else dict([*_BOTH.items()][-1:])
"""The genuine server where there is one, and the stand-in, which every test of a lab talks to, beside it at night."""
