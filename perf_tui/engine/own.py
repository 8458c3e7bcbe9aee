"""What the monitor itself costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import psutil

from perf_tui.engine.snapshot import SourceState
from perf_tui.measures.counters import rate
from perf_tui.measures.model import PENDING, Sample, ok, series

_CPU = series("self.cpu")
_MEMORY = series("self.memory")
_TICK = series("self.tick.duration")


class OwnCost:
    """CPU, memory, and the time of ticks and sources of this process."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._process = psutil.Process()
        self._before: tuple[float, float] | None = None

    def samples(self, sources: Sequence[SourceState], began: float, undelivered: Mapping[str, int]) -> Iterator[Sample]:
        """The `self.*` measures of a tick that began at `began`; `undelivered` says how often handlers failed."""
        now, used = self._monotonic(), time.process_time()
        before, self._before = self._before, (now, used)
        yield Sample(_CPU, rate(before[1], used, now - before[0]) if before else PENDING)
        yield Sample(_MEMORY, ok(float(self._process.memory_info().rss)))
        for source in sources:
            if source.duration is not None:
                yield Sample(series("self.source.duration", source=source.name), ok(source.duration))
        for handler, times in undelivered.items():
            yield Sample(series("self.handler.failures", handler=handler), ok(float(times)))
        yield Sample(_TICK, ok(now - began))
