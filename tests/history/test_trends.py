from datetime import datetime, timedelta
from typing import Any, get_type_hints

import pytest

from spark_conformance.core.run import OBSERVATIONS
from spark_conformance.history.trends import falling, trends
from spark_conformance.observations import load_observations
from tests.history.runs import FIRST, night

HOLDS = {"dns.ttl": "."}
PLACES = {
    "certificate": ("not_after",), "service_token": ("expires_at",), "token_probe": ("exchange", "first_byte_s"),
    "public_generation": ("first_token_s",), "ollama_generation": ("seconds", "tokens"), "host_disk": ("free_gib",),
    "host_memory": ("available_gib",), "host_clock_skew": ("ahead_s",),
}  # fmt: skip


def test_what_is_measured_is_observed_under_these_names() -> None:
    load_observations()
    for name, fields in PLACES.items():
        kind: Any = get_type_hints(OBSERVATIONS[name])["return"]
        for part in fields:
            assert part in get_type_hints(kind), (name, part)
            kind = get_type_hints(kind)[part] if part == "exchange" else kind


def test_days_until_a_time_that_is_stated() -> None:
    runs = [night(at, HOLDS, {"certificate": {"not_after": "2026-12-01T02:23:00+00:00"}}) for at in range(3)]
    [trend] = trends(runs)
    assert trend.values == (30, 29, 28)
    assert trend.forecast == "until 2026-12-01"
    assert trend.line == "█▅▁"


def test_a_token_of_year_1_is_for_ever() -> None:
    assert trends([night(0, HOLDS, {"service_token": {"expires_at": "0001-01-01T00:00:00Z"}})]) == []


def test_what_the_last_run_did_not_measure_is_not_told() -> None:
    assert trends([night(0, HOLDS, {"host_disk": {"free_gib": 5.0}}), night(1, HOLDS, {"host_disk": None})]) == []


def fall(values: list[float], hours: float = 24) -> list[tuple[datetime, float]]:
    return [(FIRST + timedelta(hours=hours * at), value) for at, value in enumerate(values)]


def test_a_steady_fall_has_an_end() -> None:
    assert falling(fall([100.0 - 2 * at for at in range(10)])) == (
        "at this rate nothing is left in about 41 days (41 to 41)"
    )


def test_an_unsteady_one_has_a_range() -> None:
    told = falling(fall([100, 97, 96, 92, 91, 88, 84, 83, 80, 77]))
    assert told.startswith("at this rate nothing is left in about 30 days (")
    soonest, latest = (int(word.strip("()")) for word in told.rpartition("days ")[2].split(" to "))
    assert soonest < 30 < latest


@pytest.mark.parametrize(
    "known",
    [
        fall([100, 90, 80]),  # few
        fall([100.0 - at for at in range(10)], hours=1),  # a night's work, not a trend
        fall([50.0] * 10),
        fall([50, 51, 49, 50, 52, 50, 49, 51, 50, 50]),
        fall([10.0 + at for at in range(10)]),
        fall([1000 - 0.01 * at for at in range(10)]),  # in 270 years
        [],
    ],
)
def test_else_nothing_is_foretold(known: list[tuple[datetime, float]]) -> None:
    assert falling(known) == ""
