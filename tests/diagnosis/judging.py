"""Whether a diagnosis is right: fully, or at least not wrong."""

from spark_conformance.diagnosis.model import Diagnosis, Hop
from tests.diagnosis.scenarios import ORDER, Scenario

GENERAL = "tunnel-no-connector"
"""Right of whatever keeps the connector away, and less than could be said."""

REFUSED = "cloudflared-token-refused"
"""What the edge says of every token that it does not take, where nobody sees which one it is."""


def right(seen: Diagnosis, scenario: Scenario) -> None:
    """All that a scenario demands where nothing is hidden."""
    told = {named.cause.id: named.confidence for named in seen.active}
    assert set(told) == set(scenario.active), _shown(seen)
    assert all(ORDER.index(sure) >= ORDER.index(scenario.least) for sure in told.values()), _shown(seen)
    assert seen.answered_by == scenario.answered, _shown(seen)
    latent = tuple(named.cause.id for named in seen.latent if named.confidence == "proven")
    assert latent == scenario.latent, _shown(seen)
    assert tuple(named.cause.id for named in seen.findings) == scenario.findings, _shown(seen)
    assert not seen.undetermined
    for named in seen.active:
        assert named.supports
        assert not named.contradicts
        assert "{" not in named.cause.title, named.cause.title


def not_wrong(seen: Diagnosis, scenario: Scenario) -> None:
    """Nothing that is claimed is false; a cause that is only possible is no claim."""
    allowed = {*scenario.active}
    if scenario.answered is Hop.TUNNEL and any(cause.startswith(("cloudflared", "tunnel")) for cause in allowed):
        allowed.add(GENERAL)
    if any(cause.startswith("cloudflared-token") for cause in allowed):
        allowed.add(REFUSED)
    claimed = {named.cause.id for named in seen.active}
    assert claimed <= allowed, _shown(seen)
    assert seen.answered_by in {None, scenario.answered}, _shown(seen)
    met = {named.cause.id for named in seen.latent if named.confidence == "proven"}
    assert met <= {*allowed, *scenario.latent, GENERAL}, _shown(seen)
    if GENERAL in met:
        assert any(cause.startswith("cloudflared") for cause in (*scenario.active, *scenario.latent)), _shown(seen)
    open_too = {"access-open"} if "access-absent" in scenario.findings else set()
    assert {named.cause.id for named in seen.findings} <= {*scenario.findings, *open_too}, _shown(seen)


def _shown(seen: Diagnosis) -> str:
    named = "; ".join(f"{one.confidence} {one.cause.id}{'' if one.active else ' (not active)'}" for one in seen.causes)
    signs = ", ".join(f"{sign.id}={sign.value}" for sign in seen.signs)
    return f"{seen.answer}, answered by {seen.answered_by}: {named or 'no cause'}\n{signs}"
