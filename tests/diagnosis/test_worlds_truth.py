"""What flips say of a world: which setting decides, alone or with others, and which will once others are flipped."""

from collections.abc import Callable, Iterable
from typing import cast

import pytest

from tests.diagnosis.worlds.asking import Answered
from tests.diagnosis.worlds.drawing import drawn, name
from tests.diagnosis.worlds.making import Maker
from tests.diagnosis.worlds.setting import Setting
from tests.diagnosis.worlds.truth import Truth

SETTINGS = {name: Setting(name, name, lambda _: None, frozenset()) for name in "abcd"}
Answer = Callable[[set[str]], str]


class Answering:
    """A lab that answers by the names of its settings."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answered(self, settings: Iterable[Setting], *, token: bool = True) -> Answered:
        assert token
        return Answered(self._answer({one.name for one in settings}))


def truth(answer: Answer, world: str) -> Truth:
    return Truth(cast("Maker", Answering(answer)), frozenset(SETTINGS[name] for name in world))


@pytest.mark.parametrize(
    ("answer", "world", "deciding", "effective"),
    [
        (lambda _: "served", "ab", "", ""),
        (lambda seen: "edge" if "a" in seen else "served", "ab", "a", "a"),
        (lambda seen: "edge" if "a" in seen else "access" if "b" in seen else "served", "abc", "a", "ab"),
        (lambda seen: "edge" if seen & {"a", "b"} else "served", "abc", "ab", "ab"),
        (lambda seen: "edge" if {"a", "b"} <= seen else "served", "abc", "ab", "ab"),
        (lambda seen: "edge" if seen & {"a", "b"} else "access" if "c" in seen else "served", "abcd", "ab", "abc"),
    ],
)  # fmt: skip
def test_flips_tell_what_decides(answer: Answer, world: str, deciding: str, effective: str) -> None:
    found = truth(answer, world)
    assert "".join(sorted(one.name for one in found.deciding())) == deciding
    assert "".join(sorted(one.name for one in found.world if found.takes_effect(one))) == effective
    assert found.served == (not deciding)


def test_a_seed_draws_the_same_worlds_again() -> None:
    worlds = [name(world) for world in drawn(5, 20)]
    assert worlds == [name(world) for world in drawn(5, 20)]
    assert worlds != [name(world) for world in drawn(6, 20)]
    assert all(len({one.part for one in world}) == len(world) >= 2 for world in drawn(5, 20))
