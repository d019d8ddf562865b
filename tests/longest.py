"""The longest tests first: what begins last keeps one worker busy while the others have nothing more to do."""

import pytest

LONGEST = (
    "tests/facts/test_new_", "tests/package/test_wheel", "tests/mutants/test_trying", "tests/workflows/",
    "tests/end_to_end/", "tests/suite/test_fleet", "tests/remediation/",
)  # fmt: skip
"""Of a run on two idle cores those modules of which one test takes three seconds and more; the matrix's are many."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
