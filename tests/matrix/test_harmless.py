"""What looks like a fault and is none: every fact still holds.

What has nothing to do with each other is made together, and fails nothing then either; where something fails, and with
`FAULTS=all`, each alone.
"""

from collections.abc import Callable

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.verdict import Verdict
from spark_lab.announcement import Announcement
from spark_lab.faults import Fault
from spark_lab.faults.application import EVERYONE, TOKENS, added_app, added_policy, changed_app
from spark_lab.faults.bench import Bench
from spark_lab.faults.cloudflare import RECORDS, record
from tests.labs import heal
from tests.matrix.looks import Looks
from tests.matrix.selection import everything


def other_names(bench: Bench) -> None:
    """Records of other names, and one of the public name that says nothing of where requests go."""
    zone = bench.lab.hostname.partition(".")[2]
    for fields in (
        {"type": "A", "name": f"www.{zone}", "content": "127.0.0.9", "proxied": True},
        {"type": "CNAME", "name": f"*.{zone}", "content": f"www.{zone}", "proxied": False},
        {"type": "TXT", "name": bench.lab.hostname, "content": "v=spf1 -all"},
    ):
        bench.api("POST", RECORDS, fields)


def a_wildcard_instead(bench: Bench) -> None:
    """The record under the zone's wildcard, and none of the public name."""
    zone = bench.lab.hostname.partition(".")[2]
    own = record(bench)
    fields = {key: own[key] for key in ("type", "content", "proxied", "ttl")}
    bench.api("DELETE", f"{RECORDS}/{own['id']}")
    bench.api("POST", RECORDS, {**fields, "name": f"*.{zone}", "content": f"{own['content'].upper()}."})


def other_tunnels(bench: Bench) -> None:
    for name in ("dgx-spark-ollama-2", "dgx-spark"):
        bench.api("POST", "accounts/{account}/cfd_tunnel", {"name": name, "config_src": "cloudflare"})


def before_another_name_first(bench: Bench) -> None:
    """The documented application as the dashboard shows one of several names."""
    names = [f"a.{bench.lab.hostname.partition('.')[2]}", bench.lab.hostname]
    places = [{"type": "public", "uri": name} for name in names]
    changed_app(domain=names[0], self_hosted_domains=names, destinations=places)(bench)


def logged(bench: Bench) -> None:
    """A custom rule that writes down what it sees."""
    rule = {"expression": 'starts_with(http.request.uri.path, "/api")', "action": "log"}
    bench.api("PUT", "zones/{zone}/rulesets/phases/http_request_firewall_custom/entrypoint", {"rules": [rule]})


HARMLESS: dict[str, Callable[[Bench], object]] = {
    "a resolver that sends its clients to TCP": lambda bench: bench.switch("dns", server="resolver1", truncated=True),
    "a resolver that takes its time": lambda bench: bench.switch("dns", server="resolver2", delay_s=0.5),
    "the zone's server sends its clients to TCP": lambda bench: bench.switch(
        "dns", server="authoritative", truncated=True
    ),
    "records of other names": other_names,
    "a wildcard's record in the place of the name's own": a_wildcard_instead,
    "tunnels of other names": other_tunnels,
    "an API that fails once": lambda bench: bench.switch("api_trouble", kind="fail", where="/", status=503, times=1),
    "an API that closes a connection once": lambda bench: bench.switch("api_trouble", kind="close", where="/", times=1),
    "an API that is slow": lambda bench: bench.switch("api_trouble", kind="delay", where="", seconds=0.2, times=None),
    "a Block above the Service Auth policy, which is evaluated first all the same": added_policy(
        "deny", EVERYONE, precedence=0
    ),
    "a header that carries both halves of a token, beside the two that clients send": changed_app(
        read_service_tokens_from_header="Authorization"
    ),
    "401 for whoever no Service Auth policy admits": changed_app(service_auth_401_redirect=True),
    "preflight requests that pass by": changed_app(options_preflight_bypass=True),
    "another service token": lambda bench: bench.api("POST", TOKENS, {"name": "somebody-else"}),
    "an application of several names, another of which is its domain": before_another_name_first,
    "an application before another name": added_app("chat.{zone}"),
    "a custom rule that logs": logged,
    "a certificate for the name alone": lambda bench: bench.switch("certificate", names=[bench.lab.hostname]),
}


APART = {
    "an API that fails once", "an API that closes a connection once", "an API that is slow",
    "an application of several names, another of which is its domain", "an application before another name",
    "a wildcard's record in the place of the name's own",
}  # fmt: skip
"""What others would meet while they are made, and what changes the same as another."""
GROUPS = [[name for name in HARMLESS if name not in APART], *([name] for name in HARMLESS if name in APART)]


def test_each_is_made_once() -> None:
    assert sorted(name for group in GROUPS for name in group) == sorted(HARMLESS)


@pytest.mark.parametrize(
    "names",
    [[name] for name in HARMLESS] if everything() else GROUPS,
    ids=lambda names: names[0] if len(names) == 1 else "together",
)
def test_what_is_no_fault_fails_nothing(lab: Announcement, looks: Looks, names: list[str]) -> None:
    alarms = alarmed(looks, *names)
    if alarms and len(names) > 1:
        heal(lab)
        for name in names:
            assert alarmed(looks, name) == set(), name
            heal(lab)
    assert alarms == set()


def alarmed(looks: Looks, *names: str) -> set[str]:
    """What does not hold with these made."""
    with looks.at(*(Fault(name, "", HARMLESS[name], frozenset()) for name in names)) as run:
        return {fact for fact, finding in findings_of(run).items() if finding.verdict != Verdict.CONFORMANT}
