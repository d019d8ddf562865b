"""A stand-in for Ollama to be asked: in this process, or as the program that it is."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from spark_lab.connector.web import listen
from spark_lab.ollama.guard import Guard
from spark_lab.ollama.pulling import Puller
from spark_lab.ollama.server import VERSION, Server
from spark_lab.ollama.store import Store
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


class Ollama:
    """A stand-in that answers."""

    def __init__(self, port: int, directory: Path) -> None:
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


class Started(Ollama):
    """A stand-in as a program, whose log is read."""

    def __init__(self, log: Process, port: int, directory: Path) -> None:
        super().__init__(port, directory)
        self.log = log


@asynccontextmanager
async def ollama(directory: Path, library: Path | None = None, keep: str = "") -> AsyncGenerator[Ollama, None]:
    """In this process, on the loopback; `library` is what there is to pull, `keep` what OLLAMA_KEEP_ALIVE says."""
    lay(directory)
    store = Store(directory)
    web = await listen(Server(store, Guard("127.0.0.1", ()), Puller(store, library), keep).handle, "127.0.0.1", 0)
    try:
        yield Ollama(web.address[1], directory)
    finally:
        await web.close()


@asynccontextmanager
async def started(directory: Path, host: str = "127.0.0.1:0", **environment: str) -> AsyncGenerator[Started, None]:
    lay(directory)
    words = {"OLLAMA_HOST": host, "OLLAMA_MODELS": str(directory), **environment}
    async with process("spark_lab.ollama", "serve", **words) as log:
        line = await log.line("Listening on")
        found = re.search(rf"Listening on \S+:(\d+) \(version {re.escape(VERSION)}\)", line)
        assert found, line
        yield Started(log, int(found[1]), directory)


def lay(directory: Path) -> None:
    (directory / "models.json").write_text(json.dumps(MODELS), encoding="utf-8")
