"""A page for each cause that a diagnosis can name: what it is, what shows it, what to do, and where it is from."""

from collections.abc import Iterator

from spark_conformance.diagnosis.causes.case import Other, Table, Way
from spark_conformance.diagnosis.causes.catalogue import CASES, Case
from spark_conformance.diagnosis.model import HOPS, Hop
from spark_conformance.diagnosis.signs import SIGNS, VIEWS
from tests.docs import words


def pages() -> dict[str, str]:
    return {**{name: _page(case) for name, case in CASES.items()}, "README": _index()}


def _page(case: Case) -> str:
    cause, remedy = case.cause, case.cause.remedy
    steps = [
        f"Set {words.blanks(remedy.setting)}: {words.blanks(remedy.value)}.",
        words.sentence(words.blanks(remedy.dashboard)) if remedy.dashboard else "",
        f"Or `{words.blanks(remedy.call)}`" if remedy.call else "",
        f"Or let the suite do it: `{remedy.command}`, then with `apply`." if remedy.command else "",
    ]
    return words.page(
        cause.id,
        words.prose(words.sentence(words.blanks(cause.title))),
        words.table(("", ""), list(_about(case))),
        words.section("What to do", words.bullets(filter(None, steps))),
        words.section("What changes with it", words.prose(words.sentence(words.blanks(remedy.changes)))),
        words.section(
            "In the operator's document", words.prose(words.sentence(cause.document)) if cause.document else ""
        ),
        words.section("How it shows", *(_way(way, number, case) for number, way in enumerate(case.ways))),
        words.section("Why it is proven" if case.decisive else "Why it is never proven", *_reason(case)),
        words.section("What it rests on", words.prose(words.sentence(cause.caveat)) if cause.caveat else ""),
        words.section("Where the claim is from", f"<{cause.reference}>"),
    )


def _reason(case: Case) -> Iterator[str]:
    yield words.prose(words.sentence(case.cause.reason))
    rows = [(f"`{name}`", _asks(name)) for name in sorted(case.decisive)]
    if rows:
        yield words.table(("decisive sign", "what it says"), rows)


def _about(case: Case) -> Iterator[tuple[str, str]]:
    yield "to blame", case.cause.hop.label
    if case.finding:
        yield "kind", "a finding beside the answer: it explains no refusal, and is wrong all the same"
        yield "sure", "proven, by the signs below" if case.decisive else "likely at most"
        return
    yield "who answers", Hop(case.answers).label
    yield "sure", "proven, by the signs below" if case.decisive else "likely at most"


def _way(way: Way, number: int, case: Case) -> str:
    """The signs that must not contradict it, and those that prove it."""
    head = f"Another way in which it shows ({number + 1} of {len(case.ways)}):" if number else ""
    rows = [(f"`{name}`", _asks(name), _wanted(wanted)) for name, wanted in _all(way).items()]
    proofs = [f"`{'`, `'.join(signs)}`" for signs in way.proof]
    proven = "" if not proofs else "Proven, where all of these were seen, in one of these ways:"
    parts = (head, words.table(("sign", "what it says", "here"), rows), proven, words.bullets(proofs) if proven else "")
    return "\n\n".join(filter(None, parts))


def _all(way: Way) -> Table:
    return {**way.answer, **way.state}


def _asks(name: str) -> str:
    view, asks = SIGNS[name]
    return f"{asks} ({VIEWS[view]})"


def _wanted(wanted: tuple[object, ...] | Other) -> str:
    values = wanted.values if isinstance(wanted, Other) else wanted
    said = " or ".join("yes" if value is True else "no" if value is False else str(value) for value in values)
    return f"anything but {said}" if isinstance(wanted, Other) else said


def _index() -> str:
    parts = []
    for hop in HOPS:
        rows = [
            (f"[{name}]({name}.md)", words.blanks(case.cause.title))
            for name, case in CASES.items()
            if case.cause.hop == hop
        ]
        parts.append(words.section(hop.label, words.table(("cause", "what it is"), rows)))
    return words.page(
        "The causes",
        f"One page a cause that a diagnosis can name, {len(CASES)} in all, in the order of a request's way.\n"
        "What must hold in a sound system are [the facts](../facts/README.md).",
        *parts,
    )
