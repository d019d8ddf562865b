"""What is observed of the lab's name servers, healthy and not."""

from types import SimpleNamespace

import dns.flags
import dns.message
import pytest

from spark_conformance.cloudflare.account import IpRanges, zone
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.dns.answers import Answer, Answers
from spark_conformance.dns.asking import Reply, Silence
from spark_conformance.dns.public import public_addresses
from spark_conformance.dns.resolvers import resolver_answers
from spark_conformance.dns.servers import PORT, Server
from spark_conformance.facts.target import Resolving, Target
from spark_conformance.outside import authoritative
from spark_conformance.outside.authoritative import authoritative_answers
from spark_lab.dns import ServerBehaviour
from tests.cloudflare.twin import Twin
from tests.dns.test_asking import LONG_S, SHORT_S, answered, udp
from tests.host.stubs import given
from tests.secrets.runs import run_of

HOST = "ollama.goldfish.io"


def behaviours(lab: Twin) -> list[ServerBehaviour]:
    return [lab.names.behaviours[address] for address in lab.names.resolvers]


def test_every_resolver_is_asked_and_the_zones_own_server(lab: Twin) -> None:
    with lab.run() as run:
        seen, own = run.get(resolver_answers), run.get(authoritative_answers)
    assert [answer.server for answer in seen.answers] == lab.names.resolvers
    assert [answer.server for answer in own.answers] == lab.names.authoritative
    assert {answer.addresses for answer in (*seen.answers, *own.answers)} == {("127.0.0.1",)}


def test_dns_of_public_resolvers_needs_no_api(lab: Twin) -> None:
    with lab.run() as run:
        run.get(resolver_answers)
        run.get(authoritative_answers)
    assert list(lab.api.requests) == []


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
def test_a_failing_resolver_is_observed(lab: Twin, rcode: str) -> None:
    behaviours(lab)[1].rcode = rcode
    with lab.run() as run:
        assert [answer.rcode for answer in run.get(resolver_answers).answers] == ["NOERROR", rcode]


def test_an_answer_too_long_for_udp_comes_by_tcp(lab: Twin) -> None:
    behaviours(lab)[0].truncated = True
    with lab.run() as run:
        assert run.get(resolver_answers).answers[0].addresses == ("127.0.0.1",)


def test_a_server_that_refuses_tcp_is_silent(lab: Twin) -> None:
    behaviours(lab)[0].truncated = behaviours(lab)[0].refuses_tcp = True
    with lab.run(unnamed(lab)) as run:
        assert run.get(resolver_answers).answers[0].silence is not None


def test_resolvers_are_asked_to_look_elsewhere_and_the_zones_own_servers_are_not() -> None:
    seen: list[dns.message.Message] = []
    with udp(answered, seen) as server:
        where = f"{server.address}:{server.port}"
        run = run_of(Target(dns=Resolving(resolvers=(where,), authoritative=(where,), timeout_s=LONG_S)), {}, {})
        given(run, zone, SimpleNamespace(name="example.org"))
        run.get(resolver_answers)
        authoritative._names_by_resolvers(run)
        run.get(authoritative.apex_answers)
        assert seen
        assert all(query.flags & dns.flags.RD for query in seen)
        seen.clear()
        run.get(authoritative_answers)
        assert seen
        assert not any(query.flags & dns.flags.RD for query in seen)


def test_public_addresses_need_one_resolver_that_answers(lab: Twin) -> None:
    behaviours(lab)[0].silent = True
    with lab.run(unnamed(lab)) as run:
        assert run.get(public_addresses).addresses == ("127.0.0.1",)
    behaviours(lab)[1].silent = True
    with (
        lab.run(unnamed(lab, SHORT_S)) as run,
        pytest.raises(Unreachable, match=rf"does not answer within {SHORT_S} s.*does not answer within {SHORT_S} s"),
    ):
        run.get(public_addresses)


def test_a_name_without_addresses_is_unmet(lab: Twin) -> None:
    for behaviour in behaviours(lab):
        behaviour.nxdomain.add(HOST)
    with lab.run() as run, pytest.raises(Unmet) as caught:
        run.get(public_addresses)
    assert (caught.value.fact, caught.value.observed) == ("dns.resolvers_in_range", "no address")
    assert "NXDOMAIN" in caught.value.note


def test_a_target_without_resolvers_says_what_to_write(lab: Twin) -> None:
    system = lab.system()
    run = Run(system.model_copy(update={"target": system.target.model_copy(update={"dns": None})}))
    for observe in (resolver_answers, authoritative_answers):
        with pytest.raises(Unreachable, match=r"no table \[target.dns\]"):
            run.get(observe)
    run.close()


def unnamed(lab: Twin, timeout_s: float = 1) -> dict[str, object]:
    """A target that does not name the zone's own servers, nor waits for long."""
    return {"dns": {"resolvers": lab.names.resolvers, "timeout_s": timeout_s}}


def delegated(lab: Twin, target: dict[str, object]) -> tuple[list[Server], list[Answer]]:
    """The zone's servers as they are found; nothing is asked of them, whose port 53 is not the lab's."""
    with lab.run({**target}) as run:
        return authoritative._delegated(run)


def test_the_zones_servers_are_those_that_cloudflare_names(lab: Twin) -> None:
    lab.world.zone["name_servers"] = lab.world.name_servers = [
        "ada.ns.lab-cloudflare.test",
        "bob.ns.lab-cloudflare.test",
    ]
    target = {**unnamed(lab), "cloudflare": {"api": lab.api.url, "token": "env:TWIN_TOKEN"}}
    assert delegated(lab, target) == ([Server("127.0.0.1", PORT, name) for name in lab.world.name_servers], [])
    assert list(lab.api.requests) == ["GET /zones"]


def test_without_the_api_they_are_those_that_resolvers_name(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.world.name_servers = ["ada.ns.lab-cloudflare.test"]
    monkeypatch.delenv("TWIN_TOKEN")
    target = {**unnamed(lab), "cloudflare": {"api": lab.api.url, "token": "env:TWIN_TOKEN"}}
    assert delegated(lab, target) == ([Server("127.0.0.1", PORT, "ada.ns.lab-cloudflare.test")], [])


def test_a_server_whose_name_leads_nowhere_is_not_dropped_from_the_count(
    lab: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.world.name_servers = ["ada.ns.lab-cloudflare.test"]
    lab.world.zone["name_servers"] = ["ada.ns.lab-cloudflare.test", "gone.ns.lab-cloudflare.test"]
    monkeypatch.setattr(authoritative, "answers", well)
    target = {**unnamed(lab), "cloudflare": {"api": lab.api.url, "token": "env:TWIN_TOKEN"}}
    with lab.run(target) as run:
        seen = run.get(authoritative_answers)
    assert [(answer.server, answer.silence) for answer in seen.answers] == [
        ("ada.ns.lab-cloudflare.test (127.0.0.1)", None),
        ("gone.ns.lab-cloudflare.test", "has no address that the resolvers know"),
    ]
    with pytest.raises(Unreachable, match=r"gone\.ns\.lab-cloudflare\.test has no address that the resolvers know"):
        seen.within(IpRanges(("127.0.0.0/30",)).contains)


def test_a_name_server_is_asked_at_its_first_address_whoever_of_the_resolvers_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[Reply | Silence] = [
        Silence("does not answer"), Reply("NOERROR", addresses=("192.0.2.53", "192.0.2.54")),
        Silence("does not answer"), Reply("NOERROR", addresses=("2001:db8::53",)),
    ]  # fmt: skip
    asked: list[tuple[str, list[str]]] = []

    def answer(name: str, questions: list[tuple[Server, str]], *_: object, **__: object) -> list[Reply | Silence]:
        asked.append((name, [kind for _, kind in questions]))
        return heard

    monkeypatch.setattr(authoritative, "ask_all", answer)
    run = run_of(Target(dns=Resolving(resolvers=("192.0.2.1", "192.0.2.2"))))
    given(run, zone, SimpleNamespace(name_servers=("ada.example",)))
    assert authoritative._delegated(run) == ([Server("192.0.2.53", PORT, "ada.example")], [])
    assert asked == [("ada.example", ["A", "A", "AAAA", "AAAA"])]


def well(hostname: str, servers: list[Server], *_: object, **__: object) -> Answers:
    """The answers of servers that all say what they should: their port 53 is not the lab's."""
    return Answers(hostname, tuple(Answer(str(server), addresses=("127.0.0.1",)) for server in servers))


def test_whose_name_servers_are_asked_for_ends_before_the_top_level() -> None:
    assert list(authoritative._upwards("a.b.example")) == ["a.b.example", "b.example"]
    assert list(authoritative._upwards("example")) == []


def test_no_name_server_at_all_is_told(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWIN_TOKEN")
    for behaviour in behaviours(lab):
        behaviour.rcode = "SERVFAIL"
    with pytest.raises(Unreachable, match=f"no name server of the zone of {HOST}.*no names.*target.dns.authoritative"):
        delegated(lab, {**unnamed(lab), "cloudflare": {"api": lab.api.url, "token": "env:TWIN_TOKEN"}})
