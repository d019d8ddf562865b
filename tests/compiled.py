"""What a run of all tests compiles once where nothing is kept yet, as in a clone that is new.

The sources: what tests start keeps nothing, and each lab and connector would compile what no test imports. And the
tests' modules, with assertions rewritten: each worker imports all in one order, so two would rewrite the same at the
same time, and neither find the other's.
"""

import compileall
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

from tests.turns import everywhere

HERE = Path(__file__).parent
SOURCES = HERE.parent / "fixtures"


def pytest_configure(config: pytest.Config) -> None:
    """Compile all sources, and in a worker its share of the modules; one that is there and stale is left to pytest."""
    if not everywhere(config.args, config.invocation_params.dir):
        return
    worker: dict[str, str] = getattr(config, "workerinput", {})
    if not worker:
        compileall.compile_dir(SOURCES, quiet=2)
        return
    number, count = int(worker["workerid"].removeprefix("gw")), int(worker["workercount"])
    for path in sorted(HERE.rglob("test_*.py"))[number::count]:
        kept = rewrite.get_cache_dir(path) / f"{path.stem}{rewrite.PYC_TAIL}"
        if not kept.exists() and rewrite.try_makedirs(kept.parent):
            source_hash, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, kept)
