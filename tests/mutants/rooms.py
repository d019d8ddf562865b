"""Which code is mutated, and which tests are asked to notice: the checks, and whatever decides without side effects."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUITE = "fixtures/spark_conformance/"
CORE = ("findings", "judging", "printable", "run", "session", "verdict", "waivers")
PLUGIN = ("collection", "gate", "gathering", "outcomes", "scope", "selection", "settle")
"""Of core and of the plugin what decides; the rest shows, or starts things."""

TRIED = ("deciders", "gates", "judging", "outcomes", "run", "session", "waivers")
SESSIONS = tuple(f"tests/suite/test_{name}.py" for name in TRIED)
PURE = tuple(
    f"tests/suite/test_{name}.py"
    for name in ("collection", "gate", "gathering", "made_reports", "selection", "settling")
)
"""Tests of the plugin's deciders with stand-ins, where no session runs."""
ALONE = ("tests/suite/test_replicas.py", "tests/report/test_printable.py")


@dataclass(frozen=True)
class Room:
    """Sources that belong together, as patterns below the root, and the tests that stand for them."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self, root: Path = ROOT) -> list[Path]:
        """The sources, as paths below the root, in order."""
        found = {path.relative_to(root) for pattern in self.sources for path in root.glob(pattern)}
        return sorted(found)


ROOMS = (
    Room("checks", ("checks/test_*.py",), ("tests/checks", "tests/cloudflare", "tests/host", "tests/repository")),
    Room(
        "core",
        tuple(f"{SUITE}core/{name}.py" for name in CORE),
        (*SESSIONS, *ALONE),
    ),
    Room(
        "plugin",
        tuple(f"{SUITE}plugin/{name}.py" for name in PLUGIN),
        (*SESSIONS, *PURE, "tests/suite/test_options.py"),
    ),
    Room("facts", (f"{SUITE}facts/*.py",), ("tests/facts", "tests/docs/test_schema.py", "tests/https/test_probes.py")),
    Room("syntax", (f"{SUITE}syntax/*.py",), ("tests/syntax",)),
    Room("host", (f"{SUITE}host/*.py", f"{SUITE}services/*/observations.py"), ("tests/host",)),
    Room(
        "cloudflare",
        (f"{SUITE}cloudflare/*.py", f"{SUITE}cloudflare/access/*.py"),
        ("tests/cloudflare",),
    ),
    Room("dns", (f"{SUITE}dns/*.py",), ("tests/dns",)),
    Room("https", (f"{SUITE}https/*.py",), ("tests/https",)),
    Room("outside", (f"{SUITE}outside/*.py",), ("tests/cloudflare", "tests/dns", "tests/https")),
    Room("repository", (f"{SUITE}repository/*.py",), ("tests/repository",)),
    Room("github", (f"{SUITE}github/*.py",), ("tests/github",)),
    Room(
        "secrets",
        (f"{SUITE}secrets/*.py", f"{SUITE}core/secret/*.py"),
        ("tests/secrets", "tests/secret"),
    ),
)
