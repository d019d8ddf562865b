"""What the stand-in, or a genuine Ollama, answers to everything that was recorded."""

import asyncio
import functools
import json
import subprocess
import sys
from collections.abc import Mapping

from spark_lab import isolation
from tests.contract.ollama.asking import Answer, BrokenAnswerError, Request, ask
from tests.contract.ollama.masking import masked
from tests.contract.ollama.recordings import GENERATION, SETTINGS, load
from tests.contract.ollama.subject import Address, Opened, program, stand_in
from tests.contract.subject import ROOT

Observed = dict[str, Answer]
_AT_ONCE = 16
"""How many requests that leave no trace are asked at once."""
LONGEST_S = 1800.0
NO_ANSWER = "no answer"


@functools.cache
def observed(path: str | None, name: str, setting: str) -> Observed:
    """Every case of a recording, asked of the program at this path, or of the stand-in; once a process."""
    if path is None:
        return asyncio.run(_observe(stand_in, load(name).requests, name, setting, other_model=False))
    command = [sys.executable, "-m", "tests.contract.ollama", "observe", name, setting, "--ollama", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, f"{name} {setting} with {path}:\n{done.stdout}{done.stderr}"
    said = json.loads(done.stdout).items()
    return {case: Answer(status, tuple(headers), body) for case, (status, headers, body) in said}


def observe_inside(path: str, name: str, setting: str, *, other_model: bool = True) -> Observed:
    """The same for a process that does nothing else: goes into a network of its own first."""
    isolation.enter()
    return asyncio.run(_observe(program(path), load(name).requests, name, setting, other_model=other_model))


async def _observe(
    opened: Opened, requests: Mapping[str, Request], name: str, setting: str, *, other_model: bool
) -> Observed:
    found: Observed = {}
    # a generation's cases follow from each other; the others leave nothing behind
    at_once = 1 if name == GENERATION or other_model else _AT_ONCE
    async with opened(SETTINGS[setting]) as address:
        for start in range(0, len(requests), at_once):
            some = list(requests)[start : start + at_once]
            answers = await asyncio.gather(*(_asked(address, requests[case]) for case in some))
            found |= dict(zip(some, answers, strict=True))
    return {case: masked(answer, other_model=other_model) for case, answer in found.items()}


async def _asked(address: Address, request: Request) -> Answer:
    try:
        return await ask(address, request)
    except (BrokenAnswerError, OSError) as problem:
        return Answer(NO_ANSWER, (), str(problem))
