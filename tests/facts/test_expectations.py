"""What expectations admit."""

import pytest

from spark_conformance.facts.expectations import About, AtLeast, AtMost, Version, admits


@pytest.mark.parametrize(
    ("expectation", "good", "bad"),
    [
        (AtLeast(at_least=115), [115, 115.0, 119.6], [114.99, None, "120"]),
        (AtMost(at_most=3), [0, 3], [3.1, None, "1"]),
        (About(about=40, within_percent=10), [36, 40, 42.52, 44], [35.9, 44.1, None]),
        (Version(at_least="2025.11.0"), ["2025.11.0", "2026.8.2", "2025.11.0.1"],
         ["2025.9.1", "2024.12.2", "", "dev", "2025.x", None]),
        (Version(at_least="2025.11.0"), ["2025.11", "2025.11.0.0", "2026"], ["2025.10.9", "2025", "0"]),
        (Version(at_least="2025.11"), ["2025.11.0", "2025.11.1"], ["2025.10"]),
        (Version(at_least="1.2"), ["1.2", "1.3"], ["1.1", "1.0"]),
        ("quic", ["quic"], ["http2", "", None]),
        (True, [True], [False, 1, "True", None]),
        (4, [4], [3, True, "4", 4.0]),
        ((0, 1, 2, 3), [(0, 1, 2, 3)], [(0, 1, 2), (3, 2, 1, 0), [0, 1, 2, 3]]),
    ],
)  # fmt: skip
def test_admits(expectation: object, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not admits(expectation, value)] == []
    assert [value for value in bad if admits(expectation, value)] == []
