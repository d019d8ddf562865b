"""How other programs ask a host the same commands: as their manuals say it is quick, and what their files say."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from shutil import which

from tests.benchmarks.lab import Wired
from tests.benchmarks.table import Way

TESTINFRA = """
import subprocess, sys, tempfile, testinfra
name, config, listed = sys.argv[1:]
with tempfile.TemporaryDirectory() as place:
    host = testinfra.get_host(f"ssh://{name}", ssh_config=config, controlpath=f"{place}/m")
    for command in open(listed).read().split("\\0"):
        host.run(command)
    subprocess.run(["ssh", "-F", config, "-O", "exit", "-o", f"ControlPath={place}/m", name], capture_output=True)
"""
PLAY = """- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: "{{ item }}"
      failed_when: false
      loop:
"""
ANSIBLE = """[defaults]
home = %s
[ssh_connection]
pipelining = true
ssh_args = -F %s -o ControlMaster=auto -o ControlPersist=60s -o ControlPath=%s
"""
PYINFRA = """from pyinfra import host
from pyinfra.facts.server import Command

for command in %s:
    host.get_fact(Command, command=command)
"""


def others(lab: Wired, python: str, place: Path) -> Iterator[Way]:
    """A way for each of them; one that is not on PATH says so."""
    (place / "commands").write_text("\0".join(lab.commands), encoding="utf-8")
    asking = (python, "-c", TESTINFRA, lab.host, str(lab.config), str(place / "commands"))
    yield Way("testinfra, ControlMaster", asking, place)
    for name, program, way in (
        ("ansible, pipelining", "ansible-playbook", _ansible),
        ("pyinfra", "pyinfra", _pyinfra),
    ):
        found = which(program)
        yield way(lab, name, found, place / program) if found else Way(name, why_not=f"there is no {program} here")


def play(commands: list[str]) -> str:
    """One task of Ansible's that runs each command as it stands, and goes on where one fails."""
    return PLAY + "".join(f"        - !unsafe {json.dumps(command)}\n" for command in commands)


def deploy(commands: list[str]) -> str:
    """A deployment of pyinfra's that changes nothing and asks each command; a fact may not fail."""
    return PYINFRA % json.dumps([f"{{ {command}\n}} || true" for command in commands], indent=4)


def _ansible(lab: Wired, name: str, program: str, place: Path) -> Way:
    """Its connection stays open for a minute, as it comes: it is ended, or the next round would find it."""
    place.mkdir()
    (place / "ansible.cfg").write_text(ANSIBLE % (place / "home", lab.config, place / "m"), encoding="utf-8")
    (place / "play.yml").write_text(play(lab.commands), encoding="utf-8")
    leave = ["ssh", "-F", str(lab.config), "-o", f"ControlPath={place / 'm'}", "-O", "exit", lab.host]
    asking = shlex.join([program, "-i", f"{lab.host},", "play.yml"])
    return Way(name, ("sh", "-c", f"{asking}; code=$?; {shlex.join(leave)}; exit $code"), place)


def _pyinfra(lab: Wired, name: str, program: str, place: Path) -> Way:
    """It reads ssh_config without HostKeyAlias, so it takes the host's key unseen, into a file of its own."""
    place.mkdir()
    data = {"ssh_config_file": str(lab.config), "ssh_known_hosts_file": str(place / "known_hosts")}
    (place / "inventory.py").write_text(f"hosts = [({lab.host!r}, {data!r})]\n", encoding="utf-8")
    (place / "deploy.py").write_text(deploy(lab.commands), encoding="utf-8")
    return Way(name, (program, "-y", "inventory.py", "deploy.py"), place)
