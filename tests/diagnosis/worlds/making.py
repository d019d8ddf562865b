"""Worlds on a lab: made of their settings, flipped, asked, and looked at as a diagnosis does."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from spark_conformance.core.run import Run
from spark_conformance.core.traced import Traced
from spark_conformance.diagnosis.model import Scene
from spark_conformance.diagnosis.reading import read
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from tests.diagnosis.worlds.asking import Answered, ask
from tests.diagnosis.worlds.setting import Setting
from tests.matrix.touched import EVERYTHING, LASTING, Watched, may_differ, widely

World = frozenset[Setting]


class Maker:
    """A lab that becomes one world after the other."""

    def __init__(self, lab: Announcement) -> None:
        self.lab = lab
        self._parts: set[str] = set()
        self._bench = Watched(lab, self._parts.add)
        self._now: World = frozenset()
        self._healthy: Traced | None = None
        self._ours = self._documented()
        self._answers: dict[tuple[World, bool], Answered] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.make(())
        self._bench.close()
        self._forget()

    def _documented(self) -> str:
        """The audience tag of the healthy lab's application."""
        apps = self._bench.api("GET", "accounts/{account}/access/apps")
        return str(next(app["aud"] for app in apps if app["domain"] == self.lab.hostname))

    def make(self, settings: Iterable[Setting]) -> None:
        """Bring the lab back to health, and make these settings. Raises BenchError where one cannot be made."""
        wanted = frozenset(settings)
        if wanted == self._now:
            return
        lasting = self._parts <= LASTING
        self._bench.switch("restore")
        self._now = frozenset()
        if not lasting:
            self._forget()
        self._parts.clear()
        for setting in sorted(wanted, key=lambda one: (one.rank, one.name)):
            setting.act(self._bench)
        self._now = wanted

    def answered(self, settings: Iterable[Setting], *, token: bool = True) -> Answered:
        """Who answers the documented request in a world of these settings. Raises BenchError."""
        world = frozenset(one for one in settings if not one.hides)
        if (world, token) not in self._answers:
            self.make(world)
            self._answers[world, token] = ask(self._bench, self._ours, token=token)
        return self._answers[world, token]

    def next(self) -> None:
        """Forget what was asked of the last world's combinations; single settings come again."""
        self._answers = {asked: answered for asked, answered in self._answers.items() if len(asked[0]) < 2}

    def look(self, settings: Iterable[Setting]) -> Scene:
        """What a diagnosis sees of it; what these settings cannot have changed is lent from a healthy look."""
        wanted = frozenset(settings)
        light = all(one.cost == "light" for one in wanted)
        if light and self._healthy is None:
            self.make(())
            self._healthy = Traced(load(Path(self.lab.target)))
            read(self._healthy)
        self.make(wanted)
        run = Run(load(Path(self.lab.target)))
        try:
            if light and self._healthy is not None:
                self._healthy.lend(run, but=may_differ(widely(self._parts) or {EVERYTHING}))
            return read(run)
        finally:
            run.close()

    def _forget(self) -> None:
        if self._healthy is not None:
            self._healthy.close()
        self._healthy = None
