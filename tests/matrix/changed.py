"""The faults that a change has to do with: all of these are tried, whatever the day.

`FAULTS_SINCE=REVISION` says what the change is one from, as `git diff` takes it.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath

from spark_conformance.facts.kinds import ADDED
from spark_conformance.facts.model import KINDS
from spark_lab.faults import Fault

ROOT = Path(__file__).parents[2]
SINCE = "FAULTS_SINCE"
ROOM = ("fixtures", "spark_conformance")
LOOKS_AT: dict[str, set[str]] = {
    "cloudflare": {"tunnel", "dns", "access", "secrets"}, "dns": {"dns"}, "github": {"pipeline"},
    "host": {"host", "cloudflared", *KINDS}, "https": {"access", "public"},
    "outside": {"ollama", "access", "public"},
    "repository": {"pipeline", "secrets"}, "secrets": {"secrets"},
    "services": {*ADDED},
}  # fmt: skip
"""The rooms of the suite that look at the system, and the components whose facts they are for."""


def changed(faults: Iterable[Fault]) -> set[str]:
    """The names of these faults; none where no revision is given. Raises CalledProcessError for one that is not."""
    return concerned(changed_files(), faults)


def touches(room: str) -> bool:
    """Whether a room of the suite is changed; as `changed`."""
    return any(PurePosixPath(path).parts[:3] == (*ROOM, room) for path in changed_files())


def changed_files() -> list[str]:
    """The files of the change, by their paths in the repository; as `changed`."""
    return _since(os.environ.get(SINCE, ""))


@cache
def _since(revision: str) -> list[str]:
    command = ["git", "diff", "--name-only", revision, "--"]
    if not revision:
        return []
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def concerned(paths: Iterable[str], faults: Iterable[Fault]) -> set[str]:
    """The names of the faults that have to do with files, by their paths in the repository.

    Those that a changed module of the catalogue enters; those that fail a fact of a changed module of checks, or one
    that a changed room of the suite looks at.
    """
    components: set[str] = set()
    named: set[str] = set()
    paths = list(paths)
    if not paths:
        return named
    for path in paths:
        match PurePosixPath(path).parts:
            case ("checks", file):
                components.add(file.removeprefix("test_").removesuffix(".py"))
            case ("fixtures", "spark_conformance", room, *_):
                components |= LOOKS_AT.get(room, set())
            case ("fixtures", "spark_lab", "faults", _) | (*_, "faults.py") if (ROOT / path).exists():
                named |= set(re.findall(r'"([\w-]+)"', (ROOT / path).read_text()))
    return {
        fault.name
        for fault in faults
        if fault.name in named or not components.isdisjoint(fact.partition(".")[0] for fact in fault.facts)
    }
