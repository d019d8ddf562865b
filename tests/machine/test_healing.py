"""A machine's files are brought back, whatever was done to them. A day tries one round; `ENGINES=all` each."""

import pytest

from spark_lab.announcement import Announcement
from spark_lab.faults import heal
from spark_lab.faults.bench import Bench
from tests.machine import ALL, needs_machine
from tests.matrix.selection import shared

pytestmark = needs_machine

PLACES = "etc root home opt/spark-lab/bin usr/local/bin usr/share/ollama usr/lib/systemd/system lab usr/bin/systemctl"
LOOK = f"cd / && find {PLACES} -xdev -printf '%p %m %U %G %l\\n' && find {PLACES} -xdev -type f -exec md5sum {{}} +"
"""Every file of the machine that matters, with its mode, its owner, and what it holds."""
ROUNDS = {
    "files": {
        "of the lab's layer": "echo x >>/etc/hosts",
        "of this machine's own": "echo x >>/etc/profile",
        "modes": "chmod 0777 /usr/local/bin /etc/bash.bashrc",
        "owners": "chown operator /etc/fstab /usr/share/ollama",
        "removed": "rm /etc/debian_version /etc/systemd/system/ollama.service",
        "new": "mkdir -p /etc/new/deep && touch /etc/new/deep/file && ln -s deep /etc/new/link",
        "a program that runs": "cp /usr/bin/true /usr/bin/copy && mv /usr/bin/copy /usr/bin/systemctl",
        "what is mounted elsewhere": ": >/lab/meminfo",
        "a link turned": "ln -sf /dev/null /etc/systemd/system/default.target",
    },
    "directories": {
        "removed": "rm -r /usr/lib/systemd/system/cloudflared.service.d /etc/profile.d",
        "made anew": "cd /usr/share/ollama && rm -r .ollama && mkdir .ollama && touch .ollama/new",
        "of this machine's own made anew": "rm -r /etc/pam.d && mkdir /etc/pam.d",
        "a file in the place of one": "rm -r /etc/security && touch /etc/security",
        "one in the place of a file": "rm /etc/profile && mkdir /etc/profile",
        "a link in the place of a file": "ln -sf /dev/null /etc/systemd/system/ollama.service",
    },
    "not files": {
        "its name": "hostname elsewhere",
        "another service": (
            "printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >/run/systemd/system/strange.service && "
            "systemctl daemon-reload && systemctl start strange"
        ),
        "a service that failed": "systemd-run --unit=failing false",
        "a service that is suspended": "systemctl kill -s STOP ollama",
        "a service that stopped": "systemctl stop cloudflared",
    },
}


def state(bench: Bench) -> set[str]:
    files = bench.shell(LOOK).splitlines()
    units = bench.shell("systemctl list-units --type=service --state=running,failed --plain --no-legend").splitlines()
    return {*files, *units, bench.shell("hostname; cat /proc/meminfo")}


@pytest.fixture(scope="module")
def before(one_machine: Announcement) -> set[str]:
    heal(one_machine)
    return state(Bench(one_machine))


@pytest.mark.parametrize("deeds", shared([*ROUNDS], 3, every=ALL))
def test_whatever_was_done_is_undone(machine: Announcement, before: set[str], deeds: str) -> None:
    bench = Bench(machine)
    for deed in ROUNDS[deeds].values():
        bench.shell(deed)
    heal(machine)
    now = state(bench)
    assert (now - before, before - now) == (set(), set())
