"""Settings of the tunnel's configuration: fields of the rule, other rules, what all rules share; and the tunnel."""

from collections.abc import Callable
from typing import Any

from spark_lab.faults.application import app_of
from spark_lab.faults.bench import Bench, Json
from spark_lab.faults.cloudflare import configured, ingress
from spark_lab.faults.fault import Act
from tests.diagnosis.worlds.setting import setting

HOST_HEADER, NO_MATCH = "ollama-host-header", "ingress-no-match"


def _ours(rules: list[Json]) -> Json:
    """The rule that the healthy lab has for the name, wherever it is now."""
    return next((rule for rule in rules if "originRequest" in rule), rules[0])


def _rule(part: str, name: str, change: Callable[[Json], object], *causes: str) -> None:
    setting(part, name, ingress(lambda rules: change(_ours(rules))), *causes, cost="tunnel", rank=2)


def _origin(part: str, name: str, *causes: str, **fields: Any) -> None:
    _rule(part, name, lambda rule: rule["originRequest"].update(fields), *causes)


def _rules(part: str, name: str, change: Callable[[list[Json]], object], *causes: str, rank: int = 3) -> None:
    setting(part, name, ingress(change), *causes, cost="tunnel", rank=rank)


def _common(**fields: Any) -> Act:
    """What all rules share, where they say nothing of their own."""
    return configured(lambda config: config.setdefault("originRequest", {}).update(fields))


def _leads_to(service: str) -> Callable[[Json], object]:
    return lambda rule: rule.update(service=service)


def _moved(old: str, new: str) -> Callable[[Json], object]:
    return lambda rule: rule.update(service=rule["service"].replace(old, new))


def _falls_back_to(service: str) -> Callable[[list[Json]], object]:
    return lambda rules: rules[-1].update(service=service)


def _checks_ours(bench: Bench) -> None:
    """The connector looks at Access's tokens itself, and demands just what Access hands out."""
    access = {"required": True, "teamName": "goldfish-lab", "audTag": [app_of(bench)["aud"]]}
    ingress(lambda rules: _ours(rules)["originRequest"].update(access=access))(bench)


_rule("host-header", "header-none", lambda rule: rule["originRequest"].pop("httpHostHeader"), HOST_HEADER)
_origin("host-header", "header-empty", HOST_HEADER, httpHostHeader="")
_origin("host-header", "header-public", HOST_HEADER, httpHostHeader="ollama.goldfish.io")
_origin("host-header", "header-strange", HOST_HEADER, httpHostHeader="spark.goldfish.io")
_origin("host-header", "header-localhost", httpHostHeader="localhost")
_origin("host-header", "header-internal", httpHostHeader="ollama.internal")
_rule("service", "service-port", _leads_to("http://localhost:9"), "ingress-other-port")
_rule("service", "service-host", _moved("localhost", "127.0.0.9"), "ingress-other-host")
_rule("service", "service-name", _moved("localhost", "spark.invalid"), "ingress-other-host")
_rule("service", "service-https", _moved("http:", "https:"), "ingress-other-scheme")
_rule("service", "service-by-address", _moved("localhost", "127.0.0.1"))
_rule("service", "service-upper", _moved("localhost", "LOCALHOST"))
_rule("service", "service-zero", _moved("localhost", "0.0.0.0"))  # noqa: S104 - how an operator may write it
for status in (403, 404, 503):
    _rule("service", f"service-status-{status}", _leads_to(f"http_status:{status}"), "ingress-gone")
_rule("hostname", "name-other", lambda rule: rule.update(hostname="llm.goldfish.io"), NO_MATCH)
_rule("hostname", "name-wildcard", lambda rule: rule.update(hostname="*.goldfish.io"))
_rule("hostname", "name-upper", lambda rule: rule.update(hostname="OLLAMA.goldfish.io"), NO_MATCH)
_rule("path", "path-other", lambda rule: rule.update(path="^/v1/"), "ingress-path")
_rule("path", "path-generate", lambda rule: rule.update(path="/api/generate$"), "ingress-path")
_rule("path", "path-exact", lambda rule: rule.update(path="^/api/tags$"))
_rule("path", "path-all", lambda rule: rule.update(path=".*"))
_rule("path", "path-harmless", lambda rule: rule.update(path="^/api/"))
_origin(
    "check",
    "check-audience",
    "ingress-access-audience",
    "ingress-access-no-token",
    access={"required": True, "teamName": "goldfish-lab", "audTag": ["0" * 64]},
)
_origin(
    "check",
    "check-team",
    "ingress-access-team",
    "ingress-access-no-token",
    access={"required": True, "teamName": "somebody-else", "audTag": ["0" * 64]},
)
setting(
    "check",
    "check-ours",
    _checks_ours,
    "ingress-access-no-token",
    "ingress-access-audience",
    cost="tunnel",
    rank=2,
)
_origin("check", "check-off", access={"required": False, "teamName": "goldfish-lab", "audTag": ["0" * 64]})
_origin("tls", "tls-not-verified", noTLSVerify=True)
_origin("timeout", "timeout-long", connectTimeout=90)
_origin("timeout", "timeout-nanoseconds", "ingress-timeout", connectTimeout=30_000_000_000)
_origin("tls", "tls-server-name", originServerName="spark.goldfish.io")
_origin("connections", "connections-few", keepAliveConnections=1)
setting("common", "common-header", _common(httpHostHeader="spark.goldfish.io"), HOST_HEADER, cost="tunnel", rank=4)
setting(
    "common",
    "private-routes",
    configured(lambda config: config.update({"warp-routing": {"enabled": True}})),
    cost="tunnel",
    rank=4,
)
setting("common", "common-chunked", _common(disableChunkedEncoding=True), cost="tunnel", rank=4)
_rules(
    "before",
    "before-wildcard",
    lambda rules: rules.insert(0, {"hostname": "*.goldfish.io", "service": "http_status:410"}),
    "ingress-order",
)
_rules(
    "before",
    "before-path",
    lambda rules: rules.insert(0, {"hostname": "ollama.goldfish.io", "path": "^/api/", "service": "http_status:403"}),
    "ingress-order",
)
_rules(
    "before",
    "before-elsewhere",
    lambda rules: rules.insert(0, {"hostname": "ssh.goldfish.io", "service": "ssh://localhost:22"}),
)
for status in (403, 503):
    _rules("fallback", f"fallback-{status}", _falls_back_to(f"http_status:{status}"))
_rules("all", "rules-none", list.clear, "ingress-none", "ingress-gone", rank=6)
_rules("all", "rules-fallback-only", lambda rules: rules.__delitem__(slice(0, -1)), "ingress-gone", rank=6)
