"""The connectors that are tried, and one of them as a process whose log is read while it runs."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "fixtures"
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Subject:
    """A connector: how it is started, and how long after an event its log is quiet again."""

    name: str
    argv: tuple[str, ...]
    quiet_s: float
    genuine: bool


STAND_IN = Subject("stand-in", (sys.executable, "-m", "spark_lab.connector"), 0.06, genuine=False)


def cloudflared(path: str) -> Subject:
    return Subject("cloudflared", (path,), 0.4, genuine=True)


class Tail:
    """A running process: its lines so far, and waiting for more."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def wait(self, pattern: str, count: int = 1, start: int = 0) -> None:
        """Wait until so many lines, from a number on, match."""
        async with asyncio.timeout(PATIENCE_S):
            while sum(re.search(pattern, line) is not None for line in self.lines[start:]) < count:
                assert not self._reading.done(), f"ended without {count} times /{pattern}/:\n{self.text}"
                self._news.clear()
                await self._news.wait()

    async def quiet(self, seconds: float) -> None:
        """Wait until nothing was written for so long."""
        while True:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                await asyncio.sleep(0.01)  # where this process was late, a line may be there and not read yet
                if not self._news.is_set():
                    return
            if self._reading.done():
                return

    async def end(self, within_s: float = PATIENCE_S) -> int:
        """The exit code, once it has ended by itself."""
        await asyncio.wait({self._reading}, timeout=within_s)
        assert self._reading.done(), f"still running after {within_s:g} s:\n{self.text}"
        return await self.process.wait()

    async def reap(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self._reading
        await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while raw := await self.process.stdout.readline():
            self.lines.append(raw.decode(errors="replace").rstrip("\n"))
            self._news.set()
        self._news.set()


@asynccontextmanager
async def started(subject: Subject, arguments: list[str], environment: dict[str, str]) -> AsyncIterator[Tail]:
    """A connector with these arguments and nothing else in its environment; it does not outlive the block."""
    process = await asyncio.create_subprocess_exec(
        *subject.argv,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=SOURCES,
        env=environment,
        limit=1 << 20,
    )
    tail = Tail(process)
    try:
        yield tail
    finally:
        await tail.reap()
