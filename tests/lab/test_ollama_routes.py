"""The stand-in for Ollama: its routes, shapes, errors and log lines, asked over HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.tunnel_bench import Process, fetch, process

MODEL = "llama3.3:70b"
DIGEST = "a6eb4748fd2990ad2952b2335a95a7f952d1a06119a0aa6a2df6cd052a93a3fa"
MODELS = [
    {
        "name": MODEL, "size": 42520413916, "digest": DIGEST, "quantization_level": "Q4_K_M",
        "parameter_size": "70.6B", "family": "llama", "modified_at": "2025-11-02T09:13:22.518253717Z",
    },
    {
        "name": "small:latest", "size": 1000, "digest": "b" * 64, "quantization_level": "Q8_0",
        "parameter_size": "1.2B", "family": "llama", "modified_at": "2025-11-03T09:13:22Z",
    },
]  # fmt: skip
DETAILS = {
    "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
    "parameter_size": "70.6B", "quantization_level": "Q4_K_M",
}  # fmt: skip


class Ollama:
    """A running stand-in."""

    def __init__(self, log: Process, port: int, directory: Path) -> None:
        self.log = log
        self.port = port
        self.directory = directory

    async def get(self, path: str, head: str = "", method: str = "GET") -> tuple[int, str]:
        return await fetch(self.port, path, head, method=method)

    async def post(self, path: str, said: object) -> tuple[int, str]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return await fetch(self.port, path, "", body, "POST")

    async def json(self, path: str, said: object = None) -> Any:
        status, text = await (self.get(path) if said is None else self.post(path, said))
        assert status == 200, text
        return json.loads(text)

    def switch(self, **switches: object) -> None:
        (self.directory / "switches.json").write_text(json.dumps(switches), encoding="utf-8")


@asynccontextmanager
async def ollama(directory: Path, host: str = "127.0.0.1:0", **environment: str) -> AsyncGenerator[Ollama, None]:
    (directory / "models.json").write_text(json.dumps(MODELS), encoding="utf-8")
    words = {"OLLAMA_HOST": host, "OLLAMA_MODELS": str(directory), **environment}
    async with process("fixtures.lab.ollama", "serve", **words) as log:
        line = await log.line("Listening on")
        found = re.search(r"Listening on \S+:(\d+) \(version 0\.33\.0\)", line)
        assert found, line
        yield Ollama(log, int(found[1]), directory)


def test_the_quiet_routes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            assert await server.get("/") == (200, "Ollama is running")
            assert await server.get("/", method="HEAD") == (200, "")
            assert await server.json("/api/version") == {"version": "0.33.0"}
            assert await server.json("/api/ps") == {"models": []}
            models = (await server.json("/api/tags"))["models"]
            assert [model["name"] for model in models] == [MODEL, "small:latest"]
            assert models[0] == {
                "name": MODEL, "model": MODEL, "modified_at": MODELS[0]["modified_at"], "size": 42520413916,
                "digest": DIGEST, "details": DETAILS,
            }  # fmt: skip
            shown = await server.json("/api/show", {"model": MODEL})
            assert shown["details"] == DETAILS
            assert shown["model_info"]["general.parameter_count"] == 70_600_000_000
            listed = await server.json("/v1/models")
            assert [entry["id"] for entry in listed["data"]] == [MODEL, "small:latest"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "said", "status", "error"),
    [
        ("/api/generate", {"model": "x", "prompt": "y"}, 404, "model 'x' not found"),
        ("/api/generate", {"prompt": "y"}, 404, "model '' not found"),
        ("/api/chat", {"messages": []}, 400, "model is required"),
        ("/api/show", {}, 400, "model is required"),
        ("/api/show", {"model": "x"}, 404, "model 'x' not found"),
        ("/api/generate", b"{nonsense", 400, "invalid character 'n' looking for beginning of value"),
        ("/api/generate", b'{"model":', 400, "unexpected EOF"),
        ("/api/generate", b"[]", 400, "json: cannot unmarshal array into Go value of type api.GenerateRequest"),
        ("/api/generate", b" ", 400, "missing request body"),
        ("/api/generate", {"model": MODEL, "options": {"num_predict": "2"}}, 400, "must be of type integer"),
        ("/api/generate", {"model": MODEL, "keep_alive": "soon"}, 400, 'invalid duration "soon"'),
    ],
)
def test_errors(tmp_path: Path, path: str, said: object, status: int, error: str) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            found, text = await server.post(path, said)
            assert (found, error in json.loads(text)["error"]) == (status, True), text

    asyncio.run(scenario())


def test_other_paths_and_methods(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            assert await server.get("/api/nothing") == (404, "404 page not found")
            assert await server.get("/api/generate") == (405, "405 method not allowed")
            status, text = await server.post("/v1/chat/completions", {"model": "x", "messages": [{"content": "y"}]})
            assert status == 404
            assert json.loads(text)["error"]["type"] == "not_found_error"
            assert (await server.post("/v1/chat/completions", {"model": MODEL}))[0] == 400

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
            assert chunks[1]["choices"][0]["delta"] == {"role": "assistant", "content": " lab"}
            end = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "length"}
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
        async with ollama(tmp_path) as server:
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
        async with ollama(tmp_path) as server:
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
        async with ollama(tmp_path) as server:
            getattr(server.log, signal_name)()
            assert await server.log.end() == 0

    asyncio.run(scenario())


def test_an_address_in_use_ends_with_1(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            ollama(tmp_path) as server,
            process("fixtures.lab.ollama", "serve", OLLAMA_HOST=f"127.0.0.1:{server.port}") as second,
        ):
            assert await second.end() == 1
            assert "bind: address already in use" in second.text

    asyncio.run(scenario())


def test_the_host_check_guards_the_loopback_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        foreign = "Host: ollama.goldfish.io\r\n"
        async with ollama(tmp_path) as server:
            assert await server.get("/api/tags", foreign) == (403, "")
            assert await server.get("/api/tags", "Host: localhost:11434\r\n") == await server.get("/api/tags")
            assert await server.get("/api/tags", "Host: localhost\r\n", "OPTIONS") == (204, "")
            assert (await server.get("/api/tags", "Origin: https://ollama.goldfish.io\r\n"))[0] == 403
            same = f"{foreign}Origin: https://ollama.goldfish.io\r\n"
            assert (await server.get("/api/tags", same))[0] == 403, (
                "the same origin is no reason to pass the Host check"
            )
        listed = {"OLLAMA_ORIGINS": "https://ollama.goldfish.io"}
        async with ollama(tmp_path, **listed) as server:
            assert (await server.get("/api/tags", "Origin: https://ollama.goldfish.io\r\n"))[0] == 200

    asyncio.run(scenario())
