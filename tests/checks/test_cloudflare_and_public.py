"""What the checks of Cloudflare's side say, where what they say depends on what they see."""

from types import SimpleNamespace
from typing import Any

import pytest

from checks import test_access as of_access
from checks import test_dns as of_dns
from checks import test_public as of_public
from checks import test_secrets as of_secrets
from spark_conformance.cloudflare.access.applications import ALL, NONE, SOME
from spark_conformance.core.judging import Judge
from spark_conformance.facts.fact import Fact
from spark_conformance.facts.probes import Probe
from spark_conformance.https.access_probes import AgentProbes, agent_probes
from spark_conformance.https.probes import answered_by
from tests.checks.judged import judged, seen
from tests.https.test_probes import received


@pytest.mark.parametrize(
    ("covers", "wanted", "ok"),
    [(ALL, True, True), (SOME, True, False), (NONE, True, False), (NONE, False, True), (ALL, False, False)],
)
def test_whether_access_stands_before_a_name(covers: str, wanted: bool, ok: bool) -> None:
    run = seen(system=seen(hostname="a.example"))
    apps = seen(protection=lambda _: covers, overlapping=lambda _name, _id: ["one", "two"])
    found = judged(of_access.test_protected, wanted, access_apps=apps, run=run)
    assert found == (covers, ok, "applications: one; two")
    apps.overlapping = lambda _name, _id: []
    told = judged(of_access.test_protected, wanted, access_apps=apps, run=run)
    assert told.note == "applications: none covers a.example"


@pytest.mark.parametrize("expires", ["2027-01-01", ""])
def test_when_a_token_ends(expires: str) -> None:
    token = seen(days_left=40, expires_at=expires)
    found = judged(of_access.test_token_days, 40, service_token=token)
    assert found == ("40", True, f"it expires on {expires or 'no date'}")


@pytest.mark.parametrize(("zones", "told"), [(("a.example", "b.example"), "a.example, b.example"), ((), "none")])
def test_which_zones_are_exempt(zones: tuple[str, ...], told: str) -> None:
    organization = seen(deny_unmatched=True, exempted_zones=zones)
    found = judged(of_access.test_deny_unmatched, True, access_organization=organization)
    assert found == ("yes", True, f"exempt zones: {told}")


@pytest.mark.parametrize(("aud", "observed"), [("one", "yes"), ("two", "no")])
def test_whose_application_answers(aud: str, observed: str) -> None:
    found = judged(
        of_access.test_app_answers,
        True,
        access_app=seen(aud="one"),
        answering_app=seen(aud=aud, told_by="the login page"),
    )
    assert found == (observed, aud == "one", f"the login page names {aud}, the application is one")


@pytest.mark.parametrize(("servers", "told"), [(("a.ns", "b.ns"), "a.ns, b.ns"), ((), "not told")])
def test_which_servers_a_zone_has(servers: tuple[str, ...], told: str) -> None:
    found = judged(of_dns.test_zone_status, "active", zone=seen(status="moved", name_servers=servers))
    assert found == ("moved", False, f"Cloudflare's servers for the zone are {told}")


def _probe(status: int, told: str, path: str = "/api") -> Any:
    return seen(exchange=seen(path=path, status=status), told=told)


class _Agents(AgentProbes):
    """Every probe that is asked for is unlike."""

    def unlike(self, probe: Any) -> Any:
        del probe
        return self.probes


@pytest.mark.parametrize(
    ("path", "status", "others", "expected"),
    [
        ("/api", 200, {}, ("path /api, status 200", True, "Ollama")),
        ("/api", 200, {"curl": _probe(403, "a rule")}, ("path /api, status 200, as curl status 403", False)),
        ("/api", 403, {"curl": _probe(200, "Ollama")}, ("path /api, status 403", False, "Ollama")),
        ("/tags", 200, {"curl": _probe(403, "a rule")}, ("path /tags, status 200", False, "Ollama")),
    ],
    ids=["as documented", "otherwise for curl", "another status", "another path"],
)
def test_other_programs_are_asked_about_only_where_the_answer_is_right(
    path: str, status: int, others: dict[str, Any], expected: Any
) -> None:
    asked = []

    def get(observation: object) -> AgentProbes:
        asked.append(observation)
        return _Agents(others)

    right = (path, status) == ("/api", 200)
    found = judged(
        of_public.test_answers,
        SimpleNamespace(path="/api", status=200),
        token_probe=_probe(status, "Ollama", path),
        run=seen(get=get),
    )
    assert found[: len(expected)] == expected
    assert asked == [agent_probes] * right
    if right and others:
        assert found.note == "Ollama; as curl: a rule"


def test_what_other_programs_are_answered_is_kept_as_evidence() -> None:
    judge = Judge("public.answers", Fact[Any].model_construct(expect=SimpleNamespace(path="/api", status=200)))
    others = AgentProbes({"curl": _probe(200, "Ollama"), "a browser": _probe(200, "Ollama as well")})
    of_public.test_answers(judge, token_probe=_probe(200, "Ollama"), run=seen(get=lambda _: others))
    assert [(one.label, one.text) for one in judge.evidence] == [
        ("as curl", "Ollama"), ("as a browser", "Ollama as well"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("team", "stated", "expected"),
    [
        ("ours", {"login": True}, ("the login page of ours.cloudflareaccess.com", True)),
        ("another", {"login": True}, ("the login page of another.cloudflareaccess.com", False)),
        ("another", {"status": 302}, ("status 302", True)),  # whose team it is, nobody asks then
    ],
)
def test_a_probe_is_held_against_what_is_stated_of_it(team: str, stated: Any, expected: Any) -> None:
    asked: list[object] = []

    def get(observation: object) -> Any:
        asked.append(observation)
        return seen(auth_domain="ours.cloudflareaccess.com")

    wanted = Probe.model_validate(stated)
    where = f"location: https://{team}.cloudflareaccess.com/cdn-cgi/access/login/x"
    answered = {"a.b": answered_by(received(302, where), wanted)}
    probes = seen(of=answered.__getitem__)
    found = judged(of_public.test_probe, wanted, "probes.a.b", public_probes=probes, run=seen(get=get))
    assert found == (*expected, answered["a.b"].probe.told)
    assert bool(asked) == ("login" in stated)


@pytest.mark.parametrize(
    ("shape", "documented", "ok", "note"),
    [
        ("hex-64", "hex-64", True, False),
        ("cfast", "hex-64", True, True),
        ("cfast", "cfast", True, False),
        ("hex-64", "cfast", False, False),
        ("hex-63", "hex-64", False, False),
    ],
)
def test_a_secret_of_the_newer_kind_is_well(shape: str, documented: str, ok: bool, note: bool) -> None:
    found = judged(of_secrets.test_client_secret_shape, documented, client_secret_shape=seen(shape=shape))
    assert (found.observed, found.ok, bool(found.note)) == (shape, ok, note)
