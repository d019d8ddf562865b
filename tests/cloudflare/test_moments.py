from datetime import UTC, datetime

import pytest

from spark_conformance.cloudflare.moments import days_since, seen_at
from spark_conformance.core.verdict import Unreachable

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-11-27T12:00:00Z", 0),
        ("2026-11-26T12:00:00Z", 1),
        ("2025-11-27T12:00:00+00:00", 365),
        ("2026-11-27T13:00:00+01:00", 0),
        ("2026-11-28T12:00:00", -1),
    ],
)
def test_days_from_a_time_until_it_was_seen(text: str, days: int) -> None:
    with seen_at(NOON):
        assert days_since(text) == days


def test_without_a_recording_it_is_until_now() -> None:
    assert abs(days_since(datetime.now(UTC).isoformat())) < 1
    with seen_at(NOON):
        pass
    assert days_since("2026-11-27T12:00:00Z") != 0


def test_what_is_no_time_is_told() -> None:
    with pytest.raises(Unreachable, match="'soon' should be a time"):
        days_since("soon")
