"""The probes against the lab's own edge, which decides as Access does."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.dns.public import PublicAddresses, public_addresses
from spark_conformance.facts.target import Public, Target
from spark_conformance.https.access_probes import (
    Probe,
    agent_probes,
    anonymous_probe,
    token_probe,
    wrong_secret_probe,
)
from spark_conformance.https.answerer import Answerer
from spark_conformance.https.metadata import access_metadata, answering_app
from spark_conformance.secrets.client_secret import shape_of
from spark_conformance.secrets.references import ClientId, access_client_id, access_client_secret
from spark_lab.authority import LabAuthority
from spark_lab.edge import serve
from spark_lab.world import World
from tests.https.tls_server import edge_context, http, run_to, tls_server
from tests.lab.edge_client import FakeGate
from tests.lab.edge_world import ALLOW_ALL, AUD, CANARY, CLIENT_ID, EVERYONE, SERVICE_AUTH, a_world, policy
from tests.secrets.runs import run_of


@contextmanager
def edge(world: World, authority: LabAuthority, gate: FakeGate, secret: str = CANARY) -> Iterator[Run]:
    """A run against an edge of this world, which serves from a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    served = asyncio.run_coroutine_threadsafe(serve(world, gate, authority), loop).result(10)
    try:
        yield run_of(
            Target(public=Public(port=served.port, ca=str(authority.pem_path), timeout_s=60)),
            {"public": {"answers": {"path": "/api/tags", "status": 200}}},
            {
                public_addresses: PublicAddresses(("127.0.0.1",)),
                access_client_id: ClientId(CLIENT_ID, fit=True),
                access_client_secret: Secret(secret, "client secret"),
            },
        )
    finally:
        asyncio.run_coroutine_threadsafe(served.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def probes(world: World, authority: LabAuthority, gate: FakeGate | None = None) -> tuple[Probe, Probe, Probe]:
    with edge(world, authority, gate or FakeGate()) as run:
        return run.get(anonymous_probe), run.get(wrong_secret_probe), run.get(token_probe)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("policies", [(SERVICE_AUTH,), (SERVICE_AUTH, ALLOW_ALL)])
def test_access_that_works_refuses_two_and_admits_one(
    authority: LabAuthority, policies: tuple[dict[str, object], ...], strict: bool
) -> None:
    nobody, wrong, token = probes(a_world(*policies, strict=strict), authority)
    assert nobody.refused_by_access
    assert wrong.refused_by_access
    assert token.admitted
    assert token.exchange.status == 200


def test_allow_policies_alone_do_not_admit_a_token(authority: LabAuthority) -> None:
    nobody, wrong, token = probes(a_world(ALLOW_ALL), authority)
    assert nobody.refused_by_access
    assert wrong.refused_by_access
    assert not token.admitted
    assert "login page" in token.told


def test_an_open_access_is_no_refusal_even_where_the_origin_refuses(authority: LabAuthority) -> None:
    gate = FakeGate()
    gate.answer = gate.empty_403
    nobody, wrong, token = probes(a_world(policy("bypass", EVERYONE)), authority, gate)
    assert not nobody.refused_by_access
    assert not wrong.refused_by_access
    assert token.admitted
    assert (token.exchange.status, token.answer.answerer) == (403, Answerer.BEHIND)


def test_the_origins_refusal_is_not_the_tokens(authority: LabAuthority) -> None:
    gate = FakeGate()
    gate.answer = gate.empty_403
    nobody, _, token = probes(a_world(SERVICE_AUTH), authority, gate)
    assert nobody.refused_by_access
    assert token.admitted


def test_an_edge_that_stops_requests_before_access_leaves_access_unseen(authority: LabAuthority) -> None:
    challenge = http(403, b"Just a moment", "cf-mitigated: challenge")
    with tls_server(edge_context(authority), lambda _: challenge) as server:
        run = run_to(server, authority)
        nobody, token = run.get(anonymous_probe), run.get(token_probe)
    with pytest.raises(Unreachable, match="cf-mitigated: challenge"):
        _ = nobody.refused_by_access
    with pytest.raises(Unmet) as caught:
        _ = token.admitted
    assert (caught.value.fact, caught.value.observed) == ("public.answers", "status 403")


def test_a_refusal_that_anybody_may_have_made_says_nothing_of_access(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(403, b"")) as server:
        run = run_to(server, authority)
        nobody, token = run.get(anonymous_probe), run.get(token_probe)
        with pytest.raises(Unreachable, match="no cf-access-metadata") as unnamed:
            run.get(answering_app)
    assert unnamed.value.owner is None
    with pytest.raises(Unreachable, match="cloudflared_tunnel_total_requests"):
        _ = nobody.refused_by_access
    with pytest.raises(Unmet, match="status 403") as caught:
        _ = token.admitted
    assert caught.value.fact == "public.answers"


def test_an_error_about_the_record_asks_for_no_exception_from_a_rule(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(403, b"error code: 1014")) as server:
        nobody = run_to(server, authority).get(anonymous_probe)
    with pytest.raises(Unreachable, match=r"1014.*record of the name lead to the tunnel"):
        _ = nobody.refused_by_access


def _by_agent(head: str, agents: tuple[str, ...], answer: list[bytes]) -> list[bytes]:
    return answer if any(agent in head for agent in agents) else http(200, b"{}")


@pytest.mark.parametrize(
    ("agents", "mark", "unlike"),
    [
        (("curl/",), (), {"curl"}),
        (("curl/", "Mozilla/"), (), {"curl", "a browser"}),
        (("curl/", "Mozilla/"), ("cf-mitigated: challenge",), {"curl"}),  # a browser passes it, and this is none
        ((), (), set()),
    ],
)
def test_other_programs_are_asked_for(
    authority: LabAuthority, agents: tuple[str, ...], mark: tuple[str, ...], unlike: set[str]
) -> None:
    refusal = http(403, b"no", *mark)
    with tls_server(edge_context(authority), lambda head: _by_agent(head, agents, refusal)) as server:
        run = run_to(server, authority)
        seen = run.get(agent_probes).unlike(run.get(token_probe))
    assert set(seen) == unlike


def test_a_server_that_is_not_the_edge_neither_refuses_as_access_does_nor_admits(authority: LabAuthority) -> None:
    plain = [b"HTTP/1.1 403 Forbidden\r\nserver: nginx\r\ncontent-length: 0\r\n\r\n"]
    with tls_server(edge_context(authority), lambda _: plain) as server:
        run = run_to(server, authority)
        assert not run.get(anonymous_probe).refused_by_access
        assert not run.get(token_probe).admitted


def test_the_wrong_secret_is_another_each_time_and_shows_nowhere(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(403, b"", "cf-access-aud: a")) as server:
        seen = [run_to(server, authority).get(wrong_secret_probe) for _ in range(2)]
    sent = [line for head in server.asked for line in head.splitlines() if line.startswith("CF-Access-Client-Secret")]
    assert len(set(sent)) == 2
    assert {shape_of(line.rpartition(" ")[2]) for line in sent} == {"hex-64"}  # else its form alone would be refused
    assert all(line.rpartition(" ")[2] not in repr(seen) for line in sent)


def test_the_edge_states_which_application_answers_and_signs_it(authority: LabAuthority) -> None:
    with edge(a_world(SERVICE_AUTH), authority, FakeGate()) as run:
        statement, app = run.get(access_metadata), run.get(answering_app)
    assert (statement.verified, statement.doubt) == (True, "")
    assert app.aud == AUD
    assert "verified" in app.told_by


def test_without_the_statement_the_refusal_names_the_application(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(403, b"", f"cf-access-aud: {AUD}")) as server:
        app = run_to(server, authority).get(answering_app)
    assert app.aud == AUD
    assert "refusal" in app.told_by


def test_where_nothing_names_the_application_nothing_is_concluded(authority: LabAuthority) -> None:
    inconclusive = pytest.raises(Unreachable, match="does not say which Access application")
    with tls_server(edge_context(authority), lambda _: http(200, b"{}")) as server, inconclusive as caught:
        run_to(server, authority).get(answering_app)
    assert caught.value.owner == "access.refuses_anonymous"
