"""Settings of the zone's edge: rules that stop a request, rules that only look as if they did, and Workers."""

from typing import Any

from spark_conformance.facts.agent import user_agent
from spark_lab.faults.bench import Bench, BenchError, Json
from spark_lab.faults.cloudflare import switch
from spark_lab.faults.edge import CUSTOM, ON_PATH, PHASES, REDIRECTS, visit
from spark_lab.faults.fault import Act, steps
from tests.diagnosis.worlds.setting import faults, setting

MANAGED = "http_request_firewall_managed"
ELSEWHERE = 'http.host eq "www.goldfish.io"'
ALL = "true"
BROWSERS = 'http.user_agent contains "Mozilla/"'


def _rule(phase: str, expression: str, action: str, *, first: bool = False, **more: Any) -> Act:
    """One rule more of a phase."""

    def make(bench: Bench) -> None:
        place = f"{PHASES}/{phase}/entrypoint"
        try:
            rules: list[Json] = bench.api("GET", place).get("rules") or []
        except BenchError:  # nobody has made the phase's ruleset yet
            rules = []
        kept = [{key: rule[key] for key in rule if key not in {"id", "version", "last_updated"}} for rule in rules]
        rule = {"expression": expression, "action": action, "description": "drawn", **more}
        bench.api("PUT", place, {"rules": [rule, *kept] if first else [*kept, rule]})

    return make


def _block(expression: str, **more: Any) -> Act:
    return _rule(CUSTOM, expression, "block", **more)


def _answering(status: int, content: str, kind: str = "text/plain") -> Act:
    response = {"status_code": status, "content_type": kind, "content": content}
    return _block(ON_PATH, action_parameters={"response": response})


def _redirect(expression: str, target: str, status: int = 302) -> Act:
    to = {"from_value": {"target_url": {"value": target}, "status_code": status}}
    return _rule(REDIRECTS, expression, "redirect", action_parameters=to)


def _post(path: str, body: Json) -> Act:
    return lambda bench: bench.api("POST", path, body)


def _address(target: str, value: str, mode: str) -> Act:
    return _post(
        "zones/{zone}/firewall/access_rules/rules",
        {"mode": mode, "configuration": {"target": target, "value": value}},
    )


def _lockdown(url: str, address: str) -> Act:
    def make(bench: Bench) -> None:
        body = {"urls": [url.format(host=bench.lab.hostname)], "configurations": [{"target": "ip", "value": address}]}
        bench.api("POST", "zones/{zone}/firewall/lockdowns", body)

    return make


def _agent(value: str, mode: str) -> Act:
    return _post("zones/{zone}/firewall/ua_rules", {"mode": mode, "configuration": {"target": "ua", "value": value}})


def _setting(name: str, value: str) -> Act:
    return lambda bench: bench.api("PATCH", f"zones/{{zone}}/settings/{name}", {"value": value})


def _bots(**fields: Any) -> Act:
    return lambda bench: bench.api("PUT", "zones/{zone}/bot_management", fields)


def _worker(pattern: str, **does: Any) -> Act:
    def make(bench: Bench) -> None:
        if does:
            bench.switch("worker", script="drawn", **does)
        route = {"pattern": pattern.format(host=bench.lab.hostname), "script": "drawn"}
        bench.api("POST", "zones/{zone}/workers/routes", route)

    return make


CUSTOM_BLOCK, CUSTOM_ANSWER, CUSTOM_CHALLENGE = "edge-custom-block", "edge-custom-answer", "edge-custom-challenge"
setting("custom", "custom-block-path", _block(ON_PATH), CUSTOM_BLOCK)
setting("custom", "custom-block-agent", _block('http.user_agent contains "conformance"'), CUSTOM_BLOCK)
setting("custom", "custom-block-country", _block('ip.src.country ne "DE"'), CUSTOM_BLOCK)
setting("custom", "custom-challenge", _rule(CUSTOM, ON_PATH, "managed_challenge"), CUSTOM_CHALLENGE)
setting("custom", "custom-js-challenge", _rule(CUSTOM, ALL, "js_challenge"), CUSTOM_CHALLENGE)
for status in (403, 404, 410, 429, 451):
    setting("custom", f"custom-answer-{status}", _answering(status, "Closed for today.\n"), CUSTOM_ANSWER)
for status in (401, 403, 404, 499):
    setting("custom", f"custom-empty-{status}", _answering(status, ""), CUSTOM_ANSWER)
setting("custom", "custom-json-403", _answering(403, '{"error":"no"}', "application/json"), CUSTOM_ANSWER)
setting("custom-harmless", "custom-block-elsewhere", _block(ELSEWHERE))
setting("custom-harmless", "custom-block-post", _block('http.request.method eq "POST"'))
setting("custom-harmless", "custom-block-browsers", _block(BROWSERS))
setting("custom-harmless", "custom-block-other-path", _block('starts_with(http.request.uri.path, "/admin")'))
setting("custom-harmless", "custom-challenge-elsewhere", _rule(CUSTOM, ELSEWHERE, "managed_challenge"))
setting("custom-harmless", "custom-log-all", _rule(CUSTOM, ALL, "log"))
setting(
    "custom-skip",
    "custom-skip-all",
    _rule(
        CUSTOM,
        ALL,
        "skip",
        first=True,
        action_parameters={
            "ruleset": "current",
            "phases": ["http_ratelimit", "http_request_firewall_managed", "http_request_sbfm"],
            "products": ["bic", "uaBlock", "zoneLockdown"],
        },
    ),
    rank=6,
)
setting("custom", "custom-block-others", _block("not ip.src in {203.0.113.0/24}"), CUSTOM_BLOCK)
setting("custom", "custom-block-address", _block("ip.src in {127.0.0.0/8}"), CUSTOM_BLOCK)
setting("custom-harmless", "custom-block-marked", _block('http.request.uri.query contains "no-such-mark"'))
setting("custom-harmless", "custom-block-referer", _block('http.referer contains "example"'))
setting("custom-harmless", "custom-block-abroad", _block('ip.src.country in {"DE" "NL"}'))
setting("managed", "managed-on", _rule(MANAGED, ALL, "execute", action_parameters={"id": "0" * 32}))
faults("limit", "edge-rate-limit", rank=1)
LIMIT = "edge-rate-limit"


def _reached(action: str = "block", **more: Any) -> Act:
    """A limit that this machine's requests have gone beyond."""

    def make(bench: Bench) -> None:
        limit = {"requests_per_period": 1, "period": 60, "mitigation_timeout": 600, "characteristics": ["ip.src"]}
        _rule("http_ratelimit", ON_PATH, action, ratelimit=limit, **more)(bench)
        for _ in range(2):
            visit(bench)

    return make


def _limit_answers(status: int, content: str) -> Act:
    response = {"status_code": status, "content_type": "text/plain", "content": content}
    return _reached(action_parameters={"response": response})


setting("limit", "limit-challenges", _reached("managed_challenge"), LIMIT, rank=1)
setting("limit", "limit-answers-429", _limit_answers(429, "Slow down.\n"), LIMIT, rank=1)
setting("limit", "limit-answers-403", _limit_answers(403, "Not so fast.\n"), LIMIT, rank=1)
setting(
    "limit",
    "limit-elsewhere",
    _rule("http_ratelimit", ELSEWHERE, "block", ratelimit={"requests_per_period": 1, "period": 60}),
)

ADDRESS, CHALLENGED = "edge-address-block", "edge-address-challenge"
setting("address", "address-block", _address("ip", "127.0.0.1", "block"), ADDRESS)
setting("address", "address-block-range", _address("ip_range", "127.0.0.0/16", "block"), ADDRESS)
setting("address", "address-challenge", _address("ip", "127.0.0.1", "managed_challenge"), CHALLENGED)
faults("address", "edge-network-block")
setting("address", "address-allow", _address("ip", "127.0.0.1", "whitelist"))
setting("address", "address-block-other", _address("ip", "203.0.113.9", "block"))
setting("country", "country-block", _address("country", "XX", "block"), "edge-country-block")
setting("country", "country-challenge", _address("country", "XX", "js_challenge"), CHALLENGED)
setting("country", "country-block-other", _address("country", "NL", "block"), "edge-country-block")
setting("lockdown", "lockdown", _lockdown("{host}/*", "203.0.113.7"), "edge-lockdown")
setting("lockdown", "lockdown-elsewhere", _lockdown("{host}/admin/*", "203.0.113.7"))
setting("lockdown", "lockdown-for-us", _lockdown("{host}/*", "127.0.0.1"))
setting("agent", "agent-block", _agent(user_agent(), "block"), "edge-agent-block")
setting("agent", "agent-challenge", _agent(user_agent(), "managed_challenge"), "edge-agent-challenge")
setting("agent", "agent-block-other", _agent("curl/8.5.0", "block"))
setting("bots", "bots-fight", _bots(fight_mode=True), "edge-bot-fight")
setting("bots", "bots-block", _bots(sbfm_definitely_automated="block"), "edge-super-bot-block")
setting("bots", "bots-challenge", _bots(sbfm_definitely_automated="managed_challenge"), "edge-super-bot-challenge")
setting("level", "level-attack", _setting("security_level", "under_attack"), "edge-under-attack")
setting("level", "level-high", _setting("security_level", "high"))
setting("integrity", "integrity-off", _setting("browser_check", "off"))
setting("redirect", "redirect-path", _redirect(ON_PATH, "https://www.goldfish.io/", 301), "edge-redirect")
setting("redirect", "redirect-all", _redirect(ALL, "https://status.example.net/"), "edge-redirect")
setting(
    "redirect",
    "redirect-to-login",
    _redirect(ON_PATH, "https://goldfish-lab.cloudflareaccess.com/cdn-cgi/access/login/chat.goldfish.io"),
    "edge-redirect",
)
setting("redirect", "redirect-elsewhere", _redirect(ELSEWHERE, "https://www.example.net/"))

PAGE = {"content-type": "text/html"}
KEPT = {**PAGE, "cf-cache-status": "HIT"}
"""What the edge's cache kept of an earlier answer: a Worker that passes requests on hands it out as well."""
ANSWERS = "edge-worker-answers"
setting("worker", "worker-throws", _worker("{host}/*"), "edge-worker-throws")
setting("worker", "worker-passes", _worker("{host}/*", passes=True))
setting("worker", "worker-elsewhere", _worker("{host}/admin/*"))
for status in (302, 403, 404, 503):
    setting(
        "worker",
        f"worker-answers-{status}",
        _worker(
            "{host}/*",
            status=status,
            headers={"location": "https://www.goldfish.io/"} if status == 302 else {},
            body="",
        ),
        ANSWERS,
    )
setting("worker", "worker-cached-404", _worker("{host}/*", status=404, headers=KEPT, body="<p>none</p>"), "edge-cached")
setting("worker", "worker-page-403", _worker("{host}/api/*", status=403, headers=PAGE, body="<p>no</p>"), ANSWERS)

setting("visitor", "visitor-from-nl", switch("visitor", country="NL"))
setting(
    "visitor",
    "visitor-blocked-be",
    steps(switch("visitor", country="BE"), _address("country", "BE", "block")),
    "edge-country-block",
)
setting("visitor", "lost-client-id", switch("visitor", loses=["cf-access-client-id"]), "access-wrong-secret")
setting("visitor", "lost-client-secret", switch("visitor", loses=["cf-access-client-secret"]), "access-wrong-secret")
setting("patience", "patience-short", switch("patience", seconds=0.5))
setting("gathers", "edge-gathers", switch("gathers"))
