"""A few nights of a lab, whole: what breaks is told once, as what it is, and when it holds."""

from pathlib import Path

import pytest

from spark_lab.announcement import Announcement
from spark_lab.faults import named
from tests.history.nights import ALL, PLAN, place, play
from tests.notify.hub import TOKEN
from tests.notify.schema import complaints

HEADER = ("ingress-without-host-header",)


def test_an_issue_is_opened_when_it_breaks_and_closed_when_it_holds(
    lab: Announcement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTS_TOKEN", TOKEN)
    with place(tmp_path) as (nights, notify):
        played = [*play(lab, tmp_path / "history", [(), HEADER, ()], nights, notify)]
        [issue] = nights.github.issues
        assert [line.rpartition("] ")[2] for line in nights.issues] == ["fixed"]
    assert "the ingress sends the public Host header" in issue["title"]
    assert "localhost:" in issue["body"]
    assert "http host header: localhost" in issue["body"].replace("\\", "").partition("What changed")[2]
    assert [night.exit_code for night in played] == [0, 1, 0]
    states = [[outcome["state"] for outcome in message["outcomes"]] for message in nights.sent]
    assert states == [["new"], ["fixed"]]
    assert [complaint for message in nights.sent for complaint in complaints(message)] == []
    assert nights.sent[0]["outcomes"][0]["key"] == "cause:ollama-host-header"
    written = "".join([issue["body"], *(body.decode() for _, body in nights.hook.got)])
    assert lab.api_token not in written


def test_the_plan_of_thirty_nights_names_faults_that_there_are() -> None:
    assert max(PLAN) <= ALL
    assert named(name for faults in PLAN.values() for name in faults)
