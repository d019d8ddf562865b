"""What the diagnosis claims of Ollama, against what a genuine one answered (tests/contract/ollama/recordings)."""

import pytest

from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Scene, Value
from spark_conformance.diagnosis.reading.known_host import known_host
from spark_conformance.diagnosis.signs import sign
from tests.contract.ollama.asking import RECORDED_ON
from tests.contract.ollama.recordings import REQUESTS, load

RECORDING = load(REQUESTS)
PUBLIC = "https://ollama.goldfish.io"
REFUSED: dict[str, Value] = {
    "answer.by": "behind", "answer.status": 403, "answer.empty": True, "answer.origin": True, "rule.kind": "origin",
    "rule.access": "off", "counter.status": "all", "counter.total": "all", "counter.errors": "none",
    "origin.is": "ollama", "rule.service": "documented", "replay.origin": 403, "config.same": True,
}  # fmt: skip
"""A page's request that Ollama refused through the tunnel, before anything is known of the Host that it was sent."""


def test_the_rule_for_hosts_is_that_of_a_genuine_ollama() -> None:
    asked = {
        request.host: answer.status[9:12]
        for case, request in RECORDING.requests.items()
        if (answer := RECORDING.answers["loopback"][case]).status[9:12] in {"200", "403"}
        and request.method == "GET" and request.target == "/api/tags" and request.host is not None
        and "Origin" not in request.headers
    }  # fmt: skip
    assert len(asked) > 25
    assert {host: known_host(host, RECORDED_ON) for host in asked} == {
        host: code == "200" for host, code in asked.items()
    }


@pytest.mark.parametrize("setting", ["loopback", "origins-any", "origins-public"])
def test_no_origin_makes_up_for_an_unknown_host(setting: str) -> None:
    public = [
        case
        for case, asked in RECORDING.requests.items()
        if case.startswith("origin=") and asked.host == "ollama.goldfish.io" and asked.method != "OPTIONS"
    ]
    assert {RECORDING.answers[setting][case].status for case in public} == {"HTTP/1.1 403 Forbidden"}


@pytest.mark.parametrize(
    ("known", "sent", "cause", "confidence"),
    [
        ("known", 200, "ollama-origin", "proven"),
        # on all interfaces Ollama takes any Host: what it answers on the host decides, not what its rule would be
        ("unknown", 200, "ollama-origin", "proven"),
        ("unknown", 403, "ollama-host-header", "proven"),
    ],
)
def test_a_page_s_403_is_the_origin_s_or_the_host_s(known: str, sent: int, cause: str, confidence: str) -> None:
    seen = conclude(_scene({**REFUSED, "rule.header": known, "replay.sent": sent, "replay.local": 200}))
    assert [(named.cause.id, named.confidence) for named in seen.active] == [(cause, confidence)]


def test_which_of_both_it_is_nobody_can_tell_without_a_request_on_the_host() -> None:
    seen = conclude(_scene({**REFUSED, "rule.header": "unknown"}))
    assert {"ollama-origin", "ollama-host-header"} <= {
        named.cause.id for named in seen.causes if named.confidence == "possible"
    }
    assert not any(named.confidence == "proven" for named in seen.causes)


def test_what_was_seen_on_a_genuine_ollama_is_no_guess() -> None:
    assert {name: CASES[name].cause.caveat for name in ("ollama-host-header", "ollama-origin")} == {
        "ollama-host-header": "", "ollama-origin": "",
    }  # fmt: skip
    told = CASES["ollama-host-header"].cause.remedy.changes
    assert "OLLAMA_ORIGINS does not help" in told
    assert "OLLAMA_HOST=0.0.0.0 would, and opens Ollama to the network" in told


def _scene(signs: dict[str, Value]) -> Scene:
    return Scene({name: sign(name, value, name) for name, value in signs.items()})
