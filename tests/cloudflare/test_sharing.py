"""Systems in one account have one client, ask what they have in common once, and share what the API allows."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from threading import Event, Thread
from types import SimpleNamespace

import httpx
import pytest

from spark_conformance.cloudflare.access.service_tokens import account_tokens
from spark_conformance.cloudflare.account import account_id, api_token, ip_ranges, zone
from spark_conformance.cloudflare.budget import Budget
from spark_conformance.cloudflare.client import Api, cloudflare_api
from spark_conformance.cloudflare.endpoints import TUNNELS
from spark_conformance.cloudflare.reads import Reads
from spark_conformance.cloudflare.tunnel import tunnel
from spark_conformance.core.run import Run
from spark_conformance.core.shared import Shared
from tests.cloudflare.fake import Answer, Fake, Got, ok
from tests.cloudflare.twin import Twin

LOOKS = (zone, account_id, api_token, ip_ranges, account_tokens, tunnel)
ANSWER = httpx.Response(200)


def runs(lab: Twin, shared: Shared | None, count: int = 3) -> list[Run]:
    made = [Run(lab.system()) for _ in range(count)]
    for run in made:
        run.shared = shared
    return made


def asked(lab: Twin, those: list[Run]) -> Counter[str]:
    """What the lab's API was asked while all of these looked side by side."""
    lab.api.requests.clear()
    for future in [run.start(look) for run in those for look in LOOKS]:
        future.result()
    return Counter(str(request) for request in lab.api.requests)


def test_what_systems_of_an_account_have_in_common_is_asked_once(lab: Twin) -> None:
    alone, together = runs(lab, None, 1), runs(lab, Shared())
    once = asked(lab, alone)
    assert asked(lab, together) == once
    assert len({id(run.get(cloudflare_api)._client) for run in together}) == 1
    for run in together:
        run.forget()
    assert asked(lab, together[:1]) == once  # whoever looks again is not told what was seen before
    for run in (*alone, *together):
        run.close()


def test_a_client_is_closed_when_the_last_lets_go_of_it() -> None:
    shared = Shared()
    closed: list[str] = []
    one, other, later = ExitStack(), ExitStack(), ExitStack()

    def make(name: str) -> tuple[str, Callable[[], None]]:
        return name, lambda: closed.append(name)

    assert shared.hold("key", lambda: make("first"), one) == "first"
    assert shared.hold("key", lambda: make("second"), other) == "first"
    one.close()
    assert closed == []
    assert shared.hold("key", lambda: make("third"), later) == "third"
    other.close()
    assert closed == ["first"]
    later.close()
    assert closed == ["first", "third"]


def test_what_cannot_be_made_is_told_to_all_who_asked_and_tried_again() -> None:
    shared, holding = Shared(), ExitStack()

    def fail() -> tuple[str, Callable[[], None]]:
        raise OSError("no way")

    for _ in range(2):
        with pytest.raises(OSError, match="no way"):
            shared.hold("key", fail, holding)
    holding.close()
    assert shared.hold("key", lambda: ("made", lambda: None), holding) == "made"
    holding.close()


def test_whoever_asks_while_it_is_asked_waits_for_the_answer_and_failures_are_asked_again() -> None:
    reads, going, on = Reads(), Event(), Event()
    key = ("/zones", (("name", "x"),))

    def slow() -> httpx.Response:
        going.set()
        on.wait(60)
        raise OSError("silent")

    told: list[str] = []

    def ask() -> None:
        try:
            reads.get(key, 0.0, slow)
        except OSError as error:
            told.append(str(error))

    threads = [Thread(target=ask) for _ in range(2)]
    threads[0].start()
    assert going.wait(60)
    threads[1].start()
    on.set()
    for thread in threads:
        thread.join(60)
    assert told == ["silent", "silent"]
    assert reads.get(key, 0.0, lambda: ANSWER) is ANSWER
    assert reads.get(key, 0.0, slow) is ANSWER
    reads.forget()
    other = httpx.Response(404)
    assert reads.get(key, 0.0, lambda: other) is other


def test_what_was_asked_at_that_moment_or_later_is_given_and_what_was_asked_before_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("spark_conformance.cloudflare.reads.monotonic", lambda: 5.0)
    reads, key, other = Reads(), ("/zones", ()), httpx.Response(404)
    assert reads.get(key, 0.0, lambda: ANSWER) is ANSWER
    assert reads.get(key, 5.0, lambda: other) is ANSWER
    assert reads.get(key, 5.1, lambda: other) is other


def test_a_failure_takes_no_answer_away_that_another_has_got_meanwhile() -> None:
    reads, key = Reads(), ("/zones", ())

    def fail() -> httpx.Response:
        reads.forget()
        raise OSError("silent")

    def fail_meanwhile() -> httpx.Response:
        reads.forget()
        reads.get(key, 0.0, lambda: ANSWER)
        raise OSError("silent")

    for failing in (fail, fail_meanwhile):
        with pytest.raises(OSError, match="silent"):
            reads.get(key, 0.0, failing)
    assert reads.get(key, 0.0, fail) is ANSWER


def test_an_account_allows_so_many_requests_and_a_wait_is_waited() -> None:
    now = [0.0]
    budget = Budget(clock=lambda: now[0])
    assert {budget.reserve() for _ in range(1100)} == {0}
    assert budget.reserve() == 300
    waited: list[float] = []
    told: list[str] = []
    budget.tell = told.append
    budget._closed = SimpleNamespace(wait=waited.append)  # type: ignore[assignment] # nobody waits in this test
    for now[0] in (299.0, 299.5):
        budget.take()
    assert (waited, told) == ([1.0, 0.5], [])  # a second is not worth a word


def test_requests_wait_for_what_the_account_allows() -> None:
    now = [100.0]
    budget = Budget(most=2, per_s=10, clock=lambda: now[0])
    assert [budget.reserve() for _ in range(4)] == [100, 100, 110, 110]
    now[0] = 115
    assert budget.reserve() == 120
    now[0] = 140
    budget.pause(5)
    assert budget.reserve() == 145
    told: list[str] = []
    budget.tell = told.append
    budget.pause(60)
    budget.close()  # so that nobody waits in this test
    budget.take()
    assert told == ["Cloudflare's API takes no more requests of this account for now: waiting 60 s"]


def test_what_hangs_for_one_system_delays_no_other_of_the_account(server: Fake, api: Api) -> None:
    on, reads = Event(), Reads()
    server.answer = partial(_answer, on)
    hangs, well = api.sharing(reads, 0.0), api.sharing(reads, 0.0)
    waiting: Future[object] = Future()
    Thread(target=lambda: waiting.set_result(hangs.many(TUNNELS, {"name": "hangs"}, account_id="a"))).start()
    assert well.many(TUNNELS, {"name": "well"}, account_id="a") == []
    assert not waiting.done()
    on.set()
    assert waiting.result(60) == []


def _answer(on: Event, got: Got) -> Answer:
    if got.query["name"] == "hangs":
        on.wait(60)
    return ok([])
