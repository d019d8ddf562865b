"""Trying a world: made, looked at, judged; and made smaller where it fails."""

from dataclasses import dataclass

from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Scene
from spark_lab.faults.bench import BenchError
from tests.diagnosis.worlds.judging import Judgement, judge
from tests.diagnosis.worlds.making import Maker, World
from tests.diagnosis.worlds.truth import Truth


@dataclass(frozen=True)
class Tried:
    """A world, what the lab said of it, and how the diagnosis stands before that; `problem`: it could not be made."""

    world: World
    judgement: Judgement | None = None
    truth: Truth | None = None
    scene: Scene | None = None
    problem: str = ""

    @property
    def hidden(self) -> bool:
        """Whether a view was closed: then it may be right that nothing is named."""
        return any(one.hides for one in self.world)

    @property
    def wrong(self) -> bool:
        return bool(self.judgement and self.judgement.wrong)

    @property
    def missed(self) -> bool:
        return bool(self.judgement and self.judgement.named is False and not self.hidden)


def attempt(maker: Maker, world: World) -> Tried:
    """Try a world; once more where it could not be made, which a busy machine may be to blame for."""
    first = _attempt(maker, world)
    return _attempt(maker, world) if first.problem else first


def _attempt(maker: Maker, world: World) -> Tried:
    maker.next()
    try:
        scene = maker.look(world)
        truth = Truth(maker, world)
        return Tried(world, judge(truth, conclude(scene)), truth, scene)
    except BenchError as error:
        return Tried(world, problem=str(error))


def smaller(maker: Maker, tried: Tried) -> Tried:
    """The same failure in a world of fewer settings, as few as can be had by leaving out one after the other."""
    for one in sorted(tried.world, key=lambda setting: setting.name):
        less = attempt(maker, tried.world - {one})
        if (tried.wrong and less.wrong) or (not tried.wrong and less.missed):
            return smaller(maker, less)
    return attempt(maker, tried.world)
