import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret, mask
from spark_conformance.facts.load import About as System
from spark_conformance.facts.load import SystemFile
from spark_conformance.facts.model import Facts
from spark_conformance.facts.notify import Notify
from spark_conformance.facts.target import Target
from spark_conformance.notify.failing import NotSent
from spark_conformance.notify.memory import FILE
from spark_conformance.notify.sending import Telling, Told, tell
from spark_conformance.notify.steps import Seen
from spark_conformance.notify.webhook import post
from tests.notify.hub import REPOSITORY, TOKEN, hub
from tests.notify.making import NIGHT, Sink, about, fact, header, seen, sink
from tests.notify.schema import complaints

CANARY = "hook-canary-0123456789abcdef"


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", CANARY)
    monkeypatch.setenv("ISSUES_TOKEN", TOKEN)


@pytest.fixture
def hook() -> Iterator[Sink]:
    with sink() as made:
        yield made


def telling(notify: dict[str, Any], now: Seen, folder: Path | None, night: int = 0, **of_target: Any) -> Telling:
    at = NIGHT + timedelta(days=night)
    system = SystemFile(
        system=System(name="pi", hostname="llm.example.org", document="notes"),
        facts=Facts(), target=Target.model_validate(of_target), notify=Notify.model_validate(notify),
    )  # fmt: skip
    return Telling(Run(system), replace(about(at), verdicts=now.verdicts), now, at, folder)


def lines(told: Iterator[Told]) -> list[str]:
    return [str(line) for line in told]


@pytest.fixture
def closed() -> Iterator[int]:
    """A port that is taken, and nobody listens there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def at_hook(url: str, **more: Any) -> dict[str, Any]:
    return {"webhook": {"ops": {"url": url, "token": "env:HOOK_TOKEN", **more}}}


def test_a_webhook_is_told_once_by_the_schema_and_again_when_it_holds(hook: Sink, tmp_path: Path) -> None:
    both = seen(header(), fact("dns.ttl"))
    nights = [(0, seen(header())), (0, seen(header())), (1, both), (1, seen()), (2, seen())]
    told = [lines(tell(telling(at_hook(hook.url), now, tmp_path, night))) for night, now in nights]
    assert [line.partition("ops: ")[2] for [line] in told] == [
        "told: 1 new", "nothing to tell", "told: 1 still, 1 new", "told: 2 fixed", "nothing to tell",
    ]  # fmt: skip
    sent = [json.loads(body) for _, body in hook.got]
    assert [complaint for data in sent for complaint in complaints(data)] == []
    first, headers = sent[0], hook.got[0][0]
    assert (headers["Authorization"], headers["Content-Type"]) == (f"Bearer {CANARY}", "application/json")
    assert first["outcomes"][0]["cause"]["id"] == "ollama-host-header"
    assert first["outcomes"][0]["changes"][0]["after"] == "nothing"
    assert [one["verdict"] for one in sent[-1]["outcomes"][0]["facts"]] == ["conformant"] * 3


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "answered 401: it does not accept the token"),
        (403, "answered 403"),
        (404, "answered 404: there is no such address"),
        (410, "answered 410: it is gone"),
        (413, "answered 413"),
        (418, "answered 418: it does not take the message"),
        (429, "answered 429: too many messages; it takes the next one in 60 s"),
        (301, "answered 301: it is elsewhere now"),
        (500, "answered 500: it is in trouble itself"),
        (0, "could not be asked (RemoteProtocolError)"),
    ],
)
def test_what_does_not_come_through_is_a_sentence_and_is_told_again(status: int, sentence: str, tmp_path: Path) -> None:
    with sink(status, 204, Retry_After="60", Location="https://example.org") as hook:
        [failed] = tell(telling(at_hook(hook.url), seen(header()), tmp_path))
        [sent] = tell(telling(at_hook(hook.url), seen(header()), tmp_path))
    assert failed.failed
    assert "webhook ops: NOT told (1 new): 127.0.0.1" in str(failed)
    assert sentence in str(failed)
    assert "canary" not in str(failed)
    assert str(sent).endswith("told: 1 new")


def test_nobody_there_and_a_missing_secret_are_told_and_the_others_hear_of_it_all_the_same(
    hook: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: int
) -> None:
    monkeypatch.delenv("HOOK_TOKEN")
    receivers = {
        "first": {"url": f"http://127.0.0.1:{closed}"},
        "second": {"url": hook.url, "token": "env:HOOK_TOKEN"},
        "third": {"url": hook.url},
    }
    told = lines(tell(telling({"webhook": receivers}, seen(header()), tmp_path)))
    assert "could not be asked (ConnectError)" in told[0]
    assert "the environment variable HOOK_TOKEN is not set" in told[1]
    assert told[2] == "notify: webhook third: told: 1 new"


def test_silence_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSent, match=r"no answer within 0\.2 s"):
        post(Secret(f"http://127.0.0.1:{silent.getsockname()[1]}", "url"), None, 0.2, {})


def test_without_a_history_nothing_is_remembered_and_a_damaged_memory_is_told(hook: Sink, tmp_path: Path) -> None:
    for _ in range(2):
        assert lines(tell(telling(at_hook(hook.url), seen(header()), None)))[0].endswith("told: 1 new")
    (tmp_path / FILE).write_text("torn")
    told = lines(tell(telling(at_hook(hook.url), seen(header()), tmp_path)))
    assert "damaged" in told[0]
    assert told[1].endswith("told: 1 new")
    assert lines(tell(telling(at_hook(hook.url), seen(header()), tmp_path)))[0].endswith("nothing to tell")


def test_a_memory_that_cannot_be_kept_is_told(hook: Sink, tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file")
    told = lines(tell(telling(at_hook(hook.url), seen(header()), tmp_path / "history")))
    assert "what was told cannot be kept" in told[0]
    assert told[1].endswith("told: 1 new")


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(hook: Sink, tmp_path: Path) -> None:
    with hub(tmp_path) as there:
        github = {"token": "env:ISSUES_TOKEN", "repository": REPOSITORY, "api": there.github.api}
        notify = {**at_hook(hook.url), "github": github}
        told = [*tell(telling(notify, seen(header()), tmp_path), dry=True)]
        assert [line.line.partition(":")[0] for line in told] == ["would be told", "would open an issue"]
        assert "tunnel.http_host_header" in told[1].text
        assert (hook.got, there.world.issues) == ([], [])
        assert lines(tell(telling(notify, seen(header()), tmp_path)))[1].startswith(
            f"notify: github {REPOSITORY}: new:"
        )
        assert lines(tell(telling(notify, seen(header()), tmp_path)))[1].endswith("nothing to tell")
        there.world.issues_enabled = False
        failed = lines(tell(telling(notify, seen(header()), tmp_path)))[1]
    assert "NOT told: GitHub answered 410" in failed
    assert TOKEN not in failed


@pytest.mark.parametrize(
    ("github", "sentence"),
    [
        ({}, "notify.github.repository is missing"),
        ({"repository": "infrastructure"}, "is 'infrastructure': write owner/name"),
        ({"repository": "env:NOWHERE"}, "NOWHERE is not set"),
    ],
)
def test_a_repository_that_is_not_said(github: dict[str, str], sentence: str) -> None:
    [told] = lines(tell(telling({"github": {"token": "env:ISSUES_TOKEN", **github}}, seen(header()), None)))
    assert sentence in told


def test_without_apprise_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.setenv("CHAT", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    [told] = lines(tell(telling({"apprise": {"chat": {"url": "env:CHAT"}}}, seen(header()), None)))
    assert "NOT told (1 new): Apprise is not installed: pip install" in told


def test_apprise_takes_the_message_and_its_failures_are_told_without_its_tokens(
    hook: Sink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed: int
) -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    address = hook.url.removeprefix("http://")
    chat = {"apprise": {"chat": {"url": "env:CHAT", "timeout_s": 60}}}

    def told(url: str) -> str:
        monkeypatch.setenv("CHAT", url)
        [line] = lines(tell(telling(chat, seen(header()), tmp_path)))
        return line

    assert "Apprise does not know such an address" in told("nosuch://x")
    assert "the service does not take it" in told(f"json://127.0.0.1:{closed}/TokenCanary0123456789")
    assert "TokenCanary" not in mask("it was TokenCanary0123456789")
    assert told(f"json://{address}").endswith("told: 1 new")
    data = json.loads(hook.got[0][1])
    assert data["title"] == "pi: 1 new"
    assert "tunnel.http" in data["message"]
    assert told(f"json://{address}").endswith("nothing to tell")
