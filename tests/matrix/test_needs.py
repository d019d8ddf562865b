"""What facts are declared to need, held against what their checks' observations really use, where that can be told.

Where one observation sees a subject, a check needs the subject just where it stands on that observation, unless it can
do without it.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from spark_conformance.checking import checks
from spark_conformance.cloudflare.access.applications import access_app, access_policy
from spark_conformance.cloudflare.access.service_tokens import service_token
from spark_conformance.cloudflare.account import zone
from spark_conformance.cloudflare.client import cloudflare_api
from spark_conformance.cloudflare.records import dns_records
from spark_conformance.cloudflare.tunnel import tunnel
from spark_conformance.cloudflare.tunnel_config import tunnel_config
from spark_conformance.cloudflare.tunnel_connections import tunnel_connections
from spark_conformance.core.run import OBSERVATIONS, Observe
from spark_conformance.core.traced import Traced
from spark_conformance.dns.resolvers import resolver_answers
from spark_conformance.facts.load import find, load
from spark_conformance.facts.model import TRAITS, needing
from spark_conformance.facts.traits import Means
from spark_conformance.host.binary import cloudflared_binary
from spark_conformance.host.connection import target_host
from spark_conformance.host.connector import connector
from spark_conformance.host.inference import ollama_generation, ollama_residency
from spark_conformance.host.installed_token import cloudflared_token, cloudflared_valid_token
from spark_conformance.host.ollama import ollama_model, ollama_models
from spark_conformance.host.units import cloudflared_unit, ollama_unit
from spark_conformance.https.certificate import certificate
from spark_conformance.https.public import public_generation
from spark_conformance.repository.workflow import workflow_file
from spark_conformance.secrets.references import access_client_id, access_client_secret

SEEN_BY: Mapping[str, Observe[Any]] = {
    "host.reachable": target_host, "ollama.unit": ollama_unit, "ollama.url": ollama_models,
    "ollama.model": ollama_model, "ollama.generates": ollama_generation, "ollama.gpu_share": ollama_residency,
    "cloudflared.binary": cloudflared_binary, "tunnel.id": tunnel, "dns.zone_status": zone,
    "dns.records": dns_records, "access.app_id": access_app, "access.policy": access_policy,
    "access.token_id": service_token, "public.generates": public_generation, "secrets.api_token": cloudflare_api,
    "secrets.client_id": access_client_id, Means.TLS: certificate,
}  # fmt: skip
"""Observations that nobody uses who could do without what they see."""
USED_FOR: Mapping[str, Observe[Any]] = {
    "cloudflared.unit": cloudflared_unit, "cloudflared.token_present": cloudflared_token,
    "cloudflared.token_tunnel": cloudflared_valid_token, "cloudflared.ready_connections": connector,
    "cloudflared.active": cloudflared_unit, "cloudflared.executable": cloudflared_binary,
    "tunnel.connections": tunnel_connections, "tunnel.ingress": tunnel_config, "pipeline.workflow": workflow_file,
    "secrets.client_secret_shape": access_client_secret, Means.RESOLVERS: resolver_answers,
    Means.SYSTEMD: target_host, Means.CURL: target_host, Means.HTTPS: certificate,
}  # fmt: skip
"""Observations that see it too, and that some use for something else, or as one of several ways."""


@pytest.fixture
def users(seen: Traced) -> dict[Observe[Any], set[str]]:
    """The facts whose checks stand on an observation, directly or not."""
    found: dict[Observe[Any], set[str]] = {}
    for fact in seen.stated:
        waiting = [OBSERVATIONS[name] for name in inspect.signature(checks()[fact]).parameters if name in OBSERVATIONS]
        known = set(waiting)
        while waiting:
            more = seen.uses[waiting.pop()] - known
            known |= more
            waiting += more
        for observe in known:
            found.setdefault(observe, set()).add(fact)
    return found


def resting_on(thing: str) -> set[str]:
    """A subject's own fact, and all that need it, of those that the lab states."""
    return {*needing(thing), thing} & load(find("spark-291b")).facts.all().keys()


def test_what_one_observation_sees_is_needed_by_all_that_use_it(users: dict[Observe[Any], set[str]]) -> None:
    assert {thing: users[observe] for thing, observe in SEEN_BY.items()} == {
        thing: resting_on(thing) for thing in SEEN_BY
    }


def test_what_is_needed_is_used(users: dict[Observe[Any], set[str]]) -> None:
    unused = {thing: resting_on(thing) - users[observe] for thing, observe in USED_FOR.items()}
    assert {thing: facts for thing, facts in unused.items() if facts} == {}


def test_what_no_observation_alone_sees_is_told() -> None:
    needs = {need for fact in load(find("spark-291b")).facts.all() for need in TRAITS[fact].needs}
    told = {Means.GITHUB, Means.STACK, Means.REPOSITORY, "secrets.esc_tunnel_token", "secrets.esc_client_id",
            "secrets.esc_client_secret", "public.answers", "pipeline.parses"}  # fmt: skip
    assert needs - SEEN_BY.keys() - USED_FOR.keys() == told
