"""Settings of the host: its services, their tokens and their ways; and views that are closed to the suite."""

from spark_lab.faults.bench import Bench
from spark_lab.faults.cloudflare import switch
from spark_lab.faults.fault import Act
from tests.diagnosis.worlds.setting import faults, setting

DOWN = ("tunnel-no-connector",)
REFUSED = (*DOWN, "cloudflared-token-refused", "cloudflared-ending")


def _status(code: int) -> Act:
    return lambda bench: bench.ollama(status={"/api/tags": code})


for code in (401, 403, 404, 429, 500, 502, 503):
    setting("answers", f"ollama-answers-{code}", _status(code), "ollama-error", cost="host")
faults("ollama", "ollama-stopped", "ollama-other-port", "ollama-other-program", cost="host")
faults("ollama", "ollama-all-interfaces", "ollama-unit-missing", "ollama-masked", "ollama-hanging", cost="host")
faults("ollama", "ollama-failing", causes=("ollama-stopped", "ollama-ending"), cost="host")
faults(
    "cloudflared",
    "cloudflared-stopped",
    "cloudflared-failing",
    "unit-masked",
    "unit-missing",
    causes=DOWN,
    cost="host",
    rank=7,
)
faults(
    "cloudflared",
    "token-empty",
    "token-cut-short",
    "token-of-another-tunnel",
    "token-of-another-account",
    causes=REFUSED,
    cost="host",
    rank=7,
)
faults(
    "cloudflared",
    "token-rotated-and-restarted",
    causes=REFUSED,
    cost="host",
    rank=7,
)
faults(
    "cloudflared",
    "edge-unreachable",
    "connections-refused",
    causes=DOWN,
    cost="host",
    rank=7,
)
faults("cloudflared", "token-rotated", "token-not-deployed", "second-connector", cost="host", rank=7)
faults("tunnel", "tunnel-deleted", causes=DOWN, cost="host", rank=8)


def _without(*permissions: str) -> Act:
    return switch("api_token", without=list(permissions))


def _hides(name: str, act: Act) -> None:
    setting("view", name, act, hides=True, rank=10)


_hides("no-rules", _without("Zone WAF Read", "Firewall Services Read", "Workers Routes Read", "Bot Management Read"))
_hides("no-logs", _without("Analytics Read", "Account Analytics Read"))
_hides("no-access", _without("Access: Apps and Policies Read", "Access: Service Tokens Read"))
_hides("no-apps", _without("Access: Apps and Policies Read"))
_hides("no-organisation", _without("Access: Organizations, Identity Providers, and Groups Read"))
_hides("no-tunnel", _without("Cloudflare Tunnel Read"))
_hides("no-records", _without("DNS Read", "Zone Read"))
_hides("no-api", switch("api_token", status="disabled"))
_hides("no-host", switch("ssh", listens=False))


for place in ("rulesets", "access/apps", "cfd_tunnel", "dns_records", "graphql"):
    _hides(f"failing-{place.replace('/', '-')}", switch("api_trouble", kind="fail", where=place, times=None))


def _no_metrics(bench: Bench) -> None:
    from spark_lab.faults import FAULTS

    FAULTS["metrics-closed"].make(bench)


_hides("no-metrics", _no_metrics)
