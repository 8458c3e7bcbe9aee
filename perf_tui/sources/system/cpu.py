"""CPU time and load. In a container with a CPU quota, utilization is of the quota."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import psutil

from perf_tui.engine.source import SourceError
from perf_tui.measures.counters import increase, share
from perf_tui.measures.model import PENDING, Sample, Value, absent, ok, series
from perf_tui.sources.system.cgroup import CpuQuota, cpu_quota
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part

_UTILIZATION = series("system.cpu.utilization")
_IDLE = series("system.cpu.idle")
_IOWAIT = series("system.cpu.iowait")
_STEAL = series("system.cpu.steal")
_LOADS = tuple(series("system.load", period=period) for period in ("1m", "5m", "15m"))
_NO_FIELD = absent("this system does not count it")


@dataclass(frozen=True, slots=True)
class Times:
    """CPU seconds since boot."""

    busy: float
    """In user and kernel mode and interrupts; guests are part of user mode and not counted again."""
    idle: float
    iowait: float | None
    steal: float | None


@dataclass(frozen=True, slots=True)
class CpuReading:
    whole: Times
    cores: Mapping[str, Times]
    """By the kernel's number of each core that is online."""
    load: tuple[float, ...] | None
    quota: CpuQuota | None


class Shares(NamedTuple):
    """What CPU time went to, as shares of the time that passed."""

    busy: Value
    """Neither idle nor waiting for I/O, as top and htop count it: stolen time is busy."""
    idle: Value
    iowait: Value
    steal: Value


class Cpu(Part[CpuReading]):
    measures = (
        "system.cpu.utilization", "system.cpu.idle", "system.cpu.iowait", "system.cpu.steal",
        "system.cpu.core.utilization", "system.load",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self._host = host
        self._ticks = os.sysconf("SC_CLK_TCK")

    def read(self) -> CpuReading:
        times = parse_stat(self._host.read_proc("stat"), self._ticks) if LINUX else _portable()
        if "" not in times:
            raise SourceError(f"{self._host.proc}/stat does not count the machine's CPU time")
        return CpuReading(times.pop(""), times, _load(), cpu_quota(self._host, len(times)))

    def derive(self, before: CpuReading | None, now: CpuReading, seconds: float) -> Iterator[Sample]:
        busy, idle, iowait, steal = shares(None if before is None else before.whole, now.whole)
        if now.quota is not None:
            busy = PENDING
            if before is not None and before.quota is not None and seconds > 0:
                busy = share(increase(before.quota.used, now.quota.used), seconds * now.quota.cores)
            idle = busy if busy.number is None else ok(1 - busy.number)
        yield Sample(_UTILIZATION, busy)
        yield Sample(_IDLE, idle)
        yield Sample(_IOWAIT, iowait)
        yield Sample(_STEAL, steal)
        for number, core in now.cores.items():
            earlier = None if before is None else before.cores.get(number)
            yield Sample(series("system.cpu.core.utilization", cpu=number), shares(earlier, core).busy)
        for place, key in enumerate(_LOADS):
            yield Sample(key, _NO_FIELD if now.load is None else ok(now.load[place]))


def parse_stat(text: bytes, ticks: int) -> dict[str, Times]:
    """Times by core from /proc/stat, in clock ticks of 1/`ticks` s; the whole machine under an empty name."""
    times = {}
    for line in text[: text.find(b"\nintr")].splitlines():
        name, *fields = line.split()
        if not name.startswith(b"cpu"):
            break
        user, nice, system, idle, *more = (int(field) / ticks for field in fields)
        # later kernels add: iowait irq softirq steal guest guest_nice
        times[name[3:].decode()] = Times(
            user + nice + system + sum(more[1:3]), idle, more[0] if more else None, more[3] if len(more) > 3 else None
        )
    return times


def _portable() -> dict[str, Times]:
    whole = _times(psutil.cpu_times())
    return {"": whole, **{str(number): _times(core) for number, core in enumerate(psutil.cpu_times(percpu=True))}}


def _times(raw: Any) -> Times:
    """From psutil's `scputimes`, whose fields differ by platform."""
    fields = raw._asdict()
    other = {"idle", "iowait", "steal", "guest", "guest_nice"}
    busy = sum(value for name, value in fields.items() if name not in other)
    return Times(busy, fields["idle"], fields.get("iowait"), fields.get("steal"))


def _load() -> tuple[float, ...] | None:
    try:
        return os.getloadavg()
    except OSError:
        return None


def shares(before: Times | None, now: Times) -> Shares:
    """What the CPU time between two readings went to."""
    if before is None or now.busy < before.busy:  # a first reading, or a machine restored from an older state
        before = now
    # Linux' idle and iowait may step back a little between two readings; that is no reset, and no negative time.
    busy, idle = max(0.0, now.busy - before.busy), max(0.0, now.idle - before.idle)
    iowait, steal = _grown(before.iowait, now.iowait), _grown(before.steal, now.steal)
    total = busy + idle + (iowait or 0.0) + (steal or 0.0)

    def part(seconds: float | None) -> Value:
        if seconds is None:
            return _NO_FIELD
        return share(seconds, total) if total > 0 else PENDING

    return Shares(part(busy + (steal or 0.0)), part(idle), part(iowait), part(steal))


def _grown(before: float | None, now: float | None) -> float | None:
    return None if now is None else max(0.0, now - (before or 0.0))
