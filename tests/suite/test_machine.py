"""A machine that is short of room or of open files: a sentence, before the run where it can be."""

import errno
import resource
import shutil
import tempfile
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.plugin import machine
from spark_lab.shortage import shortage

UNBOUND = resource.RLIM_INFINITY
COPIES = shutil.Error([("a", "b", "[Errno 28] No space left on device: 'a' -> 'b'")] * 50)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """This process's limit of open files, as it seems to be and as it is set."""
    seen = SimpleNamespace(now=(1024, 4096))
    monkeypatch.setattr(machine, "looks_at_checks", lambda _: True)
    monkeypatch.setattr(machine, "will_run", lambda _: True)
    monkeypatch.setattr(resource, "getrlimit", lambda _: seen.now)
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: setattr(seen, "now", new))
    return seen


@pytest.mark.parametrize(
    ("before", "after"),
    [((1024, 4096), (1024, 4096)), ((40, 4096), (256, 4096)), ((40, UNBOUND), (256, UNBOUND))],
)
def test_a_limit_that_may_be_raised_is_raised(limits: Any, before: tuple[int, int], after: tuple[int, int]) -> None:
    limits.now = before
    machine.pytest_configure(SimpleNamespace())  # type: ignore[arg-type]  # nothing of it is looked at
    assert limits.now == after


def test_a_limit_that_is_too_low_is_told_before_the_run(limits: Any) -> None:
    limits.now = (40, 40)
    with pytest.raises(
        pytest.UsageError, match=r"may open 40 files at once, and a run needs up to 256: raise the limit with `ul"
    ):
        machine.pytest_configure(SimpleNamespace())  # type: ignore[arg-type]  # nothing of it is looked at


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            f"no room is left in {tempfile.gettempdir()}: the lab needs",
        ),
        (COPIES, f"no room is left in {tempfile.gettempdir()}: the lab needs"),
        (OSError(errno.EMFILE, "Too many open files"), "too few files may be open at once: the lab needs 256"),
    ],
)
def test_the_lab_tells_what_it_is_short_of(error: OSError, said: str) -> None:
    assert shortage(error).startswith(said)
    assert shortage(OSError(errno.EACCES, "Permission denied")) == ""


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "no space is left at /place"), (errno.EMFILE, "too few files may be open at once")],
)
def test_a_run_that_gets_short_ends_with_a_sentence(number: int, said: str) -> None:
    with pytest.raises(OSError, match="words") as short:
        raise OSError(number, "words", "/place")
    with pytest.raises(pytest.exit.Exception, match=said) as caught:
        machine.pytest_internalerror(short)
    assert caught.value.returncode == pytest.ExitCode.USAGE_ERROR
