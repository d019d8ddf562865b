"""Worlds that were told wrongly once: their settings, what the lab said of them, and what the suite saw.

`python -m tests.diagnosis.worlds --record` writes one for each world that fails; `--again` makes all of them anew.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter

from spark_conformance.core.secret import mask_all
from spark_conformance.diagnosis.model import Scene
from spark_conformance.diagnosis.signs import sign
from tests.diagnosis.worlds import drawing
from tests.diagnosis.worlds.making import World
from tests.diagnosis.worlds.setting import SETTINGS, Setting
from tests.diagnosis.worlds.truth import Truth

HERE = Path(__file__).parent / "recorded"
LONGEST = 120
"""Characters of a file's name."""


@dataclass(frozen=True)
class Recorded:
    """What is known of a world, written down. `said` is what was wrong when it was found."""

    settings: tuple[str, ...]
    said: tuple[str, ...]
    by: str
    served: bool
    open: bool
    single: tuple[str, ...]
    decides: tuple[str, ...]
    effective: tuple[str, ...]
    signs: dict[str, Any]

    @classmethod
    def of(cls, world: World, truth: Truth, scene: Scene, said: tuple[str, ...]) -> Self:
        """Ask the lab all that may be wanted of the world later."""
        return cls(
            settings=_names(world),
            said=said,
            by=truth.by,
            served=truth.served,
            open=truth.open,
            single=_names({one for one in truth.world if truth.alone(one)}),
            decides=_names(truth.deciding()),
            effective=_names({one for one in truth.world if truth.takes_effect(one)}),
            signs={key: [seen.value, seen.view] for key, seen in sorted(scene.signs.items())},
        )

    @property
    def world(self) -> World:
        return frozenset(SETTINGS[name] for name in self.settings if not SETTINGS[name].hides)

    @property
    def all(self) -> World:
        """Its settings, with those that hide a view."""
        return frozenset(SETTINGS[name] for name in self.settings)

    @property
    def scene(self) -> Scene:
        return Scene({key: sign(key, value, f"{key} is {value}", view) for key, (value, view) in self.signs.items()})

    def alone(self, setting: Setting) -> bool:
        return setting.name in self.single

    def deciding(self) -> World:
        return frozenset(SETTINGS[name] for name in self.decides)

    def takes_effect(self, setting: Setting) -> bool:
        return setting.name in self.effective

    def write(self) -> Path:
        known = {name: value for name, value in vars(self).items() if name != "signs"}
        lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in mask_all(known).items()]
        signs = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in mask_all(self.signs).items()]
        path = HERE / f"{drawing.name(self.all)[:LONGEST]}.json"
        text = ",\n".join([*lines, ' "signs": {\n' + ",\n".join(signs) + "\n }"])
        HERE.mkdir(exist_ok=True)
        path.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        return path


def read(path: Path) -> Recorded:
    """A recording. Raises KeyError, later, for settings that there are not any more."""
    return TypeAdapter(Recorded).validate_json(path.read_text(encoding="utf-8"))


def everything() -> list[Path]:
    return sorted(HERE.glob("*.json"))


def _names(world: set[Setting] | World) -> tuple[str, ...]:
    return tuple(sorted(one.name for one in world))
