"""The stand-in's `/api/pull`: its lines, what it leaves, and that it goes on where it was."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.lab.ollama_bench import MODEL, MODELS, Ollama, ollama
from tests.lab.tunnel_bench import fetch

PUBLISHED = {**MODELS[0], "size": 800, "quantization_level": "Q4_K_M"}


def library(directory: Path) -> Path:
    path = directory / "library.json"
    path.write_text(json.dumps([PUBLISHED]), encoding="utf-8")
    return path


async def pulled(server: Ollama, name: str = MODEL) -> list[dict[str, Any]]:
    status, text = await server.post("/api/pull", {"model": name})
    assert status == 200
    return [json.loads(line) for line in text.splitlines()]


def test_a_pull_tells_how_far_it_is_and_leaves_the_published_model_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path, library(tmp_path)) as server:
            lines = await pulled(server)
            assert lines[0] == {"status": "pulling manifest"}
            assert [line["completed"] for line in lines if "completed" in line] == [100 * n for n in range(1, 9)]
            assert lines[-1] == {"status": "success"}
            models = (await server.json("/api/tags"))["models"]
            assert [(model["name"], model["size"]) for model in models] == [(MODEL, 800), ("small:latest", 1000)]

    asyncio.run(scenario())


def test_what_is_not_published_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path, library(tmp_path)) as server:
            assert "error" in (await pulled(server, "unheard-of"))[-1]
            status, text = await server.post("/api/pull", {"model": "unheard-of", "stream": False})
            assert (status, json.loads(text)) == (500, {"error": "pull model manifest: file does not exist"})
            assert (await server.post("/api/pull", {}))[0] == 400
            assert len((await server.json("/api/tags"))["models"]) == 2

    asyncio.run(scenario())


def test_a_pull_that_was_cut_leaves_the_old_model_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path, library(tmp_path)) as server:
            server.switch(pull_s=0.8)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            body = json.dumps({"model": MODEL}).encode()
            writer.write(b"POST /api/pull HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await reader.readuntil(b'"completed":200')
            writer.close()
            assert (await server.json("/api/tags"))["models"][0]["size"] == MODELS[0]["size"]
            server.switch()
            lines = await pulled(server)
            assert min(line["completed"] for line in lines if "completed" in line) > 200
            assert (await server.json("/api/tags"))["models"][0]["size"] == 800

    asyncio.run(scenario())


def test_a_model_is_deleted_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ollama(tmp_path) as server:
            body = json.dumps({"model": "small"}).encode()
            assert await fetch(server.port, "/api/delete", "", body, "DELETE") == (200, "")
            assert [model["name"] for model in (await server.json("/api/tags"))["models"]] == [MODEL]
            assert (await fetch(server.port, "/api/delete", "", body, "DELETE"))[0] == 404

    asyncio.run(scenario())
