"""The stand-in for Ollama as strangers see it: Ollama's own Python client, and OpenAI's."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from ollama import Client, ResponseError

from tests.lab.ollama_bench import DIGEST, MODEL, MODELS, Ollama, ollama

if TYPE_CHECKING:
    import openai  # takes a second, which each worker would spend on collecting

T = TypeVar("T")
PUBLISHED = {**MODELS[0], "name": "published:1b", "size": 800, "digest": "c" * 64}
ASKED = [{"role": "user", "content": "Name three colours."}]


def asked(directory: Path, ask: Callable[[Client], T], **switches: object) -> T:
    """What Ollama's client comes to with a stand-in of its own."""

    async def scenario() -> T:
        library = directory / "library.json"
        library.write_text(json.dumps([PUBLISHED]), encoding="utf-8")
        async with ollama(directory, library) as server:
            server.switch(**switches)
            return await _in_thread(server, ask)

    return asyncio.run(scenario())


def _in_thread(server: Ollama, ask: Callable[[Client], T]) -> Awaitable[T]:
    def work() -> T:
        with _client(server) as client:
            return ask(client)

    return asyncio.to_thread(work)


@contextmanager
def _client(server: Ollama) -> Iterator[Client]:
    client = Client(host=f"http://127.0.0.1:{server.port}", trust_env=False)
    try:
        yield client
    finally:
        client._client.close()


def test_what_there_is_is_listed_and_shown(tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        first, second = client.list().models
        assert (first.model, first.digest, first.size) == (MODEL, DIGEST, 42520413916)
        assert first.modified_at is not None
        assert first.details is not None
        assert (first.details.format, first.details.family, first.details.families) == ("gguf", "llama", ["llama"])
        assert (first.details.parameter_size, first.details.quantization_level) == ("70.6B", "Q4_K_M")
        assert second.model == "small:latest"
        shown = client.show(MODEL)
        assert shown.details == first.details
        assert shown.modelinfo is not None
        assert shown.modelinfo["general.architecture"] == "llama"
        assert shown.capabilities == ["completion", "tools"]
        assert shown.template
        assert shown.modelfile
        assert client.show("small").modified_at == second.modified_at

    asked(tmp_path, ask)


def test_what_is_loaded_is_told_and_can_be_unloaded(tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        assert client.ps().models == []
        assert client.generate(MODEL).done_reason == "load"
        (loaded,) = client.ps().models
        assert (loaded.model, loaded.name, loaded.digest) == (MODEL, MODEL, DIGEST)
        assert loaded.size == loaded.size_vram == 42520413916
        assert loaded.context_length == 131072
        assert loaded.expires_at is not None
        assert client.chat(MODEL, keep_alive=0).done_reason == "unload"
        assert client.ps().models == []

    asked(tmp_path, ask)


def test_a_generation_in_one_piece_and_streamed(tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        whole = client.generate(MODEL, "Count.", options={"num_predict": 3})
        assert (whole.model, whole.response, whole.done, whole.done_reason) == (
            MODEL,
            "The lab answers",
            True,
            "length",
        )
        assert (whole.eval_count, whole.prompt_eval_count) == (3, 1)
        for taken in (whole.total_duration, whole.load_duration, whole.prompt_eval_duration, whole.eval_duration):
            assert taken
        assert whole.context
        pieces = list(client.generate(MODEL, "Count.", stream=True, options={"num_predict": 3}))
        assert "".join(piece.response or "" for piece in pieces) == whole.response
        assert [piece.done for piece in pieces] == [False, False, False, True]
        assert (pieces[-1].done_reason, pieces[-1].eval_count, pieces[0].context) == ("length", 3, None)
        again = client.generate(MODEL, "On.", context=pieces[-1].context, options={"num_predict": 1})
        assert again.response == "The"

    asked(tmp_path, ask)


def test_a_chat_in_one_piece_and_streamed(tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        whole = client.chat(MODEL, ASKED, options={"num_predict": 2})
        assert (whole.message.role, whole.message.content, whole.done_reason) == ("assistant", "The lab", "length")
        pieces = list(client.chat(MODEL, ASKED, stream=True, options={"num_predict": 2}))
        assert [piece.message.content for piece in pieces] == ["The", " lab", ""]
        assert {piece.message.role for piece in pieces} == {"assistant"}
        assert pieces[-1].eval_count == 2
        empty = client.chat(MODEL, [{"role": "user", "content": ""}], options={"num_predict": 1})
        assert (empty.message.content, empty.done_reason) == ("The", "length")

    asked(tmp_path, ask)


def test_a_model_is_pulled_copied_and_deleted(tmp_path: Path) -> None:
    def ask(client: Client) -> None:
        steps = list(client.pull("published:1b", stream=True))
        assert (steps[0].status, steps[-1].status) == ("pulling manifest", "success")
        layers = [step for step in steps if step.total]
        assert {(step.digest, step.total) for step in layers} == {(f"sha256:{'c' * 64}", 800)}
        assert [step.completed for step in layers] == [100 * part for part in range(1, 9)]
        assert client.pull("published:1b").status == "success"
        assert client.copy("published:1b", "mine").status == "success"
        assert [model.model for model in client.list().models][:2] == ["mine:latest", "published:1b"]
        assert client.generate("mine", "Count.", options={"num_predict": 1}).response == "The"
        assert client.delete("mine").status == "success"
        assert "mine:latest" not in [model.model for model in client.list().models]

    asked(tmp_path, ask)


@pytest.mark.parametrize(
    ("ask", "status", "error"),
    [
        (lambda client: client.show("x"), 404, "model 'x:latest' not found"),
        (lambda client: client.generate("x", "y"), 404, "model 'x' not found"),
        (lambda client: list(client.generate("x", "y", stream=True)), 404, "model 'x' not found"),
        (lambda client: client.chat("x", ASKED), 404, "model 'x' not found"),
        (lambda client: client.delete("x"), 404, "model 'x' not found"),
        (lambda client: client.copy("x", "y"), 404, 'model "x" not found'),
        (lambda client: client.pull("x"), 500, "pull model manifest: file does not exist"),
        (lambda client: list(client.pull("x", stream=True)), -1, "pull model manifest: file does not exist"),
        (lambda client: client.generate(MODEL, "y", keep_alive="soon"), 400, 'time: invalid duration "soon"'),
    ],
)
def test_an_error_has_its_status_and_words(
    tmp_path: Path, ask: Callable[[Client], object], status: int, error: str
) -> None:
    def refused(client: Client) -> ResponseError:
        with pytest.raises(ResponseError) as raised:
            ask(client)
        return raised.value

    seen = asked(tmp_path, refused)
    assert (seen.status_code, seen.error) == (status, error)


def test_a_stream_that_breaks_ends_with_its_error(tmp_path: Path) -> None:
    def ask(client: Client) -> tuple[str, str]:
        stream = client.generate(MODEL, "Count.", stream=True)
        came = f"{next(stream).response}{next(stream).response}"
        with pytest.raises(ResponseError) as raised:
            next(stream)
        return came, raised.value.error

    came, error = asked(tmp_path, ask, fail_after=2)
    assert came == "The lab"
    assert "terminated" in error


# --- OpenAI's client


def compatible(directory: Path, ask: "Callable[[openai.OpenAI], T]", **switches: object) -> T:
    """What OpenAI's client comes to."""
    import openai

    def with_theirs(client: Client) -> T:
        base = str(client._client.base_url).rstrip("/")
        with openai.OpenAI(base_url=f"{base}/v1", api_key="unused", max_retries=0) as theirs:
            return ask(theirs)

    return asked(directory, with_theirs, **switches)


def test_openais_client_lists_and_retrieves_models(tmp_path: Path) -> None:
    import openai

    def ask(client: "openai.OpenAI") -> None:
        first, second = client.models.list().data
        assert (first.id, first.object, first.owned_by) == (MODEL, "model", "library")
        assert second.id == "small:latest"
        one = client.models.retrieve(MODEL)
        assert one == first
        with pytest.raises(openai.NotFoundError, match="model 'x:latest' not found"):
            client.models.retrieve("x")

    compatible(tmp_path, ask)


def test_openais_client_chats_in_one_piece_and_streamed(tmp_path: Path) -> None:
    def ask(client: "openai.OpenAI") -> None:
        user: openai.types.chat.ChatCompletionUserMessageParam = {"role": "user", "content": "Name three colours."}
        whole = client.chat.completions.create(model=MODEL, messages=[user], max_tokens=2)
        assert (whole.object, whole.model, whole.system_fingerprint) == ("chat.completion", MODEL, "fp_ollama")
        (choice,) = whole.choices
        assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "The lab", "length")
        assert whole.usage is not None
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens) == (3, 2, 5)
        chunks = list(
            client.chat.completions.create(
                model=MODEL, messages=[user], max_tokens=2, stream=True, stream_options={"include_usage": True}
            )
        )
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        assert [delta.content for delta in deltas] == ["The", " lab", None]
        assert [delta.role for delta in deltas] == ["assistant", None, None]
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices] == [None, None, "length"]
        assert chunks[-1].usage == whole.usage
        assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}

    compatible(tmp_path, ask)


def test_openais_client_is_refused_in_its_own_terms(tmp_path: Path) -> None:
    import openai

    def ask(client: "openai.OpenAI") -> None:
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model="x", messages=[{"role": "user", "content": "y"}])
        assert missing.value.body == {
            "message": "model 'x' not found", "type": "not_found_error", "param": None, "code": None,
        }  # fmt: skip
        with pytest.raises(openai.BadRequestError, match=r"\[\] is too short - 'messages'"):
            client.chat.completions.create(model=MODEL, messages=[])

    compatible(tmp_path, ask)


def test_openais_client_is_told_of_a_generation_that_fails(tmp_path: Path) -> None:
    import openai

    def ask(client: "openai.OpenAI") -> None:
        with pytest.raises(openai.InternalServerError, match="terminated"):
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "y"}])

    compatible(tmp_path, ask, fail_after=1)
