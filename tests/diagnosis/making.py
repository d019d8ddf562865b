"""Making a scenario on a lab, and looking at it: with everything, or with a view taken away."""

from collections.abc import Callable
from pathlib import Path

from spark_conformance.core.run import Run
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Diagnosis, Scene
from spark_conformance.diagnosis.reading import Asked, read
from spark_conformance.facts.agent import user_agent
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.https.access_probes import Probe, anonymous_probe, token_headers
from spark_conformance.https.answerer import classify
from spark_conformance.https.client import Request, send, way
from spark_conformance.https.route import probe_path
from spark_conformance.outside.marked_probe import send_marked
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault, inflict
from spark_lab.faults.application import added_app
from spark_lab.faults.bench import Bench, Json
from spark_lab.faults.cloudflare import ingress
from spark_lab.faults.fault import Act
from tests.diagnosis.scenarios import Scenario

Change = Callable[[SystemFile], SystemFile]


def _resolvers_deny(bench: Bench) -> None:
    for server in ("resolver1", "resolver2"):
        bench.switch("dns", server=server, nxdomain=[bench.lab.hostname])


def _agent_challenge(bench: Bench) -> None:
    target = {"target": "ua", "value": user_agent()}
    bench.api("POST", "zones/{zone}/firewall/ua_rules", {"mode": "managed_challenge", "configuration": target})


def _huge_secret(bench: Bench) -> None:
    def change(state: Json) -> None:
        state["config"]["dgx-spark:accessClientSecret"]["value"] = "0123456789abcdef" * 1200

    bench.operator("pulumi.json", change)


def _wildcard_answers(bench: Bench) -> None:
    """Our application is moved to a path that nobody asks for, and one for the whole zone answers."""
    added_app("*.{zone}")(bench)
    apps = "accounts/{account}/access/apps"
    own = next(app for app in bench.api("GET", apps) if app["domain"] == bench.lab.hostname)
    name = f"{bench.lab.hostname}/ui"
    places = [{"type": "public", "uri": name}]
    own.update(domain=name, self_hosted_domains=[name], destinations=places)
    bench.api("PUT", f"{apps}/{own['id']}", own)


def _demands_token(bench: Bench) -> None:
    """Protect with Access, as it should be set, by the application's own tag."""
    app = bench.api("GET", "accounts/{account}/access/apps")[0]
    team = bench.api("GET", "accounts/{account}/access/organizations")["auth_domain"].partition(".")[0]
    demand = {"required": True, "teamName": team, "audTag": [app["aud"]]}
    ingress(lambda rules: rules[0]["originRequest"].update(access=demand))(bench)


OWN: dict[str, Act] = {
    "own-resolvers-deny": _resolvers_deny,
    "own-agent-challenge": _agent_challenge,
    "own-super-bot-challenge": lambda bench: bench.api(
        "PUT", "zones/{zone}/bot_management", {"sbfm_definitely_automated": "managed_challenge"}
    ),
    "own-huge-secret": _huge_secret,
    "own-wildcard-answers": _wildcard_answers,
    "own-demands-token": _demands_token,
    "own-no-host-header": ingress(lambda rules: rules[0]["originRequest"].pop("httpHostHeader")),
    "own-ingress-gone": ingress(lambda rules: rules.pop(0)),
}
"""What the catalogue of faults has no need of: each fails the same facts as one that it has."""
assert OWN.keys().isdisjoint(FAULTS), "a name of our own is one of the catalogue's"


def make(lab: Announcement, scenario: Scenario) -> None:
    """Break the lab, fault by fault."""
    inflict(lab, [FAULTS.get(name) or Fault(name, name, OWN[name], frozenset()) for name in scenario.faults])


def look(lab: Announcement, scenario: Scenario, change: Change = lambda system: system) -> Scene:
    """What a diagnosis sees of it."""
    run = Run(change(load(Path(lab.target))))
    try:
        return read(run, ASKED[scenario.asked](run) if scenario.asked else None)
    finally:
        run.close()


def diagnosed(lab: Announcement, scenario: Scenario, change: Change = lambda system: system) -> Diagnosis:
    make(lab, scenario)
    return conclude(look(lab, scenario, change))


# --- other requests than the documented one


def _sent(run: Run, headers: dict[str, str], method: str = "GET", *, token: bool = True) -> Probe:
    headers = {**token_headers(run), **headers} if token else headers
    exchange = send(way(run), Request(method, probe_path(run), headers)).exchange
    return Probe(exchange, classify(exchange))


STRANGER = "https://page.of-a-stranger.example"
"""A page's Origin that Ollama does not know."""


def _preflight(run: Run) -> Probe:
    """What a browser asks before it sends a page's request: without credentials; Access refuses it by default."""
    headers = {
        "Origin": f"https://{run.system.hostname}",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "cf-access-client-id,cf-access-client-secret",
    }
    return _sent(run, headers, "OPTIONS", token=False)


def _page(run: Run) -> Asked:
    """What a browser sends for a stranger's page."""
    request = Request("GET", probe_path(run), {**token_headers(run), "Origin": STRANGER})
    return Asked.of(send_marked(run, request), origin=STRANGER)


ASKED: dict[str, Callable[[Run], Asked]] = {
    "anonymous": lambda run: Asked(run.get(anonymous_probe), credentials="none"),
    "script": lambda run: Asked(_sent(run, {"X-Requested-With": "XMLHttpRequest"})),
    "preflight": lambda run: Asked(
        _preflight(run), credentials="none", origin="https://page.example", method="OPTIONS"
    ),
    "other-name": lambda run: Asked(
        _sent(run, {"Host": "conformance.invalid"}, token=False), credentials="none", same_name=False
    ),
    "plain-agent": lambda run: Asked(_sent(run, {"User-Agent": "python-requests/2.32"})),
    "page": _page,
}
