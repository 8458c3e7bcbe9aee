"""The system source: all cheap parts in one pass, so that they share one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psutil

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Failure, Source, failure
from perf_tui.measures.model import Sample, Status, Value, absent, series
from perf_tui.sources.system.part import Part


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
        self._given: list[tuple[Sample, ...]] = [()] * len(self._parts)

    async def read(self) -> tuple[object, ...]:
        return await self._blocking.call(self._read)

    def _read(self) -> tuple[object, ...]:
        readings: list[object] = []
        for part in self._parts:
            try:
                readings.append(part.read())
            except Exception as error:
                readings.append(_why(error))
        return tuple(readings)

    def derive(self, reading: tuple[object, ...], at: float) -> Derived:
        return Derived([sample for place, now in enumerate(reading) for sample in self._samples(place, now, at)])

    def _samples(self, place: int, now: object, at: float) -> tuple[Sample, ...]:
        """The samples of one part: new ones, or the last ones as stale, or why there are none."""
        part, before = self._parts[place], self._before[place]
        if not isinstance(now, Failure):
            try:
                given = tuple(self._new(part, before, now, at))
            except Exception as error:
                now = _why(error)
            else:
                self._before[place] = (at, now)
                self._given[place] = given
                return given
        if before is None:
            return tuple(Sample(series(id), Value(None, now.status, now.reason)) for id in part.measures)
        # The last numbers stay, with the time that they are from: whoever watches a disk must not take a
        # failed reading for a disk that is gone.
        return tuple(
            Sample(key, value._replace(status=Status.STALE, reason=now.reason, at=before[0]))
            if value.number is not None
            else Sample(key, value)
            for key, value in self._given[place]
        )

    @staticmethod
    def _new(part: Part[Any], before: tuple[float, object] | None, now: object, at: float) -> Iterator[Sample]:
        missing = set(part.measures)
        derived = part.derive(None, now, 0.0) if before is None else part.derive(before[1], now, at - before[0])
        for sample in derived:
            missing.discard(sample.series.id)
            yield sample
        for id in part.measures:
            if id in missing:
                yield Sample(series(id), absent(part.none))

    async def close(self) -> None:
        self._blocking.close()


def _why(error: Exception) -> Failure:
    if isinstance(error, psutil.AccessDenied):
        return Failure(Status.DENIED, "no permission to read it; root has it")
    return failure(error)
