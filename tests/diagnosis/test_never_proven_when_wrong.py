"""Situations from the field that were once proven to be what they were not: each a scene, with what is right of it."""

from dataclasses import dataclass

import pytest

from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Diagnosis, Hop, Scene, Value
from spark_conformance.diagnosis.signs import sign
from tests.diagnosis.by_hand import without
from tests.diagnosis.scenes import scene

Signs = dict[str, Value]


@dataclass(frozen=True)
class Situation:
    """A recorded scene, and what would be seen otherwise; `named` are causes and how sure each is, `never` proven."""

    of: str
    seen: Signs
    named: dict[str, str]
    never: str


def _answered(situation: Situation) -> Diagnosis:
    signs = dict(scene(situation.of).signs)
    for name, value in situation.seen.items():
        signs[name] = sign(name, value, f"{name} is {value}")
    gone = [name for name, value in situation.seen.items() if value is None]
    return conclude(without(Scene(signs), *gone))


UNSERVED = "connections-refused"
SITUATIONS = {
    "the edge refuses the token, and the API does not show it": Situation(
        UNSERVED,
        {"cloudflared.token": None, "cloudflared.complaint": "secret"},
        {"cloudflared-token-rotated": "proven"},
        "cloudflared-no-way",
    ),
    "the edge has no such tunnel for the token": Situation(
        UNSERVED,
        {"cloudflared.token": None, "cloudflared.complaint": "no-tunnel"},
        {"cloudflared-token-refused": "proven"},
        "cloudflared-no-way",
    ),
    "a certificate on the way out": Situation(
        UNSERVED, {"cloudflared.complaint": "certificate"}, {"cloudflared-intercepted": "proven"}, "cloudflared-no-way"
    ),
    "names that cannot be looked up": Situation(
        UNSERVED, {"cloudflared.complaint": "lookup"}, {"cloudflared-no-names": "proven"}, "cloudflared-no-way"
    ),
    "the port is barred, and the log says so": Situation(
        UNSERVED, {"cloudflared.complaint": "no-way"}, {"cloudflared-no-way": "proven"}, "cloudflared-token-rotated"
    ),
    "no line tells what keeps the connector away": Situation(
        UNSERVED, {"cloudflared.complaint": "other"}, {"cloudflared-no-way": "likely"}, "cloudflared-no-way"
    ),
    "a redirect that no rule of the zone leads to": Situation(
        "edge-redirect", {"rules.redirect": "no"}, {}, "edge-redirect"
    ),
    "a redirect rule that may be the one": Situation(
        "edge-redirect", {"rules.redirect": "perhaps"}, {"edge-redirect": "likely"}, "edge-redirect"
    ),
    "a proxy takes the token off on the way, in a classic organisation": Situation(
        "access-secret-rotated", {}, {"access-wrong-secret": "likely"}, "access-wrong-secret"
    ),
    "a proxy takes the token off on the way, in a strict one": Situation(
        "access-secret-rotated-strict", {}, {"access-wrong-secret": "likely"}, "access-wrong-secret"
    ),
    "a Worker that passes requests on, and a 404 from the cache": Situation(
        "ingress-path",
        {
            "rules.worker": True, "answer.by": "cache", "answer.cache": "hit", "counter.total": "none",
            "counter.status": "none", "rule.kind": "origin", "rule.missed": None, "rule.answers": None,
            "rule.service": "documented",
        },
        {"edge-cached": "proven"},
        "edge-worker-answers",
    ),
    "a Worker's route, and an answer that nobody can place": Situation(
        "ingress-path",
        {
            "rules.worker": True, "answer.cache": "none", "counter.total": "none", "counter.status": "none",
            "rule.kind": "origin", "rule.missed": None, "rule.answers": None, "rule.service": "documented",
        },
        {"edge-worker-answers": "likely"},
        "edge-worker-answers",
    ),
    "cloudflared ended, and is about to be started again": Situation(
        "cloudflared-stopped", {"cloudflared.unit": "ending"}, {"cloudflared-ending": "proven"}, "cloudflared-stopped"
    ),
    "Ollama ended, and is about to be started again": Situation(
        "ollama-stopped", {"ollama.unit": "ending"}, {"ollama-ending": "proven"}, "ollama-stopped"
    ),
    "Cloudflare has the port already, and the connector is a version behind": Situation(
        "config-behind", {}, {"cloudflared-old-config": "proven"}, "ingress-other-port"
    ),
    "Cloudflare has the Host header already, and the connector is a version behind": Situation(
        "ingress-without-host-header",
        {"config.same": False},
        {"cloudflared-old-config": "proven"},
        "ollama-host-header",
    ),
    "the tunnel is managed locally: neither a restart nor a PUT helps": Situation(
        "ingress-none",
        {"tunnel.source": "local", "config.same": None},
        {"tunnel-never-pushed": "proven"},
        "ingress-none",
    ),
    "a token that is none, told by cloudflared alone": Situation(
        "token-cut-short",
        {"cloudflared.token": None},
        {"cloudflared-token-garbled": "proven"},
        "cloudflared-token-rotated",
    ),
    "a token that is another's than the one that runs": Situation(
        UNSERVED,
        {"cloudflared.token": "rotated", "cloudflared.in_use": False, "cloudflared.complaint": "no-way"},
        {"cloudflared-no-way": "proven"},
        "cloudflared-token-rotated",
    ),
    "times that overflow": Situation(
        "ollama-stopped",
        {
            "ollama.unit": "active", "origin.is": "ollama", "ollama.url": True, "journal.error": "dial-timeout",
            "rule.timeout": "spent",
        },
        {"ingress-timeout": "proven"},
        "ollama-stopped",
    ),
    "a CNAME to another account's tunnel": Situation(
        "edge-waf-block",
        {"answer.code": 1014, "log.source": None, "record.target": "other-tunnel"},
        {"dns-other-account": "proven"},
        "edge-custom-block",
    ),
    "an address of Cloudflare's own": Situation(
        "edge-waf-block",
        {"answer.code": 1000, "log.source": None, "record.target": "address"},
        {"dns-prohibited-address": "proven"},
        "edge-custom-block",
    ),
    "another token is disabled than the one that clients send": Situation(
        "access-token-disabled",
        {"token.client": "other"},
        {"access-other-client-id": "proven"},
        "access-token-disabled",
    ),
    "the documented token is gone, and clients send another": Situation(
        "access-token-missing", {"token.documented": False}, {}, "access-token-deleted"
    ),
    "an empty refusal that nothing shows to have come through the tunnel": Situation(
        "ingress-without-host-header",
        {"counter.total": None, "counter.status": None, "counter.errors": None, "journal.ollama": None,
         "journal.error": None, "answer.cache": "none"},
        {"ollama-host-header": "likely"},
        "ollama-host-header",
    ),
    "a zone that the registrar does not lead to, without the record": Situation(
        "record-missing", {"zone.status": "moved"}, {}, "dns-no-record"
    ),
    "resolvers that are silent, beside a grey record": Situation(
        "record-grey",
        {"dns.answers": "silence", "answer.by": "nobody", "answer.failure": "no-address", "dns.in_range": None},
        {"dns-resolver-silent": "proven"},
        "dns-not-proxied",
    ),
    "an alias that leads into the tunnel in the end": Situation(
        "record-elsewhere", {"counter.total": None, "answer.by": "behind", "answer.code": 0, "answer.status": 403},
        {}, "dns-record-elsewhere",
    ),
    "a token that has ended by a clock here that runs ahead": Situation(
        "access-token-expired", {"here.clock": False}, {}, "access-token-expired"
    ),
    "a Worker that hands out an error of the edge's": Situation(
        "record-other-tunnel", {"rules.worker": True}, {"dns-other-tunnel": "likely"}, "dns-other-tunnel"
    ),
    "a strange program at the port that the rule leads to breaks its answer off": Situation(
        "ingress-other-port",
        {"journal.error": "cut", "origin.is": "other"},
        {"ingress-other-program": "proven"},
        "ollama-cut",
    ),
    "an old configuration, and Ollama answers so by itself": Situation(
        "ollama-tags-500", {"config.same": False}, {"ollama-error": "proven"}, "cloudflared-old-config"
    ),
    "a token of Access that may have been lost behind it": Situation(
        "own-demands-token+access-no-service-auth+access-policy-bypasses",
        {"p0.passed": None},
        {"ingress-access-no-token": "likely"},
        "ingress-access-no-token",
    ),
    "a limit that was reached, in words of its own": Situation(
        "edge-waf-custom-403",
        {"rules.custom": "nothing", "rules.limit": True, "log.source": "ratelimit"},
        {"edge-rate-limit": "proven"},
        "edge-custom-answer",
    ),
    "a clock here that runs ahead": Situation(
        "public-certificate-expired", {}, {"tls-expired": "likely"}, "tls-expired"
    ),
}  # fmt: skip


@pytest.mark.parametrize("situation", [pytest.param(one, id=name) for name, one in SITUATIONS.items()])
def test_what_was_once_proven_wrongly(situation: Situation) -> None:
    seen = _answered(situation)
    proven = {named.cause.id for named in seen.causes if named.confidence == "proven" and named.active}
    assert situation.never not in proven
    told = {named.cause.id: named.confidence for named in seen.active}
    assert told == situation.named or (not situation.named and not proven), told


@pytest.mark.parametrize(
    ("seen", "hop"),
    [
        ({"answer.by": "behind", "answer.status": 403, "journal.ollama": "same"}, Hop.SERVICE),
        ({"answer.by": "behind", "answer.status": 403, "journal.error": "audience"}, Hop.CLOUDFLARED),
        (
            {"answer.by": "tunnel", "answer.status": 502, "answer.code": 502, "journal.error": "refused"},
            Hop.CLOUDFLARED,
        ),
        ({"answer.by": "behind", "answer.status": 403, "journal.ollama": "none", "journal.error": "none"}, None),
        ({"answer.by": "behind", "answer.status": 503, "journal.ollama": "other"}, None),
    ],
)
def test_a_log_that_names_the_request_tells_the_hop(seen: Signs, hop: Hop | None) -> None:
    told = conclude(Scene({name: sign(name, value, name) for name, value in seen.items()}))
    assert told.answered_by == hop


def test_a_request_that_is_in_ollama_s_log_has_come_to_ollama() -> None:
    seen: Signs = {"answer.by": "tunnel", "answer.code": 502, "answer.status": 502, "journal.ollama": "other"}
    told = conclude(Scene({name: sign(name, value, name) for name, value in seen.items()}))
    assert told.reached is Hop.SERVICE
