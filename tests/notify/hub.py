"""The lab's GitHub as the place of issues, and runs that tell it what they saw."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from spark_conformance.core.secret import Secret
from spark_conformance.github.client import Github
from spark_conformance.notify.issues import Board, board, tell
from spark_conformance.notify.steps import Seen
from spark_lab.github import GithubWorld, healthy, serve
from tests.lab.serving import in_thread
from tests.notify.making import NIGHT, about

TOKEN = "ghp_canary0123456789canary0123456789"
REPOSITORY = "goldfish/infrastructure"


@dataclass
class Hub:
    """GitHub, and how to tell it."""

    world: GithubWorld
    github: Github

    def board(self, system: str = "pi") -> Board:
        return board(self.github, replace(about(), system=system), ("conformance",), ())

    def tell(self, night: int, seen: Seen, system: str = "pi") -> list[str]:
        """What a night's run does to the issues."""
        at = NIGHT + timedelta(days=night)
        told = replace(about(at, **seen.verdicts), system=system, verdicts=seen.verdicts)
        return [line.partition(": ")[0] for line in tell(self.board(system), told, seen, at)]

    @property
    def states(self) -> list[str]:
        return [issue["state"] for issue in self.world.issues]

    def comments(self, number: int = 1) -> list[str]:
        """What the comments of an issue begin with."""
        told = [comment["body"] for comment in self.world.comments.get(number, [])]
        return [text.split("**")[1] if "**" in text else text.strip() for text in told]

    def touch(self, number: int, **fields: Any) -> None:
        """What a person does to an issue."""
        self.world.issues[number - 1] |= fields


@contextmanager
def hub(directory: Path) -> Iterator[Hub]:
    world = healthy(REPOSITORY, TOKEN, directory)
    with in_thread(lambda: serve(world)) as server:
        yield Hub(world, Github(server.url, REPOSITORY, Secret(TOKEN, "token"), 10))
