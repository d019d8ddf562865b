"""Settings of Access: applications, policies, the service token, the organisation, and what clients hold of it."""

import secrets

from spark_lab.faults.application import (
    APPS,
    EVERYONE,
    FAR_NETWORK,
    HERE,
    TOKENS,
    added_app,
    added_policy,
    changed_app,
    changed_policy,
    changed_token,
    deleted_app,
    deleted_policy,
    deleted_token,
    moved_app,
    organisation,
    other_token,
    policy_name,
    recreated_token,
    rotated_token,
)
from spark_lab.faults.bench import Bench, Json
from spark_lab.faults.cloudflare import switch
from spark_lab.faults.fault import Act
from spark_lab.faults.operator import CLIENT_ID, CLIENT_SECRET, stored
from spark_lab.seed import now
from tests.diagnosis.worlds.setting import faults, setting

SERVICE_AUTH, ALLOW = "non_identity", "allow"
GERMANY: Json = {"geo": {"country_code": "DE"}}
ANY_TOKEN: Json = {"any_valid_service_token": {}}
POSTURE: Json = {"device_posture": {"integration_uid": "0" * 32}}
NONE_LEFT = ("access-no-service-auth", "access-no-policies")
OPEN = "access-open"


def _esc(key: str, value: str | None) -> Act:
    """Another value in the operator's stack, without asking Pulumi; None: no such key."""

    def make(bench: Bench) -> None:
        def change(state: Json) -> None:
            if value is None:
                state["config"].pop(key)
            else:
                state["config"][key]["value"] = value

        bench.operator("pulumi.json", change)

    return make


def _secret(change: str) -> Act:
    def make(bench: Bench) -> None:
        secret = stored(bench, CLIENT_SECRET)
        value = {"short": secret[:-4], "quoted": f'"{secret}"', "blank": f"{secret} ", "upper": secret.upper()}[change]
        _esc(CLIENT_SECRET, value)(bench)

    return make


def _requires_any_token(bench: Bench) -> None:
    changed_policy(SERVICE_AUTH, include=[ANY_TOKEN])(bench)


def _admitting(domain: str) -> Act:
    """One more application, whose only policy admits the documented service token."""

    def make(bench: Bench) -> None:
        place = domain.format(host=bench.lab.hostname, zone=bench.zone)
        token = {"service_token": {"token_id": bench.api("GET", TOKENS)[0]["id"]}}
        policy = {"name": "Clients", "decision": SERVICE_AUTH, "include": [token]}
        bench.api("POST", APPS, {"name": place, "type": "self_hosted", "domain": place, "policies": [policy]})

    return make


def _places(*domains: str) -> Act:
    """The documented application before these places, in the place of its own."""

    def make(bench: Bench) -> None:
        names = [domain.format(host=bench.lab.hostname, zone=bench.zone) for domain in domains]
        places = [{"type": "public", "uri": name} for name in names]
        changed_app(domain=names[0], self_hosted_domains=names, destinations=places)(bench)

    return make


setting("service-auth", "sa-posture", changed_policy(SERVICE_AUTH, require=[POSTURE]), "access-condition")
setting(
    "service-auth",
    "sa-login-method",
    changed_policy(SERVICE_AUTH, require=[{"login_method": {"id": "0" * 32}}]),
    "access-condition",
)
setting(
    "service-auth",
    "sa-excludes-country",
    changed_policy(SERVICE_AUTH, exclude=[{"geo": {"country_code": "XX"}}]),
    "access-condition",
)
setting("service-auth", "sa-excludes-other-token", changed_policy(SERVICE_AUTH, exclude=[GERMANY]))
setting("service-auth", "sa-none", deleted_policy(SERVICE_AUTH), *NONE_LEFT, rank=7)
setting("service-auth", "sa-other-token", other_token, "access-other-token")
setting("service-auth", "sa-country", changed_policy(SERVICE_AUTH, require=[GERMANY]), "access-condition")
setting(
    "service-auth",
    "sa-network",
    changed_policy(SERVICE_AUTH, require=[{"ip": {"ip": FAR_NETWORK}}]),
    "access-condition",
)
setting("service-auth", "sa-excluded", changed_policy(SERVICE_AUTH, exclude=[{"ip": {"ip": HERE}}]), "access-condition")
setting(
    "service-auth", "sa-certificate", changed_policy(SERVICE_AUTH, require=[{"certificate": {}}]), "access-condition"
)
setting("service-auth", "sa-excludes-everyone", changed_policy(SERVICE_AUTH, exclude=[EVERYONE]), "access-condition")
setting("service-auth", "sa-any-token", _requires_any_token)
setting("service-auth", "sa-now-allow", changed_policy(SERVICE_AUTH, decision="allow"), *NONE_LEFT, rank=7)
setting("service-auth", "sa-met-condition", changed_policy(SERVICE_AUTH, require=[{"ip": {"ip": HERE}}]))
setting("allow", "allow-none", deleted_policy(ALLOW), "access-no-policies", rank=7)
setting("allow", "allow-blocks", changed_policy(ALLOW, decision="deny"), rank=7)
setting("allow", "allow-bypasses", changed_policy(ALLOW, decision="bypass"), OPEN, rank=7)
setting("allow", "allow-narrow", changed_policy(ALLOW, include=[{"email_domain": {"domain": "goldfish.io"}}]))
setting("allow", "allow-old", lambda bench: bench.switch("policy", called=policy_name(bench), created_at=now(-365)))
setting("one-more", "deny-first", added_policy("deny", EVERYONE, precedence=0))
setting("one-more", "bypass-here", added_policy("bypass", {"ip": {"ip": HERE}}), OPEN)
setting("one-more", "bypass-elsewhere", added_policy("bypass", {"ip": {"ip": FAR_NETWORK}}))
setting("one-more", "any-token-too", added_policy(SERVICE_AUTH, ANY_TOKEN))
setting("one-more", "everyone-service-auth", added_policy(SERVICE_AUTH, EVERYONE), OPEN)
setting("exempt", "exempt-api", changed_app(exempt="/api/*"), OPEN)
setting("exempt", "exempt-elsewhere", changed_app(exempt="/v1/*"))
setting("says-401", "says-401", changed_app(service_auth_401_redirect=True))
setting("oauth", "managed-oauth", changed_app(oauth_configuration={"enabled": True}))
setting("kind", "app-bookmark", changed_app(type="bookmark"), "access-absent", rank=8)
setting("app", "app-missing", deleted_app, "access-absent", rank=9)
setting("app", "app-moved", moved_app("chat"), "access-absent", rank=9)
setting("app", "app-other-path", _places("{host}/v1"), "access-absent", rank=9)
setting("app", "app-several-names", _places("chat.{zone}", "{host}"), rank=9)
setting("app", "app-narrow", _places("{host}/api"), rank=9)
setting("app", "app-pattern", _places("*.{zone}"), rank=9)
setting("lasts", "session-zero", changed_app(session_duration="0s"))
setting("warp", "warp-identity", changed_app(allow_authenticate_via_warp=True))
setting("header", "token-in-one-header", changed_app(read_service_tokens_from_header="Authorization"))
setting("path-app", "path-app", added_app("{host}/api"), "access-path-app", NONE_LEFT[0])
setting("path-app", "path-app-denies", added_app("{host}/api", "deny"), "access-path-app", NONE_LEFT[0])
setting("path-app", "path-app-bypass", added_app("{host}/api", "bypass"), OPEN)
setting("path-app", "path-app-elsewhere", added_app("{host}/v1"))
setting("path-app", "path-app-exact", added_app("{host}/api/tags", "bypass"), OPEN)
setting("path-app", "path-app-everyone", added_app("{host}/api", SERVICE_AUTH), OPEN)
setting("path-app", "path-app-admits", _admitting("{host}/api"), "access-path-app")
setting("wildcard-app", "wildcard-app-bypass", added_app("*.{zone}", "bypass"), OPEN)
setting("wildcard-app", "wildcard-app-admits", _admitting("*.{zone}"), "access-wildcard-app")
setting("wildcard-app", "wildcard-app", added_app("*.{zone}"), "access-wildcard-app", NONE_LEFT[0])
setting("deny", "deny-unmatched", organisation(deny_unmatched_requests=True), "access-deny-unmatched")
setting("strict", "strict", organisation(strict_service_token_auth=True))

setting("token", "token-disabled", changed_token(enabled=False), "access-token-disabled")
setting("token", "token-expired", switch("service_token", expires_at=now(-20)), "access-token-expired")
setting("token", "token-expires-soon", switch("service_token", expires_at=now(3)))
setting("token", "token-deleted", deleted_token, "access-token-deleted", rank=9)
setting("token", "token-recreated", recreated_token, rank=6)
setting("token-id", "token-other-id", switch("service_token", client_id=f"{'0' * 32}.access"), "access-other-client-id")
setting("token-secret", "client-secret-rotated", rotated_token, "access-wrong-secret")
setting(
    "esc-secret",
    "esc-secret-wrong",
    _esc(CLIENT_SECRET, secrets.token_hex(32)),
    "access-wrong-secret",
)
for how in ("short", "quoted", "blank", "upper"):
    setting("esc-secret", f"esc-secret-{how}", _secret(how), "access-secret-malformed")
setting("esc-secret", "esc-secret-missing", _esc(CLIENT_SECRET, None), "access-credentials-missing")
setting(
    "esc-secret",
    "esc-secret-huge",
    _esc(CLIENT_SECRET, "0123456789abcdef" * 1200),
    "edge-too-large",
    "access-secret-malformed",
)
setting("esc-id", "esc-id-other", _esc(CLIENT_ID, f"{'1' * 32}.access"), "access-other-client-id")
setting("esc-id", "esc-id-blank", _esc(CLIENT_ID, f"{'1' * 32}.access "), "access-client-id-malformed")
setting("esc-id", "esc-id-missing", _esc(CLIENT_ID, None), "access-credentials-missing")
faults("session", "access-app-ssh")
