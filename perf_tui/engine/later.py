"""A source whose parts take long to load: they are put together at its first reading, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source


class Later(Source[Any]):
    """Stands for the source that `make` makes, and keeps the program's start free of what that imports."""

    deadline = 30.0

    def __init__(self, name: str, kind: str, make: Callable[[], Source[Any]], first: int = 2) -> None:
        """`first` is the tick of the first reading: the first picture does not wait for it."""
        self.name, self.kind, self.first = name, kind, first
        self._make = make
        self._blocking = Blocking(name)
        self._source: Source[Any] | None = None

    async def open(self) -> None:
        if self._source is None:
            self._source = await self._blocking.call(self._make)
            self._blocking.close()
            self.every, self.deadline = self._source.every, self._source.deadline
        await self._source.open()

    async def read(self) -> Any:
        assert self._source is not None  # a source is read after it was opened
        return await self._source.read()

    def derive(self, reading: Any, at: float) -> Derived:
        assert self._source is not None
        return self._source.derive(reading, at)

    async def close(self) -> None:
        if self._source is not None:
            await self._source.close()
