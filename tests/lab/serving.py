"""Asynchronous servers for synchronous clients: in a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
PATIENCE_S = 60


class Closing(Protocol):
    """Anything that is closed from its own event loop."""

    async def close(self) -> None: ...


S = TypeVar("S", bound=Closing)


class LoopThread:
    """An event loop that runs in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="served", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def call(self, work: Callable[[], T]) -> T:
        """Call a function in the loop: for state that belongs to it."""

        async def called() -> T:
            return work()

        return self.run(called())

    def end(self) -> None:
        """Stop the loop and the thread; what is left over in it is cancelled."""
        self.run(_cancel_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


@contextmanager
def loop_thread() -> Iterator[LoopThread]:
    """A loop in a thread, as long as the context lasts."""
    loop = LoopThread()
    try:
        yield loop
    finally:
        loop.end()


@contextmanager
def in_thread(factory: Callable[[], Coroutine[Any, Any, S]]) -> Iterator[S]:
    """The server that `factory` starts, served in a thread as long as the context lasts."""
    with loop_thread() as loop:
        server = loop.run(factory())
        try:
            yield server
        finally:
            loop.run(server.close())


async def _cancel_rest() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
