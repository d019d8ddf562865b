"""What a worker of these tests reports arrives as it was."""

from types import SimpleNamespace
from typing import Any

import execnet
import pytest

from tests import packed

REPORT = {"nodeid": "ü\udc80", "location": ("a", None, "b"), "duration": 0.1, "passed": True, "more": [{"x": b"\xff"}]}


def sent(data: dict[str, Any], **config: Any) -> Any:
    """What a process hands to execnet of a report that pytest has made data of."""
    packing = packed.pytest_report_to_serializable(SimpleNamespace(**config))  # type: ignore[arg-type] # a worker's
    next(packing)
    with pytest.raises(StopIteration) as ended:
        packing.send(data)
    return ended.value.value


def test_a_workers_report_arrives_whole() -> None:
    arrived = execnet.loads(execnet.dumps(sent(dict(REPORT), workerinput={})))
    assert list(arrived) == [packed.PACKED]
    packed.pytest_report_from_serializable(arrived)
    assert arrived == REPORT


def test_what_cannot_be_packed_is_left_as_it_is() -> None:
    odd = {"nodeid": object()}
    assert sent(odd, workerinput={}) is odd
    assert sent(REPORT) is REPORT
