"""What is broken, and what the diagnosis must say of it: the fault, its cause, who answers, and how sure it must be."""

from dataclasses import dataclass

from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.diagnosis.model import Confidence, Hop
from spark_lab.faults import FAULTS

ACCESS, EDGE, TUNNEL, CLOUDFLARED, OLLAMA = Hop.ACCESS, Hop.EDGE, Hop.TUNNEL, Hop.CLOUDFLARED, Hop.SERVICE
ORDER: tuple[Confidence, ...] = ("possible", "likely", "proven")


@dataclass(frozen=True)
class Scenario:
    """`active` are the causes of the answer, `latent` those that are met next, in their order.

    `least`: how sure it must be where nothing is hidden. `asked`: another request than the documented one
    (`tests.diagnosis.asking`).
    """

    faults: tuple[str, ...]
    active: tuple[str, ...]
    answered: Hop | None
    least: Confidence = "proven"
    latent: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    asked: str = ""

    @property
    def name(self) -> str:
        return "+".join((*self.faults, *filter(None, [self.asked])))


def _all(cause: str, answered: Hop | None, *faults: str, least: Confidence = "proven") -> tuple[Scenario, ...]:
    return tuple(Scenario((fault,), (cause,), answered, least) for fault in faults)


def _row(cause: str, fault: str, *suffixes: str) -> tuple[Scenario, ...]:
    """A row of Access's table, in several organisations."""
    return _all(cause, ACCESS, fault, *(f"{fault}-{suffix}" for suffix in suffixes))


ONLY, STRICT = "only-service-auth", "strict"

SERVED = tuple(
    Scenario((fault,), (), OLLAMA, findings=findings)
    for fault, findings in (
        ("access-app-missing", ("access-absent",)),
        ("access-bypass-everyone", ("access-open",)),
        ("access-wildcard-app", ()),
        ("second-connector", ()),
        ("resolver-servfail", ()),
        ("ingress-rule-between", ()),
        ("edge-waf-spares-checks", ("edge-spares-us",)),
    )
)
"""Something is wrong, and yet the request is answered as it should be: no cause may be named."""

NAMES = (
    *_all("dns-no-record", Hop.DNS, "record-missing"),
    *_all("dns-not-proxied", Hop.DNS, "record-grey", "record-bare-address"),
    *_all("dns-address-record", TUNNEL, "record-address", "record-twice"),
    *_all("dns-other-tunnel", TUNNEL, "record-other-tunnel", "record-strange-tunnel", "tunnel-made-anew-record-left"),
    *_all("dns-record-elsewhere", TUNNEL, "record-elsewhere"),
    *_all("dns-shadowed", Hop.DNS, "record-shadowed"),
    *_all("dns-zone-paused", Hop.DNS, "zone-paused"),
    *_all("dns-resolver-address", Hop.DNS, "resolvers-other-answer"),
    *_all("dns-resolver-denies", Hop.DNS, "own-resolvers-deny"),
    *_all("dns-resolver-fails", Hop.DNS, "resolvers-servfail"),
    *_all("dns-resolver-silent", Hop.DNS, "resolvers-silent"),
    *_all("tls-expired", Hop.TLS, "public-certificate-expired", least="likely"),
    *_all("tls-other-name", Hop.TLS, "public-certificate-other-name", least="likely"),
    *_all("tls-distrusted", Hop.TLS, "public-certificate-other-authority"),
    *_all("tls-no-certificate", Hop.TLS, "public-certificate-missing", least="likely"),
    *_all("tls-old", Hop.TLS, "public-tls-old", least="likely"),
)

RULES = (
    *_all("edge-custom-block", EDGE, "edge-waf-block", "edge-waf-block-agent"),
    *_all("edge-custom-challenge", EDGE, "edge-waf-challenge"),
    *_all("edge-custom-answer", EDGE, "edge-waf-custom-403", "edge-waf-custom-404", "edge-waf-custom-empty"),
    *_all("edge-rate-limit", EDGE, "edge-rate-limit"),
    *_all("edge-address-block", EDGE, "edge-address-block", "edge-network-block"),
    *_all("edge-country-block", EDGE, "edge-country-block"),
    *_all("edge-address-challenge", EDGE, "edge-address-challenge"),
    *_all("edge-lockdown", EDGE, "edge-lockdown"),
    *_all("edge-agent-block", EDGE, "edge-agent-block"),
    *_all("edge-agent-challenge", EDGE, "own-agent-challenge"),
    *_all("edge-bot-fight", EDGE, "edge-bot-fight"),
    *_all("edge-super-bot-block", EDGE, "edge-super-bot-block"),
    *_all("edge-super-bot-challenge", EDGE, "own-super-bot-challenge"),
    *_all("edge-under-attack", EDGE, "edge-under-attack"),
    *_all("edge-redirect", EDGE, "edge-redirect", "edge-redirect-temporary"),
    *_all("edge-worker-throws", EDGE, "edge-worker"),
    Scenario(("own-huge-secret",), ("edge-too-large",), EDGE),
    Scenario((), ("edge-integrity",), EDGE, asked="plain-agent"),
    Scenario((), ("edge-sni",), EDGE, "likely", asked="other-name"),
)

TABLE = (
    *_row("access-no-service-auth", "access-no-service-auth", STRICT),
    *_row("access-no-service-auth", "access-block-above-allow", STRICT),
    *_row("access-other-token", "access-no-service-auth-401", ONLY),
    *_row("access-other-token", "access-other-token-included", ONLY, STRICT),
    *_row("access-condition", "access-country-required", ONLY, STRICT),
    *_row("access-condition", "access-network-excluded", ONLY, STRICT),
    *_row("access-no-policies", "access-no-policies", STRICT),
    *_all(
        "access-wrong-secret",
        ACCESS,
        "access-secret-rotated",
        "access-secret-rotated-strict",
        "access-secret-rotated-only-service-auth",
        least="likely",
    ),
    *_row("access-other-client-id", "access-token-other-client-id", ONLY, STRICT),
    *_row("access-token-deleted", "access-token-missing", ONLY, STRICT),
    *_row("access-token-expired", "access-token-expired", ONLY, STRICT),
    *_row("access-token-disabled", "access-token-disabled", ONLY, STRICT),
    *_all("access-secret-malformed", ACCESS, "esc-client-secret-cut-short", "esc-client-secret-quoted", least="likely"),
    *_all("access-secret-malformed", None, "esc-client-secret-with-blank"),
    *_all("access-client-id-malformed", None, "esc-client-id-with-blank"),
    *_all("access-credentials-missing", None, "esc-client-secret-missing", "esc-client-id-missing"),
    *_all("access-path-app", ACCESS, "access-path-app"),
    *_all("access-wildcard-app", ACCESS, "own-wildcard-answers"),
    *_all("access-no-service-auth", ACCESS, "access-wildcard-app-instead"),
    *_all("access-deny-unmatched", ACCESS, "access-app-missing-denied", least="likely"),
    Scenario((), ("access-preflight",), ACCESS, asked="preflight"),
    Scenario((), ("access-no-credentials",), ACCESS, asked="anonymous"),
    Scenario(("access-policy-missing",), ("access-no-credentials",), ACCESS, asked="anonymous"),
    Scenario(("access-no-service-auth",), ("access-no-service-auth",), ACCESS, asked="script"),
    Scenario(("access-token-expired",), ("access-token-expired",), ACCESS, asked="script"),
    Scenario(("access-token-expired-strict",), ("access-token-expired",), ACCESS, asked="script"),
)

WAY = (
    *_all("tunnel-deleted", TUNNEL, "tunnel-deleted"),
    *_all("cloudflared-stopped", TUNNEL, "cloudflared-stopped"),
    *_all("cloudflared-ending", TUNNEL, "cloudflared-failing"),
    *_all("cloudflared-masked", TUNNEL, "unit-masked"),
    *_all("cloudflared-missing", TUNNEL, "unit-missing", least="likely"),
    *_all("cloudflared-token-empty", TUNNEL, "token-empty", "token-variable-renamed"),
    *_all("cloudflared-token-garbled", TUNNEL, "token-cut-short"),
    *_all("cloudflared-token-other-tunnel", TUNNEL, "token-of-another-tunnel"),
    *_all("cloudflared-token-other-account", TUNNEL, "token-of-another-account"),
    *_all("cloudflared-token-rotated", TUNNEL, "token-rotated-and-restarted"),
    *_all("cloudflared-no-way", TUNNEL, "connections-refused", "edge-unreachable", least="likely"),
    *_all("cloudflared-old-config", CLOUDFLARED, "config-behind"),
    *_all("ingress-no-match", CLOUDFLARED, "ingress-other-hostname"),
    *_all("ingress-path", CLOUDFLARED, "ingress-path"),
    *_all("ingress-order", CLOUDFLARED, "ingress-swapped", "ingress-wildcard-before"),
    *_all("ingress-gone", CLOUDFLARED, "own-ingress-gone"),
    *_all("ingress-none", CLOUDFLARED, "ingress-none"),
    *_all("ingress-other-port", CLOUDFLARED, "ingress-other-port"),
    *_all("ingress-other-host", CLOUDFLARED, "ingress-other-host"),
    *_all("ingress-other-scheme", CLOUDFLARED, "ingress-https"),
    *_all("ingress-timeout", CLOUDFLARED, "ingress-timeout-in-nanoseconds"),
    *_all("ingress-other-program", CLOUDFLARED, "public-answers-524"),
    *_all("ingress-other-program", CLOUDFLARED, "public-answers-403", least="likely"),
    *_all("ingress-access-audience", CLOUDFLARED, "ingress-demands-other-audience"),
    *_all("ingress-access-team", CLOUDFLARED, "ingress-demands-other-team"),
    Scenario(
        ("own-demands-token", "access-no-service-auth", "access-policy-bypasses"),
        ("ingress-access-no-token",), CLOUDFLARED, findings=("access-open",),
    ),
    *_all("ollama-host-header", OLLAMA, "ingress-without-host-header", "ingress-strange-host-header"),
    Scenario(("as-documented",), ("ollama-host-header",), OLLAMA, findings=("access-open",)),
    Scenario((), ("ollama-origin",), OLLAMA, asked="page"),
    *_all("ollama-missing", CLOUDFLARED, "ollama-unit-missing", least="likely"),
    *_all("ollama-stopped", CLOUDFLARED, "ollama-stopped", "ollama-masked"),
    *_all("ollama-other-address", CLOUDFLARED, "ollama-other-port", least="likely"),
    *_all("ollama-other-program", OLLAMA, "ollama-other-program", least="likely"),
    *_all("ollama-silent", OLLAMA, "ollama-hanging"),
    *_all("ollama-error", OLLAMA, "ollama-tags-500"),
)  # fmt: skip

SINGLE = (*SERVED, *NAMES, *RULES, *TABLE, *WAY)


def _pair(one: str, other: str, active: str, answered: Hop | None, *latent: str) -> Scenario:
    """Two faults that are met one after the other."""
    least: Confidence = "proven" if CASES[active].decisive else "likely"
    return Scenario((one, other), (active,), answered, least, latent=latent)


HOST, STOPPED, EXPIRED = "ollama-host-header", "ollama-stopped", "access-token-expired"
PAIRS = (
    _pair("access-token-expired", "ingress-without-host-header", EXPIRED, ACCESS, HOST),
    _pair("access-token-disabled-strict", "ingress-without-host-header", "access-token-disabled", ACCESS, HOST),
    _pair("access-no-service-auth", "ingress-without-host-header", "access-no-service-auth", ACCESS, HOST),
    _pair(
        "access-no-service-auth-strict", "ingress-other-port", "access-no-service-auth", ACCESS, "ingress-other-port"
    ),
    _pair("access-secret-rotated", "ollama-stopped", "access-wrong-secret", ACCESS, STOPPED),
    _pair(
        "access-other-token-included-strict", "cloudflared-stopped", "access-other-token", ACCESS, "cloudflared-stopped"
    ),
    _pair("access-path-app", "ingress-path", "access-path-app", ACCESS, "ingress-path"),
    _pair("access-no-policies", "token-empty", "access-no-policies", ACCESS, "cloudflared-token-empty"),
    _pair("access-token-missing", "record-other-tunnel", "access-token-deleted", ACCESS, "dns-other-tunnel"),
    _pair("access-country-required", "ingress-without-host-header", "access-condition", ACCESS, HOST),
    _pair("edge-waf-block", "access-token-expired", "edge-custom-block", EDGE, EXPIRED),
    _pair("edge-waf-challenge", "ingress-without-host-header", "edge-custom-challenge", EDGE, HOST),
    _pair("edge-bot-fight", "access-no-service-auth", "edge-bot-fight", EDGE, "access-no-service-auth"),
    _pair("edge-address-block", "ollama-stopped", "edge-address-block", EDGE, STOPPED),
    _pair("edge-redirect", "cloudflared-stopped", "edge-redirect", EDGE, "cloudflared-stopped"),
    _pair("edge-worker", "ingress-without-host-header", "edge-worker-throws", EDGE, HOST),
    _pair("edge-rate-limit", "access-token-disabled", "edge-rate-limit", EDGE, "access-token-disabled"),
    _pair("record-missing", "access-token-expired", "dns-no-record", Hop.DNS, EXPIRED),
    _pair("record-grey", "ingress-without-host-header", "dns-not-proxied", Hop.DNS, HOST),
    _pair("resolvers-servfail", "ollama-stopped", "dns-resolver-fails", Hop.DNS, STOPPED),
    _pair("public-certificate-expired", "access-no-service-auth", "tls-expired", Hop.TLS, "access-no-service-auth"),
    _pair("public-certificate-other-name", "ingress-without-host-header", "tls-other-name", Hop.TLS, HOST),
    _pair("record-other-tunnel", "ingress-without-host-header", "dns-other-tunnel", TUNNEL, HOST),
    _pair("cloudflared-stopped", "ollama-stopped", "cloudflared-stopped", TUNNEL, STOPPED),
    _pair("token-empty", "ollama-stopped", "cloudflared-token-empty", TUNNEL, STOPPED),
    _pair("cloudflared-stopped", "ingress-path", "cloudflared-stopped", TUNNEL, "ingress-path"),
    _pair("ingress-demands-other-audience", "own-no-host-header", "ingress-access-audience", CLOUDFLARED, HOST),
    _pair("ingress-demands-other-team", "ollama-stopped", "ingress-access-team", CLOUDFLARED, STOPPED),
    Scenario(("access-token-expired", "access-other-token-included"), (EXPIRED, "access-other-token"), ACCESS),
    Scenario(
        ("access-token-disabled", "access-no-service-auth"), ("access-token-disabled", "access-no-service-auth"), ACCESS
    ),
    Scenario(("connector-elsewhere", "ingress-without-host-header"), (HOST,), OLLAMA, "likely"),
)
EVERY = {scenario.name: scenario for scenario in (*SINGLE, *PAIRS)}
BY_FAULT = {scenario.name: scenario for scenario in SINGLE if scenario.name in FAULTS}
"""What is to be told of a fault of the catalogue by itself: tests/matrix asks it where the fault is made anyway."""
