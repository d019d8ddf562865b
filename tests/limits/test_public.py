"""The public host name behind a hostile edge: an end, and a sentence."""

import json
from collections.abc import Iterator
from threading import Event

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.https.client import Interrupted, Limits, Request, Way, answer, send
from spark_conformance.https.public import LONGEST_LINE, _lines, public_generation, public_tags
from spark_conformance.https.trust import trust
from spark_lab.authority import LabAuthority
from tests.https.tls_server import Server, edge_context, http, run_to, tls_server
from tests.limits.hostile import NEVER_COMPLETE, TOO_LONG, Script, serving
from tests.secrets.runs import HOSTNAME

TAGS = {"models": [{"name": "llama3.3:70b", "digest": "sha256:1"}]}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabAuthority:
    return LabAuthority(tmp_path_factory.mktemp("ca"))


def _way(port: int, authority: LabAuthority, timeout_s: float = 30) -> Way:
    return Way(HOSTNAME, "127.0.0.1", port, timeout_s, trust(authority.pem_path))


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize(
    ("script", "timeout_s", "limit"),
    [
        (NEVER_COMPLETE["a body byte by byte"], 30, "the answer was not complete after 30 s"),
        (NEVER_COMPLETE["a head byte by byte"], 30, "the answer was not complete after 30 s"),
        (TOO_LONG["a body without an end"], 6000, "the answer is longer than 1 MiB"),
    ],
)
def test_an_answer_without_an_end(script: Script, timeout_s: float, limit: str, authority: LabAuthority) -> None:
    with serving(script, edge_context(authority)) as port, pytest.raises(Interrupted) as caught:
        send(_way(port, authority, timeout_s), Request("GET", "/x"))
    assert str(caught.value) == f"{HOSTNAME}/x: {limit}"


@pytest.mark.usefixtures("ticking")
def test_a_stream_that_is_never_silent_has_a_whole_time(authority: LabAuthority) -> None:
    limits = Limits(1 << 20, silence_s=600, whole_s=30)
    script = NEVER_COMPLETE["a body byte by byte"]
    with (
        serving(script, edge_context(authority)) as port,
        pytest.raises(Interrupted, match="not complete after 30 s"),
        answer(_way(port, authority), Request("GET", "/x"), limits) as response,
    ):
        list(response.iter_raw())


def test_a_generation_without_a_line_break_comes_to_an_end(authority: LabAuthority) -> None:
    def script(head: str) -> Iterator[bytes]:
        if head.startswith("GET"):
            yield from http(200, json.dumps(TAGS).encode())
            return
        yield b"HTTP/1.1 200 OK\r\ncf-ray: 1-FRA\r\nContent-Length: 1000000000000\r\n\r\n"
        for _ in range(1000):
            yield b"x" * (1 << 16)

    with tls_server(edge_context(authority), script) as server:
        seen = run_to(server, authority).get(public_generation)
    assert f"a line of the stream is longer than {LONGEST_LINE >> 10} KiB" in seen.broken


def test_lines_are_what_stands_between_line_breaks_however_they_come_in() -> None:
    assert list(_lines([b"a", b"b\n\n \nc", b"d\r\n", b"e"])) == [b"ab", b"cd\r", b"e"]


def test_a_handshake_byte_by_byte_comes_to_an_end(authority: LabAuthority) -> None:
    def script(_: Event) -> Iterator[bytes]:
        yield b"\x16\x03\x03\x40\x00"
        yield from NEVER_COMPLETE["a head byte by byte"](_)

    with serving(script) as port, pytest.raises(Unreachable, match="TLS"):
        run_to(Server(port), authority, timeout_s=0.3).get(public_tags)
