"""What is written of an application: whatever its shape, it keeps every place that it stands before."""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.cloudflare.access.applications import application_of
from spark_conformance.cloudflare.tables import Table
from spark_conformance.remediation.remedies.access_bodies import with_place, without_exemptions

HOST, PORTAL = "ollama.goldfish.io", "portal.goldfish.io"
FIELD = Path(__file__).parent.parent / "cloudflare/recordings/access_apps_multi_domain.json"
PUBLIC = [{"type": "public", "uri": HOST}, {"type": "public", "uri": PORTAL}]


def places(body: dict[str, Any]) -> set[str]:
    seen = application_of(Table("the application", {"id": "i", "type": "self_hosted", **body}))
    return set(map(str, (*seen.places, *seen.standing)))


SHAPES: dict[str, dict[str, Any]] = {
    "as the dashboard writes it": json.loads(FIELD.read_text())[0],
    "destinations alone": {"domain": PORTAL, "destinations": PUBLIC},
    "the older list alone": {"domain": PORTAL, "self_hosted_domains": [PORTAL, HOST]},
    "its domain alone": {"domain": PORTAL},
    "lists that contradict each other": {
        "domain": "a.goldfish.io", "self_hosted_domains": ["b.goldfish.io"], "destinations": PUBLIC
    },
    "lists that are empty or null": {"domain": PORTAL, "self_hosted_domains": [], "destinations": None},
    "places of other kinds": {
        "domain": PORTAL,
        "destinations": [*PUBLIC, {"type": "private", "cidr": "10.0.0.0/8"}, {"type": "next_year", "what": "ever"}],
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [HOST, "new.goldfish.io"])
def test_an_application_keeps_every_place(shape: str, name: str) -> None:
    """Once a remedy made the application one of the public name alone, and took Access off the other name."""
    before = SHAPES[shape]
    for after in (with_place(before, name), without_exemptions(before, name)):
        assert places(before) <= places(after)
    for place in before.get("destinations") or []:
        assert place in with_place(before, name)["destinations"]
    assert name in places(with_place(before, name))
    assert len(set(with_place(before, name)["self_hosted_domains"])) == len(
        with_place(before, name)["self_hosted_domains"]
    )


def test_the_application_of_several_names_is_the_documented_one() -> None:
    [found] = json.loads(FIELD.read_text())
    seen = application_of(Table("the application", found))
    assert [str(place) for place in seen.standing] == [PORTAL, HOST]
    assert seen.places_at(HOST)
