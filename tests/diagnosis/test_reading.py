"""The pure parts of reading: what a configuration does with a URL, whom a policy admits, who listens, what is known."""

import pytest

from spark_conformance.cloudflare.access.applications import AccessApp
from spark_conformance.cloudflare.access.domains import place_of
from spark_conformance.cloudflare.access.policies import AccessPolicy
from spark_conformance.cloudflare.access.rules import AccessRule, AccessRules
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule
from spark_conformance.diagnosis.reading.access import conditions, mode, service_auth
from spark_conformance.diagnosis.reading.answer import maker, spares
from spark_conformance.diagnosis.reading.deciding_app import covers
from spark_conformance.diagnosis.reading.expressions import Requested, taken
from spark_conformance.diagnosis.reading.host import OriginReplay, identity, state
from spark_conformance.diagnosis.reading.look import advised
from spark_conformance.diagnosis.reading.rules import does, leads
from spark_conformance.diagnosis.reading.tunnel import difference, treatment
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.units import parse
from spark_conformance.https.access_probes import Probe
from spark_conformance.https.answerer import classify
from spark_conformance.https.exchange import Exchange

NAME, PATH, TOKEN = "ollama.example.org", "/api/tags", "token-1"
OLLAMA = TunnelRule(NAME, "http://localhost:11434")
FALLBACK = TunnelRule(None, "http_status:404")


@pytest.mark.parametrize(
    ("rules", "kind", "missed", "status"),
    [
        ((OLLAMA, FALLBACK), "origin", "", 0),
        ((TunnelRule("*.example.org", "http://localhost:1"), FALLBACK), "origin", "", 0),
        ((TunnelRule("chat.example.org", "http://localhost:1"), FALLBACK), "status", "other-host", 404),
        ((TunnelRule(NAME, "http://localhost:1", path="^/v1"), FALLBACK), "status", "path", 404),
        ((TunnelRule("*.example.org", "http_status:410"), OLLAMA, FALLBACK), "status", "order", 410),
        ((FALLBACK,), "status", "gone", 404),
        ((), "none", "", 0),
        ((TunnelRule(None, "http_status:503"),), "none", "", 0),
        ((TunnelRule(NAME, "http://localhost:1", path="("), FALLBACK), "status", "path", 404),
    ],
)
def test_what_a_configuration_does_with_the_url(
    rules: tuple[TunnelRule, ...], kind: str, missed: str, status: int
) -> None:
    now = treatment(TunnelConfig(1, "cloudflare", rules), NAME, PATH)
    assert (now.kind, now.missed, now.status) == (kind, missed, status)


@pytest.mark.parametrize(
    ("service", "differs"),
    [
        ("http://127.0.0.1:11434", ""), ("https://localhost:11434", "scheme"), ("http://spark:11434", "host"),
        ("http://localhost:80", "port"), ("https://localhost", "port"), ("https://spark:443", "host"),
        ("hello_world", "kind"), ("unix:/run/ollama.sock", "kind"), ("tcp://localhost:11434", "kind"),
    ],
)  # fmt: skip
def test_in_what_a_service_differs(service: str, differs: str) -> None:
    assert difference(service, "http://localhost:11434") == differs


def _app(*policies: tuple[str, AccessRules]) -> AccessApp:
    made = tuple(
        AccessPolicy(str(place), f"policy {place}", decision, place, rules, None, reusable=False)
        for place, (decision, rules) in enumerate(policies, start=1)
    )
    return AccessApp("id", "aud", "app", NAME, "self_hosted", made, (), service_auth_401_redirect=False)


EVERYONE = AccessRules((AccessRule("everyone"),))
OURS = AccessRules((AccessRule("service_token", TOKEN),))
OTHERS = AccessRules((AccessRule("service_token", "token-2"),))


def _requiring(kind: str, value: str) -> AccessRules:
    return AccessRules(OURS.include, (AccessRule(kind, value),))


@pytest.mark.parametrize(
    ("policies", "whom", "then"),
    [
        ((("non_identity", OURS), ("allow", EVERYONE)), "ours", "login"),
        ((("deny", EVERYONE), ("allow", EVERYONE)), "none", "refusal"),
        ((("non_identity", OTHERS),), "other", "refusal"),
        ((("non_identity", _requiring("geo", "DE")), ("allow", EVERYONE)), "conditional", "login"),
        ((), "none", "refusal"),
    ],
)
def test_whom_the_policies_admit(policies: tuple[tuple[str, AccessRules], ...], whom: str, then: str) -> None:
    assert (service_auth(_app(*policies), TOKEN), mode(_app(*policies))) == (whom, then)


@pytest.mark.parametrize(
    ("rules", "held"),
    [
        (_requiring("geo", "DE"), "met"),
        (_requiring("geo", "NL"), "unmet"),
        (_requiring("ip", "203.0.113.0/24"), "unmet"),
        (_requiring("ip", "198.51.100.0/24"), "met"),
        (_requiring("certificate", ""), "unmet"),
        (_requiring("ip_list", "somewhere"), None),
        (AccessRules(OURS.include, exclude=(AccessRule("geo", "DE"),)), "unmet"),
    ],
)
def test_whether_conditions_hold_for_a_client(rules: AccessRules, held: str | None) -> None:
    assert conditions(_app(("non_identity", rules)), TOKEN, "198.51.100.7", "DE") == held


def test_which_paths_an_application_covers() -> None:
    paths = {"": True, "/api": True, "/api/tags": True, "/ap": False, "/v1": False, "/*/tags": True}
    assert {path: covers(place_of(f"{NAME}{path}"), PATH) for path in paths} == paths


@pytest.mark.parametrize(
    ("location", "by"),
    [
        ("https://team.cloudflareaccess.com/cdn-cgi/access/login/x?kid=aud&meta=m", "access"),
        ("https://team.cloudflareaccess.com/cdn-cgi/access/login/x", "edge"),
        (f"https://{NAME}/cdn-cgi/access/login", "access"),
    ],
)
def test_a_redirect_to_the_login_page_is_access_s_where_it_names_an_application(location: str, by: str) -> None:
    headers = (("location", location), ("cf-ray", "1-LAB"), ("server", "cloudflare"))
    assert maker(_probe(302, *headers)) == by


@pytest.mark.parametrize(
    ("status", "headers", "body", "spared"),
    [
        (403, (), "Sorry, you have been blocked", True),
        (403, (), "", True),
        (403, (("cf-cache-status", "DYNAMIC"),), "", False),
        (429, (), "error code: 1015", False),
        (429, (), "slow down", False),
        (502, (), "error code: 502", False),
        (503, (("cf-mitigated", "challenge"),), "", True),
    ],
)
def test_what_another_user_agent_is_answered_by_the_edge(
    status: int, headers: tuple[tuple[str, str], ...], body: str, spared: bool
) -> None:
    assert spares(_probe(status, *headers, ("cf-ray", "1-LAB"), ("server", "cloudflare"), body=body)) is spared


def _probe(status: int, *headers: tuple[str, str], body: str = "") -> Probe:
    exchange = Exchange("GET", PATH, "198.51.100.7 port 443", (), status, headers, body, len(body), 0.1, 0.1)
    return Probe(exchange, classify(exchange))


def test_what_rules_do_at_the_most() -> None:
    expected = {
        "log": "nothing",
        "block": "block",
        "managed_challenge": "challenge",
        "block challenge": "both",
        "": "nothing",
    }
    assert {actions: does(set(actions.split())) for actions in expected} == expected


def test_who_is_at_the_service() -> None:
    def seen(version: CurlReply, local: CurlReply) -> str:
        return identity(OriginReplay("http://localhost:1", NAME, "localhost:1", local, local, version))

    ollama, page = CurlReply("", 200, body=b'{"version":"0.33.0"}'), CurlReply("", 404, body=b"<html>")
    silent, refused = CurlReply("", 0, failure="Operation timed out"), CurlReply("", 0, failure="Connection refused")
    assert seen(ollama, CurlReply("", 403)) == "ollama"
    assert seen(page, page) == "other"
    assert seen(silent, silent) == "silent"
    assert seen(refused, refused) == "nobody"
    assert seen(ollama, silent) == "silent"


@pytest.mark.parametrize(
    ("sentence", "advice"),
    [
        ("it failed (HTTP 500: x; y); see its status, and run again", "see its status, and run again"),
        ("it takes it from elsewhere only (9109: no; never): run from there", "run from there"),
        ("the journal shows nothing (`sudo -n x`: no entries): let the user in, or allow it `sudo -n x`; see there",
         "let the user in, or allow it `sudo -n x`; see there"),
        ("target.ssh says nothing", ""),
        ("it said: nothing", ""),
    ],
)  # fmt: skip
def test_a_hindrance_that_says_itself_what_to_do_is_not_told_another_thing(sentence: str, advice: str) -> None:
    assert advised(sentence)[1] == advice
    assert advised(sentence)[0] in sentence


REQUEST = Requested("ollama.example.org", "/api/tags", "GET")


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("true", True),
        ('http.host eq "ollama.example.org"', True),
        ('(http.host eq "ollama.example.org" and starts_with(http.request.uri.path, "/api"))', True),
        ('(http.host eq "ollama.example.org" and not http.request.uri.path contains "/api")', False),
        ('http.host in {"www.example.org" "ollama.example.org"}', True),
        ('http.host eq "www.example.org" or http.request.method eq "POST"', False),
        ('http.host eq "www.example.org" and ip.src.country ne "DE"', False),
        ('http.host eq "ollama.example.org" and ip.src.country ne "DE"', None),
        ('ip.src in $blocked or http.host eq "ollama.example.org"', None),
        ('lower(http.host) eq "ollama.example.org"', None),
        ('http.host wildcard "*.example.org"', None),
        ("", None),
        ("(" * 5000, None),
    ],
)
def test_whether_a_rule_takes_a_request(expression: str, told: bool | None) -> None:
    assert taken(expression, REQUEST) is told


@pytest.mark.parametrize(
    ("target", "may"),
    [
        ("https://www.example.org/", True),
        ("https://status.example.net/", False),
        ('concat("https://www.example.org", http.request.uri.path)', True),
        ('concat("https://status.example.net", http.request.uri.path)', False),
        ("", True),
    ],
)
def test_whether_a_redirect_may_lead_to_a_host(target: str, may: bool) -> None:
    assert leads(target, "www.example.org") is may


@pytest.mark.parametrize(
    ("sub_state", "active_state", "result", "word"),
    [
        ("running", "active", "success", "active"),
        ("auto-restart", "activating", "exit-code", "ending"),
        ("auto-restart-queued", "activating", "signal", "ending"),
        ("auto-restart", "activating", "timeout", "starting"),
        ("start", "activating", "success", "starting"),
        ("dead", "inactive", "success", "inactive"),
        ("failed", "failed", "start-limit-hit", "inactive"),
    ],
)
def test_a_service_that_systemd_will_start_again_is_not_called_stopped(
    sub_state: str, active_state: str, result: str, word: str
) -> None:
    said = f"LoadState=loaded\nActiveState={active_state}\nSubState={sub_state}\nResult={result}"
    assert state(parse(said, "ollama.service")) == word


def test_a_policy_of_an_unknown_kind_may_admit_the_token() -> None:
    unknown = AccessRules((AccessRule("a_kind_of_tomorrow", "x"),))
    assert service_auth(_app(("non_identity", unknown)), TOKEN) is None
    assert service_auth(_app(("an_action_of_tomorrow", OURS)), TOKEN) is None
    assert service_auth(_app(("non_identity", unknown), ("non_identity", OURS)), TOKEN) == "ours"
