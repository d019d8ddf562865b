"""What xdist's workers report of a test, packed by Python itself.

execnet packs it value by value, in Python, and so does whoever reads it: three reports of twenty values each, for tests
of which most take a millisecond.
"""

import marshal
from collections.abc import Generator
from typing import Any, TypeAlias

import pytest

PACKED = "packed"
Told: TypeAlias = dict[str, Any] | None


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config: pytest.Config) -> Generator[None, Told, Told]:
    """Pack a worker's report; one that cannot be packed is execnet's, which says why."""
    data = yield
    if data is None or not hasattr(config, "workerinput"):
        return data
    try:
        return {PACKED: marshal.dumps(data)}
    except ValueError:
        return data


@pytest.hookimpl(tryfirst=True)
def pytest_report_from_serializable(data: dict[str, Any]) -> None:
    """Unpack it, for pytest to make a report of."""
    if PACKED in data:
        data.update(marshal.loads(data.pop(PACKED)))  # noqa: S302 - it comes from our own worker
