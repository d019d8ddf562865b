import pytest

from spark_conformance.host.ollama_host_header import Replay


@pytest.mark.parametrize(("status", "answered"), [(199, False), (200, True), (299, True), (300, False), (403, False)])
def test_a_request_is_answered_by_any_success(status: int, answered: bool) -> None:
    assert Replay("localhost", status, "").answered is answered
