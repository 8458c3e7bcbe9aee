"""The system source: all cheap parts in one pass, so that they share one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source
from perf_tui.measures.model import Sample, Status, Value, series
from perf_tui.sources.system.part import Part


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a part could not be read."""

    status: Status
    reason: str


def failure(error: Exception) -> Failure:
    """The status and the words for what a part raised."""
    if isinstance(error, PermissionError):
        return Failure(Status.DENIED, f"no permission to read {error.filename}")
    if isinstance(error, FileNotFoundError):
        return Failure(Status.ABSENT, f"this system has no {error.filename}")
    if isinstance(error, NotImplementedError):
        return Failure(Status.ABSENT, "this system does not give it")
    return Failure(Status.ERROR, str(error) or type(error).__name__)


class PartsSource(Source[tuple[object, ...]]):
    """Reads its parts one after the other on one blocking thread."""

    kind = "system"

    def __init__(self, name: str, parts: Sequence[Part[Any]], every: int = 1, deadline: float = 2.0) -> None:
        self.name = name
        self.every = every
        self.deadline = deadline
        self._parts = tuple(parts)
        self._blocking = Blocking(name)
        self._before: list[tuple[float, object] | None] = [None] * len(self._parts)

    async def read(self) -> tuple[object, ...]:
        return await self._blocking.call(self._read)

    def _read(self) -> tuple[object, ...]:
        readings: list[object] = []
        for part in self._parts:
            try:
                readings.append(part.read())
            except Exception as error:
                readings.append(failure(error))
        return tuple(readings)

    def derive(self, reading: tuple[object, ...], at: float) -> Derived:
        return Derived(list(self._samples(reading, at)))

    def _samples(self, reading: tuple[object, ...], at: float) -> Iterator[Sample]:
        for place, (part, now) in enumerate(zip(self._parts, reading, strict=True)):
            if isinstance(now, Failure):
                for id in part.measures:
                    yield Sample(series(id), Value(None, now.status, now.reason))
                continue
            before = self._before[place]
            self._before[place] = (at, now)
            if before is None:
                yield from part.derive(None, now, 0.0)
            else:
                yield from part.derive(before[1], now, at - before[0])
