"""A model pulled in slices: it goes on where it was, says how far it is, and knows when to give up."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.remediation.model import Conflict, StepFailed
from spark_conformance.remediation.progress import heard_by
from spark_conformance.remediation.remedies.model_pull import IDLE, PullModel
from tests.host.stubs import StubHost, run_on, web

NAME = "llama3.3:70b"
GOOD = {
    "name": NAME, "digest": "a" * 64, "size": 42_520_413_916,
    "details": {"quantization_level": "Q4_K_M", "parameter_size": "70.6B"},
}  # fmt: skip
Pull = Callable[[int], tuple[int, list[dict[str, Any]]]]


class Fake:
    """Ollama: `pull` says what the nth pull is answered; a success brings the model."""

    def __init__(self, pull: Pull, *models: dict[str, Any]) -> None:
        self.models = list(models)
        self.pulls = 0
        self._pull = pull

    def __call__(self, path: str, _body: str, _headers: dict[str, str]) -> tuple[int, bytes]:
        match path:
            case "/api/version":
                return 200, b'{"version": "0.33.0"}'
            case "/api/tags":
                return 200, json.dumps({"models": self.models}).encode()
            case "/api/pull":
                self.pulls += 1
                status, lines = self._pull(self.pulls)
                if lines[-1] == {"status": "success"}:
                    self.models = [GOOD]
                return status, "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        return 404, b""


@contextmanager
def host(directory: Path, fake: Fake) -> Iterator[tuple[Run, str]]:
    with web(fake) as address:
        run = run_on(StubHost(directory))
        yield run, f"http://{address}"


def layer(completed: int) -> list[dict[str, Any]]:
    return [{"status": "pulling manifest"}, {"digest": "sha256:aa", "total": 40 * 10**9, "completed": completed}]


def test_it_goes_on_until_it_is_there_and_says_how_far_it_is(tmp_path: Path) -> None:
    fake = Fake(lambda number: (200, [*layer(number * 10**10), *([{"status": "success"}] if number == 3 else [])]))
    said: list[str] = []
    with host(tmp_path, fake) as (run, url), heard_by(said.append):
        pull = PullModel(url, NAME, "")
        before = pull.before(run, "")
        assert not pull.holds(run)
        pull.apply(run, before)
        assert pull.holds(run)
    assert said == [f"pulling {NAME}: 10.0 of 40.0 GB", f"pulling {NAME}: 20.0 of 40.0 GB"]


def test_it_gives_up_where_nothing_comes_any_more(tmp_path: Path) -> None:
    fake = Fake(lambda _: (200, layer(7)))
    with host(tmp_path, fake) as (run, url), pytest.raises(StepFailed, match="makes no progress"):
        PullModel(url, NAME, "").apply(run, {})
    assert fake.pulls == IDLE + 1


@pytest.mark.parametrize(
    ("status", "lines", "said"),
    [
        (200, [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}], "not exist"),
        (500, [{"error": "no space left on device"}], "no space left"),
        (403, [{}], "HTTP 403"),
    ],
)
def test_a_refusal_is_told_at_once(tmp_path: Path, status: int, lines: list[dict[str, Any]], said: str) -> None:
    fake = Fake(lambda _: (status, lines))
    with host(tmp_path, fake) as (run, url), pytest.raises(StepFailed, match=said):
        PullModel(url, NAME, "").apply(run, {})
    assert fake.pulls == 1


def test_a_model_that_somebody_else_brought_is_left_alone(tmp_path: Path) -> None:
    with host(tmp_path, Fake(lambda _: (200, []), GOOD)) as (run, url), pytest.raises(Conflict):
        PullModel(url, NAME, "").before(run, "")


def test_a_model_that_was_replaced_does_not_come_back(tmp_path: Path) -> None:
    with host(tmp_path, Fake(lambda _: (200, []), GOOD)) as (run, url):
        PullModel.undo(run, {"url": url, "name": NAME, "digest": "a" * 64})
        with pytest.raises(StepFailed, match="is gone"):
            PullModel.undo(run, {"url": url, "name": NAME, "digest": "b" * 64})
