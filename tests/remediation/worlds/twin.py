"""A world with the suite's own run upon it, all in one process: the API is the lab's, the requests are its edge's."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spark_conformance.cloudflare.client import Api, cloudflare_api
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.components.access import Access
from spark_conformance.facts.load import SystemFile, find, load
from spark_conformance.facts.model import Facts
from spark_conformance.host.connection import target_host
from spark_conformance.host.curl import CurlReply, CurlRequest
from spark_conformance.https.access_probes import Probe, anonymous_probe, token_probe, wrong_secret_probe
from spark_conformance.https.answerer import AnsweredBy, Answerer
from spark_conformance.https.exchange import Exchange
from spark_conformance.https.metadata import AnsweringApp, answering_app
from spark_conformance.secrets.references import ClientId, access_client_id
from spark_lab import seed
from spark_lab.edge.access.applications import find as application_at
from spark_lab.original import Original
from spark_lab.world import Json, World
from tests.remediation.worlds.edge import OFFICE, OLLAMA, PATH, Met, Principal, meets, request, served
from tests.remediation.worlds.in_process import api_of

BASE = load(find("spark-291b"))
HOST = BASE.system.hostname
ZONE = "goldfish.io"
LOOKED_AT = {
    "tunnel": ("id", "name", "deleted", "config_source", "ingress", "http_host_header", "fallback", "rules"),
    "dns": ("records", "type", "target", "proxied", "ttl"),
    "access": tuple(name for name in Access.model_fields if name != "temporary_days"),
    "public": ("answers",),
}  # fmt: skip
"""What can be looked at without a host, a resolver and a connector."""


def stated() -> Facts:
    """The documented facts, of these alone."""
    tables = {
        name: type(table)(**{field: getattr(table, field) for field in fields})
        for name, fields in LOOKED_AT.items()
        if (table := getattr(BASE.facts, name)) is not None
    }
    return Facts(**tables)


@dataclass
class Twin:
    """One world; `written` is called after each write, `changes` says what is not as in the healthy one."""

    world: World = field(repr=False)
    secret: str = field(repr=False)
    strangers: dict[str, str] = field(default_factory=dict, repr=False)
    """Other service tokens' secrets, by client id."""
    written: Callable[[], None] = field(default=lambda: None, repr=False)
    changes: list[str] = field(default_factory=list)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - hypothesis calls it so
        """As a failing test shows it: by its changes, not by all that it holds."""
        printer.text(repr(self))

    @classmethod
    def healthy(cls) -> "Twin":
        keys = seed.Credentials()
        world = seed.world(Original(BASE), keys)
        world.api_tokens[keys.api_token] = seed.api_token()
        return cls(world, keys.client_secret)

    @property
    def principals(self) -> list[Principal]:
        ours = next(iter(self.world.service_tokens.values()))["client_id"] if self.world.service_tokens else "x"
        tokens = [(client, secret) for client, secret in self.strangers.items()]
        return [
            Principal("anonymous"),
            Principal("anonymous in the office", address=OFFICE),
            Principal("our token", _headers(self.client_id, self.secret)),
            Principal("our token's id, another secret", _headers(ours, "0" * 64)),
            *(Principal(f"a stranger's token {client[:4]}", _headers(client, secret)) for client, secret in tokens),
            Principal("somebody outside, logged in", email="nobody@elsewhere.example"),
            Principal("somebody of the house, logged in", email="boss@goldfish.io"),
        ]

    @property
    def client_id(self) -> str:
        """What clients send, from ESC."""
        assert BASE.facts.access is not None
        assert BASE.facts.access.token_client_id is not None
        return BASE.facts.access.token_client_id.expect

    @property
    def hosts(self) -> list[str]:
        names = {str(record["name"]) for record in self.world.records.values()} | {HOST}
        names |= {str(app["domain"]).partition("/")[0].replace("*", "any") for app in self.world.apps.values()}
        return sorted(names)

    def met(self) -> dict[tuple[str, str], Met]:
        """What each of the principals meets at each of the names."""
        return {(who.name, host): meets(self.world, who, host) for who in self.principals for host in self.hosts}

    def tell(self) -> None:
        """Say that something was written, to whoever listens by now."""
        self.written()

    def run(self, facts: Facts) -> "TwinRun":
        remediation = BASE.remediation.model_copy(update={"verify_s": 0.001})
        return TwinRun(BASE.model_copy(update={"facts": facts, "remediation": remediation, "waivers": ()}), self)

    def snapshot(self) -> Json:
        """All that Cloudflare holds."""
        world = self.world
        tables = ("records", "tunnels", "configurations", "apps", "policies", "groups", "service_tokens",
                  "organization", "settings", "zone", "account")  # fmt: skip
        return {name: copy.deepcopy(getattr(world, name)) for name in tables}


class TwinRun(Run):
    """A run whose requests go to the world's edge, and whose host answers as its Ollama would."""

    def __init__(self, system: SystemFile, twin: Twin) -> None:
        super().__init__(system)
        self.twin = twin
        self.instead: dict[Any, Callable[[Any], Any]] = {
            cloudflare_api: _api,
            anonymous_probe: lambda run: probe(twin, run, Principal("anonymous")),
            wrong_secret_probe: lambda run: probe(twin, run, Principal("w", _headers(twin.client_id, "0" * 64))),
            token_probe: lambda run: probe(twin, run, Principal("t", _headers(twin.client_id, twin.secret))),
            answering_app: lambda _: _answering(twin.world),
            access_client_id: lambda _: ClientId(twin.client_id, fit=True),
            target_host: lambda _: None,
        }

    def _observe(self, observe: Any, future: Any) -> None:
        super()._observe(self.instead.get(observe, observe), future)


def _api(run: "TwinRun") -> Api:
    api = api_of(run.twin.world, run.twin.tell)
    run.closing.callback(api.close)
    return api


def probe(twin: Twin, run: Run, who: Principal) -> Probe:
    del run
    met = meets(twin.world, who, HOST)
    if met.passed and not met.answer:
        raise Unreachable("public: no record", f"{HOST} has no record", owner="dns.records")
    if not met.passed:
        status, answer = 403, AnsweredBy(Answerer.ACCESS, "403 of the edge")
    elif met.answer.startswith("http_status:5"):
        status, answer = 530, AnsweredBy(Answerer.TUNNEL, "530 of the edge", 530)
    else:
        status = 200 if served(met) else 403
        answer = AnsweredBy(Answerer.BEHIND, met.answer)
    return Probe(Exchange("GET", PATH, "127.0.0.1", (), status, (), "", 0, 0.0, 0.0), answer)


def fetch(_host: object, *asked: CurlRequest) -> list[CurlReply]:
    """What the host's services answer: Ollama to a Host that it knows; nothing listens where nobody does."""
    return [_reply(one) for one in asked]


def _reply(asked: CurlRequest) -> CurlReply:
    service = asked.url.removesuffix(PATH)
    known = asked.headers[0].removeprefix("Host: ")
    there = service == f"http://{OLLAMA}" or service.startswith("http://localhost:3")
    status = (200 if served(Met(passed=True, answer=f"{service} {known}")) else 403) if there else 0
    return CurlReply(asked.url, status)


def _answering(world: World) -> AnsweringApp:
    match = application_at(world, HOST, PATH)
    if match is None:
        raise Unreachable("access: no statement", "nobody answers", owner="access.refuses_anonymous")
    return AnsweringApp(match.app["aud"], "the edge")


def _headers(client: str, secret: str) -> tuple[tuple[str, str], ...]:
    return (("cf-access-client-id", client), ("cf-access-client-secret", secret))


__all__ = ["HOST", "ZONE", "Twin", "TwinRun", "request", "stated"]
