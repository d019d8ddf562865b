from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.github.client import NotThere
from spark_conformance.notify.issues import Board, foretell, tell
from spark_conformance.notify.marker import mark_in
from spark_conformance.notify.trouble import Trouble
from tests.notify.hub import Hub, hub
from tests.notify.making import NIGHT, about, fact, finding, header, seen


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Hub]:
    with hub(tmp_path) as made:
        yield made


def test_the_life_of_an_issue(there: Hub) -> None:
    assert there.tell(0, seen(header())) == ["new"]
    [issue] = there.world.issues
    assert issue["title"].startswith("pi: the ingress sends the public Host header")
    for told in (
        "**proven**, at Ollama", "for: the host answers 403 to that Host", "`tunnel.http_host_header`", "It held until",
        "localhost:11434 → nothing", "HTTP Host Header", "--remediate plan", "because of this: `public.models`",
    ):  # fmt: skip
        assert told in issue["body"]
    assert [label["name"] for label in issue["labels"]] == ["conformance"]
    assert there.tell(0, seen(header())) == []
    assert there.tell(1, seen(header())) == ["still"]
    assert there.tell(1, seen(header())) == []
    assert there.tell(2, seen(header(observed="HTTP 502"))) == ["changed"]
    assert "HTTP 502" in issue["body"]
    assert there.tell(3, seen()) == ["fixed"]
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert there.tell(4, seen()) == []
    assert there.tell(5, seen(header())) == ["again"]
    assert there.comments() == ["still", "changed", "fixed", "Opened again"]
    assert there.states == ["open"]


def test_one_issue_a_root_cause_and_a_system(there: Hub) -> None:
    assert there.tell(0, seen(header(), fact("dns.ttl"))) == ["new", "new"]
    assert there.tell(0, seen(header()), system="tau") == ["new"]
    assert there.tell(1, seen(header(), fact("dns.ttl"))) == ["still", "still"]
    assert len(there.world.issues) == 3


def test_two_runs_at_once_leave_one(there: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    there.tell(0, seen(header()))
    listed, looks = Board.issues, iter([False, True])
    with monkeypatch.context() as other:  # it looked before the first had made its own
        other.setattr(Board, "issues", lambda board: listed(board) if next(looks) else [])
        assert there.tell(0, seen(header())) == ["the same as #1, closed"]
    assert there.states == ["open", "closed"]
    assert there.tell(1, seen(header())) == ["still"]
    there.touch(2, state="open")
    assert there.tell(1, seen(header())) == ["the same as #1, closed"]
    assert there.tell(2, seen()) == ["fixed"]
    assert there.states == ["closed", "closed"]


def test_a_person_decides_about_an_issue(there: Hub) -> None:
    there.tell(0, seen(header()))
    there.touch(1, state="closed", state_reason="not_planned")
    [line] = tell(there.board(), about(), seen(header()), NIGHT)
    assert "was closed as not planned, and stays closed: waive it" in line
    assert there.states == ["closed"]
    there.touch(1, state_reason="completed")
    assert there.tell(2, seen(header())) == ["again"]
    there.touch(1, title="my own words", labels=[{"name": "mine"}])
    assert there.tell(3, seen(header())) == ["still"]
    assert there.world.issues[0]["title"] == "my own words"


def test_what_else_stands_in_the_repository_is_left_alone(there: Hub) -> None:
    there.tell(0, seen(header()))
    body = there.world.issues[0]["body"]
    there.world.issues += [
        {**there.world.issues[0], "number": 2, "pull_request": {}, "body": body},
        {**there.world.issues[0], "number": 3, "body": '<!-- spark-conformance: {"format": 1} --> torn'},
        {**there.world.issues[0], "number": 4, "body": None},
    ]
    assert there.tell(1, seen()) == ["fixed"]
    assert there.states == ["closed", "open", "open", "open"]


def test_many_at_once_are_not_many_issues(there: Hub) -> None:
    many = [fact(f"host.x{number}") for number in range(14)]
    told = there.tell(0, seen(*many))
    assert told[-1] == "4 more root causes have no issue yet"
    assert len(there.world.issues) == 10


def test_nothing_in_it_is_markup_a_mention_or_too_long(there: Hub) -> None:
    worst = "@octocat <img src=x> #1 --> [link](https://example.org) | \x1b[31m " + "x" * 2000
    trouble = Trouble("fact:dns.ttl", "fact", worst, tuple(finding("dns.ttl", observed=worst) for _ in range(40)))
    there.tell(0, seen(trouble))
    issue = there.world.issues[0]
    assert len(issue["title"]) <= 256
    marked = mark_in(issue["body"])
    assert marked is not None
    shown = issue["body"].replace("<!-- -->", "")
    assert not [part for part in ("@octocat", "<img", "\x1b", "[link](") if part in issue["body"]]
    assert shown.count("<!--") == 1
    assert there.tell(1, seen(trouble)) == ["still"]


def test_what_it_would_do_is_foretold_and_nothing_is_written(there: Hub) -> None:
    there.tell(0, seen(header()))
    before = list(there.world.requests)
    now = NIGHT.replace(day=5)
    told = [*foretell(there.board().issues(), about(), seen(fact("dns.ttl")), now)]
    assert [line.partition(":")[0] for line, _ in told] == ["open an issue", "fixed"]
    assert [*foretell([], about(), seen(), now)] == []
    assert {line.split()[0] for line in there.world.requests[len(before) :]} == {"GET"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"issues_enabled": False}, "answered 410 to issues .* switched off there"),
        ({"tokens": {}}, "answered 401 .* the token is wrong or expired"),
        ({"limit": "retry"}, "answered 429 .* too many requests; try again in 60 s"),
        ({"permissions": set()}, "answered 403 .* lacks the repository permission Issues: write"),
        ({"repository": "goldfish/other"}, "answered 404"),
    ],
)
def test_each_refusal_is_a_sentence(there: Hub, change: dict[str, object], sentence: str) -> None:
    if change.get("limit"):
        there.world.limit.retry_after = 60
    elif "permissions" in change:
        next(iter(there.world.tokens.values())).permissions = set()
    else:
        for name, value in change.items():
            setattr(there.world, name, value)
    with pytest.raises((Unreachable, NotThere), match=sentence):
        there.tell(0, seen(header()))
    assert there.world.issues == []


def test_a_locked_issue_is_told_and_the_mark_is_kept(there: Hub) -> None:
    there.tell(0, seen(header()))
    there.touch(1, locked=True)
    with pytest.raises(Unreachable, match="answered 403 to issues/1/comments"):
        there.tell(1, seen(header()))
    assert there.tell(1, seen(header())) == []


def test_a_field_that_github_does_not_take_is_named(there: Hub) -> None:
    with pytest.raises(Unreachable, match=r"answered 422 to issues .*does not take what was sent \(title\)"):
        there.github.send("POST", "issues", "Issues: write", {"title": "x" * 300, "body": "x"})
