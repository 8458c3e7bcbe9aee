"""Memory and swap. In a container with a memory limit, total and used are the container's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psutil

from perf_tui.measures.counters import share
from perf_tui.measures.model import Sample, absent, ok, series
from perf_tui.sources.system.cgroup import MemoryLimit, memory_limit
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part

_NO_FIELD = absent("this system does not count it")
_IN_CACHE = absent("a container's are counted with its cache")


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """Bytes."""

    total: float
    available: float
    cached: float | None
    buffers: float | None
    swap_total: float
    swap_used: float
    limit: MemoryLimit | None = None


class Memory(Part[MemoryReading]):
    measures = (
        "system.memory.total", "system.memory.used", "system.memory.available", "system.memory.cached",
        "system.memory.buffers", "system.memory.utilization",
        "system.swap.total", "system.swap.used", "system.swap.utilization",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> MemoryReading:
        if not LINUX:
            return _portable()
        reading = parse_meminfo(self._host.read_proc("meminfo"))
        return replace(reading, limit=memory_limit(self._host, reading.total))

    def derive(self, before: MemoryReading | None, now: MemoryReading, seconds: float) -> Iterator[Sample]:
        total, used, available, cached = now.total, now.total - now.available, now.available, now.cached
        buffers = _NO_FIELD if now.buffers is None else ok(now.buffers)
        if now.limit is not None:
            total, used, cached = now.limit.total, now.limit.used, now.limit.cached
            available, buffers = max(0.0, total - used), _IN_CACHE
        yield Sample(series("system.memory.total"), ok(total))
        yield Sample(series("system.memory.used"), ok(used))
        yield Sample(series("system.memory.available"), ok(available))
        yield Sample(series("system.memory.cached"), _NO_FIELD if cached is None else ok(cached))
        yield Sample(series("system.memory.buffers"), buffers)
        yield Sample(series("system.memory.utilization"), share(used, total))
        yield Sample(series("system.swap.total"), ok(now.swap_total))
        yield Sample(series("system.swap.used"), ok(now.swap_used))
        # Of no swap space nothing is used: that is a number, unlike the latency of no request.
        swap = ok(now.swap_used / now.swap_total if now.swap_total else 0.0)
        yield Sample(series("system.swap.utilization"), swap)


def parse_meminfo(text: bytes) -> MemoryReading:
    """From /proc/meminfo. Raises KeyError where it lacks the memory itself."""
    fields: dict[bytes, int] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(b":")
        if name in _FIELDS:
            fields[name] = int(rest.split()[0]) * 1024
    total, free = fields[b"MemTotal"], fields[b"MemFree"]
    buffers, cached = fields.get(b"Buffers"), fields.get(b"Cached")
    if cached is not None:
        cached += fields.get(b"SReclaimable", 0)
    # Kernels before 3.14 do not say what is available; some containers say more than there is.
    available = fields.get(b"MemAvailable", free + (buffers or 0) + (cached or 0))
    swap = fields.get(b"SwapTotal", 0)
    return MemoryReading(total, min(available, total), cached, buffers, swap, swap - fields.get(b"SwapFree", swap))


_FIELDS = frozenset(
    (b"MemTotal", b"MemFree", b"MemAvailable", b"Buffers", b"Cached", b"SReclaimable", b"SwapTotal", b"SwapFree")
)


def _portable() -> MemoryReading:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return MemoryReading(
        memory.total,
        memory.available,
        getattr(memory, "cached", None),
        getattr(memory, "buffers", None),
        swap.total,
        swap.used,
    )
