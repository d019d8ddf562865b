"""Whether a diagnosis says of a world what the lab says of it.

Demanded always: no cause is proven whose settings change nothing when they are flipped; none is met next that would not
be; nobody is said to answer who did not; Access is called open only where a request without credentials passes.
Demanded of the many: what decides is among the causes named.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spark_conformance.diagnosis.model import Diagnosis, Hop, Named
from tests.diagnosis.worlds.setting import Setting
from tests.diagnosis.worlds.truth import Known

HOPS: dict[str, set[Hop]] = {
    "client": set(), "dns": {Hop.DNS}, "tls": {Hop.TLS}, "access": {Hop.ACCESS}, "record": {Hop.TUNNEL, Hop.EDGE},
    "tunnel": {Hop.TUNNEL}, "connector": {Hop.CLOUDFLARED, Hop.SERVICE}, "origin": {Hop.SERVICE, Hop.CLOUDFLARED},
    "silence": {Hop.SERVICE, Hop.CLOUDFLARED, Hop.TLS},
}  # fmt: skip
"""The hops that may be said to answer, by who did; what is not here is the edge's own."""
OPEN = "access-open"


@dataclass(frozen=True)
class Judgement:
    """`wrong` are sentences about claims that the lab contradicts. `named` is None where nothing was to be named.

    `nameless`: none of the deciding settings has a cause in the catalogue.
    """

    told: tuple[str, ...]
    wrong: tuple[str, ...]
    named: bool | None
    nameless: bool = False


def judge(truth: Known, seen: Diagnosis) -> Judgement:
    """Hold a diagnosis against the truth."""
    told = tuple(f"{one.confidence} {one.cause.id}{'' if one.active else ' (not active)'}" for one in seen.causes)
    wrong = tuple(_wrong(truth, seen))
    if truth.served:
        return Judgement(told, wrong, None)
    sure = [one for named in seen.active if named.confidence == "proven" for one in _single(truth, named)]
    if sure:
        return Judgement(told, wrong, named=True)
    deciding = truth.deciding()
    named = any(_names(one, deciding) for one in seen.causes)
    return Judgement(told, wrong, named, nameless=not any(one.causes for one in deciding))


def _wrong(truth: Known, seen: Diagnosis) -> Iterable[str]:
    if truth.served:
        yield from (f"{one.confidence} {one.cause.id} of an answer as in health" for one in seen.active)
        yield from ["undetermined, of an answer as in health"] if seen.undetermined and seen.answered_by else []
    else:
        for one in seen.active:
            if one.confidence == "proven" and not (_single(truth, one) or _names(one, truth.deciding())):
                yield f"proven {one.cause.id}"
    for one in seen.latent:
        if one.confidence == "proven" and not any(
            truth.takes_effect(setting) for setting in truth.world if one.cause.id in setting.causes
        ):
            yield f"met next: {one.cause.id}"
    if seen.answered_by is not None and not truth.served and seen.answered_by not in HOPS.get(truth.by, {Hop.EDGE}):
        yield f"answered by {seen.answered_by}"
    yield from (f"found {one.cause.id}" for one in seen.findings if one.cause.id == OPEN and not truth.open)


def _names(named: Named, settings: Iterable[Setting]) -> bool:
    return any(named.cause.id in one.causes for one in settings)


def _single(truth: Known, named: Named) -> list[Setting]:
    """The settings that the cause names and that decide, each by itself."""
    return [one for one in truth.world if named.cause.id in one.causes and truth.alone(one)]
