"""What decides a world's answer: found by flipping settings back to health, never by the suite's own judgement.

A setting decides where flipping it alone changes who answers, or which of its kinds of answers it is. Where no single
flip does, several settings decide together (each would do by itself): then those of the smallest sets whose flip
changes the answer are all taken to decide, and naming any of them is right. A setting in none of these changes nothing.

What is met next is found by going on: the deciding settings are flipped, and the rest is asked again, until the lab
answers as in health. A setting takes effect that decides in one of these layers, or changes a healthy lab's answer.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Protocol

from tests.diagnosis.worlds.making import Maker, World
from tests.diagnosis.worlds.setting import Setting


class Known(Protocol):
    """What is known of a world, asked of a lab or written down."""

    @property
    def world(self) -> World: ...
    @property
    def by(self) -> str: ...
    @property
    def served(self) -> bool: ...
    @property
    def open(self) -> bool: ...
    def alone(self, setting: Setting) -> bool:
        """Whether flipping this setting alone changes the answer."""

    def deciding(self) -> World:
        """The settings that decide; none where the lab answers as in health."""

    def takes_effect(self, setting: Setting) -> bool:
        """Whether it decides now, or will once others are flipped."""


class Truth:
    """The truth about one world, asked of a lab as far as it is needed. Every question may raise BenchError."""

    def __init__(self, maker: Maker, world: World) -> None:
        self._maker = maker
        self.world = frozenset(one for one in world if not one.hides)
        self.healthy = maker.answered(frozenset())
        self.answered = maker.answered(self.world)
        self._layers: list[World] = []

    @property
    def by(self) -> str:
        return self.answered.by

    @property
    def served(self) -> bool:
        return self.answered == self.healthy

    @property
    def open(self) -> bool:
        """Whether a request without credentials gets past Access."""
        return self._maker.answered(self.world, token=False).by in {"worker", "record", "tunnel", "connector", "origin"}

    def alone(self, setting: Setting) -> bool:
        return self._maker.answered(self.world - {setting}) != self.answered

    def deciding(self) -> World:
        return next(self.layers(), frozenset())

    def takes_effect(self, setting: Setting) -> bool:
        return self._maker.answered({setting}) != self.healthy or any(setting in layer for layer in self.layers())

    def layers(self) -> Iterator[World]:
        """The settings that decide one after the other, each time those before are flipped."""
        yield from self._layers
        left = self.world - frozenset(one for layer in self._layers for one in layer)
        while self._maker.answered(left) != self.healthy:
            self._layers.append(self._smallest(left))
            yield self._layers[-1]
            left -= self._layers[-1]

    def _smallest(self, world: World) -> World:
        now = self._maker.answered(world)
        ordered = sorted(world, key=lambda one: one.name)
        for size in range(1, len(ordered) + 1):
            sets = [set_ for set_ in combinations(ordered, size) if self._maker.answered(world - {*set_}) != now]
            if sets:
                return frozenset(one for set_ in sets for one in set_)
        raise AssertionError(f"{now} stays, whatever is flipped of {[one.name for one in ordered]}")
