"""The suite on the lab's own machine: its files put there, what it asks elsewhere made to be met there, and a run.

The lab's API, its resolvers and its edge listen outside the machine's network. A relay listens at the same ports inside
it: a socket belongs to the network in which it was made.
"""

import ctypes
import os
import select
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from spark_lab.host.operator import AS_MODULE
from spark_lab.machine import interpreter
from tests.end_to_end.session import LEAN, PROJECT, Session

USER = "operator"
HERE = "127.0.0.1"
TOOLS = {"pulumi": "pulumi", "op": "onepassword"}
CHUNK = 1 << 16
LINGER_S = 0.5


class Inside:
    """A checkout on the machine, in which its operator runs the checks."""

    def __init__(self, lab: Announcement) -> None:
        self.lab = lab
        self.leader = int(Path(lab.root).parent.name)
        self.place = Path(lab.root, lab.directory.lstrip("/"))
        """The lab's directory, as the machine has it, seen from here."""

    def put(self, facts: str) -> None:
        """Put everything there: what the lab's facts name, at the same paths, and the project."""
        there, here = self.place, Path(self.lab.directory)
        for name in ("infrastructure", "operator"):
            shutil.copytree(here / name, there / name, symlinks=True)
        for path in (Path(self.lab.ca), here / "target.toml"):
            shutil.copy(path, there / path.relative_to(here))
        for name, module in TOOLS.items():
            tool = AS_MODULE.format(folder=f"{interpreter.CHECKOUT}/spark_lab/host", module=module)
            text = interpreter.script(shlex.join(["-I", "-S", "-c", tool, f"{here}/operator/{name}.json"]))
            if name == "pulumi":
                text = text.replace("exec ", f"PULUMI_CONFIG_PASSPHRASE_FILE={here}/operator/passphrase exec ")
            (there / "operator/bin" / name).write_text(text)
        project = there / "project"
        project.mkdir()
        shutil.copytree(PROJECT / "checks", project / "checks", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("conftest.py", "pyproject.toml"):
            shutil.copy(PROJECT / name, project / name)
        (project / "fixtures").symlink_to(interpreter.CHECKOUT)
        (project / "here.toml").write_text(f'extends = "{here}/target.toml"\n{facts}')
        (project / "pytest").write_text(interpreter.script("-m pytest"))
        (project / "pytest").chmod(0o755)
        self.run("root", ("chown", "-R", f"{USER}:{USER}", self.lab.directory))

    def check(self, *options: str) -> Session:
        """Run `pytest checks/` there, as the operator."""
        project = f"{self.lab.directory}/project"
        done = self.run(
            USER, ("env", f"--chdir={project}", "./pytest", *LEAN, "checks/", "--target", "here.toml", *options)
        )
        return Session(done.returncode, done.stdout + done.stderr, self.place / "project/reports")

    def run(self, user: str, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a command on the machine, as a user, with as much of an environment as a service of systemd's has."""
        enter = ("nsenter", "--target", str(self.leader), "--mount", "--uts", "--ipc", "--pid", "--net", "--")
        become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env", "--")
        return subprocess.run([*enter, *become, *command], capture_output=True, text=True, timeout=600, check=False)


@contextmanager
def inside(lab: Announcement, facts: str) -> Iterator[Inside]:
    """A machine with the suite on it; `facts` is what its facts file says besides the lab's."""
    there = Inside(lab)
    try:
        there.put(facts)
        with _relayed(there.leader, _ports(lab)):
            yield there
    finally:
        shutil.rmtree(there.place, ignore_errors=True)


def _ports(lab: Announcement) -> set[int]:
    """All that the lab's facts name by a port, beside what runs on the machine."""
    target = load(Path(lab.target)).target
    assert target.cloudflare
    assert target.github
    assert target.dns
    addresses = [*target.dns.resolvers, *(target.dns.authoritative or ())]
    named = [urlsplit(url).port for url in (target.cloudflare.api, target.github.api)]
    return {int(address.rpartition(":")[2]) for address in addresses} | {port for port in named if port} | {lab.port}


@contextmanager
def _relayed(leader: int, ports: set[int]) -> Iterator[None]:
    """While this lasts, what is asked at these ports inside is asked outside."""
    with ThreadPoolExecutor(1) as traveller:
        doors = traveller.submit(_made_there, leader, ports).result()
    threads = [
        Thread(target=ask, args=(door,)) for pair in doors for ask, door in zip((_accept, _answer), pair, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for door in (door for pair in doors for door in pair):
            with suppress(OSError):  # of datagrams, that nobody is connected; whoever waits wakes all the same
                door.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for door in (door for pair in doors for door in pair):
            door.close()


def _made_there(leader: int, ports: set[int]) -> list[tuple[socket.socket, socket.socket]]:
    """Sockets of another network, made by a thread that goes there and ends."""
    network = os.open(f"/proc/{leader}/ns/net", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(network, 0):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(network)
    doors = []
    for port in ports:
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((HERE, port))
        doors.append((socket.create_server((HERE, port)), datagrams))
    return doors


def _accept(door: socket.socket) -> None:
    """Hand each connection on until the door is shut."""
    with suppress(OSError), ThreadPoolExecutor(64) as hands:
        while True:
            near, _ = door.accept()
            hands.submit(_hand_on, near, socket.create_connection(door.getsockname()))


def _hand_on(near: socket.socket, far: socket.socket) -> None:
    """Both ways; when one side has ended, the other has a moment left."""
    others = {near: far, far: near}
    with suppress(OSError), near, far:
        while ready := select.select(list(others), [], [], None if len(others) == 2 else LINGER_S)[0]:
            for one in ready:
                if data := one.recv(CHUNK):
                    others[one].sendall(data)
                else:
                    others.pop(one).shutdown(socket.SHUT_WR)


def _answer(door: socket.socket) -> None:
    """Hand each question on, and its answer back, until the door is shut."""
    with suppress(OSError):
        while True:
            data, asker = door.recvfrom(CHUNK)
            if not asker:
                return
            with suppress(TimeoutError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                line.connect(door.getsockname())
                line.settimeout(2)
                line.send(data)
                door.sendto(line.recv(CHUNK), asker)
