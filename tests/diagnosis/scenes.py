"""Recorded scenes: what was seen of each scenario, masked; `python -m tests.diagnosis.record` writes the files."""

import json
from functools import cache
from pathlib import Path

from spark_conformance.core.secret import mask_all
from spark_conformance.diagnosis.model import Scene
from spark_conformance.diagnosis.signs import sign
from tests.diagnosis.scenarios import EVERY

HERE = Path(__file__).parent / "scenes"


def write(name: str, scene: Scene) -> None:
    """Keep a scene: each sign's value, and the view where it is not the usual one."""
    kept = {key: [seen.value, seen.view] for key, seen in sorted(scene.signs.items())}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in mask_all(kept).items())
    (HERE / f"{name}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


@cache
def scene(name: str) -> Scene:
    """A recorded scene."""
    kept = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return Scene({key: sign(key, value, f"{key} is {value}", view) for key, (value, view) in kept.items()})


def recorded() -> list[str]:
    """The names of all scenarios that have a recording."""
    return sorted(path.stem for path in HERE.glob("*.json") if path.stem in EVERY)
