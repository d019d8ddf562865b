import pytest

from spark_conformance.cloudflare.account import IpRanges
from spark_conformance.core.verdict import Unreachable
from spark_conformance.dns import answers as of_answers
from spark_conformance.dns.answers import Answer, Answers, joined
from spark_conformance.dns.asking import Reply, Silence
from spark_conformance.dns.servers import Server

RANGES = IpRanges(("104.16.0.0/13", "2606:4700::/32"))
GOOD = Answer("one", ("104.16.0.1", "2606:4700::1"))
OUTSIDE = Answer("two", ("104.16.0.1", "192.0.2.1"))
FAILED = Answer("two", rcode="SERVFAIL")
ABSENT = Answer("two", rcode="NXDOMAIN")
EMPTY = Answer("two")
ALIAS = Answer("two", ("104.16.0.1",), ("t.cfargotunnel.com",))
SILENT = Answer("two", silence="does not answer within 5 s")


def seen(*answers: Answer) -> Answers:
    return Answers("www.example.org", answers)


@pytest.mark.parametrize("bad", [OUTSIDE, FAILED, ABSENT, EMPTY])
def test_one_wrong_answer_is_wrong(bad: Answer) -> None:
    assert seen(GOOD, GOOD).within(RANGES.contains) is True
    assert seen(GOOD, bad).within(RANGES.contains) is False


@pytest.mark.parametrize("bad", [OUTSIDE, FAILED, ABSENT, EMPTY])
def test_a_wrong_answer_counts_though_another_server_is_silent(bad: Answer) -> None:
    assert seen(SILENT, bad).within(RANGES.contains) is False


def test_not_all_seen_is_no_pass() -> None:
    for answers in (seen(GOOD, SILENT), seen(SILENT)):
        with pytest.raises(Unreachable, match=r"could be asked for www.example.org: two does not answer") as caught:
            answers.within(RANGES.contains)
        assert (caught.value.cause, caught.value.owner) == ("dns: silent server", None)
        assert "one" not in caught.value.sentence.partition(":")[2].partition(";")[0]


def test_an_alias_that_one_server_shows_is_visible() -> None:
    assert seen(GOOD, GOOD).cname_visible is False
    assert seen(GOOD, ALIAS).cname_visible is True
    assert seen(SILENT, ALIAS).cname_visible is True
    with pytest.raises(Unreachable):
        _ = seen(SILENT, GOOD).cname_visible


def test_addresses_come_once_each_and_ipv4_first() -> None:
    one = Answer("one", ("2606:4700::1", "104.16.0.2"))
    assert seen(one, GOOD, SILENT).addresses == ("104.16.0.2", "104.16.0.1", "2606:4700::1")


def test_answers_in_words() -> None:
    told = seen(GOOD, ALIAS, ABSENT, SILENT).told
    assert told == (
        "one answers 104.16.0.1, 2606:4700::1; two answers CNAME t.cfargotunnel.com, 104.16.0.1; "
        "two answers NXDOMAIN, no address; two does not answer within 5 s"
    )


def test_both_replies_of_a_server_make_its_answer() -> None:
    ipv4, ipv6 = Reply("NOERROR", ("192.0.2.1",), ("a.org",)), Reply("NOERROR", ("::1",), ("a.org",))
    assert joined("s", [ipv4, ipv6]) == Answer("s", ("192.0.2.1", "::1"), ("a.org",))
    assert joined("s", [ipv4, Reply("SERVFAIL")]).rcode == "SERVFAIL"
    assert joined("s", [ipv4, Silence("sleeps")]) == Answer("s", silence="sleeps")


def test_each_server_has_its_own_two_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Server, str]] = []

    def ask_all(_: str, questions: list[tuple[Server, str]], *_more: object, **_named: object) -> list[Reply]:
        asked.extend(questions)
        return [Reply("NOERROR", (f"{kind} of {server.address}",)) for server, kind in questions]

    monkeypatch.setattr(of_answers, "ask_all", ask_all)
    one, two = Server("192.0.2.1"), Server("192.0.2.2")
    found = of_answers.answers("www.example.org", [one, two], 5, recursive=True).answers
    assert asked == [(one, "A"), (one, "AAAA"), (two, "A"), (two, "AAAA")]
    assert [answer.addresses for answer in found] == [
        ("A of 192.0.2.1", "AAAA of 192.0.2.1"),
        ("A of 192.0.2.2", "AAAA of 192.0.2.2"),
    ]


def test_a_name_is_handed_on_where_no_question_is_answered() -> None:
    referral = Reply("NOERROR", referred=True)
    assert joined("s", [referral, referral]).referred
    assert not joined("s", [referral, Reply("NOERROR", ("192.0.2.1",))]).referred
    assert str(joined("s", [referral])) == "s hands the name on to other name servers"
    assert [one.answers for one in (EMPTY, ABSENT, FAILED, SILENT, joined("s", [referral]))] == [
        True, True, False, False, False,
    ]  # fmt: skip
