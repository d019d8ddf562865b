"""What a run tells, whom, and that its exit code and its reports stand whatever comes of it."""

import json
from collections.abc import Iterator

import pytest

from tests.notify.making import Sink, sink
from tests.notify.schema import complaints
from tests.suite.small import FACTS, Outcome, run_suite

CANARY = "canary-of-the-hook-0123456789"
CHECKS = """
TOKEN = Secret("{canary}", "a token")

@pytest.mark.fact("dns.records")
def test_records(judge):
    judge({records}, note="said {canary}")

@pytest.mark.fact("dns.ttl")
def test_ttl(judge):
    raise Unmet("dns.records", "two")

@pytest.mark.fact("dns.type")
def test_type(judge):
    {type}
"""

WAIVED = """
[[waivers]]
fact = "dns.records"
reason = "later"
owner = "me"
issue = "#1"
until = 2999-01-01
"""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    monkeypatch.setenv("HOOK_TOKEN", CANARY)
    with sink() as made:
        monkeypatch.setenv("HOOK", made.url)
        yield made


def run(
    pytester: pytest.Pytester, *options: str, records: int = 2, kind: str = 'judge("CNAME")', more: str = ""
) -> Outcome:
    facts = f'{FACTS}\n[notify.webhook.ops]\nurl = "env:HOOK"\ntoken = "env:HOOK_TOKEN"\n{more}'
    checks = CHECKS.format(records=records, type=kind, canary=CANARY)
    fresh = not (pytester.path / "checks").exists()
    return run_suite(pytester, checks, "checks", *options, facts=facts, fresh=fresh)


def told(outcome: Outcome) -> list[str]:
    return [line.strip() for line in outcome.out.splitlines() if line.strip().startswith("notify:")]


def test_a_root_cause_is_told_once_and_when_it_holds_again(pytester: pytest.Pytester, hook: Sink) -> None:
    for records, line in ((2, "told: 1 new"), (2, "nothing to tell"), (1, "told: 1 fixed")):
        outcome = run(pytester, records=records)
        assert told(outcome) == [f"notify: webhook ops: {line}"]
        assert outcome.code == (0 if records == 1 else 1)
    sent = [json.loads(body) for _, body in hook.got]
    assert [complaint for data in sent for complaint in complaints(data)] == []
    [new], [fixed] = (data["outcomes"] for data in sent)
    assert (new["key"], [one["fact"] for one in new["facts"]]) == ("fact:dns.records", ["dns.records"])
    assert new["blocked"] == ["dns.ttl"]
    assert new["since"]["judged"] == 1
    assert fixed["state"] == "fixed"
    assert not [body for _, body in hook.got if CANARY.encode() in body]
    written = "".join(path.read_text() for path in (pytester.path / "reports").rglob("*.json"))
    assert CANARY not in written


@pytest.mark.parametrize(
    ("options", "more", "line"),
    [
        (("--no-notify",), "", ""),
        (("--notify-dry-run",), "", "would be told: 1 new"),
        ((), WAIVED, "nothing to tell"),
    ],
)  # fmt: skip
def test_nobody_is_told(pytester: pytest.Pytester, hook: Sink, options: tuple[str, ...], more: str, line: str) -> None:
    outcome = run(pytester, *options, more=more)
    assert told(outcome) == ([f"notify: webhook ops: {line}"] if line else [])
    assert hook.got == []
    assert ("**new**: dns.records" in outcome.out) is ("--notify-dry-run" in options)
    assert ("expected 1, observed 2" in outcome.out) is ("--notify-dry-run" in options)
    assert CANARY not in outcome.out
    assert not (pytester.path / "reports/history/told.json").exists()


def test_a_lab_is_told_of_only_where_that_is_asked_for(
    pytester: pytest.Pytester, hook: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.notify.test_plugin.FACTS", FACTS.replace('name = "pi"', 'name = "pi"\nlab = true'))
    assert told(run(pytester)) == ["notify: pi: nobody is told of a lab (--notify tells them all the same)"]
    assert hook.got == []
    assert told(run(pytester, "--notify")) == ["notify: webhook ops: told: 1 new"]
    assert json.loads(hook.got[0][1])["lab"] is True


def test_a_run_that_did_not_end_tells_nobody(pytester: pytest.Pytester, hook: Sink) -> None:
    outcome = run(pytester, kind="raise KeyboardInterrupt")
    assert told(outcome) == ["notify: pi: nobody is told: the run did not come to its end"]
    assert (outcome.code, hook.got) == (2, [])


def test_what_does_not_come_through_is_told_and_changes_no_exit_code(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", CANARY)
    with sink(500) as broken:
        monkeypatch.setenv("HOOK", broken.url)
        outcome = run(pytester)
    assert outcome.code == 1
    assert "it is in trouble itself" in " ".join(told(outcome))
    assert (pytester.path / "reports/results.json").is_file()
    assert "canary-in-the-path" not in outcome.out
    monkeypatch.setattr("spark_conformance.notify.gathered.seen", _breaks)
    assert "notify: pi: NOT told: ZeroDivisionError" in " ".join(told(run(pytester)))


def _breaks(_: object) -> object:
    return 1 / 0


@pytest.mark.parametrize(
    ("options", "facts", "sentence"),
    [
        (("--notify", "--no-notify"), FACTS, "--notify and --no-notify contradict each other"),
        (("--notify",), FACTS, "--notify: the facts file of facts.toml names nobody to tell; write [notify.webhook."),
    ],
)
def test_options_that_cannot_be(pytester: pytest.Pytester, options: tuple[str, ...], facts: str, sentence: str) -> None:
    outcome = run_suite(pytester, CHECKS.format(records=1, type="pass", canary=CANARY), "checks", *options, facts=facts)
    assert outcome.code == 4
    assert sentence in outcome.out
