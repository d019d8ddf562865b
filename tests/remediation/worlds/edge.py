"""Who gets in where, by the lab's own edge: its Access, its records, its connector's rules.

The lab's Access evaluates nobody's login; whom an Allow policy lets in who has logged in is evaluated here.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from spark_lab.connector.ingress import parse
from spark_lab.dns.records import proxied_records
from spark_lab.edge.access.applications import find
from spark_lab.edge.access.decide import decide
from spark_lab.edge.access.keys import SigningKeys
from spark_lab.edge.request import Request
from spark_lab.edge.route import route
from spark_lab.edge.security.addresses import within
from spark_lab.world import Json, World

KEYS = SigningKeys()
PATH = "/api/tags"
OLLAMA = "localhost:11434"
ELSEWHERE = "8.8.8.8"
OFFICE = "203.0.113.7"


@dataclass(frozen=True)
class Principal:
    """Somebody who asks: what they send, where they are, and who they are once logged in ("" where they do not)."""

    name: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    address: str = ELSEWHERE
    email: str = ""


@dataclass(frozen=True)
class Met:
    """What somebody met: whether Access let them pass, and what answered (`service Host`, a status, or nothing)."""

    passed: bool
    answer: str = ""


def request(principal: Principal, host: str, path: str = PATH) -> Request:
    return Request(
        "GET", path, host, principal.headers, host, principal.address, "US", "0" * 16, dt.datetime.now(dt.UTC)
    )  # fmt: skip


def meets(world: World, principal: Principal, host: str, path: str = PATH) -> Met:
    asked = request(principal, host, path)
    if not _admitted(world, principal, asked):
        return Met(passed=False)
    if not proxied_records(world, host):
        return Met(passed=True)
    tunnel = route(world, asked)
    if not isinstance(tunnel, str):
        return Met(passed=True, answer=f"http_status:{tunnel.status}")
    rule, _ = parse(world.configurations.get(tunnel, {}).get("config") or {}).match(host, path)
    return Met(passed=True, answer=f"{rule.service} {rule.origin['httpHostHeader'] or host}")


def served(met: Met) -> bool:
    """Whether a service answered, and not with a refusal."""
    service, _, host = met.answer.partition(" ")
    if service == f"http://{OLLAMA}":
        return host.partition(":")[0] in {"localhost", "127.0.0.1"}
    return service.startswith("http://localhost:3")


def _admitted(world: World, principal: Principal, asked: Request) -> bool:
    if decide(world, KEYS, asked).answer is None:
        return True
    match = find(world, asked.host, asked.path)
    return bool(principal.email and match is not None and _logs_in(world, world.policies_of(match.app), principal))


def _logs_in(world: World, policies: list[Json], who: Principal) -> bool:
    """Block and Allow in order, for somebody who has logged in."""
    for policy in policies:
        if policy["decision"] in {"allow", "deny"} and _fits(world, policy, who):
            return bool(policy["decision"] == "allow")
    return False


def _fits(world: World, rules: Json, who: Principal) -> bool:
    def holds(rule: Json) -> bool:
        [(kind, value)] = rule.items()
        return _holds(world, kind, value, who)

    return (
        any(map(holds, rules.get("include") or []))
        and all(map(holds, rules.get("require") or []))
        and not any(map(holds, rules.get("exclude") or []))
    )


def _holds(world: World, kind: str, value: Any, who: Principal) -> bool:
    match kind:
        case "email":
            holds = value["email"] == who.email
        case "email_domain":
            holds = who.email.endswith(f"@{value['domain']}")
        case "ip":
            holds = within(who.address, value["ip"])
        case "geo":
            holds = value["country_code"] == "US"
        case "group":
            holds = _fits(world, world.groups[value["id"]], who)
        case _:
            holds = kind == "everyone"
    return bool(holds)
