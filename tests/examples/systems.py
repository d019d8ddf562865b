"""The examples, and what is broken of each one's twin: the fault, and the cause that the diagnosis must name of it.

Faults are the catalogue's own. What they are declared to do is declared of a system that states every fact: an example
states some, and only those count.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """A fault, and the causes or findings of the diagnosis that are right of it; none where the request is answered."""

    fault: str
    causes: tuple[str, ...] = ()
    more: frozenset[str] = frozenset()
    """Facts of the operator's own naming that fail as well, or instead."""
    hidden: frozenset[str] = frozenset()
    """Such facts that nobody can look at."""
    spared: frozenset[str] = frozenset()
    """Facts that hold all the same, as another host serves the tunnel as well."""


def broken(
    *faults: str, by: str = "", more: tuple[str, ...] = (), hidden: tuple[str, ...] = (), spared: tuple[str, ...] = ()
) -> tuple[Broken, ...]:
    """Faults that one cause is right of; without one, those of which nothing is to be explained."""
    causes = (by,) if by else ()
    return tuple(Broken(one, causes, frozenset(more), frozenset(hidden), frozenset(spared)) for one in faults)


GRAFANA = (
    *broken("service-disabled", "service-crashing", "cloudflared-disabled", "tunnel-renamed", "fallback-503"),
    *broken("service-all-interfaces", "public-certificate-expiring", "access-policy-renamed", "token-readable-by-all"),
    *broken("access-other-login-methods"),
    *broken("service-stopped", "service-hanging", "service-refuses-host", "service-unwell", "ingress-other-port"),
    *broken("cloudflared-stopped", "record-other-tunnel"),
    *broken("record-missing", by="dns-no-record"),
    *broken("access-bypass-everyone", by="access-open"),
    *broken(
        "access-app-other-domain", by="access-absent",
        hidden=("access.app_domain", "access.login_methods", "access.open_to_everyone", "access.policy"),
    ),
)  # fmt: skip
"""Whoever asks without a login meets Access first: what is broken behind it is found, and explains no answer."""
PAGES = ("probes.home", "probes.old_blog", "probes.missing")
SITE = (
    *broken("service-disabled", "service-all-interfaces", "tunnel-renamed", "fallback-503"),
    *broken("service-stopped", by="service-stopped", more=PAGES),
    *broken("service-refuses-host", by="service-host-header", more=PAGES),
    *broken("service-unwell", by="service-error", more=PAGES),
    *broken("ingress-other-port", by="ingress-other-port", more=("routes.site", *PAGES)),
    *broken("cloudflared-stopped", by="cloudflared-stopped", more=PAGES),
    *broken("record-other-tunnel", by="dns-other-tunnel", more=PAGES),
    *broken("record-missing", by="dns-no-record", hidden=PAGES),
)
SHOWN = ("probes.home", "probes.admin", "probes.status")
NAMES = (
    *broken("service-disabled", "tunnel-renamed", "fallback-503", "cloudflared-disabled", "ingress-rule-between"),
    *broken("service-stopped", by="service-stopped", more=("probes.home",)),
    *broken("service-refuses-host", by="service-host-header", more=("probes.home",)),
    *broken("service-unwell", by="service-error", more=("probes.home",)),
    *broken("cloudflared-stopped", by="cloudflared-stopped", more=SHOWN),
    *broken(
        "ingress-wildcard-before", by="ingress-order",
        more=("routes.shop", "routes.api", "routes.admin", "routes.status", *SHOWN),
    ),
    *broken("record-missing", by="dns-no-record", hidden=("probes.home", "probes.admin")),
)  # fmt: skip
APP = ("probes.manifest",)
HOME = (
    *broken("tunnel-renamed", "fallback-503", "public-certificate-expiring"),
    *broken("service-trusts-no-proxy", by="service-untrusted-proxy", more=APP),
    *broken("service-unwell", by="service-error", more=APP),
    *broken("service-refuses-host", by="service-host-header", more=APP),
    *broken("ingress-other-port", by="ingress-other-port", more=("routes.home", *APP)),
    *broken("record-other-tunnel", by="dns-other-tunnel", more=APP),
    *broken("record-missing", by="dns-no-record", hidden=APP),
)
MODELS = ("probes.models",)
VLLM = (
    *broken("openai-mute", "service-disabled", "service-crashing", "service-all-interfaces", "access-token-expiring"),
    *broken("openai-no-key", "fallback-503", "tunnel-renamed"),
    *broken("openai-other-model", more=MODELS),
    *broken("service-stopped", by="service-stopped", more=MODELS),
    *broken("service-hanging", by="service-silent", hidden=MODELS),
    *broken("ingress-other-port", by="ingress-other-port", more=MODELS),
    *broken("cloudflared-stopped", by="cloudflared-stopped", more=MODELS),
    *broken("access-no-service-auth", by="access-no-policies", more=MODELS),
    *broken("access-token-disabled", by="access-token-disabled", more=MODELS),
    *broken("access-secret-rotated", by="access-wrong-secret", more=MODELS),
    *broken("record-missing", by="dns-no-record", hidden=MODELS),
)
LOGIN = ("probes.home", "probes.login", "probes.status")
RULES = ("tunnel.ingress", "tunnel.http_host_header", "tunnel.fallback", "tunnel.rules", "service.accepts_host")
"""Of a tunnel that is managed on its host only its connector tells them."""
LOCAL = (
    *broken("service-disabled", "service-all-interfaces", "tunnel-renamed", "config-writable-by-all"),
    *broken("tunnel-migrated", "config-other-tunnel", "config-rule-between", "config-fallback-503"),
    *broken("credentials-readable-by-all", "credentials-other-tunnel"),
    *broken("service-stopped", by="service-stopped", more=LOGIN),
    *broken("service-unwell", by="service-error", more=LOGIN),
    *broken("config-other-port", by="ingress-other-port", more=LOGIN),
    *broken("config-without-host-header", by="service-host-header", more=LOGIN),
    *broken("config-missing", by="cloudflared-config-missing", more=LOGIN),
    *broken("config-other-tunnel-restarted", by="cloudflared-config-other-tunnel", more=LOGIN),
    *broken("credentials-missing", by="cloudflared-credentials-missing", more=LOGIN),
    *broken("credentials-other-tunnel-restarted", by="cloudflared-credentials-other-tunnel", more=LOGIN),
    *broken("cloudflared-stopped", by="cloudflared-stopped", more=LOGIN, hidden=RULES),
    *broken("record-other-tunnel", by="dns-other-tunnel", more=LOGIN),
    *broken("record-missing", by="dns-no-record", hidden=LOGIN),
)
WIKI = ("probes.home",)
REPLICAS = (
    *broken("cloudflared-disabled", "token-readable-by-all", "tunnel-renamed", "fallback-503", "clock-unsynchronised"),
    *broken("second-connector", "connector-elsewhere", "connections-three", "ssh-refused"),
    *broken("binary-too-old", "public-certificate-expiring"),
    *broken("cloudflared-stopped", spared=("tunnel.status",)),
    *broken("edge-unreachable", by="cloudflared-no-way", more=WIKI),
    *broken("config-behind", by="cloudflared-old-config", more=WIKI),
    *broken("service-stopped", by="service-other-address", more=("service.url", *WIKI)),
    *broken("service-refuses-host", by="service-host-header", more=WIKI),
    *broken("service-unwell", by="service-error", more=WIKI),
    *broken("ingress-other-port", by="ingress-other-port", more=WIKI),
    *broken("record-other-tunnel", by="dns-other-tunnel", more=WIKI),
    *broken("record-missing", by="dns-no-record", hidden=WIKI),
)
"""What is broken on a host is broken on the first of three: the others go on."""
EXAMPLES: dict[str, tuple[Broken, ...]] = {
    "grafana": GRAFANA, "public-site": SITE, "two-names": NAMES, "home-assistant": HOME, "vllm": VLLM,
    "locally-managed": LOCAL, "replicas": REPLICAS,
}  # fmt: skip
