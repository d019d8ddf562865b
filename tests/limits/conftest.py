from itertools import count

import pytest


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer's clock goes on by a second each time that it is looked at: how fast the machine is decides nothing."""
    monkeypatch.setattr("spark_conformance.limits.http.monotonic", count().__next__)
