"""Several hosts of one tunnel in a facts file: each as a system of its own, and every mistake told with its place."""

from pathlib import Path

import pytest

from spark_conformance.facts.load import SystemFile, load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.replicas import spread

SYSTEM = """
[system]
name = "edge"
hostname = "app.example.com"
"""
HOSTS = """
[[target.replicas]]
name = "edge-1"
ssh.host = "one"

[[target.replicas]]
name = "edge-2"
ssh.host = "two"
facts.host.memory_gib = { at_least = 8 }
host.request_timeout_s = 3
"""
FACTS = """
[facts.host.reachable]
expect = true
[facts.host.hostname]
expect = "${replica}"
[facts.host.memory_gib]
expect = { path = "/proc/meminfo", at_least = 16 }
[facts.tunnel.name]
expect = "edge"
"""


def read(tmp_path: Path, text: str) -> SystemFile:
    path = tmp_path / "facts.toml"
    path.write_text(text)
    return load(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(FactsError) as raised:
        read(tmp_path, text)
    return str(raised.value).replace(f"{tmp_path}/", "")


def test_each_host_is_a_system_of_its_own(tmp_path: Path) -> None:
    system = read(tmp_path, SYSTEM + HOSTS + FACTS)
    one, two = (system.on(replica) for replica in system.target.replicas)
    assert [each.target.ssh.host for each in (one, two) if each.target.ssh] == ["one", "two"]
    assert [each.target.host.request_timeout_s for each in (one, two)] == [10, 3]
    told = [{fact: str(found.expect) for fact, found in each.facts.all().items()} for each in (one, two)]
    assert [each["host.hostname"] for each in told] == ["edge-1", "edge-2"]
    assert [each["host.memory_gib"] for each in told] == ["at least 16", "at least 8"]
    assert [each["tunnel.name"] for each in told] == ["edge", "edge"]
    assert not one.target.replicas
    assert system.target.states_host
    assert system.target.way is None


def test_what_a_host_itself_states_counts_before_its_name(tmp_path: Path) -> None:
    own = HOSTS.replace('ssh.host = "one"', 'ssh.host = "one"\nfacts.host.hostname = "other"')
    system = read(tmp_path, SYSTEM + own + FACTS)
    hosts = [system.on(replica).facts.host for replica in system.target.replicas]
    assert [host.hostname.expect for host in hosts if host and host.hostname] == ["other", "edge-2"]


def test_a_file_that_extends_another_may_state_several_hosts_in_place_of_one(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(f'{SYSTEM}[target.ssh]\nhost = "only"\n{FACTS.replace("${replica}", "edge-1")}')
    system = read(tmp_path, f'extends = "./one.toml"\n{HOSTS}')
    assert system.target.ssh is None
    assert [replica.name for replica in system.target.replicas] == ["edge-1", "edge-2"]


WRONG = {
    "both ways": (
        SYSTEM + '[target.ssh]\nhost = "one"\n' + HOSTS + FACTS,
        "facts.toml:5: target: states both [[target.replicas]] and [target.ssh]; write every host that serves",
    ),
    "one name twice": (
        SYSTEM + HOSTS.replace("edge-2", "edge-1") + FACTS,
        "target.replicas: two are named edge-1; give each a name of its own",
    ),
    "a user": (
        SYSTEM + HOSTS.replace('"two"', '"root@two"') + FACTS,
        "facts.toml:12: target.replicas.1.ssh.host: should be a host's name without a user",
    ),
    "a port": (
        SYSTEM + HOSTS.replace('"two"', '"two"\nssh.port = 22') + FACTS,
        "facts.toml:13: target.replicas.1.ssh.port: is no key here: ssh's own configuration decides; write Port in",
    ),
    "no table": (
        SYSTEM + '[target]\nreplicas = ["one"]\n' + FACTS,
        "facts.toml:6: target.replicas.0: should be a table; write its keys in braces",
    ),
    "no name": (SYSTEM + HOSTS.replace('name = "edge-2"\n', "") + FACTS, "target.replicas.1.name: is missing"),
    "a fact that is not stated": (
        SYSTEM + HOSTS.replace("facts.host.memory_gib = { at_least = 8 }", 'facts.host.gpu = "x"') + FACTS,
        "facts.toml:13: target.replicas.1.facts.host.gpu: the file does not state host.gpu; state it in [facts.host.",
    ),
    "a fact that is one for all": (
        SYSTEM + HOSTS.replace("facts.host.memory_gib = { at_least = 8 }", 'facts.tunnel.name = "x"') + FACTS,
        "facts.toml:13: target.replicas.1.facts.tunnel.name: tunnel.name is not about the host, so it is one for all",
    ),
    "another type": (
        SYSTEM + HOSTS.replace("at_least = 8", 'at_least = "8"') + FACTS,
        "facts.toml:13: target.replicas.1.facts.host.memory_gib.at_least: should be a number; write 8 without",
    ),
    "a key of the host's": (
        SYSTEM + HOSTS.replace("host.request_timeout_s = 3", "host.request_timeout_s = -1") + FACTS,
        "facts.toml:14: target.replicas.1.host.request_timeout_s: should be more than 0",
    ),
    "the name in what is one for all": (
        (SYSTEM + HOSTS + FACTS).replace('expect = "edge"', 'expect = "${replica}"'),
        "facts.toml:23: facts.tunnel.name.expect: there is no value replica",
    ),
    "the name where there are no hosts": (SYSTEM + FACTS, "there is no value replica"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_every_mistake_is_told_with_its_place(mistake: str, tmp_path: Path) -> None:
    text, said = WRONG[mistake]
    assert said in refused(tmp_path, text)


def test_of_a_list_of_systems_each_may_have_one_host_or_several(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    listed = '[[systems]]\nname = "many"\n[[systems]]\nname = "one"\ntarget.ssh.host = "only"\n'
    path.write_text(SYSTEM.replace('name = "edge"\n', "") + HOSTS + FACTS + listed + 'values.replica = "only"\n')
    many, one = load(Path(f"{path}#many")), load(Path(f"{path}#one"))
    assert [replica.name for replica in many.target.replicas] == ["edge-1", "edge-2"]
    assert (one.target.replicas, one.target.ssh and one.target.ssh.host) == ((), "only")
    assert one.facts.host is not None
    assert one.facts.host.hostname is not None
    assert one.facts.host.hostname.expect == "only"


@pytest.mark.parametrize(
    ("stated", "filled"),
    [
        ({"at": ["/srv", "/home/${replica}"]}, {"at": ["/srv", "/home/a"]}),
        (["${replica}.lan"], ["a.lan"]),
        ({"${replica}": 1}, None),  # a key names what is stated, and no host
        ({"at": 7}, None),
    ],
)
def test_a_hosts_name_stands_anywhere_in_what_is_expected(stated: object, filled: object) -> None:
    table = {
        "facts": {"host": {"hostname": {"expect": stated}}},
        "target": {"replicas": [{"name": "a"}, {"name": "b"}]},
    }
    all_of = spread(table)
    assert all_of["facts"]["host"]["hostname"]["expect"] == (filled or stated)
    assert ["facts" in replica for replica in all_of["target"]["replicas"]] == [filled is not None] * 2
