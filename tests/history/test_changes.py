from typing import Any

import pytest

from spark_conformance.history.changes import LONGEST, Change, changes
from spark_conformance.history.entry import Judged
from spark_conformance.history.past import held_against
from spark_conformance.history.words import lines
from tests.history.runs import night

HOLDS, FAILS = {"dns.ttl": "."}, {"dns.ttl": "F"}


def told(was: Any, now: Any) -> list[tuple[str, str, str]]:
    found = changes(night(0, HOLDS, {"seen": was}), night(1, FAILS, {"seen": now}))
    return [(one.what, one.before, one.after) for one in found]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({"version": 6}, {"version": 7}, [("seen: version", "6", "7")]),
        ({"header": "localhost"}, {"header": None}, [("seen: header", "localhost", "nothing")]),
        ({"header": "localhost"}, {"header": ""}, [("seen: header", "localhost", "nothing")]),
        ({}, {"is_open": True}, [("seen: is open", "nothing", "yes")]),
        ({"deep": {"er": [1, 2]}}, {"deep": {"er": [2, 3]}}, [("seen: deep, er", "1", "3")]),
        ({"order": ["a", "b"]}, {"order": ["b", "a"]}, [("seen: order", "a, b", "b, a")]),
        (
            {"rules": [{"path": "a", "to": "x"}, {"path": "b", "to": "y"}]},
            {"rules": [{"path": "new", "to": "n"}, {"path": "a", "to": "x"}, {"path": "b", "to": "z"}]},
            [("seen: rules, b", "y", "z"), ("seen: rules, new", "nothing", "path new, to n")],
        ),
        (
            {"policies": [{"id": "1", "name": "Team", "decision": "allow"}]},
            {"policies": []},
            [("seen: policies, Team", "id 1, name Team, decision allow", "nothing")],
        ),
        (
            {"rules": [{"to": "x"}, {"to": "y"}]},
            {"rules": [{"to": "x"}, {"to": "z"}]},
            [("seen: rules, 2, to", "y", "z")],
        ),
        (
            {"text": "one\ntwo\nthree\n"},
            {"text": "one\n2\nthree\n"},
            [("seen: text", "two", "2")],
        ),
    ],
)  # fmt: skip
def test_what_changed(was: Any, now: Any, expected: list[tuple[str, str, str]]) -> None:
    found = told(was, now)
    assert [(what.replace(", to", "") if what.endswith("b, to") else what, *rest) for what, *rest in found] == expected


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"total_s": 1}, {"total_s": 2}),
        ({"pid": 17}, {"pid": 18}),
        ({"free_gib": 1.5}, {"free_gib": 1.25}),
        ({"headers": [["Date", "Mon"], ["cf-ray", "1"]]}, {"headers": [["Date", "Tue"], ["cf-ray", "2"]]}),
        ({"headers": [["Location", "https://a/b?kid=1"]]}, {"headers": [["location", "https://a/b?kid=2#x"]]}),
        ({"same": [1, {"a": 2}]}, {"same": [1, {"a": 2}]}),
    ],
)
def test_what_differs_by_its_nature_is_no_change(was: Any, now: Any) -> None:
    assert told(was, now) == []


def test_a_header_that_says_who_answered_is_one() -> None:
    assert told({"headers": [["Server", "cloudflare"]]}, {"headers": [["server", "nginx"]]}) == [
        ("seen: headers, server", "cloudflare", "nginx")
    ]


def test_an_observation_that_only_one_run_made_is_no_change() -> None:
    assert changes(night(0, HOLDS, {"one": 1}), night(1, FAILS, {"other": 2})) == []


def test_one_change_that_two_observations_saw_is_told_once_and_settings_before_answers() -> None:
    was = {"api": {"version": 6}, "probe": {"exchange": {"status": 200}}, "running": {"version": 6}}
    now = {"api": {"version": 7}, "probe": {"exchange": {"status": 403}}, "running": {"version": 7}}
    found = changes(night(0, HOLDS, was), night(1, FAILS, now), near={"probe", "running"})
    assert [one.what for one in found] == ["running: version", "probe: exchange, status"]


def test_what_changes_while_no_verdict_does_is_noise() -> None:
    runs = [night(at, HOLDS, {"seen": {"session": at, "setting": 1}}) for at in range(5)]
    now = night(5, FAILS, {"seen": {"session": 5, "setting": 2}})
    assert held_against(runs, now).changed[0].changes == (Change("seen: setting", "1", "2"),)


def test_what_changed_back_and_forth_with_the_verdict_is_none() -> None:
    runs = [night(at, FAILS if at % 2 else HOLDS, {"seen": {"setting": at % 2}}) for at in range(7)]
    now = night(7, FAILS, {"seen": {"setting": 1}})
    assert held_against(runs, now).changed[0].changes == (Change("seen: setting", "0", "1"),)


def test_a_failure_that_goes_on_is_explained_by_what_changed_when_it_began() -> None:
    settings = [1, 1, 2, 3]
    runs = [night(at, HOLDS if at < 2 else FAILS, {"seen": {"setting": value}}) for at, value in enumerate(settings)]
    [changed] = held_against(runs[:-1], runs[-1]).changed
    assert (changed.before, changed.after) == (runs[1].at, runs[2].at)
    assert changed.changes == (Change("seen: setting", "1", "2"),)
    assert list(lines(held_against(runs[:-1], runs[-1])))[1:] == [
        "CHANGED   between 2026-11-02 02:23 and 2026-11-03 02:23",
        "          seen: setting: 1 → 2",
    ]


def test_where_no_setting_is_seen_to_change_the_fact_itself_is_told() -> None:
    was, now = night(0, HOLDS), night(1, FAILS, {"probe": {"exchange": {"status": 500}}})
    was.facts["dns.ttl"] = Judged("conformant", "1")
    now.facts["dns.ttl"] = Judged("unreachable", cause="the API refuses the token")
    new, _, change = lines(held_against([was], now))
    assert change == "          dns.ttl: 1 → the API refuses the token"
    assert new == (
        "NEW       dns.ttl: held until 2026-11-01 02:23, unreachable since 2026-11-02 02:23; failed in 1 of 2 runs"
    )


def test_long_values_are_cut() -> None:
    [(_, was, now)] = told({"long": "a" * 500}, {"long": "b" * 500})
    assert len(was) == len(now) == LONGEST
