"""Memory and swap. In a container with a memory limit, total and used are the container's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf_tui.measures.counters import share
from perf_tui.measures.model import Sample, absent, ok, series
from perf_tui.sources.system.cgroup import MemoryLimit, memory_limit
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.part import Part


@dataclass(frozen=True, slots=True)
class MemoryReading:
    total: float
    available: float
    cached: float | None
    buffers: float | None
    swap_total: float
    swap_used: float
    limit: MemoryLimit | None


class Memory(Part[MemoryReading]):
    measures = (
        "system.memory.total", "system.memory.used", "system.memory.available", "system.memory.cached",
        "system.memory.buffers", "system.memory.utilization",
        "system.swap.total", "system.swap.used", "system.swap.utilization",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> MemoryReading:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        return MemoryReading(
            memory.total,
            memory.available,
            getattr(memory, "cached", None),
            getattr(memory, "buffers", None),
            swap.total,
            swap.used,
            memory_limit(self._host, memory.total),
        )

    def derive(self, before: MemoryReading | None, now: MemoryReading, seconds: float) -> Iterator[Sample]:
        total, used, cached = now.total, now.total - now.available, now.cached
        available = now.available
        if now.limit is not None:
            total, used, cached = now.limit.total, now.limit.used, now.limit.cached
            available = max(0.0, total - used)
        missing = absent("this system does not count it")
        yield Sample(series("system.memory.total"), ok(total))
        yield Sample(series("system.memory.used"), ok(used))
        yield Sample(series("system.memory.available"), ok(available))
        yield Sample(series("system.memory.cached"), missing if cached is None else ok(cached))
        yield Sample(series("system.memory.buffers"), missing if now.buffers is None else ok(now.buffers))
        yield Sample(series("system.memory.utilization"), share(used, total))
        yield Sample(series("system.swap.total"), ok(now.swap_total))
        yield Sample(series("system.swap.used"), ok(now.swap_used))
        # Of no swap space nothing is used: that is a number, unlike the latency of no request.
        swap = ok(now.swap_used / now.swap_total if now.swap_total else 0.0)
        yield Sample(series("system.swap.utilization"), swap)
