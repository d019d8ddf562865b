"""The diagnosis's own requests against the lab's edge: what each tells."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.https.answerer import Answerer
from spark_conformance.https.diagnostic_probes import (
    preflight_probe,
    script_probe,
    unknown_path_probe,
    wrong_host_probe,
)
from spark_lab.authority import LabAuthority
from tests.https.test_access_probes import edge
from tests.https.tls_server import CANARY, Reset, edge_context, http, run_to, tls_server
from tests.lab.edge_client import FakeGate
from tests.lab.edge_world import ALLOW_ALL, SERVICE_AUTH, a_world


def test_a_script_is_told_401_where_a_person_is_sent_to_log_in(authority: LabAuthority) -> None:
    with edge(a_world(ALLOW_ALL), authority, FakeGate()) as run:
        seen = run.get(script_probe)
    assert (seen.exchange.status, seen.answer.answerer) == (401, Answerer.ACCESS)


def test_a_preflight_is_refused_by_access(authority: LabAuthority) -> None:
    with edge(a_world(SERVICE_AUTH), authority, FakeGate()) as run:
        seen = run.get(preflight_probe)
    assert (seen.exchange.method, seen.exchange.status, seen.answer.answerer) == ("OPTIONS", 403, Answerer.ACCESS)


def test_an_unknown_path_comes_to_the_origin(authority: LabAuthority) -> None:
    gate = FakeGate()
    with edge(a_world(SERVICE_AUTH), authority, gate) as run:
        seen = run.get(unknown_path_probe)
    assert seen.admitted
    assert seen.exchange.path.startswith("/conformance-")


def test_another_host_than_the_handshakes_is_refused_by_the_edge_unlogged(authority: LabAuthority) -> None:
    world = a_world(SERVICE_AUTH)
    with edge(world, authority, FakeGate()) as run:
        seen = run.get(wrong_host_probe)
    assert (seen.exchange.status, seen.answer.answerer) == (403, Answerer.EDGE)
    assert (world.access_log, world.firewall_log) == ([], [])


def test_only_what_needs_it_bears_the_token(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(403)) as server:
        run = run_to(server, authority)
        for observe in (preflight_probe, wrong_host_probe, script_probe, unknown_path_probe):
            run.get(observe)
    assert [CANARY in asked for asked in server.asked] == [False, False, True, True]


@pytest.mark.parametrize("observe", [script_probe, preflight_probe, unknown_path_probe, wrong_host_probe])
def test_without_an_answer_nothing_is_concluded(authority: LabAuthority, observe: object) -> None:
    def reset(_: str) -> list[bytes]:
        raise Reset

    with tls_server(edge_context(authority), reset) as server, pytest.raises(Unreachable) as caught:
        run_to(server, authority).get(observe)  # type: ignore[arg-type]  # it is an observation
    assert caught.value.cause.startswith("public: ")
