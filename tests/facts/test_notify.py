from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.facts.load import find, load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.notify import Notify
from spark_conformance.secrets.references import references

ALL = """
extends = "spark-291b"

[notify.webhook.ops]
url = "https://hooks.example.org/conformance"
token = "op:op://ops/hook/token"

[notify.apprise.chat]
url = "env:CHAT_URL"

[notify.github]
token = "env:ISSUES_TOKEN"
assignees = ["octocat"]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_receivers_are_named_and_what_is_secret_is_a_reference(tmp_path: Path) -> None:
    system = load(written(tmp_path, ALL))
    assert system.notify
    assert system.notify.github
    assert system.notify.github.labels == ("conformance",)
    named = references(Run(system))
    assert {"op:op://ops/hook/token", "env:CHAT_URL", "env:ISSUES_TOKEN"} <= set(named)
    assert not [text for text in named if "hooks.example.org" in text]


def test_without_the_table_nobody_is_told() -> None:
    assert not load(find("spark-291b")).notify


@pytest.mark.parametrize(
    ("stated", "references"),
    [
        ({"webhook": {"ops": {"url": "https://h.example.org"}}}, ("https://h.example.org",)),
        ({"webhook": {"ops": {"url": "env:URL", "token": "env:TOKEN"}}}, ("env:URL", "env:TOKEN")),
        ({"apprise": {"chat": {"url": "env:CHAT"}}}, ("env:CHAT",)),
        ({"github": {"token": "env:T", "labels": ["x" * 50]}}, ("env:T",)),
        ({"github": {"token": "env:T", "repository": "env:R"}}, ("env:T", "env:R")),
    ],
)
def test_one_receiver_is_enough(stated: dict[str, Any], references: tuple[str, ...]) -> None:
    notify = Notify.model_validate(stated)
    assert notify
    assert notify.references == references


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('[notify.apprise.chat]\nurl = "slack://TokenA/TokenB/TokenC"', "notify.apprise.chat.url"),
        ('[notify.github]\ntoken = "ghp_canary0123456789canary0123456789"', "notify.github.token"),
        ('[notify.webhook.ops]\nurl = "ftp://example.org"', "notify.webhook.ops.url"),
        ('[notify.webhook.ops]\nurl = "https://user:word@example.org"', "notify.webhook.ops.url"),
        ('[notify.webhook.ops]\nadress = "https://example.org"', "notify.webhook.ops.adress: unknown key"),
        ('[notify.slack]\nurl = "env:X"', "notify.slack: unknown key"),
        ('[notify.webhook.a]\nurl = "env:X"\n[notify.apprise.a]\nurl = "env:X"', "rename one of the two"),
    ],
)
def test_a_mistake_is_told_by_its_key_and_no_value_is_repeated(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(FactsError) as told:
        load(written(tmp_path, f'extends = "spark-291b"\n{line}\n'))
    assert sentence in str(told.value)
    assert not [part for part in ("TokenB", "canary", "user:word") if part in str(told.value)]
