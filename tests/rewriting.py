"""The assertions of all tests' modules rewritten once where nothing is kept yet, as in a clone that is new.

Each worker imports all of them in one order: two would rewrite the same at the same time, and neither find the other's.
"""

from pathlib import Path

import pytest
from _pytest.assertion import rewrite

from tests.turns import everywhere

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Rewrite this worker's share of those that are not there; what is there and stale is left to pytest."""
    worker: dict[str, str] = getattr(config, "workerinput", {})
    if not worker or not everywhere(config.args, config.invocation_params.dir):
        return
    number, count = int(worker["workerid"].removeprefix("gw")), int(worker["workercount"])
    for path in sorted(HERE.rglob("test_*.py"))[number::count]:
        kept = rewrite.get_cache_dir(path) / f"{path.stem}{rewrite.PYC_TAIL}"
        if not kept.exists() and rewrite.try_makedirs(kept.parent):
            source_hash, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, kept)
