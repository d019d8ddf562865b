"""The stand-in for Ollama: its routes, shapes, errors and log lines, asked over HTTP."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from spark_lab.ollama.server import VERSION
from tests.lab.ollama_bench import DIGEST, MODEL, MODELS, ollama, started
from tests.lab.tunnel_bench import process

DETAILS = {
    "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
    "parameter_size": "70.6B", "quantization_level": "Q4_K_M",
}  # fmt: skip


def test_the_quiet_routes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            assert await server.get("/") == (200, "Ollama is running")
            assert await server.get("/", method="HEAD") == (200, "")
            assert await server.json("/api/version") == {"version": VERSION}
            assert await server.json("/api/ps") == {"models": []}
            models = (await server.json("/api/tags"))["models"]
            assert [model["name"] for model in models] == [MODEL, "small:latest"]
            assert models[0] == {
                "name": MODEL, "model": MODEL, "modified_at": MODELS[0]["modified_at"], "size": 42520413916,
                "digest": DIGEST, "details": {**DETAILS, "context_length": 131072, "embedding_length": 8192},
                "capabilities": ["completion", "tools"],
            }  # fmt: skip
            shown = await server.json("/api/show", {"model": MODEL})
            assert shown["details"] == DETAILS
            assert shown["model_info"]["general.parameter_count"] == 70_600_000_000
            listed = await server.json("/v1/models")
            assert [entry["id"] for entry in listed["data"]] == [MODEL, "small:latest"]

    asyncio.run(scenario())


def test_a_request_that_the_stand_in_cannot_cope_with_is_answered_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            (tmp_path / "models.json").write_text("{", encoding="utf-8")
            assert await server.get("/api/tags") == (500, "")
            assert (await server.get("/api/version"))[0] == 200

    asyncio.run(scenario())
    assert "JSONDecodeError" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["70.6B", "137M", "118.98K", "512", "", "unknown"])
def test_a_model_of_any_size_is_shown(tmp_path: Path, size: str) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            (tmp_path / "models.json").write_text(json.dumps([{**MODELS[0], "parameter_size": size}]), encoding="utf-8")
            shown = await server.json("/api/show", {"model": MODEL})
            assert shown["details"]["parameter_size"] == size

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "said", "status", "error"),
    [
        ("/api/chat", {"model": MODEL, "messages": ["x"]}, 400, "json: cannot unmarshal string into Go value of type"),
        ("/api/chat", {"model": MODEL, "messages": [{"content": 1}]}, 400, "Go struct field Alias.content of type str"),
        ("/v1/chat/completions", {"model": MODEL, "messages": ["x"]}, 400, "field ChatCompletionRequest.messages.0 of"),
        ("/v1/chat/completions", {"model": MODEL, "messages": [{"content": 1}]}, 400, "message content type: float64"),
        ("/v1/chat/completions", {"messages": [{"content": "x"}]}, 400, "model is required"),
        ("/api/embed", {"model": MODEL, "input": 1}, 400, "invalid input type"),
        ("/api/embed", {"model": MODEL, "input": "x"}, 500, "the lab's stand-in for Ollama makes no embeddings"),
        ("/api/generate", {"model": MODEL, "keep_alive": "1x"}, 400, 'time: unknown unit \\"x\\" in duration'),
        ("/api/generate", {"model": MODEL, "keep_alive": "1"}, 400, "time: missing unit in duration"),
        ("/api/generate", {"model": MODEL, "keep_alive": []}, 400, "Unsupported type: '[]interface {}'"),
        ("/api/generate", b'{"model":tru }', 400, "invalid character ' ' in literal true (expecting 'e')"),
        ("/api/generate", b'{"model" "x"}', 400, "invalid character '\\\"' after object key"),
        ("/api/generate", b"[1 2]", 400, "invalid character '2' after array element"),
        ("/api/generate", b'{"a":1 "b"}', 400, "after object key:value pair"),
        ("/api/generate", b'"\x01"', 400, "invalid character '\\\\x01' in string literal"),
        ("/api/generate", b'"\\q"', 400, "invalid character 'q' in string escape code"),
        ("/api/generate", b'"\\u12x"', 400, "in \\\\u hexadecimal character escape"),
        ("/api/generate", b"-x", 400, "invalid character 'x' in numeric literal"),
        ("/api/generate", b"1.x", 400, "after decimal point in numeric literal"),
        ("/api/generate", b"1e-x", 400, "in exponent of numeric literal"),
        ("/api/generate", b"[" * 5000, 400, "exceeded max depth"),
        ("/api/generate", b'{"model":"\\ud800"}', 400, "invalid model name"),
        ("/api/show", b'{"MODEL":"nobody"}', 404, "model 'nobody:latest' not found"),
    ],
)
def test_what_was_not_recorded_is_refused_in_the_same_words(
    tmp_path: Path, path: str, said: object, status: int, error: str
) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            found, text = await server.post(path, said)
            assert (found, error in text) == (status, True), text

    asyncio.run(scenario())


def test_a_generation_in_one_piece(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            wish = {"model": MODEL, "prompt": "a b", "stream": False, "options": {"num_predict": 3}}
            first = await server.json("/api/generate", wish)
            assert (first["model"], first["response"], first["done"]) == (MODEL, "The lab answers", True)
            assert (first["done_reason"], first["eval_count"], first["prompt_eval_count"]) == ("length", 3, 2)
            durations = {first[f"{name}_duration"] for name in ("total", "load", "prompt_eval", "eval")}
            assert all(isinstance(value, int) and value > 0 for value in durations)
            assert (await server.json("/api/generate", wish))["response"] == first["response"]
            unlimited = await server.json("/api/generate", {**wish, "options": {"num_predict": 0}})
            assert unlimited["done_reason"] == "stop"
            whole = await server.json("/api/chat", {"model": MODEL, "messages": [{"content": "q"}], "stream": False})
            assert whole["message"]["role"] == "assistant"
            assert whole["done_reason"] == "stop"

    asyncio.run(scenario())


def test_a_generation_token_by_token(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            wish = {"model": MODEL, "prompt": "q", "options": {"num_predict": 2}}
            _, text = await server.post("/api/generate", wish)
            lines = [json.loads(line) for line in text.splitlines()]
            assert [(line["response"], line["done"]) for line in lines] == [("The", False), (" lab", False), ("", True)]
            assert "eval_count" not in lines[0]
            assert lines[-1]["eval_count"] == 2
            _, text = await server.post("/api/chat", {**wish, "messages": [{"role": "user", "content": "q"}]})
            assert json.loads(text.splitlines()[0])["message"] == {"role": "assistant", "content": "The"}

    asyncio.run(scenario())


def test_openai_s_chat(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            wish = {"model": MODEL, "messages": [{"role": "user", "content": "q"}], "max_tokens": 2}
            said = await server.json("/v1/chat/completions", wish)
            assert said["object"] == "chat.completion"
            assert said["choices"][0]["message"] == {"role": "assistant", "content": "The lab"}
            assert said["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
            streamed = {**wish, "stream": True, "stream_options": {"include_usage": True}}
            _, text = await server.post("/v1/chat/completions", streamed)
            events = [event.removeprefix("data: ") for event in text.split("\n\n") if event]
            assert events[-1] == "[DONE]"
            chunks = [json.loads(event) for event in events[:-1]]
            assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "The"}
            assert chunks[1]["choices"][0]["delta"] == {"content": " lab"}
            end = {"index": 0, "delta": {}, "finish_reason": "length"}
            assert chunks[2]["choices"][0] == end
            assert chunks[3]["usage"]["total_tokens"] == 3

    asyncio.run(scenario())


def test_a_loaded_model_is_listed_until_it_is_unloaded(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            await server.json("/api/generate", {"model": MODEL, "stream": False, "prompt": "q"})
            (loaded,) = (await server.json("/api/ps"))["models"]
            assert (loaded["name"], loaded["size"], loaded["size_vram"]) == (MODEL, 42520413916, 42520413916)
            assert loaded["context_length"] == 131072
            assert loaded["expires_at"].endswith("Z")
            ended = await server.json("/api/generate", {"model": MODEL, "keep_alive": 0})
            assert ended["done_reason"] == "unload"
            assert (await server.json("/api/ps"))["models"] == []
            started = await server.json("/api/generate", {"model": MODEL, "options": {"num_ctx": 4096}})
            assert started["done_reason"] == "load"
            assert (await server.json("/api/ps"))["models"][0]["context_length"] == 4096

    asyncio.run(scenario())


def test_switches_are_read_at_each_request(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            server.switch(vram_share=0.25)
            await server.json("/api/generate", {"model": MODEL})
            assert (await server.json("/api/ps"))["models"][0]["size_vram"] == 42520413916 // 4
            server.switch(fail_after=1)
            _, text = await server.post("/api/generate", {"model": MODEL, "prompt": "q"})
            assert "error" in json.loads(text.splitlines()[1])
            assert (await server.post("/api/generate", {"model": MODEL, "prompt": "q", "stream": False}))[0] == 500
            server.switch(status={"/api/tags": 503})
            assert await server.get("/api/tags") == (503, "")
            server.switch()
            (tmp_path / "models.json").write_text("[]", encoding="utf-8")
            assert await server.json("/api/tags") == {"models": []}

    asyncio.run(scenario())


def test_many_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            server.switch(token_s=0.01)
            wish = {"model": MODEL, "prompt": "q", "stream": False, "options": {"num_predict": 5}}
            said = await asyncio.gather(*(server.json("/api/generate", wish) for _ in range(30)))
            assert {answer["eval_count"] for answer in said} == {5}

    asyncio.run(scenario())


def test_a_line_a_request_as_gin_writes_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with started(tmp_path) as server:
            await server.get("/api/tags?a=b")
            line = await server.log.line(r"\[GIN\]")
            time = r"\d{4}/\d\d/\d\d - \d\d:\d\d:\d\d"
            rest = r'\| 200 \| +[\d.]+(µs|ms) \| +127\.0\.0\.1 \| GET      "/api/tags\?a=b"'
            pattern = rf"\[GIN\] {time} {rest}"
            assert re.fullmatch(pattern, line), line
            await server.get("/api/tags", "Host: ollama.goldfish.io\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n")
            assert "| 403 |" in await server.log.line(r"192\.0\.2\.7 \| GET")

    asyncio.run(scenario())


def test_a_path_may_answer_with_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            server.switch(body={"/api/tags": "<html>"}, status={"/api/version": 500})
            assert await server.get("/api/tags") == (200, "<html>")
            assert await server.get("/api/version") == (500, "")

    asyncio.run(scenario())


def test_it_ends_though_a_generation_does_not(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with started(tmp_path) as server:
            server.switch(token_s=600)
            asking = asyncio.create_task(server.post("/api/generate", {"model": MODEL, "prompt": "Count."}))
            while not (await server.json("/api/ps"))["models"]:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.01)
            server.log.terminate()
            assert await server.log.end() == 0
            await asyncio.wait([asking])

    asyncio.run(scenario())


@pytest.mark.parametrize("signal_name", ["terminate"])
def test_it_ends_with_0(tmp_path: Path, signal_name: str) -> None:
    async def scenario() -> None:
        async with started(tmp_path) as server:
            getattr(server.log, signal_name)()
            assert await server.log.end() == 0

    asyncio.run(scenario())


def test_an_address_in_use_ends_with_1(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            started(tmp_path) as server,
            process("spark_lab.ollama", "serve", OLLAMA_HOST=f"127.0.0.1:{server.port}") as second,
        ):
            assert await second.end() == 1
            assert "bind: address already in use" in second.text

    asyncio.run(scenario())


def test_the_host_check_guards_the_loopback_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        foreign = "Host: ollama.goldfish.io\r\n"
        async with started(tmp_path) as server:
            assert await server.get("/api/tags", foreign) == (403, "")
            assert await server.get("/api/tags", "Host: localhost:11434\r\n") == await server.get("/api/tags")
            assert await server.get("/api/tags", "Host: localhost\r\n", "OPTIONS") == (204, "")
            assert (await server.get("/api/tags", "Origin: https://ollama.goldfish.io\r\n"))[0] == 403
            same = f"{foreign}Origin: https://ollama.goldfish.io\r\n"
            assert (await server.get("/api/tags", same))[0] == 403, (
                "the same origin is no reason to pass the Host check"
            )
        listed = {"OLLAMA_ORIGINS": "https://ollama.goldfish.io"}
        async with started(tmp_path, **listed) as server:
            assert (await server.get("/api/tags", "Origin: https://ollama.goldfish.io\r\n"))[0] == 200

    asyncio.run(scenario())
