"""Observations: made once, side by side, each waiting only for its own."""

import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.findings import unjudged
from spark_conformance.core.run import Run, is_observation, observation, of_one_host
from spark_conformance.core.secret import conceal, mask_all
from spark_conformance.core.verdict import NotStated, Unreachable
from spark_conformance.facts.load import find, load


@pytest.fixture
def run() -> Run:
    return Run(load(find("spark-291b")))


def test_an_observation_is_made_once_for_all_who_ask(run: Run) -> None:
    made = []

    def record(run: Run) -> int:
        made.append(run)
        return 7

    waiting = [threading.Thread(target=run.get, args=(record,)) for _ in range(8)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert run.get(record) == 7
    assert made == [run]


def test_observations_are_under_way_at_the_same_time(run: Run) -> None:
    met = threading.Barrier(3, timeout=60)

    def observing() -> Callable[[Run], int]:
        def observe(_run: Run) -> int:
            return met.wait()

        return observe

    several = [observing() for _ in range(3)]
    for observe in several:
        run.start(observe)
    assert sorted(run.get(observe) for observe in several) == [0, 1, 2]


def test_one_observation_may_rest_on_another(run: Run) -> None:
    def zone(_run: Run) -> str:
        return "zone"

    def record(run: Run) -> str:
        return f"record in {run.get(zone)}"

    assert run.get(record) == "record in zone"


def test_who_rests_on_what_could_not_be_seen_gets_the_same_reason(run: Run) -> None:
    def zone(_run: Run) -> str:
        raise Unreachable("api", "no way")

    def record(run: Run) -> str:
        return run.get(zone)

    for observe in (zone, record):
        with pytest.raises(Unreachable, match="no way"):
            run.get(observe)


def test_after_forgetting_it_looks_again(run: Run) -> None:
    seen = iter((1, 2))

    def counter(_run: Run) -> int:
        return next(seen)

    assert run.get(counter) == 1
    run.forget()
    assert run.get(counter) == 2


def test_a_look_up_by_a_fact_that_is_not_stated_says_what_to_write(run: Run) -> None:
    assert run.expect("tunnel.connections", int) == 4
    with pytest.raises(NotStated, match=r"does not state tunnel\.nothing, which this is looked up by: write \[facts\."):
        run.expect("tunnel.nothing", str)
    with pytest.raises(TypeError, match=r"tunnel\.connections is a int, not a str"):
        run.expect("tunnel.connections", str)
    assert "write [facts.ollama.url] with expect (`" in str(NotStated("ollama.url"))


def test_closing_closes_every_connection_once(run: Run) -> None:
    closed: list[str] = []
    run.closing.callback(closed.append, "ssh")
    run.close()
    run.close()
    assert closed == ["ssh"]


@pytest.mark.parametrize("secrets", [0, 1, 99])
def test_what_was_seen_is_shown_masked_however_many_secrets_are_known(
    run: Run, monkeypatch: pytest.MonkeyPatch, secrets: int
) -> None:
    monkeypatch.setattr("spark_conformance.core.run.known", lambda: secrets)

    @dataclass(frozen=True)
    class Answer:
        header: str
        status: int

    def answer(_run: Run) -> Answer:
        return Answer("Authorization: Bearer canary-canary", 200)

    table: dict[str, Callable[[Run], Any]] = {"answer": answer}
    monkeypatch.setattr("spark_conformance.core.run.OBSERVATIONS", table)
    assert run.seen("answer") is None
    run.get(answer)
    seen = run.seen("answer")
    assert seen is not None
    assert "canary" not in seen
    assert '"status": 200' in seen


def test_what_was_seen_is_written_out_once_for_all_checks_and_again_once_another_secret_is_known(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []

    def counted(data: object) -> object:
        written.append(data)
        return mask_all(data)

    @dataclass(frozen=True)
    class Answer:
        said: str

    def answer(_run: Run) -> Answer:
        return Answer("hello seen-once-4711")

    monkeypatch.setattr("spark_conformance.core.run.mask_all", counted)
    monkeypatch.setattr("spark_conformance.core.run.OBSERVATIONS", {"answer": answer})
    run.get(answer)
    assert {str(run.seen("answer")) for _ in range(12)} == {'{\n "said": "hello seen-once-4711"\n}'}
    assert len(written) == 1
    conceal("seen-once-4711")
    assert {str(run.seen("answer")) for _ in range(12)} == {'{\n "said": "hello ***"\n}'}
    assert len(written) == 2


def test_a_run_that_is_closed_is_not_kept_alive(run: Run) -> None:
    run.close()
    gc.collect()
    assert not [thread for thread in threading.enumerate() if thread.name == "record"]


def test_what_an_observation_sees_may_differ_from_host_to_host_where_it_looks_at_one() -> None:
    assert of_one_host("machine")
    assert not of_one_host("zone")
    assert not of_one_host("own_connector")
    assert of_one_host(observe_of_mine)
    assert is_observation("zone")
    assert not is_observation("observe_of_mine")


def observe_of_mine(_run: Run) -> int:
    return 1


def test_nobody_elses_observation_takes_the_place_of_one_of_the_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_conformance.core.run.OBSERVATIONS", {})
    assert observation(observe_of_mine) is observe_of_mine
    assert is_observation("observe_of_mine")

    def zone(_run: Run) -> int:
        return 1

    with pytest.raises(ValueError, match=r"^zone: the suite has an observation of this name; give yours another one$"):
        observation(zone)


def test_only_what_is_data_and_was_seen_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Where:
        path: Path
        name: str

    def plain(_run: Run) -> int:
        return 7

    def kind(_run: Run) -> type:
        return Where

    def failing(_run: Run) -> Where:
        raise Unreachable("x", "no way")

    def where(_run: Run) -> Where:
        return Where(Path("/etc/\xe4"), "\xe4")

    table: dict[str, Callable[[Run], Any]] = {one.__name__: one for one in (plain, kind, failing, where)}
    monkeypatch.setattr("spark_conformance.core.run.OBSERVATIONS", table)
    for observe in (plain, kind, where):
        run.get(observe)
    with pytest.raises(Unreachable):
        run.get(failing)
    assert [run.seen(name) for name in ("plain", "kind", "failing", "nobody")] == [None] * 4
    assert run.seen("where") == '{\n "path": "/etc/\xe4",\n "name": "\xe4"\n}'
    assert run.seen_by_host("where") == {"where": run.seen("where")}
    assert run.seen_by_host("plain") == {}


def test_another_look_has_seen_nothing_and_closes_its_own(run: Run) -> None:
    closed: list[str] = []
    run.closing.callback(closed.append, "ssh")
    run.get(observe_of_mine)
    run.forget()
    assert closed == ["ssh"]
    other = run.anew()
    other.closing.callback(closed.append, "of the other")
    run.close()
    assert closed == ["ssh"]
    other.close()
    assert closed == ["ssh", "of the other"]
    assert (run.replicas, run.judges_each("cloudflared.active", ["machine"])) == ((), False)


def test_an_observation_that_never_ends_keeps_no_process_alive(run: Run) -> None:
    release = threading.Event()

    def endless(_run: Run) -> bool:
        return release.wait(60)

    under_way = run.start(endless)
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "endless"] == [True]
    release.set()
    assert under_way.result(60)


def test_a_finding_before_it_is_judged_has_what_the_fact_states(run: Run) -> None:
    made = unjudged(run, "dns.ttl", target="t", check="a::b", manual="\n  What it means.\n")
    assert (made.manual, made.expected, made.severity) == ("What it means.", "1", run.stated["dns.ttl"].severity)
    other = unjudged(run, "dns.nothing", target="t", check="a::b", manual="What it means.")
    assert (other.manual, other.expected, other.severity, other.source, other.why) == ("", "", "required", "", "")
