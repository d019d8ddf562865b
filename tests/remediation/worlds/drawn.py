"""Random worlds: what else an account may hold, what may be wrong in it, and facts that are wrong themselves."""

import secrets
import uuid
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from spark_conformance.facts.expectations import Exchange as Expected
from spark_conformance.facts.expectations import IngressRule, Policy
from spark_conformance.facts.model import Facts
from spark_lab import seed
from spark_lab.world import Json
from tests.remediation.worlds.edge import OLLAMA
from tests.remediation.worlds.twin import HOST, ZONE, Twin, stated

Change = Callable[[Twin], None]
EVERYONE: Json = {"everyone": {}}
OFFICE: Json = {"ip": {"ip": "203.0.113.0/24"}}
BOSS: Json = {"email": {"email": "boss@goldfish.io"}}
CERTIFICATE: Json = {"certificate": {}}
ABROAD: Json = {"geo": {"country_code": "DE"}}
POLICY = "Allow all (temporary for testing)"
GRAFANA, GIT, CHAT = f"grafana.{ZONE}", f"git.{ZONE}", f"chat.{ZONE}"
UNKNOWN: Json = {"field_of_tomorrow": {"a": [1, None]}}


def _nothing(_: Twin) -> None:
    pass


def ours(twin: Twin) -> Json:
    """The documented application."""
    return next(iter(twin.world.apps.values()))


def tunnel_id(twin: Twin) -> str:
    return next(iter(twin.world.tunnels))


def _config(twin: Twin) -> Json:
    config: Json = twin.world.configurations[tunnel_id(twin)]["config"]
    return config


def _ingress(change: Callable[[list[Json]], object]) -> Change:
    def make(twin: Twin) -> None:
        change(_config(twin)["ingress"])

    return make


def _record(**fields: Any) -> Change:
    def make(twin: Twin) -> None:
        next(record for record in twin.world.records.values() if record["name"] == HOST).update(fields)

    return make


def _more_records(*records: Json) -> Change:
    def make(twin: Twin) -> None:
        for fields in records:
            made = seed._record(fields["name"], fields["content"].format(tunnel=tunnel_id(twin))) | {
                key: value for key, value in fields.items() if key != "content"
            }
            twin.world.records[made["id"]] = made

    return make


def _policy(decision: str, *include: Json, name: str = "One more", **lists: list[Json]) -> Change:
    def make(twin: Twin) -> None:
        policies = ours(twin)["policies"]
        made = seed._policy(name, decision, list(include), -9) | lists
        policies.append(made | {"precedence": max((one["precedence"] for one in policies), default=0) + 1})

    return make


def _changed(of: str, /, **fields: Any) -> Change:
    def make(twin: Twin) -> None:
        for policy in ours(twin)["policies"]:
            if policy.get("decision") == of and policy["name"] in {POLICY, "Service token of the client"}:
                policy.update(fields)

    return make


def _without(decision: str) -> Change:
    def make(twin: Twin) -> None:
        app = ours(twin)
        app["policies"] = [policy for policy in app["policies"] if policy.get("decision") != decision]

    return make


def _app(domain: str, *policies: Json, **fields: Any) -> Change:
    def make(twin: Twin) -> None:
        made = seed.application(str(uuid.uuid4()), domain, list(policies)) | {"name": domain} | fields
        twin.world.apps[made["id"]] = made

    return make


def _places(*hosts: str, exempt: str = "") -> Change:
    def make(twin: Twin) -> None:
        places: list[Json] = [{"type": "public", "uri": place} for place in hosts]
        if exempt:
            places[-1]["overrides"] = [{"behavior": "public", "path_pattern": exempt}]
        ours(twin).update(destinations=places, self_hosted_domains=list(hosts), domain=hosts[0])

    return make


def _no_app(twin: Twin) -> None:
    del twin.world.apps[ours(twin)["id"]]


def _shared(decision: str, *include: Json) -> Change:
    """A reusable policy, which our application and another link to."""

    def make(twin: Twin) -> None:
        made = seed._policy("Shared", decision, list(include), -9) | {"reusable": True}
        twin.world.policies[made["id"]] = made
        _app(GRAFANA)(twin)
        for app in twin.world.apps.values():
            app["policies"].append({"id": made["id"], "precedence": 50})

    return make


def _group(*include: Json, decision: str = "bypass") -> Change:
    def make(twin: Twin) -> None:
        made = {"id": str(uuid.uuid4()), "name": "The house", "include": list(include), "require": [], "exclude": []}
        twin.world.groups[str(made["id"])] = made
        _policy(decision, {"group": {"id": made["id"]}})(twin)

    return make


def _other_token(*, included: bool) -> Change:
    def make(twin: Twin) -> None:
        client, secret = f"{secrets.token_hex(16)}.access", secrets.token_hex(32)
        made = next(iter(twin.world.service_tokens.values())) | {
            "id": str(uuid.uuid4()), "name": "somebody-else", "client_id": client,
        }  # fmt: skip
        twin.world.service_tokens[made["id"]] = made
        twin.world.service_token_secrets[made["id"]] = secret
        twin.strangers[client] = secret
        if included:
            _changed("non_identity", include=[{"service_token": {"token_id": made["id"]}}])(twin)

    return make


def _token(**fields: Any) -> Change:
    return lambda twin: next(iter(twin.world.service_tokens.values())).update(fields)


def _other_tunnel(twin: Twin) -> None:
    made = twin.world.tunnels[tunnel_id(twin)] | {"id": str(uuid.uuid4()), "name": "grafana"}
    twin.world.tunnels[made["id"]] = made
    twin.world.configure(made["id"], {"ingress": [{"hostname": GRAFANA, "service": "http://localhost:3000"},
                                                  {"service": "http_status:404"}]}, seed.now())  # fmt: skip


GRAFANA_RULE: Json = {"hostname": GRAFANA, "service": "http://localhost:3000", "originRequest": {"noTLSVerify": True}}
GIT_RULE: Json = {"hostname": GIT, "service": "http://localhost:3001", "path": "^/api"}
TO_US = "{tunnel}.cfargotunnel.com"
ASPECTS: dict[str, list[Change]] = {
    "other applications": [
        _app(GRAFANA, seed._policy("Team", "allow", [BOSS], -5)),
        _app(f"*.{ZONE}", seed._policy("Team", "allow", [BOSS], -5)),
        _app(f"{HOST}/v1", seed._policy("Team", "allow", [EVERYONE], -5)),
        _app(f"{HOST}/api", seed._policy("Open", "bypass", [EVERYONE], -5)),
        _app(CHAT, seed._policy("Office", "bypass", [OFFICE], -5)),
    ],
    "our application": [
        _no_app,
        _places(CHAT),
        _places(HOST, CHAT),
        _places(CHAT, HOST),
        _places(HOST, exempt="/api/*"),
        _places(HOST, CHAT, exempt="/health"),
        lambda twin: ours(twin).update(UNKNOWN),
        lambda twin: ours(twin).update(id=ours(twin)["id"], type="bookmark"),
    ],
    "admitting": [
        _without("non_identity"),
        _changed("non_identity", require=[CERTIFICATE]),
        _changed("non_identity", exclude=[ABROAD]),
        _changed("non_identity", include=[EVERYONE]),
        _other_token(included=True),
        _other_token(included=False),
        lambda twin: (_other_token(included=True)(twin), _changed("non_identity", require=[CERTIFICATE])(twin))[0],
    ],
    "the documented policy": [
        _without("allow"),
        _changed("allow", name="Everyone"),
        _changed("allow", include=[BOSS]),
        _changed("allow", include=[BOSS], require=[OFFICE]),
        _changed("allow", decision="bypass"),
        _changed("allow", decision="bypass", include=[OFFICE]),
        _changed("allow", decision="bypass", include=[EVERYONE, OFFICE]),
        _changed("allow", decision="deny"),
        _changed("allow", **UNKNOWN),
    ],
    "more policies": [
        _policy("bypass", EVERYONE),
        _policy("bypass", OFFICE),
        _policy("bypass", EVERYONE, exclude=[ABROAD]),
        _policy("non_identity", EVERYONE, CERTIFICATE),
        _policy("deny", {"email_domain": {"domain": "elsewhere.example"}}),
        _shared("bypass", EVERYONE),
        _shared("non_identity", {"any_valid_service_token": {}}),
        _group(EVERYONE),
        _group(BOSS, decision="allow"),
    ],
    "rules": [
        _ingress(lambda rules: rules.insert(0, dict(GRAFANA_RULE))),
        _ingress(lambda rules: rules.insert(1, dict(GIT_RULE))),
        _ingress(lambda rules: rules.insert(0, {"hostname": f"*.{ZONE}", "service": "http://localhost:3000"})),
        _ingress(lambda rules: rules.insert(0, {"path": "^/metrics", "service": "http_status:403"})),
        _ingress(lambda rules: rules.insert(0, {"hostname": HOST, "path": "^/pull", "service": "http_status:403"})),
        _ingress(lambda rules: rules.insert(0, {"path": "/", "service": "http_status:404"})),
        _ingress(lambda rules: rules.insert(1, {"hostname": CHAT, "service": f"http://{OLLAMA}"})),
    ],
    "our rule": [
        _ingress(lambda rules: rules.pop(-2)),
        _ingress(lambda rules: rules[-2].pop("originRequest", None)),
        _ingress(lambda rules: rules[-2].update(service="http://localhost:9")),
        _ingress(lambda rules: rules[-2].update(path="^/v1")),
        _ingress(lambda rules: rules[-2].update(hostname=CHAT)),
        _ingress(lambda rules: rules[-2].setdefault("originRequest", {}).update(
            access={"required": True, "teamName": "goldfish", "audTag": ["a"]})),
        _ingress(lambda rules: rules[-2].setdefault("originRequest", {}).update(connectTimeout=7, **UNKNOWN)),
    ],
    "the last rule": [
        _ingress(lambda rules: rules[-1].update(service=f"http://{OLLAMA}")),
        _ingress(lambda rules: rules[-1].update(service="http://localhost:3000")),
        _ingress(lambda rules: rules[-1].update(service="http_status:503")),
    ],
    "our record": [
        lambda twin: twin.world.records.clear(),
        _record(proxied=False, ttl=300),
        _record(type="A", content="127.0.0.9"),
        _record(content=f"{uuid.UUID(int=9)}.cfargotunnel.com", comment="mine", tags=["a:b"]),
    ],
    "other records": [
        _more_records({"name": GRAFANA, "content": TO_US}),
        _more_records({"name": CHAT, "content": TO_US}, {"name": GIT, "content": TO_US}),
        _more_records({"name": HOST, "type": "AAAA", "content": "fd00::9"}),
    ],
    "tunnels": [_other_tunnel],
    "the token": [
        _token(enabled=False),
        _token(expires_at=seed.now(10), duration="240h"),
        _token(expires_at=seed.now(-1)),
    ],
    "the organisation": [
        lambda twin: twin.world.organization.update(deny_unmatched_requests=True),
        lambda twin: twin.world.organization.update(strict_service_token_auth=True),
    ],
}  # fmt: skip
"""What a world may have beside, or in place of, what is documented."""

Values = Callable[[Twin], list[Any]]


def _ids(table: str) -> Values:
    return lambda twin: [*getattr(twin.world, table), str(uuid.UUID(int=7))]


WRONG: dict[str, Values] = {
    "tunnel.id": _ids("tunnels"),
    "tunnel.name": lambda _: ["grafana", "spark-old"],
    "tunnel.ingress": lambda _: [
        IngressRule(hostname=HOST, service="http://localhost:9"), IngressRule(hostname=CHAT, service=f"http://{OLLAMA}"),
        IngressRule(hostname=HOST, service="http://localhost:3000"),
    ],
    "tunnel.http_host_header": lambda _: ["spark.goldfish.io", HOST],
    "tunnel.fallback": lambda _: ["http_status:503", "http://localhost:3000"],
    "tunnel.rules": lambda _: [1, 3, 4],
    "dns.target": lambda twin: [f"{one}.cfargotunnel.com" for one in _ids("tunnels")(twin)] + ["a.example"],
    "dns.proxied": lambda _: [False],
    "dns.type": lambda _: ["A"],
    "dns.ttl": lambda _: [300],
    "dns.records": lambda _: [2],
    "access.app_id": _ids("apps"),
    "access.app_domain": lambda _: [CHAT, GRAFANA],
    "access.app_type": lambda _: ["saas"],
    "access.policy": lambda _: [
        Policy(name="One more", everyone=True), Policy(name="Team", everyone=True), Policy(name=POLICY, everyone=False),
        Policy(name="Service token of the client", everyone=True),
    ],
    "access.open_to_everyone": lambda _: [True],
    "access.service_auth": lambda _: [False],
    "access.refuses_anonymous": lambda _: [False],
    "access.token_id": _ids("service_tokens"),
    "access.token_client_id": lambda twin: [*twin.strangers, f"{'0' * 32}.access"],
    "public.answers": lambda _: [Expected(path="/api/tags", status=403)],
}  # fmt: skip
"""Slips of the pen, among them the names of what is somebody else's."""


@st.composite
def twins(draw: st.DrawFn) -> Twin:
    """A world with some of all that, in an order that keeps each change possible."""
    twin = Twin.healthy()
    chosen = draw(st.sets(st.sampled_from(sorted(ASPECTS)), max_size=5))
    for name in (*(name for name in ASPECTS if name != "our application"), "our application"):
        if name in chosen:
            which = draw(st.integers(0, len(ASPECTS[name]) - 1))
            ASPECTS[name][which](twin)
            twin.changes.append(f"{name} {which}")
    return twin


@st.composite
def slips(draw: st.DrawFn, twin: Twin) -> dict[str, Any]:
    """What is other than documented in a facts file: some that are not stated (None), and up to two that are wrong."""
    facts = stated().all()
    wrong = draw(st.sets(st.sampled_from(sorted(WRONG)), max_size=2)) if draw(st.booleans()) else set[str]()
    said = {fact: draw(st.sampled_from(values)) for fact in sorted(wrong) if (values := WRONG[fact](twin))}
    return dict.fromkeys(draw(st.sets(st.sampled_from(sorted(facts)), max_size=4))) | said


def slipped(said: dict[str, Any]) -> Facts:
    """The documented facts with these slips."""
    facts = stated()
    for fact, value in said.items():
        component, _, name = fact.partition(".")
        table = getattr(facts, component)
        new = None if value is None else getattr(table, name).model_copy(update={"expect": value})
        facts = facts.model_copy(update={component: table.model_copy(update={name: new})})
    return facts
