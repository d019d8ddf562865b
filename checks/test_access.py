"""Cloudflare Access: its application, policies, service token and switches, and how it treats requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.cloudflare.access.applications import AccessApp, AccessApps
    from spark_conformance.cloudflare.access.organization import AccessOrganization
    from spark_conformance.cloudflare.access.policies import AccessPolicy
    from spark_conformance.cloudflare.access.service_tokens import OtherTokens, ServiceToken
    from spark_conformance.core.judging import Judge
    from spark_conformance.core.run import Run
    from spark_conformance.https.access_probes import Probe
    from spark_conformance.https.metadata import AnsweringApp


@pytest.mark.fact("access.app_id")
def test_app_id(judge: Judge, access_app: AccessApp) -> None:
    """No application has this id: it was created again, with other policies, or the document has a wrong id.

    Not seen here: what an application of this id protects, and whom it lets in, which other facts are about.
    """
    judge(access_app.id, note=f"the application that covers the public name is {access_app.name}")


@pytest.mark.fact("access.app_domain")
def test_app_domain(judge: Judge, access_app: AccessApp) -> None:
    """The application protects another name, or only some paths of the documented one; the rest may be unprotected.

    That an application also covers other names does not matter here.

    Not seen here: paths of the name that another application takes (access.overlapping_apps), and whether requests come
    to this one (access.app_answers).
    """
    judge(access_app.domain_as(judge.expect), note=f"the application {access_app.name}")


@pytest.mark.fact("access.app_type")
def test_app_type(judge: Judge, access_app: AccessApp) -> None:
    """Only some types stand in front of requests, and this one's does not; a type cannot be changed.

    Not seen here: whether it stands before the public name; see access.app_domain.
    """
    judge(access_app.type)


@pytest.mark.fact("access.app_answers")
def test_app_answers(judge: Judge, access_app: AccessApp, answering_app: AnsweringApp) -> None:
    """An application that is not the documented one decides on requests to the public name.

    The most specific one wins.

    Not seen here: which application decides on other paths than that of this one request.
    """
    same = answering_app.aud == access_app.aud
    judge(same, note=f"{answering_app.told_by} names {answering_app.aud}, the application is {access_app.aud}")


@pytest.mark.fact("access.overlapping_apps")
def test_overlapping_apps(judge: Judge, access_apps: AccessApps, access_app: AccessApp, run: Run) -> None:
    """Other applications cover the name, or paths of it.

    The most specific one decides on a path, with its own policies only.

    Not seen here: applications of the zone's own, which Cloudflare keeps apart from the account's;
    access.app_answers sees whose the answer is for the one path that is asked for.
    """
    others = access_apps.overlapping(run.system.hostname, access_app.id)
    judge(len(others), note="; ".join(map(str, others)))


@pytest.mark.fact("access.policy")
def test_policy(judge: Judge, access_app: AccessApp, access_policy: AccessPolicy) -> None:
    """The application has no policy of this name, or it admits other people than the document says.

    A policy that blocks, or that has a condition or an exception, does not let in everyone.

    Not seen here: a Block above it, which comes first for whoever logs in (the note has the policies in their
    order); an approval or a reason that it asks for; the ways to log in that the application admits.
    """
    judge(access_policy.as_fact(), note=access_app.told)


@pytest.mark.fact("access.admits")
def test_admits(judge: Judge, access_app: AccessApp, run: Run) -> None:
    """The policies admit other people or clients than the document says: somebody more, or somebody less.

    Whoever a policy names is meant, with a login or a service token; what it demands beside that, such as a country or
    a device, only narrows it. A policy for more people, as everyone who logs in, is told as just that.

    Not seen here: who is behind an address, in a domain or in a list of the account's, and what an identity provider
    says of them.
    """
    from spark_conformance.cloudflare.access.admitted import admitted, names_tokens
    from spark_conformance.cloudflare.access.policies import untold
    from spark_conformance.cloudflare.access.service_tokens import account_tokens

    tokens = run.get(account_tokens).names if names_tokens(access_app.policies) or judge.expect.service_tokens else {}
    found = admitted(access_app.policies, judge.expect, tokens, access_app.public_paths)
    same = found.named.same(judge.expect) and not found.others
    if found.untold and same:
        raise untold(access_app.policies, ", ".join(found.untold), access_app.unclear_paths)
    judge(found.told, ok=same, note=access_app.told)


@pytest.mark.fact("access.login_methods")
def test_login_methods(judge: Judge, access_app: AccessApp) -> None:
    """People are offered other ways to log in than the document says: one that was not meant to be asked, or one less.

    An application that names none offers every one of the account's, those that are added later as well.

    Not seen here: whether an identity provider works, and whom it knows.
    """
    seen = access_app.login_methods
    judge(seen, ok=seen.same(judge.expect), note=f"the application {access_app.name}")


@pytest.mark.fact("access.protected")
def test_protected(judge: Judge, access_apps: AccessApps, run: Run) -> None:
    """No application of the account stands before the whole name; or one does, and the name is meant to be public.

    Without an application the service is open to everyone, unless the organisation refuses names that have none
    (access.deny_unmatched).

    Not seen here: applications of the zone's own, and what an application that there is lets pass.
    """
    from spark_conformance.cloudflare.access.applications import ALL, NONE

    name = run.system.hostname
    seen = access_apps.protection(name)
    told = "; ".join(map(str, access_apps.overlapping(name, ""))) or f"none covers {name}"
    judge(seen, ok=seen == (ALL if judge.expect else NONE), note=f"applications: {told}")


@pytest.mark.fact("access.temporary_days")
def test_temporary_days(judge: Judge, access_policy: AccessPolicy) -> None:
    """The policy that was to be temporary is still there, and old.

    Not seen here: that it was deleted and created again since, which makes it look new.
    """
    judge(access_policy.age_days, note=f"{access_policy}, made on {access_policy.created_at}")


@pytest.mark.fact("access.open_to_everyone")
def test_open_to_everyone(judge: Judge, access_app: AccessApp) -> None:
    """People with neither login nor token get in, by a Bypass or Service Auth policy, or by a path that is exempt.

    From everywhere, or from the addresses or countries that the policy names: whoever calls from there uses the API.
    The policies alone decide here:
    this machine may be where they let nobody in.

    A Bypass does not look at who somebody is: an email or a login lets nobody in by it, and keeps nobody out.

    Not seen here: other applications before the name, which access.overlapping_apps counts.
    """
    from spark_conformance.cloudflare.access.letting_in import open_by, perhaps_open_by
    from spark_conformance.cloudflare.access.policies import untold

    if access_app.open_to_everyone is None:
        unclear = perhaps_open_by(access_app.policies)
        raise untold(unclear, "somebody with neither a login nor a token", access_app.unclear_paths)
    by = "".join(f"{policy} lets them in; of " for policy in open_by(access_app.policies))
    judge(access_app.open_to_everyone, note=f"{by}{access_app.told}")


@pytest.mark.fact("access.strangers")
def test_strangers(
    judge: Judge, access_app: AccessApp, service_token: ServiceToken, other_tokens: OtherTokens, run: Run
) -> None:
    """A policy admits somebody whom the document does not mention: another service token, or any valid one.

    A client with a certificate or an enrolled device counts as well; so does an Allow policy beside the documented one,
    unless that one lets in everyone who logs in.

    Not seen here: who else knows the documented token's secret, and who is behind a login that the document allows.
    """
    from spark_conformance.cloudflare.access.letting_in import strangers_by, undocumented
    from spark_conformance.cloudflare.access.policies import told, untold

    known = run.facts.access.admits if run.facts.access else None
    admitted = set(known.expect.service_tokens) if known else set()
    others = {key for key, name in other_tokens.names.items() if not {key, name} & admitted}
    found = strangers_by(access_app.policies, service_token.id, others)
    documented = run.facts.access.policy if run.facts.access else None
    # whom the policies for people may admit, access.admits says by itself where it is stated
    people = undocumented(access_app.policies, documented.expect if documented and not known else None)
    by = (*found.certain, *people)
    if found.perhaps and not by:
        raise untold(found.perhaps, "anybody but the documented client")
    judge(len(by), note=f"{told(by)}; the account's other service tokens: {other_tokens}")


@pytest.mark.fact("access.service_auth")
def test_service_auth(judge: Judge, access_app: AccessApp, service_token: ServiceToken) -> None:
    """No policy of the kind Service Auth includes the token by its id.

    With Allow policies alone a valid token is sent to the login page (302), or refused (403).

    Not seen here: whether a client meets the policy's conditions on its place or device; see access.admits_token.
    """
    from spark_conformance.cloudflare.access.letting_in import admitting, perhaps_admitting
    from spark_conformance.cloudflare.access.policies import untold

    admits = admitting(access_app.policies, service_token.id)
    unclear = perhaps_admitting(access_app.policies, service_token.id)
    if unclear and not admits:
        raise untold(unclear, "the service token")
    judge(bool(admits), note=access_app.told)


@pytest.mark.fact("access.token_id")
def test_token_id(judge: Judge, service_token: ServiceToken) -> None:
    """The account has no service token of this id: it was deleted, and perhaps created again.

    Policies that name the old one include nobody.

    Not seen here: who has its secret, and an earlier secret that stays valid for a while after a rotation.
    """
    judge(service_token.id, note=f"the token {service_token.name} has the documented client id")


@pytest.mark.fact("access.token_client_id")
def test_token_client_id(judge: Judge, service_token: ServiceToken) -> None:
    """The token has another client id: Access does not know clients that send the documented one.

    Not seen here: what clients send; see secrets.client_id.
    """
    judge(service_token.client_id)


@pytest.mark.fact("access.token_enabled")
def test_token_enabled(judge: Judge, service_token: ServiceToken) -> None:
    """Somebody disabled the token, or Cloudflare did because it was not used: every client is refused.

    Not seen here: whether a policy includes the token; see access.service_auth.
    """
    judge(service_token.switched_on)


@pytest.mark.fact("access.token_days")
def test_token_days(judge: Judge, service_token: ServiceToken) -> None:
    """The token expires soon, or has expired; then all clients are refused at once.

    A token that is refreshed keeps its id and its secret.

    Not seen here: that this machine's clock, by which the days are counted, is off.
    """
    judge(service_token.days_left, note=f"it expires on {service_token.expires_at or 'no date'}")


@pytest.mark.fact("access.deny_unmatched")
def test_deny_unmatched(judge: Judge, access_organization: AccessOrganization) -> None:
    """The organisation refuses every host name that has no application of its own, unless its zone is exempt.

    Not seen here: a switch that the API leaves out; it is taken to be off.
    """
    exempt = ", ".join(access_organization.exempted_zones) or "none"
    judge(access_organization.deny_unmatched, note=f"exempt zones: {exempt}")


@pytest.mark.fact("access.strict_service_tokens")
def test_strict_service_tokens(judge: Judge, access_organization: AccessOrganization) -> None:
    """The organisation treats service tokens strictly.

    401 for a token that is not accepted, 403 for one that no Service Auth policy includes; Allow policies do not
    count.

    Not seen here: a switch that the API leaves out; it is taken to be off.
    """
    judge(access_organization.strict_service_tokens)


@pytest.mark.fact("access.refuses_anonymous")
def test_refuses_anonymous(judge: Judge, anonymous_probe: Probe) -> None:
    """A request without any credentials was not refused by Access: the API behind it is open to everyone.

    By a Bypass policy, a path or host name without an application, or past a record that is not proxied
    (dns.proxied).

    Not seen here: other paths, methods and places than those of this one request; see access.open_to_everyone.
    """
    judge(anonymous_probe.refused_by_access, note=anonymous_probe.told)


@pytest.mark.fact("access.refuses_wrong_secret")
def test_refuses_wrong_secret(judge: Judge, wrong_secret_probe: Probe) -> None:
    """A request with a wrong secret was not refused by Access: the token protects nothing.

    By a Bypass policy, or by a Service Auth policy that includes everyone.

    Not seen here: other tokens, and other places than this machine's; see access.strangers.
    """
    judge(wrong_secret_probe.refused_by_access, note=wrong_secret_probe.told)


@pytest.mark.fact("access.admits_token")
def test_admits_token(judge: Judge, token_probe: Probe) -> None:
    """Access did not let the service token in; what happens behind Access is public.answers.

    Mostly no Service Auth policy includes the token (access.service_auth, access.token_enabled, access.token_days), or
    the id or the secret in ESC is an old one (secrets.client_id).

    Not seen here: other paths, methods and places than those of this one request.
    """
    judge(token_probe.admitted, note=token_probe.told)
