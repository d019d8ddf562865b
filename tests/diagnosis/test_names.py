"""Whether the resolvers say of a name what the zone's own servers say."""

import pytest

from spark_conformance.cloudflare.account import IpRanges
from spark_conformance.diagnosis.reading.names import agreeing
from spark_conformance.dns.answers import Answer

RANGES = IpRanges(("104.16.0.0/13", "2606:4700::/32"))
EDGE, ELSEWHERE_AT_THE_EDGE = Answer("s", ("104.16.0.1", "2606:4700::1")), Answer("s", ("104.17.0.9",))
ALIAS, FOLLOWED = Answer("s", aliases=("T.cfargotunnel.com",)), Answer("s", ("fd10::1",), ("t.cfargotunnel.com",))
OLD_ALIAS = Answer("s", aliases=("u.cfargotunnel.com",))
BARE, BARE_V4 = Answer("s", ("192.0.2.1", "2001:db8::1")), Answer("s", ("192.0.2.1",))
OLD = Answer("s", ("192.0.2.7",))
NONE, ABSENT = Answer("s"), Answer("s", rcode="NXDOMAIN")
FAILING, SILENT, DELEGATED = Answer("s", rcode="SERVFAIL"), Answer("s", silence="sleeps"), Answer("s", referred=True)


def told(
    resolvers: list[Answer], own: list[Answer], *, record: Answer | None = None, address: bool = False
) -> bool | None:
    stated = [record] if record else []
    return agreeing(resolvers, own, stated, RANGES.contains, addresses_differ=address)


@pytest.mark.parametrize(
    ("resolver", "own"),
    [
        (EDGE, ELSEWHERE_AT_THE_EDGE),  # whichever of its addresses the edge hands out
        (FOLLOWED, ALIAS), (BARE, BARE), (BARE_V4, BARE), (NONE, ABSENT),
    ],
)  # fmt: skip
def test_the_same_answer_need_not_be_the_same_text(resolver: Answer, own: Answer) -> None:
    assert told([resolver, resolver], [own], address=True) is True


@pytest.mark.parametrize(
    ("resolver", "own"),
    [
        (ABSENT, ALIAS), (OLD, ALIAS), (OLD_ALIAS, ALIAS), (OLD, EDGE), (NONE, EDGE), (OLD, NONE), (EDGE, BARE),
        (ALIAS, EDGE), (NONE, BARE), (BARE, BARE_V4),
    ],
)  # fmt: skip
def test_an_old_answer_and_a_denial_are_others(resolver: Answer, own: Answer) -> None:
    assert told([resolver, resolver], [own], address=True) is False


def test_addresses_that_the_zone_looks_up_elsewhere_may_differ() -> None:
    assert told([OLD], [BARE]) is None
    assert told([BARE_V4], [BARE]) is True
    assert told([OLD], [EDGE]) is False


@pytest.mark.parametrize("mute", [FAILING, SILENT, DELEGATED])
def test_who_says_nothing_of_the_name_is_passed_over(mute: Answer) -> None:
    assert told([mute, ALIAS], [ALIAS, mute]) is True
    assert told([mute], [ALIAS]) is None
    assert told([ALIAS], [mute]) is None


def test_resolvers_that_differ_among_themselves_decide_nothing() -> None:
    assert told([OLD, ALIAS], [ALIAS]) is None


def test_resolvers_that_say_what_the_record_says_are_right_whatever_a_server_of_the_zone_answers() -> None:
    assert told([ALIAS], [OLD], record=ALIAS) is True
    assert told([ALIAS], [SILENT], record=ALIAS) is True
    assert told([ABSENT], [OLD], record=ALIAS) is False
    assert told([ABSENT], [SILENT], record=ALIAS) is None
