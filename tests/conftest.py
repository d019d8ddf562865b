"""What the suite's own tests share."""

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _no_secrets_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget after each test which secrets it made: the next one's texts are not theirs to mask."""
    monkeypatch.setattr("fixtures.secret._known", set())
