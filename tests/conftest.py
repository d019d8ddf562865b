"""What the suite's own tests share."""

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from spark_conformance.core.secret import masking
from spark_conformance.core.secret.masking import Known
from spark_conformance.observations import load_observations
from tests.installed import read_once

SOURCES = Path(__file__).parents[1] / "fixtures"
GARBAGE = 20_000
"""How many new objects are made before garbage is looked for."""
LEAN = Path(__file__).parent / "lean"
"""What the tests' own tools bring, and users have not, is not there for programs that tests start."""
os.environ["PYTHONPATH"] = os.pathsep.join([str(SOURCES), str(LEAN), *filter(None, [os.environ.get("PYTHONPATH")])])

os.environ.setdefault("MATRIX_DAY", str(datetime.now(UTC).date()))  # before workers start: they inherit it

# The tests start some hundred processes of the suite, of which each would compile all of it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

EXAMPLES = int(os.environ.get("EXAMPLES", "50"))
settings.register_profile(  # the same examples in each run, others at night; how long one takes is the machine's affair
    "tests", max_examples=EXAMPLES, derandomize="EXAMPLES" not in os.environ, database=None, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("tests")
if "EXAMPLES" not in os.environ:
    # Which modules a worker happens to have imported decides no example, and none of them is read for its constants.
    providers._get_local_constants = lambda: providers._local_constants

read_once()

pytest_plugins = [
    "pytester", "tests.labs", "tests.leaks", "tests.day", "tests.turns", "tests.longest", "tests.compiled",
    "tests.packed",
]  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Let no warning pass here; in an operator's run one of somebody else's plugin is no reason to end."""
    config.addinivalue_line("filterwarnings", "error")
    if getattr(config.option, "dist", "no") == "no":  # tests run in this process, and not in its workers
        # pytester forgets what a session in this process is the first to import, and each would import it again.
        load_observations()
        for part in ("https.failing", "notify.gathered", "notify.sending"):
            import_module(f"spark_conformance.{part}")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's `&` leaves it: whom we start could not hear it
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Keep nothing compiled that a test writes: of two modules of one second the first would run for the second.

    And hide from the runs that a test starts that it may itself run in one of xdist's workers. Garbage is looked for
    less often: all that a worker has read is gone through each time, an eighth of its CPU at Python's own threshold.
    """
    gc.set_threshold(GARBAGE)
    with patch.dict(os.environ, {"PYTHONDONTWRITEBYTECODE": "1"}), patch.object(sys, "dont_write_bytecode", True):
        for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
            os.environ.pop(name, None)
        return (yield)


@pytest.fixture(autouse=True)
def _no_secrets_of_others() -> Iterator[None]:
    """Forget after each test which secrets it made: the next one's texts are not theirs to mask."""
    before, masking._known = masking._known, Known()
    yield
    masking._known = before
