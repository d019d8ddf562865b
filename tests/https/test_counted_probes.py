"""How far requests came: by counters, by marks, and among the requests of others."""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import pytest

from spark_conformance.cloudflare.tunnel_connections import (
    Connector,
    EdgeConnection,
    TunnelConnections,
    tunnel_connections,
)
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.counters import Moved
from spark_conformance.host.journal_since import ConnectorError, OriginRequest
from spark_conformance.host.own_connector import OwnConnector, own_connector
from spark_conformance.host.watching import Hindrance
from spark_conformance.https.answerer import AnsweredBy, Answerer
from spark_conformance.outside import counted_probes as module
from spark_conformance.outside.counted_probes import CountedProbes, Round, Sent, counted, counted_probes
from spark_conformance.secrets.references import access_client_id
from spark_lab.authority import LabAuthority
from tests.host.stubs import given
from tests.https.tls_server import edge_context, http, run_to, tls_server

BEHIND = AnsweredBy(Answerer.BEHIND, "an empty body")
ACCESS = AnsweredBy(Answerer.ACCESS, "403 with cf-access-aud")
OWN = Connector(
    "ours", None, None, None, None, (EdgeConnection("c", "fra08", pending=False, opened_at=None, origin_ip=None),)
)
MARKS = ("conformance=a1", "conformance=a2", "conformance=a3", "conformance=a4")


def sent(status: int = 403, answer: AnsweredBy = BEHIND, marks: Iterable[str] = MARKS) -> tuple[Sent, ...]:
    return tuple(Sent(mark, status, 0, f"ray-of-{mark}", answer) for mark in marks)


def moved(total: int, errors: int = 0, **codes: int) -> Moved:
    return Moved(total, errors, {code.removeprefix("c"): count for code, count in codes.items()})


def gin(query: str, status: int = 403) -> OriginRequest:
    return OriginRequest(status, "1ms", "203.0.113.7", "GET", f"/api/tags?{query}")


def error(ray: str = "", destination: str = "") -> ConnectorError:
    return ConnectorError("ERR", "refused", "no", ray, destination, "")


def over(how: Moved | None, requests: tuple[Sent, ...] = (), identified: int = 0) -> Round:
    return Round(requests or sent(), how, identified, own_codes=False, alone=True)


OTHERS = tuple(gin("") for _ in range(9))


def look(
    how: Moved | None,
    requests: Iterable[OriginRequest] | None = (),
    errors: Iterable[ConnectorError] | None = (),
    *,
    alone: bool = True,
) -> CountedProbes:
    return counted(
        [(sent(), how)],
        None if errors is None else tuple(errors),
        None if requests is None else tuple(requests),
        alone=alone,
    )


@pytest.mark.parametrize(
    ("looking", "came", "exact"),
    [
        # the counter alone
        (partial(look, moved(0)), "none", False),
        (partial(look, moved(0), alone=False), "none", False),
        (partial(look, moved(3)), "none", False),
        (partial(look, moved(3), alone=False), "unknown", False),
        (partial(look, moved(4, c403=4), None, None), "unknown", True),
        (partial(look, moved(40, c403=40), OTHERS), "unknown", False),
        # codes that are others', unless nobody would see them changed on their way
        (partial(look, moved(40, c200=40), OTHERS), "none", False),
        (partial(look, moved(40, c200=37), OTHERS), "none", False),
        (partial(look, moved(40, c200=36), OTHERS), "unknown", False),
        (partial(look, moved(40, 4, c200=36), OTHERS), "unknown", False),
        (partial(look, moved(40, c200=40), None), "unknown", False),
        # marks, whatever others do
        (partial(look, moved(4, c403=4), [*map(gin, MARKS)]), "all", True),
        (partial(look, moved(90, c200=86, c403=4), [*OTHERS, *map(gin, MARKS)]), "all", False),
        (partial(look, moved(9, 9), (), [error("ray-of-conformance=a1")]), "all", False),
        (partial(look, moved(9, 9), (), [error("", f"https://ollama.goldfish.io/api/tags?{MARKS[2]}")]), "all", False),
        (partial(look, moved(9, 9), (), [error("ray-of-somebody")]), "unknown", False),
        # without the counter
        (partial(look, None, [*map(gin, MARKS)]), "all", False),
        (partial(look, None, OTHERS), "unknown", False),
        (partial(look, None, None, None), "unknown", False),
        # a counter that lags behind what a journal shows
        (partial(look, moved(0), [*map(gin, MARKS)]), "all", False),
    ],
)
def test_how_far_they_came(looking: Callable[[], CountedProbes], came: str, exact: bool) -> None:
    seen = looking()
    assert (seen.came, seen.exact) == (came, exact)


def test_lines_of_others_are_counted_and_not_kept() -> None:
    seen = look(moved(20), [*OTHERS, gin(MARKS[0])], [error("ray-of-somebody"), error("ray-of-conformance=a2")])
    assert (seen.others, len(seen.requests or ()), len(seen.errors or ())) == (10, 1, 1)
    assert seen.rounds[0].identified == 2


@pytest.mark.parametrize(("client", "others"), [("127.0.0.1", 0), ("::1", 0), ("203.0.113.7", 1), ("", 1)])
def test_what_is_asked_on_the_host_itself_is_nobody_else(client: str, others: int) -> None:
    """The suite asks there meanwhile, and that moves no counter."""
    seen = look(moved(4, c403=4), [replace(gin(""), client=client)])
    assert (seen.others, seen.exact) == (others, True)


def test_a_complaint_that_names_no_request_is_kept_once() -> None:
    warning = ConnectorError("WRN", "no ingress", "No ingress rules", "", "", "")
    seen = look(moved(4, c503=4), (), [warning, warning, error("ray-of-somebody")])
    assert (seen.unassigned, seen.errors, seen.others) == ((warning,), (), 1)


def test_a_journal_that_is_not_seen_is_not_an_empty_one() -> None:
    seen = look(moved(0), None, None)
    assert (seen.requests, seen.errors, seen.others) == (None, None, 0)


def test_requests_that_met_different_answers_do_not_stand_for_each_other() -> None:
    mixed = (*sent(429, ACCESS, MARKS[:2]), *sent(403, BEHIND, MARKS[2:]))
    assert over(moved(2, c403=2), mixed).came == "unknown"
    assert over(moved(2, c403=2), mixed, identified=2).came == "unknown"
    assert over(moved(0), mixed).came == "none"


@pytest.mark.parametrize("answerer", [Answerer.TUNNEL, Answerer.WORKER])
def test_what_was_put_in_an_answers_place_tells_nothing_of_its_code(answerer: Answerer) -> None:
    changed = sent(500, AnsweredBy(answerer, "x"))
    assert counted([(changed, moved(9, c200=9))], (), (), alone=True).came == "unknown"
    some = (*changed[:1], *sent(marks=MARKS[1:]))
    assert counted([(some, moved(9, c200=9))], (), (), alone=True).came == "unknown"
    silent = tuple(Sent(mark, failure="silence") for mark in MARKS)
    assert counted([(silent, moved(9, c200=9))], (), (), alone=True).came == "unknown"


@pytest.mark.parametrize(("first", "second", "exact"), [(4, 3, True), (5, 3, False), (4, 4, False)])
def test_every_round_is_to_move_the_counter_by_what_it_sent(first: int, second: int, exact: bool) -> None:
    two = [(sent(), moved(first)), (sent(marks=MARKS[:3]), moved(second))]
    assert counted(two, (), (), alone=True).exact is exact


def test_rounds_that_contradict_each_other_prove_nothing() -> None:
    again = ("conformance=b1", "conformance=b2", "conformance=b3")
    two = [(sent(), moved(4)), (sent(marks=again), moved(0))]
    assert counted(two, (), (), alone=True).came == "none"
    assert counted(two, (), tuple(map(gin, MARKS)), alone=True).came == "unknown"
    assert len(counted(two, (), (), alone=True).sent) == 7
    assert not counted(two, (), (), alone=True).enough
    assert counted(two[:1], (), (), alone=True).enough
    assert not counted([(sent(), None)], (), (), alone=True).enough


# --- over the network


class FakeWatch:
    """A host that saw what it is told, round by round."""

    def __init__(self, *moves: Moved | None, ours: bool = False) -> None:
        self.moves, self.ours, self.begun = list(moves), ours, 1
        self.hindrances = [Hindrance("cloudflared", "host: journalctl", "closed")]
        self.requests: list[OriginRequest] = []

    def begin(self) -> None:
        self.begun += 1

    def moved(self) -> Moved | None:
        return self.moves.pop(0)

    def journals(self) -> tuple[None, tuple[OriginRequest, ...]]:
        return None, tuple(self.requests)


def watching(monkeypatch: pytest.MonkeyPatch, watch: FakeWatch) -> FakeWatch:
    monkeypatch.setattr(module, "watching", lambda _: watch)
    return watch


def test_four_requests_side_by_side_each_with_a_mark_of_its_own(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watching(monkeypatch, FakeWatch(moved(4, c403=4)))
    together = threading.Barrier(4, timeout=60)

    def origin(asked: str) -> list[bytes]:
        together.wait()
        watch.requests.append(gin(asked.split(" ")[1].partition("?")[2]))
        return http(403)

    with tls_server(edge_context(authority), origin) as server:
        seen = run_to(server, authority).get(counted_probes)
    assert (seen.came, seen.credentials, watch.begun) == ("all", "token", 1)
    assert {one.status for one in seen.sent} == {403}
    assert {one.ray for one in seen.sent} == {"8f00ba4"}
    marks = {asked.splitlines()[0] for asked in server.asked}
    assert marks == {f"GET /api/tags?{one.mark} HTTP/1.1" for one in seen.sent}
    assert all(re.fullmatch(r"conformance=[0-9a-f]{16}", one.mark) for one in seen.sent)
    assert all("CF-Access-Client-Secret: " in asked for asked in server.asked)
    assert seen.hindrances[0].part == "cloudflared"


def test_what_others_blur_is_tried_a_second_time(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watching(monkeypatch, FakeWatch(moved(5), moved(0)))
    with tls_server(edge_context(authority), lambda _: http(403, b"", "cf-access-aud: a")) as server:
        seen = run_to(server, authority).get(counted_probes)
    assert ([len(one.sent) for one in seen.rounds], seen.came, watch.begun) == ([4, 3], "none", 2)


def test_it_ends_after_two_rounds(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watching(monkeypatch, FakeWatch(moved(50), moved(50)))
    with tls_server(edge_context(authority), lambda _: http(403)) as server:
        seen = run_to(server, authority).get(counted_probes)
    assert (len(server.asked), seen.came) == (7, "unknown")


def test_a_path_with_a_query_of_its_own_keeps_it(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watching(monkeypatch, FakeWatch(moved(0)))
    facts = {"answers": {"path": "/api/tags?all=1", "status": 200}}
    with tls_server(edge_context(authority), lambda _: http(403)) as server:
        run_to(server, authority, facts).get(counted_probes)
    assert all(asked.startswith("GET /api/tags?all=1&conformance=") for asked in server.asked)


@pytest.mark.parametrize(
    ("connections", "alone"),
    [
        (TunnelConnections((OWN,)), True),
        (TunnelConnections((OWN, replace(OWN, id="another"))), False),
        (Unreachable("cloudflare: Cloudflare Tunnel Read", "no permission"), False),
        (Unmet("tunnel.id", "no such tunnel"), False),
    ],
)
def test_whether_other_connectors_may_have_taken_some(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch, connections: object, alone: bool
) -> None:
    watching(monkeypatch, FakeWatch(moved(3), moved(2)))
    with tls_server(edge_context(authority), lambda _: http(403)) as server:
        run = run_to(server, authority)
        given(run, tunnel_connections, connections)
        given(run, own_connector, OwnConnector("ours", ""))
        seen = run.get(counted_probes)
    assert (seen.rounds[0].alone, seen.came) == (alone, "none" if alone else "unknown")


def test_without_counters_there_is_no_second_round(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watching(monkeypatch, FakeWatch(None))
    with tls_server(edge_context(authority), lambda _: http(530)) as server:
        seen = run_to(server, authority).get(counted_probes)
    assert (len(server.asked), seen.came, seen.exact) == (4, "unknown", False)


def test_without_the_token_requests_are_counted_all_the_same(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching(monkeypatch, FakeWatch(moved(0)))
    with tls_server(edge_context(authority), lambda _: http(302)) as server:
        run = run_to(server, authority)
        given(run, access_client_id, Unreachable("env:CLIENT_ID", "CLIENT_ID is not set"))
        seen = run.get(counted_probes)
    assert (seen.credentials, seen.came) == ("none", "none")
    assert all("CF-Access" not in asked for asked in server.asked)


def test_requests_that_are_cut_off_count_as_sent(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watching(monkeypatch, FakeWatch(moved(4, 4), moved(3, 3)))
    with tls_server(edge_context(authority), lambda _: [b"HTTP/1.1 200 OK\r\ncontent-le"]) as server:
        seen = run_to(server, authority).get(counted_probes)
    assert {(one.status, one.failure != "") for one in seen.sent} == {(0, True)}
    assert seen.exact


def test_silence_is_waited_out_no_longer_than_needed(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watching(monkeypatch, FakeWatch(moved(0)))
    monkeypatch.setattr(module, "PATIENCE_S", 0.3)

    def silent(_: str) -> list[bytes]:
        server.release.wait(60)
        return []

    with tls_server(edge_context(authority), silent) as server:
        seen = run_to(server, authority, timeout_s=60).get(counted_probes)
    assert all("0.3 s" in one.failure for one in seen.sent)


def test_a_host_that_cannot_be_seen_at_all_hinders_it(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_: Run) -> None:
        raise Unmet("cloudflared.active", "no")

    monkeypatch.setattr(module, "watching", blind)
    with tls_server(edge_context(authority), lambda _: http(403)) as server, pytest.raises(Unmet):
        run_to(server, authority).get(counted_probes)
    assert server.asked == []
