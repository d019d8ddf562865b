import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.target import Target
from spark_conformance.https.client import Interrupted
from spark_conformance.https.comparison import compare
from spark_conformance.https.public import (
    LONGEST_LINE,
    Generation,
    Model,
    _documented,
    _lines,
    _Stream,
    models_in,
    public_generation,
    public_tags,
)
from spark_lab.authority import LabAuthority
from tests.https.tls_server import edge_context, http, run_to, tls_server
from tests.secrets.runs import run_of

TAGS = {"models": [{"name": "llama3.3:70b", "digest": "a6eb", "size": 1}, {"name": "small:1b", "digest": "b7fc"}]}
HEAD = b"HTTP/1.1 200 OK\r\nserver: cloudflare\r\ncf-ray: x\r\nconnection: close\r\n\r\n"
Stream = Callable[[dict[str, Any]], Iterable[bytes]]


def service(stream: Stream, tags: Any = TAGS) -> Callable[[str], Iterable[bytes]]:
    def script(request: str) -> Iterable[bytes]:
        if request.startswith("GET /api/tags "):
            return http(200, json.dumps(tags).encode())
        assert request.startswith("POST /api/generate ")
        body = request.partition("\r\n\r\n")[2]
        return stream(json.loads(body) if body else {})

    return script


def chunk(text: str = "", **more: Any) -> bytes:
    return json.dumps({"model": "llama3.3:70b", "response": text, "done": False, **more}).encode() + b"\n"


def generation(authority: LabAuthority, stream: Stream, expect: str = "llama3.3:70b", tags: Any = TAGS) -> Generation:
    with tls_server(edge_context(authority), service(stream, tags)) as server:
        return run_to(server, authority, {"generates": expect}).get(public_generation)


def test_a_stream_is_measured(authority: LabAuthority) -> None:
    def stream(_: dict[str, Any]) -> Iterable[bytes]:
        yield HEAD
        yield chunk()
        yield chunk("Red")
        yield chunk(", green") + b"\n" + chunk(done=True)[:10]
        yield chunk(done=True)[10:]

    seen = generation(authority, stream)
    assert (seen.answered, seen.asked, seen.chunks, seen.text) == ("llama3.3:70b", "llama3.3:70b", 4, "Red, green")
    assert 0 <= seen.first_token_s <= seen.total_s
    assert 0 <= seen.longest_gap_s <= seen.total_s


def test_pauses_are_measured_as_each_chunk_comes(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, taken, waited = iter((10.0, 10.15, 10.75, 10.8)), Event(), []  # when it begins, at each chunk, when it ends

    def monotonic() -> float:
        tick = next(ticks)
        if tick > 10:
            taken.set()
        return tick

    def stream(_: dict[str, Any]) -> Iterable[bytes]:
        yield HEAD
        yield chunk("a")
        waited.append(taken.wait(60))
        yield chunk("b", done=True)

    monkeypatch.setattr("spark_conformance.https.public.time", SimpleNamespace(monotonic=monotonic))
    seen = generation(authority, stream)
    assert waited == [True]
    assert (seen.first_token_s, seen.longest_gap_s, seen.total_s) == (0.15, 0.6, 0.8)


def test_a_model_that_is_not_served_is_replaced_so_that_its_fact_alone_fails(authority: LabAuthority) -> None:
    seen = generation(authority, lambda _: [HEAD, chunk("x", done=True)], expect="other:7b")
    assert (seen.asked, seen.model) == ("llama3.3:70b", "llama3.3:70b")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([HEAD, chunk("a"), b'{"error": "model runner crashed"}\n'], "an error after 1 chunks"),
        ([HEAD, b"<html>\n"], "an error after 0 chunks"),
        (http(404, b'{"error": "model not found"}'), "status 404"),
    ],
)
def test_a_refusal_or_an_error_is_a_finding(authority: LabAuthority, parts: list[bytes], words: str) -> None:
    with pytest.raises(Unmet) as caught:
        generation(authority, lambda _: parts)
    assert (caught.value.fact, caught.value.observed) == ("public.generates", words)


CUT = HEAD.replace(b"connection: close", b"content-length: 999")


@pytest.mark.parametrize(
    ("parts", "words", "why"),
    [
        ([HEAD, chunk("a")], "no end in 1 chunks", "without its last chunk"),
        ([CUT, chunk("a")], "no end in 1 chunks", "not a complete HTTP answer"),
        ([HEAD], "no token in 0 chunks", "without its last chunk"),
        ([CUT], "no token in 0 chunks", "not a complete HTTP answer"),
        (http(524), "no token in 0 chunks", "status 524"),
    ],
)
def test_a_stream_that_breaks_off_leaves_a_wait_without_end(
    authority: LabAuthority, parts: list[bytes], words: str, why: str
) -> None:
    seen = generation(authority, lambda _: parts)
    with pytest.raises(Unmet) as caught:
        _ = seen.answered
    assert (caught.value.fact, caught.value.observed) == ("public.generates", words)
    assert why in caught.value.note
    if seen.text:
        assert seen.first_token_s < seen.longest_pause_s == math.inf
    else:
        assert seen.first_token_s == math.inf
        with pytest.raises(Unmet) as caught:
            _ = seen.longest_pause_s
        assert caught.value.fact == "public.first_token_s"


def told(*chunks: bytes, count: int = 12, seconds: float = 0.0) -> list[bytes]:
    """Chunks, and the last one with what the service says of its work."""
    return [HEAD, *chunks, chunk(done=True, eval_count=count, eval_duration=int(seconds * 1e9))]


@pytest.mark.parametrize(
    ("parts", "held"),
    [
        (told(*map(chunk, "abcdefghijkl")), ""),
        (told(*map(chunk, "abcdefghijkl"), seconds=0.9), ""),
        (told(*map(chunk, "abcdefghijkl"), seconds=60), "what took the service 60 s"),
        (told(chunk("all of it at once"), seconds=0.1), "12 tokens in one chunk"),
        ([HEAD, chunk("whole", done=True, eval_count=12)], "12 tokens in one chunk"),
        (told(chunk("Yes"), count=2), ""),
        ([HEAD, chunk("a"), chunk("b"), chunk(done=True, eval_count="12", eval_duration=None)], ""),
    ],
)
def test_what_comes_otherwise_than_it_was_made_is_no_stream(
    authority: LabAuthority, parts: list[bytes], held: str
) -> None:
    seen = generation(authority, lambda _: parts)
    if not held:
        assert seen.answered == "llama3.3:70b"
        return
    for look in (lambda: seen.answered, lambda: seen.longest_pause_s):
        with pytest.raises(Unmet, match=f"no stream: .*{held}") as caught:
            look()
        assert caught.value.fact == "public.generates"
    assert seen.first_token_s < math.inf


WHOLE = Generation("a:7b", "a:7b", 3, 0.5, 0.25, 2.5, "Red", written=3)


@pytest.mark.parametrize(
    ("seen", "held"),
    [
        ({"tokens": 4, "written": 1}, "4 tokens in one chunk"),
        ({"tokens": 3, "written": 1}, ""),
        ({"tokens": 4, "written": 2}, ""),
        ({"made_in_s": 1.0, "spread_s": 0.24}, "within 0.24 s what took the service 1 s"),
        ({"made_in_s": 1.0, "spread_s": 0.25}, ""),
        ({"made_in_s": 0.99, "spread_s": 0.1}, ""),
    ],
)
def test_what_the_services_own_durations_tell_of_a_stream(seen: dict[str, Any], held: str) -> None:
    made = replace(WHOLE, **seen)
    assert made.held_back == held
    if held:
        with pytest.raises(Unmet) as caught:
            _ = made.answered
        assert (caught.value.observed, caught.value.note) == (f"no stream: {held}", made.told)


def test_how_a_stream_went_is_told_with_its_end() -> None:
    assert WHOLE.told == "a:7b was asked for 12 tokens: 3 chunks in 2.5 s"
    cut = replace(WHOLE, broken="silence for 5 s")
    assert cut.told == "a:7b was asked for 12 tokens: 3 chunks in 2.5 s, then silence for 5 s"
    assert (WHOLE.answered, WHOLE.longest_pause_s) == ("a:7b", 0.25)
    untold = Generation("a:7b", "a:7b", 3, 0.5, 0.25, 2.5, "Red")  # of a service that says nothing of its work
    assert (untold.written, untold.tokens, untold.made_in_s, untold.spread_s) == (0, 0, 0.0, 0.0)
    with pytest.raises(Unmet, match="no end in 3 chunks"):
        _ = cut.answered


def test_a_stream_is_timed_from_the_request_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.5, 101.12345, 103.0, 103.5, 104.12349, 200.0, 200.5, 201.0, 202.0, 203.0])
    monkeypatch.setattr("spark_conformance.https.public.time", SimpleNamespace(monotonic=lambda: next(clock)))
    stream = _Stream()
    for line in (chunk(), chunk("Red"), chunk(","), chunk(done=True, eval_count=12, eval_duration=1_234_567_890)):
        stream.take(line.decode())
    assert stream.generation("a:7b") == Generation(
        asked="a:7b", model="llama3.3:70b", chunks=4, first_token_s=1.123, longest_gap_s=1.877, total_s=4.123,
        text="Red,", written=2, tokens=12, made_in_s=1.235, spread_s=2.377,
    )  # fmt: skip
    alone = _Stream()
    alone.take(chunk("Red", done=True).decode())
    assert alone.generation("a:7b").longest_gap_s == 0
    silent = _Stream().generation("a:7b")
    assert (silent.broken, silent.first_token_s) == ("the answer ended without its last chunk", math.inf)
    assert (silent.tokens, silent.made_in_s, silent.spread_s, silent.written) == (0, 0.0, 0.0, 0)


def test_a_line_that_is_longer_than_a_chunk_may_be_ends_the_stream() -> None:
    longest = b"x" * LONGEST_LINE
    assert list(_lines([b"a\n\n", longest, b"\n b", b"c\n \n "])) == [b"a", longest, b" bc"]
    with pytest.raises(Interrupted, match=r"^/api/generate: a line of the stream is longer than 64 KiB$"):
        list(_lines([longest, b"x"]))


def test_a_stream_that_takes_its_time_is_one(authority: LabAuthority) -> None:
    def stream(_: dict[str, Any]) -> Iterable[bytes]:
        yield HEAD
        yield chunk("a")
        Event().wait(0.8)
        yield chunk("b")
        yield chunk(done=True, eval_count=12, eval_duration=int(1e9))

    assert generation(authority, stream).answered == "llama3.3:70b"


def test_an_end_without_a_token_is_no_answer(authority: LabAuthority) -> None:
    seen = generation(authority, lambda _: [HEAD, chunk(done=True)])
    with pytest.raises(Unmet, match="no token in 1 chunks"):
        _ = seen.answered


def test_no_model_is_a_finding(authority: LabAuthority) -> None:
    with pytest.raises(Unmet, match="no model"):
        generation(authority, lambda _: [], tags={"models": []})


@pytest.mark.parametrize(
    ("answer", "observed"),
    [
        (http(403), "status 403"),
        (http(302, b"", "location: https://team.cloudflareaccess.com/cdn-cgi/access/login/x"), "status 302"),
        (http(200, b"Ollama is running"), "status 200, but not a list of models"),
        (http(200, b'{"models": [{"name": "x"}]}'), "status 200, but not a list of models"),
    ],
)
def test_a_list_that_is_refused_belongs_to_the_fact_of_the_answer(
    authority: LabAuthority, answer: list[bytes], observed: str
) -> None:
    with tls_server(edge_context(authority), lambda _: answer) as server, pytest.raises(Unmet) as caught:
        run_to(server, authority).get(public_tags)
    assert (caught.value.fact, caught.value.observed) == ("public.answers", observed)


def test_a_list_that_breaks_off_cannot_be_judged(authority: LabAuthority) -> None:
    broken = [b"HTTP/1.1 200 OK\r\n"]
    stopped = pytest.raises(Unreachable, match="not a complete HTTP answer")
    with tls_server(edge_context(authority), lambda _: broken) as server, stopped:
        run_to(server, authority).get(public_tags)


def test_without_the_fact_no_model_is_documented() -> None:
    assert _documented(run_of(Target())) == ""
    assert _documented(run_of(Target(), {"public": {"generates": "a:7b"}})) == "a:7b"


def test_models_are_read_in_their_order() -> None:
    assert models_in(json.dumps(TAGS).encode()) == (Model("llama3.3:70b", "a6eb"), Model("small:1b", "b7fc"))
    for other in (b"", b"[]", b'{"models": 1}', b'{"models": ["x"]}', b"\xff", b"[" * 5000):
        assert models_in(other) is None


def test_models_here_and_there() -> None:
    one, two, changed = Model("a", "1"), Model("b", "2"), Model("a", "3")
    assert compare([one, two], [two, one]) == (True, "a, b in both places")
    assert compare([], []) == (True, "no model in both places")
    assert compare([one], [two]) == (False, "a only in public; b only on the host")
    assert compare([one], [changed]) == (False, "a: digest 1 in public, 3 on the host")
    long = [Model("a", f"{number}123456789abcdef") for number in (0, 1)]
    assert compare(long[:1], long[1:]) == (False, "a: digest 0123456789ab in public, 1123456789ab on the host")
