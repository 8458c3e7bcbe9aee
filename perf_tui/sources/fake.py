"""A source that plays what it is given: numbers, failures, delays. For tests of everything behind the sources."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeAlias

from perf_tui.engine.source import Derived, Source
from perf_tui.measures.model import Sample, Series, Value

Played: TypeAlias = Mapping[Series, Value | float] | BaseException


class FakeSource(Source[Mapping[Series, Value | float]]):
    """Calls `play(n)` for its n-th reading, counted from 0: values to give, or an exception to raise."""

    def __init__(self, play: Callable[[int], Played], name: str = "fake", deadline: float = 5.0) -> None:
        self.name = name
        self.kind = "fake"
        self.deadline = deadline
        self.reads = 0
        self.opened = 0
        self.closed = 0
        self.gate: asyncio.Event | None = None
        """If set, readings wait for it: a source that hangs."""
        self._play = play

    async def open(self) -> None:
        self.opened += 1

    async def read(self) -> Mapping[Series, Value | float]:
        number = self.reads
        self.reads += 1
        if self.gate is not None:
            await self.gate.wait()
        played = self._play(number)
        if isinstance(played, BaseException):
            raise played
        return played

    def derive(self, reading: Mapping[Series, Value | float], at: float) -> Derived:
        return Derived(
            [Sample(key, value if isinstance(value, Value) else Value(value)) for key, value in reading.items()]
        )

    async def close(self) -> None:
        self.closed += 1
