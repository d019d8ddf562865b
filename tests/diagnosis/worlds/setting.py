"""A setting of the lab's world: one thing that is otherwise than in health, and the causes that would name it.

`causes` are those of the suite's catalogue whose words are true of this setting; () where the catalogue has none. That
it decides anything is not said here: that the lab is asked, world by world.
"""

from dataclasses import dataclass
from typing import Literal

from spark_lab.faults import FAULTS
from spark_lab.faults.fault import Act
from tests.diagnosis.scenarios import BY_FAULT

Cost = Literal["light", "tunnel", "host"]
"""What is to be made anew for it: nothing but Cloudflare's state; the connector's configuration; a service."""


@dataclass(frozen=True)
class Setting:
    """`part`: of the settings of one part a world has one at most. `rank`: those of a lower one are made first.

    `hides`: it takes a view from the suite, and is no part of the request's way.
    """

    name: str
    part: str
    act: Act
    causes: frozenset[str]
    cost: Cost = "light"
    rank: int = 5
    hides: bool = False


SETTINGS: dict[str, Setting] = {}


def setting(  # noqa: PLR0913 - an entry of a list, its options by name
    part: str, name: str, act: Act, *causes: str, cost: Cost = "light", rank: int = 5, hides: bool = False
) -> None:
    """Enter a setting. Raises ValueError where there is one of this name."""
    if name in SETTINGS:
        raise ValueError(f"two settings are called {name}")
    SETTINGS[name] = Setting(name, part, act, frozenset(causes), cost, rank, hides)


def faults(part: str, *names: str, causes: tuple[str, ...] = (), cost: Cost = "light", rank: int = 5) -> None:
    """Enter faults of the catalogue; their causes are those of their scenario, and these."""
    for name in names:
        known = BY_FAULT.get(name)
        told = {*causes, *(known.active if known else ()), *(known.findings if known else ())}
        setting(part, name, FAULTS[name].make, *sorted(told), cost=cost, rank=rank)
