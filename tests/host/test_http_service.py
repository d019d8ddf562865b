"""Any HTTP service on the host, asked of the lab's stand-in: where it answers, how well, and what it refuses."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule
from spark_conformance.core.judging import Judge
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Nonconformant, NotStated, Unmet
from spark_conformance.facts.components.service import Health
from spark_conformance.facts.load import load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.host.connector import Connector, connector
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.http_service import addresses, at, kept, lacking, service_answer, service_health
from spark_conformance.host.http_service_header import Reply, ServiceReplay, service_host_replay
from spark_conformance.host.restarts import service_restarts
from spark_conformance.host.service_state import inspected_service, service_container, service_state
from spark_lab.authority import LabAuthority
from tests.host.service_bench import HOSTNAME, Service, run_of, running, stated
from tests.host.stubs import StubHost, given
from tests.host.test_containers import docker, recorded

checks = import_module("checks.test_service")
HEALTH = {"path": "/api/health?full=1", "status": 200, "json_value": {"pointer": "/database", "value": "ok"}}
CERTIFIED: dict[str, str] = {}
UNIT = "grafana-server.service"
LOADED = "Id=grafana-server.service\nLoadState=loaded\nActiveState={state}\nSubState=x\nUnitFileState=enabled"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service")) as there:
        yield there


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("secure")
    certificate = folder / "own.pem"
    leaf = LabAuthority(folder).leaf("localhost")
    certificate.write_bytes(leaf.key + leaf.certificate)
    CERTIFIED["certificate"] = str(certificate)
    with running(folder, **CERTIFIED) as there:
        yield there


def facts_of(service: Service, scheme: str = "http", **more: Any) -> dict[str, Any]:
    return stated(service__url=f"{scheme}://{service.address}", **more)


def held(run: Run, fact: str, check: Any, observed: Any) -> tuple[bool, str]:
    """Whether a fact holds, and the note beside it."""
    judge = Judge(fact, run.stated[fact])
    try:
        check(judge, observed)
    except Nonconformant:
        return False, judge.note
    return True, judge.note


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ({}, ""),
        ({"body": '{"database": "failing"}'}, '/database in its JSON is "failing"'),
        ({"body": "{}"}, "its JSON has no /database"),
        ({"body": "<html>"}, "its body is no JSON"),
        ({"status": 503}, "its status is 503"),
    ],
)
def test_a_service_is_well_by_its_own_answer(
    stub: StubHost, service: Service, answer: dict[str, Any], note: str
) -> None:
    facts = facts_of(service, service__health=HEALTH)
    service.tell(facts)
    told = service.told["answers"]["GET /api/health"]
    service.tell(facts, answers={"GET /api/health": {**told, **answer}})
    run = run_of(stub, facts)
    answered = run.get(service_health)
    assert held(run, "service.health", checks.test_health, answered) == (not note, note)
    assert held(run, "service.url", checks.test_url, run.get(service_answer))[0]
    assert answered.told.startswith("GET /api/health?full=1: HTTP ")


@pytest.mark.parametrize("look", [True, False])
def test_a_certificate_of_its_own_is_looked_at_unless_the_fact_says_not_to(
    stub: StubHost, secure: Service, look: bool
) -> None:
    facts = facts_of(secure, "https", service__health={**HEALTH, "no_tls_verify": not look})
    secure.tell(facts, **CERTIFIED)
    run = run_of(stub, facts)
    assert held(run, "service.url", checks.test_url, run.get(service_answer))[0]
    holds, note = held(run, "service.health", checks.test_health, run.get(service_health))
    assert holds is not look
    assert ("certificate" in note) is look


def test_what_a_body_and_headers_hold_besides_is_not_kept(stub: StubHost, service: Service) -> None:
    facts = facts_of(service, service__health=HEALTH)
    body = '{"database": "ok", "csrf": "canary-291b"}'
    answer = {"status": 200, "headers": {"Set-Cookie": "session=canary-291b"}, "body": body}
    service.tell(facts, answers={"GET /api/health": answer})
    run = run_of(stub, facts)
    assert "canary-291b" not in str(run.get(service_health))


@pytest.mark.parametrize(
    ("health", "reply", "wrong"),
    [
        ({"status": 302, "header": {"name": "Location", "value": "/login"}},
         CurlReply("", 302, headers=(("location", "/login"),)), []),
        ({"header": {"name": "location", "value": "/login"}}, CurlReply("", 200), ["its header location is absent"]),
        ({"header": {"name": "X-A", "value": "1"}}, CurlReply("", 200, headers=(("x-a", "1"), ("x-a", "2"))),
         ["its header X-A is 1, 2"]),
        ({"text": "Grafana"}, CurlReply("", 200, body=b"<title>Gitea"), ["'Grafana' does not stand in its body"]),
        ({"json_value": {"pointer": "/a/1", "value": True}}, CurlReply("", 200, body=b'{"a": [0, 1]}'),
         ["/a/1 in its JSON is 1"]),
        ({"json_value": {"pointer": "", "value": 1}}, CurlReply("", 200, body=b"1.0"), []),
        ({}, CurlReply("", 200, failure="Operation timed out"), ["Operation timed out"]),
        ({"status": 500, "text": "x"}, CurlReply("", 200), ["its status is 200", "'x' does not stand in its body"]),
    ],
)  # fmt: skip
def test_what_an_answer_lacks_is_told(health: dict[str, Any], reply: CurlReply, wrong: list[str]) -> None:
    fact = Health.model_validate({"path": "/", "status": 200, **health})
    assert lacking(fact, kept("", "GET", "/", fact, reply)) == wrong


@pytest.mark.parametrize(
    ("pointer", "found"), [("/a~1b/m~0n", 1), ("/list/1", "y"), ("", {"a/b": {"m~n": 1}, "list": ["x", "y"]})]
)
def test_a_pointer_is_followed_as_rfc_6901_says(pointer: str, found: object) -> None:
    assert at(pointer, {"a/b": {"m~n": 1}, "list": ["x", "y"]}) == found


@pytest.mark.parametrize("pointer", ["/b", "/list/2", "/list/-1", "/list/01", "/list/x", "/a~1b/m~0n/k"])
def test_a_pointer_that_leads_nowhere(pointer: str) -> None:
    with pytest.raises(LookupError):
        at(pointer, {"a/b": {"m~n": 1}, "list": ["x", "y"]})


@pytest.mark.parametrize(
    ("told", "accepted", "note"),
    [
        ({}, True, ""),
        ({"hosts": ["localhost", "127.0.0.1"]}, False, "it is the Host that it refuses"),
        ({"hosts": ["127.0.0.1", HOSTNAME]}, True, ""),
        ({"trusts_proxies": False}, False, "it trusts no proxy"),
    ],
)
def test_what_the_tunnel_sends_is_tried_on_the_host(
    stub: StubHost, service: Service, told: dict[str, Any], accepted: bool, note: str
) -> None:
    facts = facts_of(service, service__accepts_host=True)
    service.tell(facts, **told)
    run = run_of(stub, facts)
    rules = (TunnelRule(HOSTNAME, facts["service"]["url"]["expect"]),)
    given(run, connector, Connector("", "", 4, TunnelConfig(1, "cloudflare", rules), None))
    holds, said = held(run, "service.accepts_host", checks.test_accepts_host, run.get(service_host_replay))
    assert (holds, said.endswith(note)) == (accepted, True)
    assert f"the tunnel sends Host {HOSTNAME} (the running connector's ingress)" in said


@pytest.mark.parametrize(
    ("own", "forwarded", "accepted"),
    [
        (Reply(301, "", f"https://{HOSTNAME}/"), Reply(200), True),
        (Reply(200), Reply(302, "", "/login"), True),
        (Reply(200), Reply(301, "", f"https://{HOSTNAME}/login"), True),
        (Reply(200), Reply(301, "", "https://old.example.org/"), False),
        (Reply(401), Reply(401), True),
        (Reply(401), Reply(403), False),
        (Reply(500), Reply(500), True),
        (Reply(200), Reply(0, "Empty reply from server"), False),
    ],
)
def test_a_redirection_is_as_good_as_where_it_leads(own: Reply, forwarded: Reply, accepted: bool) -> None:
    replay = ServiceReplay("GET /", "localhost:3000", HOSTNAME, "x", HOSTNAME, own, forwarded, forwarded)
    assert replay.accepted is accepted


def test_silence_of_a_stopped_service_is_the_services_fault(stub: StubHost) -> None:
    stub.prints("systemctl", LOADED.format(state="inactive"))
    run = run_of(stub, stated(service__url="http://127.0.0.1:9", service__unit=UNIT, service__active=True))
    with pytest.raises(Unmet) as unmet:
        run.get(service_answer)
    assert (unmet.value.fact, unmet.value.note) == ("service.active", f"{UNIT} is inactive (x)")


def test_silence_of_a_running_one_or_of_one_that_runs_in_no_stated_way_is_the_addresss_fault(stub: StubHost) -> None:
    stub.prints("systemctl", LOADED.format(state="active"))
    for more in ({"service__unit": UNIT, "service__active": True}, {}):
        run = run_of(stub, stated(service__url="http://127.0.0.1:9", **more))
        with pytest.raises(Unmet) as unmet:
            run.get(service_answer)
        assert (unmet.value.fact, unmet.value.observed) == ("service.url", "no answer")
        assert "http://127.0.0.1:9/: " in unmet.value.note


def test_a_unit_that_is_not_there_is_no_other_one(stub: StubHost) -> None:
    stub.prints("systemctl", "Id=x.service\nLoadState=not-found\nActiveState=inactive")
    run = run_of(stub, stated(service__unit="x.service"))
    with pytest.raises(Unmet) as unmet:
        run.get(service_state)
    assert (unmet.value.fact, unmet.value.observed) == ("service.unit", "x.service: not-found")
    with pytest.raises(NotStated):
        run_of(stub, stated(service__url="http://127.0.0.1:9")).get(service_state)


def test_where_to_look_next_is_what_the_ingress_names(stub: StubHost) -> None:
    rule = {"hostname": HOSTNAME, "service": "https://localhost:3001"}
    run = run_of(stub, stated(service__url="http://localhost:3000", tunnel__ingress=rule))
    assert addresses(run) == ["http://localhost:3000", "https://localhost:3001"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ('[facts.service.health]\nexpect = { method = "HEAD", path = "/", status = 200, text = "x" }',
         "facts.service.health.expect: an answer to HEAD has no body; write GET, or leave out text and json_value"),
        ('[facts.service.health]\nexpect = { path = "health", status = 200 }', "facts.service.health.expect.path"),
        ('[facts.service.health]\nexpect = { path = "/", status = 200, headr = 1 }', "did you mean header?"),
        ('[facts.service.url]\nexpect = "http://a:1"\n[facts.ollama.url]\nexpect = "http://a:1"',
         "facts: states both ollama.url and service.url of the one service; keep ollama.url where it is Ollama, else"),
    ],
)  # fmt: skip
def test_mistakes_in_a_services_facts_are_told(tmp_path: Path, facts: str, said: str) -> None:
    lines = [line + '\nsource = "s"\nwhy = "w"' if line.startswith("expect") else line for line in facts.split("\n")]
    path = tmp_path / "mine.toml"
    path.write_text('[system]\nname = "pi"\nhostname = "a.example.org"\ndocument = "d"\n[target]\n' + "\n".join(lines))
    with pytest.raises(FactsError) as refused:
        load(path)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "active", "enabled", "told"),
    [
        ({}, True, True, "running since 2026-08-20T09:12:44.402871123Z"),
        ({"State": {"Status": "exited", "ExitCode": 137}}, False, True, "exited (status 137)"),
        ({"HostConfig": {"RestartPolicy": {"Name": "no"}}}, True, False, "docker starts it anew by the policy no"),
    ],
)
def test_a_service_in_a_container(
    stub: StubHost, changes: dict[str, Any], active: bool, enabled: bool, told: str
) -> None:
    run = run_of(stub, stated(service__container="cloudflared", service__restarts={"at_most": 3}))
    given(run, inspected_service, recorded("compose", **changes))
    state, container = run.get(service_state), run.get(service_container)
    assert (state.name, state.active, state.enabled) == ("the container home-cloudflared-1", active, enabled)
    assert told in {state.told, state.comes_back}
    assert held(run, "service.container", checks.test_container, container)[0]
    assert held(run, "service.restarts", checks.test_restarts, run.get(service_restarts))[0]


def test_a_container_that_is_not_there(stub: StubHost) -> None:
    docker(stub)
    run = run_of(stub, stated(service__container="homeassistant", service__active=True))
    with pytest.raises(Unmet) as unmet:
        run.get(service_state)
    assert (unmet.value.fact, unmet.value.observed) == ("service.container", "no such container")
