"""Scenes of causes that no lab can make, or not yet: a healthy scene, with what would be seen in its place."""

from dataclasses import replace

from spark_conformance.diagnosis.model import CLIENTS, CREDENTIALS, LOCAL, PLAIN, Scene, Stated, Value
from spark_conformance.diagnosis.signs import sign
from tests.diagnosis.scenes import scene

HEALTHY = "access-wildcard-app"
"""A scenario whose request is answered as it should be."""
Signs = dict[str, Value]
STOPPED: Signs = {"counter.total": "none", "counter.status": "none", "journal.ollama": "none"}
UNSERVED: Signs = {
    "answer.by": "tunnel", "answer.status": 530, "answer.code": 1033, "answer.branded": True, "tunnel.connected": False,
    "cloudflared.connected": False,
}  # fmt: skip
BARRED: Signs = {**UNSERVED, "cloudflared.in_use": True}
LOCALLY: Signs = {
    **UNSERVED, "tunnel.source": "local", "cloudflared.token": None, "cloudflared.in_use": None,
    "cloudflared.complaint": "none",
}  # fmt: skip
REGISTERING: Signs = {**LOCALLY, "cloudflared.unit": "starting", "cloudflared.complaint": "secret"}
CONNECTOR: Signs = {
    "answer.by": "tunnel", "answer.status": 502, "answer.code": 502, "counter.total": "all", "counter.status": "none",
    "counter.errors": "all", "journal.ollama": None,
}  # fmt: skip
FOREIGN: Signs = {"answer.by": "nobody", "answer.failure": "refused", "answer.status": None}


def _edge(code: int, **more: Value) -> Signs:
    return {**STOPPED, "answer.by": "edge", "answer.status": 403, "answer.code": code, "answer.branded": True} | more


PLAIN_SERVICE: Signs = {
    "ollama.unit": None, "ollama.url": None, "journal.ollama": None, "rule.header": None, "replay.same": None,
    "replay.sent": None, "replay.local": None, "origin.is": "somebody", "service.unit": "active",
    "service.answers": True, "service.healthy": True, "service.takes": "all",
}  # fmt: skip
REFUSED: Signs = {
    "answer.by": "behind", "answer.status": 403, "counter.total": "all", "counter.status": "all",
    "counter.errors": "none", "journal.error": "none", "service.same": True,
}  # fmt: skip
UNANSWERED: Signs = {
    **PLAIN_SERVICE, **CONNECTOR, "journal.error": "refused", "origin.is": "nobody", "service.answers": False,
    "service.healthy": None, "service.takes": None,
}  # fmt: skip
BY_HAND: dict[str, Signs] = {
    "edge-managed-block": _edge(1020) | {"rules.managed": True, "log.source": "firewallManaged"},
    "edge-network-block": _edge(1005) | {"rules.addresses": "block"},
    "edge-worker-answers": {
        **STOPPED, "answer.status": 418, "answer.empty": False, "answer.cache": "none", "rules.worker": True,
        "replay.same": False,
    },
    "access-host-app": {
        **STOPPED, "answer.by": "access", "answer.status": 302, "answer.app": "other", "other.kind": "host",
    },
    "dns-zone-inactive": {**FOREIGN, "zone.status": "moved", "dns.in_range": False, "dns.authoritative": None},
    "tls-no-connection": FOREIGN,
    "dns-other-account": _edge(1014) | {"record.target": "other-tunnel"},
    "dns-prohibited-address": _edge(1000) | {"record.target": "address"},
    "edge-cached": {**STOPPED, "answer.by": "cache", "answer.status": 404, "answer.cache": "hit", "rules.worker": True},
    "tunnel-never-pushed": {
        "answer.status": 503, "answer.empty": True, "counter.status": "all", "counter.errors": "none",
        "tunnel.source": "local", "config.same": None, "rule.kind": "none", "rule.service": None,
        "journal.error": "no-rules", "journal.ollama": "none",
    },
    "cloudflared-token-refused": {**BARRED, "cloudflared.complaint": "no-tunnel", "cloudflared.token": None},
    "cloudflared-config-missing": {**LOCALLY, "cloudflared.unit": "ending", "cloudflared.config": "missing"},
    "cloudflared-config-other-tunnel": {
        **REGISTERING, "cloudflared.config": "other-tunnel", "cloudflared.credentials": "ours",
    },
    "cloudflared-credentials-missing": {
        **LOCALLY, "cloudflared.unit": "ending", "cloudflared.config": "ours", "cloudflared.credentials": "missing",
    },
    "cloudflared-credentials-other-tunnel": {
        **REGISTERING, "cloudflared.config": "ours", "cloudflared.credentials": "other-tunnel",
    },
    "cloudflared-credentials-refused": {
        **REGISTERING, "cloudflared.config": "ours", "cloudflared.credentials": "ours",
    },
    "cloudflared-no-names": {**BARRED, "cloudflared.complaint": "lookup"},
    "cloudflared-intercepted": {**BARRED, "cloudflared.complaint": "certificate"},
    "ollama-ending": {
        **CONNECTOR, "journal.error": "refused", "ollama.unit": "ending", "origin.is": "nobody", "ollama.url": False,
    },
    "ollama-cut": {**CONNECTOR, "journal.error": "cut"},
    "tunnel-missing": {**UNSERVED, "tunnel.exists": False, "tunnel.connected": None, "tunnel.deleted": None},
    "tunnel-no-connector": {**UNSERVED, "cloudflared.unit": "starting", "cloudflared.token": None},
    "cloudflared-elsewhere": {
        "answer.by": "tunnel", "answer.status": 502, "answer.code": 502, "tunnel.served_by": "others",
        "counter.total": "none", "counter.status": None, "counter.errors": None, "journal.ollama": None,
        "journal.error": None, "cloudflared.connected": True,
    },
    "access-no-login": {
        **PLAIN_SERVICE, **STOPPED, "answer.by": "access", "answer.status": 403, "answer.credentials": "none",
        "app.mode": "refusal", "app.service_auth": None, "journal.ollama": None,
    },
    "access-not-stated": {
        **PLAIN_SERVICE, **STOPPED, "answer.by": "access", "answer.status": 302, "answer.app": "ours",
        "journal.ollama": None,
    },
    "service-host-header": {**PLAIN_SERVICE, **REFUSED, "service.takes": "no-host"},
    "service-untrusted-proxy": {**PLAIN_SERVICE, **REFUSED, "service.takes": "no-proxy"},
    "service-missing": {**UNANSWERED, "service.unit": "missing"},
    "service-stopped": {**UNANSWERED, "service.unit": "inactive"},
    "service-ending": {**UNANSWERED, "service.unit": "ending"},
    "service-other-address": {**UNANSWERED, "service.unit": "active"},
    "service-unreachable": {**UNANSWERED, "service.unit": None},
    "service-certificate": {**PLAIN_SERVICE, **CONNECTOR, "journal.error": "certificate"},
    "service-silent": {
        **PLAIN_SERVICE, **CONNECTOR, "answer.status": 524, "answer.code": 524, "counter.errors": None,
        "journal.error": None, "origin.is": "silent", "service.answers": False, "service.takes": None,
    },
    "service-cut": {**PLAIN_SERVICE, **CONNECTOR, "journal.error": "cut"},
    "service-error": {**PLAIN_SERVICE, **REFUSED, "answer.status": 500, "replay.same": True, "service.takes": "all"},
    "service-ill": {
        **PLAIN_SERVICE, **REFUSED, "answer.status": 404, "replay.same": False, "service.healthy": False,
        "service.takes": "all",
    },
}  # fmt: skip
"""What differs from the healthy scene, by the cause; None for what would not be seen."""
GRAFANA = frozenset({
    "tunnel", "tunnel.ingress", "cloudflared", "cloudflared.unit", "dns", "public", "service", "service.unit",
    "service.url", "service.health", PLAIN,
})  # fmt: skip
"""What the facts of a service that is not Ollama state, but for Access."""


def stated_for(cause: str) -> Stated:
    """What must be stated for a cause to be one."""
    if cause.startswith("service-"):
        return Stated("Grafana", GRAFANA | {"access", CLIENTS})
    if cause.startswith(("cloudflared-config", "cloudflared-credentials")):
        return Stated("Grafana", GRAFANA | {LOCAL, CREDENTIALS})
    if cause == "access-not-stated":
        return Stated("Grafana", GRAFANA)
    return Stated("Grafana", GRAFANA | {"access"}) if cause == "access-no-login" else Stated()


def without(seen: Scene, *signs: str) -> Scene:
    """The same scene, seen with these signs less."""
    return replace(seen, signs={name: sign for name, sign in seen.signs.items() if name not in signs})


def by_hand(cause: str) -> Scene:
    signs = dict(scene(HEALTHY).signs)
    seen = BY_HAND[cause]
    for name, value in seen.items():
        signs[name] = sign(name, value, f"{name} is {value}")
    gone = {name for name, value in seen.items() if value is None}
    if seen.get("answer.by") == "nobody":
        gone |= {name for name in signs if name.startswith(("answer.", "counter.", "journal.", "p0.", "p1."))}
        gone -= {"answer.by", "answer.failure"}
    return without(Scene(signs, stated=stated_for(cause)), *gone)
