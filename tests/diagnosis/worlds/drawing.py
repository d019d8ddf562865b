"""Drawing worlds: two to six settings of different parts, by a seed, the cheap ones more often."""

import random
from collections.abc import Iterator

from tests.diagnosis.worlds import access, edge, host, names, tunnel
from tests.diagnosis.worlds.making import World
from tests.diagnosis.worlds.setting import SETTINGS, Cost, Setting

FEWEST, MOST = 2, 6
ODDS: dict[Cost, float] = {"light": 1.0, "tunnel": 1.5, "host": 1.0}
"""How often a setting is drawn, by what it costs: there are fewer of the tunnel's."""
CHEAP: dict[Cost, float] = {"light": 1.0, "tunnel": 0.1, "host": 0.0}
"""The same where time is dear: a service that is started anew costs more than ten other worlds."""
HIDDEN = 0.2
"""The share of worlds in which a view is closed."""
HARMLESS = 0.1
"""The share that is drawn of settings without a cause, which mostly change no answer: there nothing may be blamed."""
MODULES = (edge, names, access, tunnel, host)
"""Importing them enters the settings."""


def drawn(seed: int, count: int, *, cheap: bool = False) -> Iterator[World]:
    """So many worlds; the same ones for the same seed."""
    for number in range(count):
        yield _world(random.Random(f"{seed} {number}"), CHEAP if cheap else ODDS)  # noqa: S311 - nothing secret


def _world(dice: random.Random, odds: dict[Cost, float]) -> World:
    found: dict[str, Setting] = {}
    harmless = dice.random() < HARMLESS
    those = [one for name, one in sorted(SETTINGS.items()) if not one.hides and not (harmless and one.causes)]
    weights = [odds[one.cost] for one in those]
    size = dice.randint(FEWEST, MOST)
    while len(found) < size:
        one = dice.choices(those, weights)[0]
        found.setdefault(one.part, one)
    if dice.random() < HIDDEN:
        view = dice.choice(sorted((one for one in SETTINGS.values() if one.hides), key=lambda one: one.name))
        found[view.part] = view
    return frozenset(found.values())


def named(names_: str) -> World:
    """The world of these settings, joined by `+`. Raises KeyError for one that there is not."""
    return frozenset(SETTINGS[name] for name in names_.split("+"))


def name(world: World) -> str:
    return "+".join(sorted(one.name for one in world))
