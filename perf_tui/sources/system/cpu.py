"""CPU time and load. In a container with a CPU quota, utilization is of the quota."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from perf_tui.measures.counters import increase, share
from perf_tui.measures.model import PENDING, Sample, Value, absent, ok, series
from perf_tui.sources.system.cgroup import CpuQuota, cpu_quota
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.part import Part

_UTILIZATION = series("system.cpu.utilization")
_IDLE = series("system.cpu.idle")
_IOWAIT = series("system.cpu.iowait")
_STEAL = series("system.cpu.steal")
_LOADS = tuple(series("system.load", period=period) for period in ("1m", "5m", "15m"))


@dataclass(frozen=True, slots=True)
class Times:
    """CPU seconds since boot. Guest time is part of user time and not counted again."""

    busy: float
    idle: float
    iowait: float | None
    steal: float | None

    @property
    def total(self) -> float:
        """All CPU time there was."""
        return self.busy + self.idle + (self.iowait or 0.0) + (self.steal or 0.0)


def times(raw: Any) -> Times:
    """From psutil's `scputimes`, whose fields differ by platform."""
    fields = raw._asdict()
    iowait, steal = fields.get("iowait"), fields.get("steal")
    known = {"idle", "iowait", "steal", "guest", "guest_nice"}
    return Times(sum(value for name, value in fields.items() if name not in known), fields["idle"], iowait, steal)


@dataclass(frozen=True, slots=True)
class CpuReading:
    whole: Times
    cores: tuple[Times, ...]
    load: tuple[float, float, float]
    quota: CpuQuota | None


class Cpu(Part[CpuReading]):
    measures = (
        "system.cpu.utilization", "system.cpu.idle", "system.cpu.iowait", "system.cpu.steal",
        "system.cpu.core.utilization", "system.load",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cores: list[Any] = []

    def read(self) -> CpuReading:
        return CpuReading(
            times(psutil.cpu_times()),
            tuple(times(core) for core in psutil.cpu_times(percpu=True)),
            os.getloadavg(),
            cpu_quota(self._host),
        )

    def derive(self, before: CpuReading | None, now: CpuReading, seconds: float) -> Iterator[Sample]:
        idle, iowait, steal = _shares(None if before is None else before.whole, now.whole)
        busy = _busy(idle, iowait)
        if now.quota is not None:
            busy = PENDING
            if before is not None and before.quota is not None:
                busy = share(increase(before.quota.used, now.quota.used), seconds * now.quota.cores)
            idle = busy if busy.number is None else ok(1 - busy.number)
        yield Sample(_UTILIZATION, busy)
        yield Sample(_IDLE, idle)
        yield Sample(_IOWAIT, iowait)
        yield Sample(_STEAL, steal)
        for number, core in enumerate(now.cores):
            earlier = before.cores[number] if before is not None and number < len(before.cores) else None
            core_idle, core_iowait, _ = _shares(earlier, core)
            yield Sample(series("system.cpu.core.utilization", cpu=str(number)), _busy(core_idle, core_iowait))
        for key, value in zip(_LOADS, now.load, strict=True):
            yield Sample(key, ok(value))


def _shares(before: Times | None, now: Times) -> tuple[Value, Value, Value]:
    """idle, iowait and steal as shares of the CPU time that passed."""
    if before is None:
        return (
            PENDING,
            PENDING if now.iowait is not None else _NO_FIELD,
            PENDING if now.steal is not None else _NO_FIELD,
        )
    # Idle and iowait of Linux may step back a little between readings: not a reset, and never negative.
    total = now.total - before.total
    if total <= 0:
        return PENDING, PENDING, PENDING
    return (
        share(now.idle - before.idle, total),
        _NO_FIELD if now.iowait is None else share(now.iowait - (before.iowait or 0.0), total),
        _NO_FIELD if now.steal is None else share(now.steal - (before.steal or 0.0), total),
    )


_NO_FIELD = absent("this system does not count it")


def _busy(idle: Value, iowait: Value) -> Value:
    """Neither idle nor waiting for I/O, as top and htop count it."""
    if idle.number is None:
        return idle
    return ok(min(1.0, max(0.0, 1 - idle.number - (iowait.number or 0.0))))
