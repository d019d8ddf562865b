"""Which application decides about a URL, whether it lets everyone in there, and what that does to what is met next."""

from typing import Any

import pytest

from spark_conformance.cloudflare.access.applications import AccessApp, application_of
from spark_conformance.cloudflare.access.policies import policies_of
from spark_conformance.cloudflare.tables import Table, tables
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Scene, Value
from spark_conformance.diagnosis.reading.deciding_app import deciding, lets_all_in
from spark_conformance.diagnosis.signs import sign
from tests.diagnosis.by_hand import without
from tests.diagnosis.scenes import scene

NAME, PATH = "ollama.example.org", "/api/tags"
EVERYONE: dict[str, Any] = {"everyone": {}}
HERE = {"ip": {"ip": "127.0.0.0/8"}}


def _places(*domains: str) -> frozenset[str]:
    apps = [
        application_of(Table("an application", {"id": domain, "type": "self_hosted", "domain": domain}))
        for domain in domains
    ]
    return deciding(apps, NAME, PATH)


@pytest.mark.parametrize(
    ("domains", "able"),
    [
        ((NAME,), {NAME}),
        ((NAME, f"{NAME}/api"), {f"{NAME}/api"}),
        ((f"{NAME}/api/tags", f"{NAME}/api", NAME), {f"{NAME}/api/tags"}),
        ((NAME, f"{NAME}/v1"), {NAME}),
        ((NAME, "*.example.org"), {NAME}),
        (("*.example.org/api", "*.example.org"), {"*.example.org/api"}),
        ((NAME, "*.example.org/api"), {NAME, "*.example.org/api"}),
        ((NAME, f"{NAME}/*/tags"), {NAME, f"{NAME}/*/tags"}),
        ((f"{NAME}/v1",), set()),
        ((), set()),
    ],
)
def test_the_most_specific_application_decides(domains: tuple[str, ...], able: set[str]) -> None:
    assert _places(*domains) == able


def test_of_several_destinations_each_counts_and_a_field_that_does_not_count_leaves_it_open() -> None:
    fields = {"id": "a", "type": "self_hosted", "domain": f"{NAME}/api"}
    places = [{"type": "public", "uri": "chat.example.org"}, {"type": "public", "uri": f"{NAME}/api/tags"}]
    several = application_of(Table("an application", {**fields, "destinations": places}))
    whole = application_of(Table("an application", {"id": "b", "type": "self_hosted", "domain": NAME}))
    assert deciding([several, whole], NAME, PATH) == {"a"}
    gone = application_of(Table("an application", {**fields, "destinations": places[:1]}))
    assert deciding([gone, whole], NAME, PATH) == {"a", "b"}


def _app(*policies: dict[str, Any], public: tuple[str, ...] = (), unclear: tuple[str, ...] = ()) -> AccessApp:
    listed = [{"id": str(at), "name": str(at), "precedence": at, **one} for at, one in enumerate(policies, start=1)]
    made = policies_of(tables("the policies", listed), [], {})
    return AccessApp("id", "aud", "app", NAME, "self_hosted", made, public, False, (), unclear)


@pytest.mark.parametrize(
    ("app", "all_in"),
    [
        (_app({"decision": "allow", "include": [EVERYONE]}), False),
        (_app(), False),
        (_app({"decision": "bypass", "include": [EVERYONE]}), True),
        (_app({"decision": "non_identity", "include": [EVERYONE]}), True),
        (_app({"decision": "bypass", "include": [HERE]}), None),
        (_app({"decision": "bypass", "include": [EVERYONE], "exclude": [HERE]}), None),
        (_app({"decision": "deny", "include": [EVERYONE]}, {"decision": "bypass", "include": [EVERYONE]}), True),
        (_app(public=("/api/*",)), True),
        (_app(public=("/v1/*",)), False),
        (_app(unclear=("/api/*",)), None),
        (_app({"decision": "something new", "include": [EVERYONE]}), None),
    ],
)
def test_whether_an_application_lets_everyone_in(app: AccessApp, all_in: bool | None) -> None:
    assert lets_all_in(app, PATH) is all_in


@pytest.mark.parametrize(
    ("seen", "latent"),
    [
        ({}, {"access-no-service-auth"}),
        ({"app.guards": False}, set()),
        ({"app.guards": None}, set()),
        ({"answer.app": "other"}, set()),
        ({"token.expired": True, "answer.app": "other"}, {"access-token-expired"}),
        ({"token.expired": True, "app.guards": False}, set()),
    ],
)
def test_what_access_would_refuse_is_met_next_only_where_it_is_asked(seen: dict[str, Value], latent: set[str]) -> None:
    signs = dict(scene("edge-bot-fight+access-no-service-auth").signs)
    signs |= {name: sign(name, value, name) for name, value in seen.items()}
    told = conclude(without(Scene(signs), *(name for name, value in seen.items() if value is None)))
    assert {one.cause.id for one in told.latent if one.confidence == "proven"} == latent
