"""The sentence for each kind of mistake in a facts file, whole: it is all that an operator has to go by."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic_core import ErrorDetails

from spark_conformance.facts.load import examples, find
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.model import COMPONENTS
from spark_conformance.facts.places import Path as KeyPath
from spark_conformance.facts.told import SAID
from tests.facts.test_mistakes import told

OWN = '[facts.own.a]\nexpect = 1\nneeds = ["own.b"]\n[facts.own.b]\nexpect = 1\n'
WAIVER = '[[waivers]]\nreason = "r"\nowner = "o"\nissue = "i"\n'
HOSTS = '[[target.replicas]]\nname = "one"\nssh.host = "one"\n'
TWICE = (
    "states both [[target.replicas]] and [target.{0}]; write every host that serves the tunnel as one of "
    "[[target.replicas]], or keep [target.{0}] where there is but one"
)
SENTENCES = {
    "[facts.tunnel.name]\nexpect = 5": "should be a string; put it in quotation marks",
    "[facts.tunnel.name]\nexpect = 2026-01-01": "should be a string",
    "[facts.tunnel.name]\nexpect = ''": "should not be empty",
    "[facts.dns.ttl]\nexpect = ' -30 '": "should be a whole number; write -30 without quotation marks",
    "[facts.dns.ttl]\nexpect = 'many'": "should be a whole number, not a string",
    "[facts.dns.ttl]\nexpect = 1.5": "should be a whole number",
    "[facts.dns.ttl]\nexpect = []": "should be a whole number",
    "[target.public]\ntimeout_s = '1.5'": "should be a number; write 1.5 without quotation marks",
    "[target.public]\ntimeout_s = 0": "should be more than 0",
    "[target.public]\nport = 0": "should be at least 1",
    "[facts.dns.proxied]\nexpect = ' True '": "should be true or false, without quotation marks",
    "[facts.dns.proxied]\nexpect = 'yes'": "should be true or false",
    "[facts.dns.proxied]\nexpect = 1": "should be true or false",
    "[notify]\nwebhook = 'x'":
        "should be a table; write its keys in braces, or below a line with its name in brackets",
    "[notify]\ngithub = 'x'":
        "should be a table; write its keys in braces, or below a line with its name in brackets",
    "[[target.dns]]\nresolvers = ['9.9.9.9']": "should be one table; write [target.dns] instead of [[...]]",
    "[facts.dns]\nttl = 300": "should be a table; write ttl = { expect = ... }",
    "[target.dns]\nresolvers = '9.9.9.9'": "should be a list; write it in brackets",
    "[target.dns]\nresolvers.a = '9.9.9.9'": "should be a list",
    "[target.dns]\nresolvers = []": "should list at least one value",
    "[facts.cloudflared.connection_indexes]\nexpect = ['2']":
        "should be a whole number; write 2 without quotation marks",
    "[facts.access.policy]\nexpect = 5":
        "should be a table; write its keys in braces, or below a line with its name in brackets",
    f"{WAIVER}cause = 'b'\nuntil = '2026-12-31'": "should be a date without quotation marks, as 2026-12-31",
    "[facts.probes.a]\nexpect = { status = 200, as = 5 }": "should be 'anonymous' or 'service_token' or a table",
    "[facts.probes.a]\nexpect = { json = { path = 'a', value = [] } }":
        "should be true or false or a whole number or a number or a string",
    "[facts.dns.target]\nexpect = '*.x'":
        "should be a host name alone, as grafana.example.org, without a scheme, a path or a *",
    "[facts.dns.target]\nexpect = 'bücher.example/x'":
        "should be a host name alone, as grafana.example.org, without a scheme, a path or a *",
    "[facts.tunnel.id]\nexpect = 'É'": "should be an id in lower case, as 75a07d1a-0bc7-485f-86b2-ce676d7d1c35",
    f"{WAIVER}cause = 'b'\nuntil = 2026-12-31T10:00:00": "should be a date without a time, as 2026-12-31",
    f"{WAIVER}until = 2026-12-31": "should name either a fact or a cause; write one of `fact` and `cause`",
    f"[facts.dns.ttl]\nexpect = 1\n{WAIVER}fact = 'dns.ttl'\ncause = 'b'\nuntil = 2026-12-31":
        "should name either a fact or a cause; write one of `fact` and `cause`",
    2 * f"{WAIVER}cause = 'b'\nuntil = 2026-12-31\n": "b is waived twice; remove one of the two",
    "[remediation]\nverify_s = 3601": "should be at most 3600",
    "[remediation]\nnever = ['dsn']": f"should be {', '.join(map(repr, COMPONENTS[:-1]))} or '{COMPONENTS[-1]}'",
    "[facts.own.a]\nexpect = 1\nneeds = ['host.reachabel']":
        "host.reachabel is not a fact; did you mean host.reachable?",
    "[facts.own.a]\nexpect = 1\nneeds = ['?']": "? is not a fact; write the id of a fact, as component.name",
    f"{OWN}needs = ['own.a']": "by way of own.b it needs itself; remove one",
    f"{OWN}needs = ['own.c']": "own.c is not a fact; did you mean own.b?",
    "ollama.url.expect = 'http://localhost:1'\nservice.url.expect = 'http://localhost:1'":
        "states both ollama.url and service.url of the one service; keep ollama.url where it is Ollama, else "
        "service.url",
    "[target.ssh]\nhost = 'box '": "should be a host's name, as ssh takes it",
    "[[target.replicas]]\nname = 5\nssh.host = 'one'": "should be a string; put it in quotation marks",
    f"[notify.github]\ntoken = 'env:X'\nlabels = ['{'x' * 51}']": "string should have at most 50 characters",
    f"{HOSTS}[target.ssh]\nhost = 'one'": TWICE.format("ssh"),
    f"{HOSTS}[target.local]": TWICE.format("local"),
    f"{HOSTS}{HOSTS}": "two are named one; give each a name of its own",
    "[target.ssh]\nhost = 'a'\n[target.local]":
        "states both [target.ssh] and [target.local]; keep [target.local] if the suite runs on the system's own "
        "machine, else [target.ssh]",
    "[facts.ollama]\nurl.expect = 'http://localhost:1'\nunit.expect = 'a.service'\n[facts.service]\nurl.expect = "
    "'http://localhost:1'\nunit.expect = 'a.service'":
        "states both ollama.unit and service.unit of the one service; keep ollama.unit where it is Ollama, else "
        "service.unit",
    "[target.ssh]\nhost = '-v'":
        "should be a host's name without options; write those into ~/.ssh/config below a Host of this name",
    "[target.ssh]\nhost = 'a'\nkey = 'b'": "is no key here: ssh's own configuration decides; write IdentityFile in "
        "~/.ssh/config",
    "[facts.service.name]\nexpect = 'x'": "unknown key; did you mean tunnel.name?",
    "[facts.host.hostnam]\nexpect = 'x'": "unknown key; did you mean hostname?",
    "[facts.dns.tll]\nexpect = 1": "unknown key; did you mean ttl?",
    "[facts.dns.severity]\nexpect = 1": "belongs to one fact; write it below [facts.dns.NAME]",
    "[facts.unit]\nexpect = 1":
        "is not a component but a fact; write [facts.service.unit] or [facts.ollama.unit] or [facts.cloudflared.unit] "
        "or [facts.pipeline.unit]",
    "[facts.grafana]": f"is not a component; the components are {', '.join(COMPONENTS)}. What any HTTP service has "
        'stands in [facts.service], what it is called in [target.service], as name = "Grafana", and facts of your own '
        "in [facts.own.NAME]",
    "[own.x]": "is a component; its facts stand below facts: write [facts.own.NAME]",
    "[waivers.x]": "should be a list",
    "[target.waivers]": "belongs to the top of the file",
    "[target.dns.resolver]": "unknown key; did you mean resolvers?",
    "[target.dns]\nresolvers = ['9.9.9.9']\nzone = 'x'": "belongs to another table; write it below [target.cloudflare]",
    "[target.dns]\nresolvers = ['9.9.9.9']\ntoken = 'x'":
        "unknown key; the keys here are authoritative, resolvers, timeout_s",
    f"{HOSTS}hots.x = 1": "unknown key; did you mean host?",
    f"{HOSTS}[[target.replicas]]\nname = 'two'\nssh.host = 'b'\nssh.cipher = 'c'":
        "unknown key; the keys here are command_timeout_s, config, connect_timeout_s, environment, host",
    "[notify.webhook.a]\nurl = 'env:X'\nurls = 1": "unknown key; did you mean url?",
    "[facts.own.a]\nexpect = 1\nsverity = 'x'": "unknown key; did you mean severity?",
}  # fmt: skip


@pytest.mark.parametrize(("stated", "said"), SENTENCES.items())
def test_a_mistake_is_told_in_one_whole_sentence(tmp_path: Path, stated: str, said: str) -> None:
    [(_, sentence)] = told(tmp_path, f"{stated}\n")
    assert sentence.partition(": ")[2] == said


def test_no_sentence_is_for_a_mistake_that_there_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()

    def noting(kind: str) -> Callable[[ErrorDetails, KeyPath], str]:
        say = SAID[kind]

        def noted(one: ErrorDetails, path: KeyPath) -> str:
            used.add(kind)
            return say(one, path)

        return noted

    kinds = set(SAID)
    for kind in kinds:
        monkeypatch.setitem(SAID, kind, noting(kind))
    for stated in SENTENCES:
        told(tmp_path, f"{stated}\n")
    assert used == kinds


def test_a_target_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(FactsError) as refused:
        find("spark-292b")
    assert str(refused.value) == (
        "--target spark-292b: no such target; write one of lab, spark-291b, or the path of a facts file (TOML) or, "
        f"with --lab, an example: {', '.join(examples())}"
    )
    assert examples()
