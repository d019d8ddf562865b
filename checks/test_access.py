"""Cloudflare Access: its application, policies, service token and switches, and how it treats requests."""

import pytest

from fixtures.cloudflare.access.applications import AccessApp, AccessApps
from fixtures.cloudflare.access.organization import AccessOrganization
from fixtures.cloudflare.access.policies import AccessPolicy, admitting
from fixtures.cloudflare.access.service_tokens import ServiceToken
from fixtures.https.access_probes import Probe
from fixtures.https.metadata import AnsweringApp
from fixtures.suite.judging import Judge
from fixtures.suite.run import Run


@pytest.mark.fact("access.app_id")
def test_app_id(judge: Judge, access_app: AccessApp) -> None:
    """No application has this id: it was made anew, with policies of its own, or the document has another's.

    Compare with Zero Trust > Access > Applications.
    """
    judge(access_app.id, note=f"the application before the public name is {access_app.name}")


@pytest.mark.fact("access.app_domain")
def test_app_domain(judge: Judge, access_app: AccessApp) -> None:
    """The application protects another name, and the documented one perhaps nobody.

    Correct the public hostname under Zero Trust > Access > Applications > Configure.
    """
    judge(access_app.domain)


@pytest.mark.fact("access.app_type")
def test_app_type(judge: Judge, access_app: AccessApp) -> None:
    """Only some types stand in front of requests; a type cannot be changed.

    Make a self-hosted application for the name, under Zero Trust > Access > Applications > Add.
    """
    judge(access_app.type)


@pytest.mark.fact("access.app_answers")
@pytest.mark.through_access
def test_app_answers(judge: Judge, access_app: AccessApp, answering_app: AnsweringApp) -> None:
    """Another application than the documented one decides over requests to the public name.

    The most specific one wins: compare all applications' domains and paths under Zero Trust > Access > Applications.
    """
    same = answering_app.aud == access_app.aud
    judge(same, note=f"{answering_app.told_by} names {answering_app.aud}, the application is {access_app.aud}")


@pytest.mark.fact("access.overlapping_apps")
def test_overlapping_apps(judge: Judge, access_apps: AccessApps, access_app: AccessApp, run: Run) -> None:
    """Other applications cover the name, or paths of it.

    The most specific one decides over a path, with its own policies alone: narrow or delete the others under Zero
    Trust > Access > Applications.
    """
    others = access_apps.overlapping(run.system.hostname, access_app.id)
    judge(len(others), note="; ".join(map(str, others)))


@pytest.mark.fact("access.policy")
def test_policy(judge: Judge, access_app: AccessApp, access_policy: AccessPolicy) -> None:
    """The application has no policy of this name, or it includes others than the document says.

    See the application's Policies tab under Zero Trust > Access > Applications, and decide which of the two is to
    be corrected.
    """
    judge(access_policy.as_fact(), note=access_app.told)


@pytest.mark.fact("access.temporary_days")
def test_temporary_days(judge: Judge, access_policy: AccessPolicy) -> None:
    """The policy that was to be temporary is still there, and old.

    Replace it by a Service Auth policy for the service token, and by Allow policies for the people who need to
    get in.
    """
    judge(access_policy.age_days, note=f"{access_policy}, made on {access_policy.created_at}")


@pytest.mark.fact("access.open_to_everyone")
def test_open_to_everyone(judge: Judge, access_app: AccessApp) -> None:
    """A Bypass or Service Auth policy takes everyone, or a path is exempt: whoever knows the address uses the API.

    Take that policy or exemption away under Zero Trust > Access > Applications, now.
    """
    judge(access_app.open_to_everyone, note=access_app.told)


@pytest.mark.fact("access.service_auth")
def test_service_auth(judge: Judge, access_app: AccessApp, service_token: ServiceToken) -> None:
    """No policy of the kind Service Auth includes the token by its id.

    With Allow policies alone a valid token is sent to the login page (302), or refused (403). Add one under Zero
    Trust > Access > Applications > Policies.
    """
    judge(bool(admitting(access_app.policies, service_token.id)), note=access_app.told)


@pytest.mark.fact("access.token_id")
def test_token_id(judge: Judge, service_token: ServiceToken) -> None:
    """The account has no service token of this id: it was deleted, and perhaps made anew.

    Policies that name the old one include nobody. Compare with Zero Trust > Access > Service Auth, and renew the
    policy.
    """
    judge(service_token.id, note=f"the token {service_token.name} has the documented client id")


@pytest.mark.fact("access.token_client_id")
def test_token_client_id(judge: Judge, service_token: ServiceToken) -> None:
    """The token's client id is another one: clients that send the documented one are strangers.

    Put the right one into the document and into Pulumi ESC.
    """
    judge(service_token.client_id)


@pytest.mark.fact("access.token_enabled")
def test_token_enabled(judge: Judge, service_token: ServiceToken) -> None:
    """Somebody disabled the token, or Cloudflare did, because it lay unused: every client is refused.

    Enable it under Zero Trust > Access > Service Auth once you know why.
    """
    judge(service_token.switched_on)


@pytest.mark.fact("access.token_days")
def test_token_days(judge: Judge, service_token: ServiceToken) -> None:
    """The token expires soon, or has expired; then all clients are refused at once.

    Refresh it under Zero Trust > Access > Service Auth: id and secret stay as they are.
    """
    judge(service_token.days_left, note=f"it expires on {service_token.expires_at or 'no day'}")


@pytest.mark.fact("access.deny_unmatched")
def test_deny_unmatched(judge: Judge, access_organization: AccessOrganization) -> None:
    """The organisation refuses every host name that has no application of its own, unless its zone is exempt.

    If that is wanted, document it; else switch it off under Zero Trust > Settings > Access.
    """
    exempt = ", ".join(access_organization.exempted_zones) or "none"
    judge(access_organization.deny_unmatched, note=f"exempt zones: {exempt}")


@pytest.mark.fact("access.strict_service_tokens")
def test_strict_service_tokens(judge: Judge, access_organization: AccessOrganization) -> None:
    """The organisation judges service tokens strictly.

    401 for a token that is not accepted, 403 for one that no Service Auth policy includes; Allow policies do not
    count. If that is wanted, document it.
    """
    judge(access_organization.strict_service_tokens)


@pytest.mark.fact("access.refuses_anonymous")
@pytest.mark.through_access
def test_refuses_anonymous(judge: Judge, anonymous_probe: Probe) -> None:
    """A request without any credentials was not refused by Access: the API behind it is open to everyone.

    Look for a Bypass policy, and for a path or host name without an application, under Zero Trust > Access >
    Applications; see also dns.proxied. Until then stop cloudflared on the host.
    """
    judge(anonymous_probe.refused_by_access, note=anonymous_probe.told)


@pytest.mark.fact("access.refuses_wrong_secret")
@pytest.mark.through_access
def test_refuses_wrong_secret(judge: Judge, wrong_secret_probe: Probe) -> None:
    """A request with a wrong secret was not refused by Access: the token protects nothing.

    Look for a Bypass policy, or a Service Auth policy that includes everyone, under Zero Trust > Access >
    Applications. Until then stop cloudflared on the host.
    """
    judge(wrong_secret_probe.refused_by_access, note=wrong_secret_probe.told)


@pytest.mark.fact("access.admits_token")
@pytest.mark.through_access
def test_admits_token(judge: Judge, token_probe: Probe) -> None:
    """Access did not let the service token in; what happens behind Access is public.answers.

    See access.service_auth, access.token_enabled and access.token_days, and secrets.client_id: mostly no Service Auth
    policy includes the token, or the secret in ESC is an old one.
    """
    judge(token_probe.admitted, note=token_probe.told)
