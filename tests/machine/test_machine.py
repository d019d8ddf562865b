"""The machine is the documented one, systemd and all, and all checks pass on it."""

import tomllib
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import find, load
from spark_lab.announcement import Announcement
from spark_lab.faults.bench import Bench
from spark_lab.faults.connector import IN_REPOSITORY, UNIT
from tests.labs import check_system
from tests.machine import needs_machine

pytestmark = needs_machine


@pytest.fixture
def bench(one_machine: Announcement) -> Bench:
    return Bench(one_machine)


def test_all_checks_pass(one_machine: Announcement) -> None:
    findings = check_system(Path(one_machine.target))
    assert findings.keys() == load(find("spark-291b")).facts.all().keys()
    assert {fact: finding.cause for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == {}


def test_it_states_the_documented_facts_themselves(one_machine: Announcement) -> None:
    assert "facts" not in tomllib.loads(Path(one_machine.target).read_text())
    assert load(Path(one_machine.target)).facts == load(find("spark-291b")).facts


def test_it_runs_systemd(bench: Bench) -> None:
    assert bench.shell("cat /proc/1/comm").strip() == "systemd"
    assert bench.shell("systemctl list-units --failed --no-legend") == ""
    assert bench.shell("systemctl is-system-running").strip() == "running"


def test_its_connector_runs_by_the_documented_unit(bench: Bench) -> None:
    assert bench.shell("cat %s", UNIT) == bench.repository(IN_REPOSITORY).read_text()
    assert '\'TUNNEL_TOKEN="$$CLOUDFLARE_TUNNEL_TOKEN" exec /usr/local/bin/cloudflared ' in bench.shell("cat %s", UNIT)
    shown = bench.shell("systemctl show -p Type,NotifyAccess,SubState cloudflared").split()
    assert {"Type=notify", "SubState=running"} <= set(shown)


def test_ollama_runs_as_its_user(bench: Bench) -> None:
    assert bench.shell("stat -c %U /proc/$(systemctl show -p MainPID --value ollama)").strip() == "ollama"


def test_the_documented_ports_and_no_way_out(bench: Bench) -> None:
    listening = bench.shell("ss -tlnH")
    for address in ("0.0.0.0:22", "127.0.0.1:11434", "127.0.0.1:20241"):
        assert f"{address} " in listening
    assert [line.split()[0] for line in bench.shell("cat /proc/net/dev").splitlines()[2:]] == ["lo:"]


def test_the_user_is_the_documented_one_and_sudo_is_real(one_machine: Announcement) -> None:
    bench = Bench(Announcement(**{**vars(one_machine), "breaker": one_machine.ssh_host}))
    assert bench.shell("id -un; sudo -n id -un").split() == ["operator", "root"]
    assert bench.shell("hostname; uname -m").split() == [one_machine.ssh_host, "aarch64"]
    assert "Server listening" in bench.shell("journalctl -u ssh -o cat --no-pager")
    assert bench.shell("cat /root/.ssh/authorized_keys", check=False) == ""


def test_nothing_of_this_machines_people_is_seen(bench: Bench) -> None:
    assert bench.shell("ls /home").split() == ["operator"]
    assert bench.shell("ls -A /root").split() == [".ssh"]
    assert {line.split(":")[1] for line in bench.shell("cat /etc/shadow").splitlines()} == {"*"}
