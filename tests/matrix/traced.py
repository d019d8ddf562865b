"""A run that remembers which observation read which fact and used which other observation."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from threading import current_thread, local, main_thread
from typing import Any, TypeVar

from fixtures.facts.load import SystemFile
from fixtures.facts.model import Component, Fact, Facts
from fixtures.suite.run import Observe, Run

T = TypeVar("T")
ALL = "*"
"""Read by whoever went through all facts."""


class Traced(Run):
    """A run whose observations can be handed to another run, but for those that a changed fact would change."""

    def __init__(self, system: SystemFile) -> None:
        super().__init__(system)
        self.reads: dict[Observe[Any], set[str]] = defaultdict(set)
        self.uses: dict[Observe[Any], set[Observe[Any]]] = defaultdict(set)
        self.strays: set[str] = set()
        """What was read in a thread that belongs to no observation: whose it is nobody knows."""
        self._here = local()
        self.facts: Any = _Facts(system.facts, self._read)
        self.stated: Any = _Stated(system.facts.all(), self._read)

    def changed_by(self, fact: str) -> set[Observe[Any]]:
        """Every observation that read the fact, and all that use one that did."""
        found = {observe for observe, facts in self.reads.items() if facts & {fact, ALL}}
        while more := {observe for observe, used in self.uses.items() if used & found} - found:
            found |= more
        return found

    def lend(self, other: Run, fact: str) -> None:
        """Give another run all that was seen here and does not depend on a fact."""
        stale = self.changed_by(fact)
        other._futures.update({observe: seen for observe, seen in self._futures.items() if observe not in stale})

    def start(self, observe: Observe[T]) -> Future[T]:
        who = self._who()
        if who is not None:
            self.uses[who].add(observe)
        return super().start(observe)

    def _observe(self, observe: Observe[T], future: Future[T]) -> None:
        self._here.who = observe
        super()._observe(observe, future)

    def _who(self) -> Observe[Any] | None:
        """The observation whose thread this is; None in the thread of the checks."""
        who: Observe[Any] | None = getattr(self._here, "who", None)
        if who is None and current_thread() is not main_thread():
            self.strays.add(current_thread().name)
        return who

    def _read(self, fact: str) -> None:
        who = self._who()
        if who is not None:
            self.reads[who].add(fact)


class _Facts:
    """The facts as the model has them, each reading of one told."""

    def __init__(self, facts: Facts, read: Callable[[str], None]) -> None:
        self._facts, self._read = facts, read

    def __getattr__(self, component: str) -> Any:
        table = getattr(self._facts, component)
        return None if table is None else _Table(component, table, self._read)

    def all(self) -> "_Stated":
        return _Stated(self._facts.all(), self._read)


class _Table:
    """A component's facts, each reading of one told."""

    def __init__(self, component: str, table: Component, read: Callable[[str], None]) -> None:
        self._component, self._table, self._read = component, table, read

    def __getattr__(self, name: str) -> Any:
        self._read(f"{self._component}.{name}" if name in type(self._table).model_fields else ALL)
        return getattr(self._table, name)


class _Stated(Mapping[str, Fact[Any]]):
    """The facts by their ids, each reading of one told."""

    def __init__(self, facts: dict[str, Fact[Any]], read: Callable[[str], None]) -> None:
        self._facts, self._read = facts, read

    def __getitem__(self, fact: str) -> Fact[Any]:
        self._read(fact)
        return self._facts[fact]

    def __iter__(self) -> Iterator[str]:
        self._read(ALL)
        return iter(self._facts)

    def __len__(self) -> int:
        self._read(ALL)
        return len(self._facts)
