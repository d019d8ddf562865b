"""Questions to servers that behave well, and to some that do not."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rrset
import pytest

from spark_conformance.dns import asking
from spark_conformance.dns.asking import Reply, Silence, ask, read
from spark_conformance.dns.servers import Server
from tests.listening import pair

NAME = "www.example.org"
SHORT_S = 0.2
LONG_S = 60.0

Respond = Callable[[dns.message.Message], bytes | None]


def answered(query: dns.message.Message, *texts: str, rcode: int = 0, flags: int = 0) -> bytes:
    reply = dns.message.make_response(query)
    reply.set_rcode(dns.rcode.Rcode.make(rcode))
    reply.flags |= flags
    for text in texts:
        name, kind, data = text.split()
        reply.answer.append(dns.rrset.from_text(name + ".", 300, "IN", kind, data))
    return reply.to_wire()


@contextmanager
def udp(
    respond: Respond, seen: list[dns.message.Message], before: Callable[[tuple[str, int]], None] = lambda _: None
) -> Iterator[Server]:
    """A server on a UDP port of loopback; the TCP port of the same number is closed.

    `before` is told who asks, before the answer is sent.
    """
    sock, refusing = pair(refusing=True)
    with sock, refusing:

        def serve() -> None:
            while True:
                data, sender = sock.recvfrom(4096)
                if not data:
                    return
                query = dns.message.from_wire(data)
                seen.append(query)
                before(sender)
                reply = respond(query)
                if reply is not None:
                    sock.sendto(reply, sender)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield Server("127.0.0.1", sock.getsockname()[1])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", sock.getsockname())
        thread.join()


def asked(
    respond: Respond, timeout_s: float = LONG_S, *, recursive: bool = True
) -> tuple[Reply | Silence, list[dns.message.Message]]:
    seen: list[dns.message.Message] = []
    with udp(respond, seen) as server:
        return ask(server, NAME, "A", timeout_s, recursive=recursive), seen


def test_an_answer() -> None:
    reply, [query] = asked(lambda query: answered(query, f"{NAME} CNAME t.example.org.", "t.example.org A 192.0.2.1"))
    assert reply == Reply("NOERROR", ("192.0.2.1",), ("t.example.org",))
    assert query.flags & dns.flags.RD


def test_who_asks_for_nothing_special_asks_a_resolver_in_the_one_version_of_edns() -> None:
    seen: list[dns.message.Message] = []
    with udp(answered, seen) as server:
        ask(server, NAME, "A", LONG_S)
    assert seen[0].flags & dns.flags.RD
    assert seen[0].edns == 0  # RFC 6891: servers answer BADVERS to any other


def test_a_zones_own_server_is_not_asked_to_look_elsewhere() -> None:
    _, [query] = asked(answered, recursive=False)
    assert not query.flags & dns.flags.RD


@pytest.mark.parametrize(("code", "rcode"), [(2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED")])
def test_a_refusal_is_an_answer(code: int, rcode: str) -> None:
    reply, queries = asked(lambda query: answered(query, rcode=code))
    assert reply == Reply(rcode)
    assert len(queries) == 1


def test_a_datagram_that_got_lost_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_SHARE", 0.01)
    lost: list[int] = []

    def respond(query: dns.message.Message) -> bytes | None:
        lost.append(query.id)
        return None if len(lost) == 1 else answered(query, f"{NAME} A 192.0.2.1")

    reply, queries = asked(respond)
    assert reply == Reply("NOERROR", ("192.0.2.1",))
    assert len(queries) == 2


def test_silence_ends_at_the_deadline() -> None:
    reply, queries = asked(lambda _: None, SHORT_S)
    assert reply == Silence("does not answer within 0.2 s")
    assert len(queries) == 2


def test_both_tries_together_take_no_longer_than_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def silent(*_: object, timeout: float, **_named: object) -> None:
        waited.append(timeout)
        raise dns.exception.Timeout

    monkeypatch.setattr(dns.query, "udp_with_fallback", silent)
    assert ask(Server("192.0.2.1"), NAME, "A", 8.0) == Silence("does not answer within 8 s")
    assert len(waited) == 2
    assert sum(waited) == pytest.approx(8.0)
    assert min(waited) > 0


def test_garbage_is_no_answer() -> None:
    reply, _ = asked(lambda query: query.to_wire()[:2] + b"garbage")
    assert reply == Silence("sends something that is not a DNS answer")


def test_an_answer_to_another_question_is_no_answer() -> None:
    def respond(query: dns.message.Message) -> bytes:
        other = dns.message.make_query("other.example.org", "A")
        other.id = query.id
        return answered(other, "other.example.org A 192.0.2.1")

    reply, _ = asked(respond)
    assert isinstance(reply, Silence)


def test_a_datagram_of_somebody_else_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:

        def meddle(asker: tuple[str, int]) -> None:
            stranger.sendto(b"not from the server that was asked", asker)

        with udp(lambda query: answered(query, f"{NAME} A 192.0.2.1"), [], meddle) as server:
            assert ask(server, NAME, "A", LONG_S) == Reply("NOERROR", ("192.0.2.1",))


def test_a_server_that_sends_to_tcp_and_is_not_there() -> None:
    reply, _ = asked(lambda query: answered(query, flags=dns.flags.TC))
    assert reply == Silence("cannot be asked: Connection refused")


def test_a_server_that_is_nowhere() -> None:
    reply = ask(Server("255.255.255.255"), NAME, "A", SHORT_S)
    assert isinstance(reply, Silence)
    assert reply.reason.startswith("cannot be asked: ")


def test_name_servers_are_read() -> None:
    reply = dns.message.make_response(dns.message.make_query("example.org", "NS"))
    reply.answer.append(
        dns.rrset.from_text("example.org.", 300, "IN", "NS", "ada.ns.example.net.", "bob.ns.example.net.")
    )
    assert read(reply) == Reply("NOERROR", name_servers=("ada.ns.example.net", "bob.ns.example.net"))


@pytest.mark.parametrize(
    ("owner", "kind", "own", "referred"),
    [
        (f"{NAME}.", "NS", False, True),
        ("example.org.", "NS", False, True),
        ("example.org.", "NS", True, False),  # who speaks for the zone itself sends nobody on
        (".", "NS", False, False),  # who knows nothing names the root
        ("other.org.", "NS", False, False),
        ("example.org.", "SOA", False, False),
    ],
)
def test_a_referral_is_told_from_an_empty_answer(owner: str, kind: str, own: bool, referred: bool) -> None:
    reply = dns.message.make_response(dns.message.make_query(NAME, "A"))
    reply.flags |= dns.flags.AA if own else 0
    data = "ns1.example.net." if kind == "NS" else "ns1.example.net. mail.example.net. 1 1 1 1 1"
    reply.authority.append(dns.rrset.from_text(owner, 300, "IN", kind, data))
    assert read(reply) == Reply("NOERROR", referred=referred)
