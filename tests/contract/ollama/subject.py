"""The two that are asked: the stand-in, in this process, and a genuine Ollama, in a network of its own."""

import asyncio
import json
import os
import re
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from spark_conformance.facts.load import find, load
from spark_lab import isolation
from spark_lab.connector.web import listen
from spark_lab.ollama import genuine
from spark_lab.ollama.guard import Guard
from spark_lab.ollama.pulling import Puller
from spark_lab.ollama.server import Server
from spark_lab.ollama.store import Store

Address = tuple[str, int]
Opened = Callable[[dict[str, str]], AbstractAsyncContextManager[Address]]
LOOPBACK = "127.0.0.1"
TINY = "tiny:latest"
"""The small model that the requests ask for, beside the documented one."""
_SMALL = {"context_length": 2048, "embedding_length": 64, "capabilities": ["completion"], "family": "llama"}
MODELS = [
    {
        **_SMALL, "name": "llama3.3:70b", "size": 476054, "modified_at": "2026-11-27T01:05:48.412422383Z",
        "digest": "87f5ddbdb7ad2238559476d130e8f7d1732486309bdaa4dd9637acef2b532697",
        "parameter_size": "70.6B", "quantization_level": "Q4_K_M",
    },
    {
        **_SMALL, "name": TINY, "size": 476053, "modified_at": "2026-11-26T10:00:00.5Z",
        "digest": "39282a2d051c6417da41a2394e4e0072bafa7be594647b2a96f3e27443c8717d",
        "parameter_size": "118.98K", "quantization_level": "F32",
    },
]  # fmt: skip
"""What the recordings' Ollama had."""
START_S = 120.0


@asynccontextmanager
async def stand_in(environment: dict[str, str]) -> AsyncIterator[Address]:
    """The lab's; it listens on loopback alone, and takes itself to listen where OLLAMA_HOST says."""
    with tempfile.TemporaryDirectory(prefix="contract-ollama-") as directory:
        models = Path(directory)
        (models / "models.json").write_text(json.dumps(MODELS), encoding="utf-8")
        origins = environment.get("OLLAMA_ORIGINS", "")
        guard = Guard(environment["OLLAMA_HOST"], tuple(origins.split(",")) if origins else ())
        store = Store(models)
        web = await listen(Server(store, guard, Puller(store, None), "").handle, LOOPBACK, 0)
        try:
            yield web.address
        finally:
            await web.close()


def program(path: str) -> Opened:
    """A genuine Ollama; only inside a network of its own, so that nobody else reaches it, and it reaches nobody."""

    @asynccontextmanager
    async def opened(environment: dict[str, str]) -> AsyncIterator[Address]:
        assert isolation.inside(), "a genuine Ollama must not reach anything"
        with tempfile.TemporaryDirectory(prefix="contract-ollama-") as directory:
            store = Path(directory) / "models"
            found = genuine.genuine(load(find("spark-291b")))
            # it lists first what was changed last
            found.lay(store, TINY)
            found.lay(store)
            said = {
                "PATH": os.defpath, "HOME": directory, "OLLAMA_MODELS": str(store), **found.environment, **environment,
                "OLLAMA_HOST": f"{environment['OLLAMA_HOST']}:0",
            }  # fmt: skip
            serving = await asyncio.create_subprocess_exec(
                path, "serve", env=said, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
            )
            assert serving.stderr is not None
            try:
                async with asyncio.timeout(START_S):
                    port = await _port(serving.stderr)
                draining = asyncio.create_task(serving.stderr.read())
                yield LOOPBACK, port
                draining.cancel()
            finally:
                serving.send_signal(signal.SIGTERM)
                await serving.wait()

    return opened


async def _port(log: asyncio.StreamReader) -> int:
    """The port that it says it listens on."""
    said = ""
    while line := (await log.readline()).decode():
        said += line
        if found := re.search(r"Listening on \S*:(\d+) ", line):
            return int(found[1])
    raise AssertionError(f"it ended without listening:\n{said}")
