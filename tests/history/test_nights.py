"""A few nights of a lab, whole: what breaks is told once, as what it is, and when it holds; and no secret with it."""

import json
from pathlib import Path

import pytest

from spark_lab.announcement import Announcement
from spark_lab.faults import named
from tests.end_to_end.test_canaries import canaries, found
from tests.history.nights import ALL, PLAN, place, play
from tests.notify.hub import TOKEN
from tests.notify.schema import complaints

BROKEN = ("ingress-without-host-header", "leak-tunnel-token")


def test_an_issue_is_opened_when_it_breaks_and_closed_when_it_holds(
    lab: Announcement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTS_TOKEN", TOKEN)
    with place(tmp_path) as (nights, notify):
        played = [*play(lab, tmp_path / "history", [(), BROKEN, ()], nights, notify)]
        [issue, leak] = nights.github.issues
        assert [line.rpartition("] ")[2] for line in nights.issues] == ["fixed", "fixed"]
    assert "the ingress sends the public Host header" in issue["title"]
    assert "localhost:" in issue["body"]
    assert "http host header: localhost" in issue["body"].replace("\\", "").partition("What changed")[2]
    assert [night.exit_code for night in played] == [0, 1, 0]
    states = [[outcome["state"] for outcome in message["outcomes"]] for message in nights.sent]
    assert states == [["new"] * 2, ["fixed"] * 2]
    assert [complaint for message in nights.sent for complaint in complaints(message)] == []
    assert [outcome["key"] for outcome in nights.sent[0]["outcomes"]] == [
        "cause:ollama-host-header",
        "fact:secrets.leaks",
    ]
    assert "tunnel config" not in leak["body"]
    assert "leaks: found, the tunnel's token: nothing" in leak["body"]
    said = [comment["body"] for comments in nights.github.comments.values() for comment in comments]
    written = "".join([*said, *(one["body"] for one in nights.github.issues), *map(json.dumps, nights.sent)])
    assert found(written, canaries(lab)) == []


def test_the_plan_of_thirty_nights_names_faults_that_there_are() -> None:
    assert max(PLAN) <= ALL
    assert named(name for faults in PLAN.values() for name in faults)
