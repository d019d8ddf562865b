"""Many systems are looked at in turns: in their order, so many at once, and one that hangs delays no other."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from spark_conformance.plugin.turns import Turns


class Looks:
    """Systems with so many observations each, which answer when they are told."""

    def __init__(self, *observations: int) -> None:
        self.begun: list[int] = []
        self.futures: list[list[Future[None]]] = [[Future() for _ in range(number)] for number in observations]

    def begins(self) -> list[tuple[str, Callable[[], list[Future[None]]]]]:
        return [(str(place), partial(self._begin, place)) for place in range(len(self.futures))]

    def _begin(self, place: int) -> list[Future[None]]:
        self.begun.append(place)
        return self.futures[place]

    def answer(self, place: int, number: int = 0) -> None:
        self.futures[place][number].set_result(None)


def test_the_next_begins_when_one_has_seen_all() -> None:
    looks = Looks(2, 1, 1, 1)
    Turns(looks.begins(), at_once=2)
    assert looks.begun == [0, 1]
    looks.answer(0)
    assert looks.begun == [0, 1]
    looks.answer(0, 1)
    assert looks.begun == [0, 1, 2]


def test_one_that_hangs_keeps_its_own_place_only() -> None:
    looks = Looks(1, 1, 1, 1)
    Turns(looks.begins(), at_once=2)
    for place in (1, 2, 3):
        looks.answer(place)
    assert looks.begun == [0, 1, 2, 3]


def test_one_that_takes_long_makes_room_once() -> None:
    looks = Looks(1, 1, 1, 1)
    calls: list[Callable[[], None]] = []
    taken_back: list[Callable[[], None]] = []

    def later(_: float, call: Callable[[], None]) -> Callable[[], None]:
        calls.append(call)
        return lambda: taken_back.append(call)

    turns = Turns(looks.begins(), at_once=1, later=later)
    assert looks.begun == [0]
    calls[0]()
    assert looks.begun == [0, 1]
    looks.answer(1)
    assert looks.begun == [0, 1, 2]
    looks.answer(0)  # its place was given away already
    assert looks.begun == [0, 1, 2]
    assert taken_back == [calls[1], calls[0]]
    assert turns.ready({"0", "1", "2"}) == "1"


def test_whoever_is_through_is_told_in_that_order() -> None:
    looks = Looks(1, 2, 0)
    turns = Turns(looks.begins())
    assert turns.wait({"0", "1", "2"}) == "2"
    assert turns.ready({"0", "1"}) is None
    looks.answer(1)
    looks.answer(0)
    assert turns.ready({"0", "1"}) == "0"
    looks.answer(1, 1)
    assert turns.wait({"1"}) == "1"


def test_whoever_has_nothing_to_look_at_is_not_waited_for() -> None:
    turns = Turns(Looks(1).begins())
    assert turns.ready({"0"}) is None
    assert turns.wait({"0", "beside"}) == "beside"


def test_what_fails_or_has_nothing_to_see_makes_room() -> None:
    looks = Looks(1, 0, 1, 1)
    Turns(looks.begins(), at_once=1)
    assert looks.begun == [0]
    looks.futures[0][0].set_exception(OSError())
    assert looks.begun == [0, 1, 2]


def test_nothing_begins_after_the_end() -> None:
    looks = Looks(1, 1)
    turns = Turns(looks.begins(), at_once=1)
    turns.stop()
    looks.answer(0)
    assert looks.begun == [0]
