"""Whole disks: throughput, operations, share of time busy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf_tui.measures.counters import increase, rate
from perf_tui.measures.model import PENDING, Sample, Value, absent, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part
from perf_tui.text import clean


@dataclass(frozen=True, slots=True)
class DiskCounters:
    read_bytes: float
    write_bytes: float
    reads: float
    writes: float
    busy: float | None
    """Seconds with I/O in progress."""


class Disk(Part[dict[str, DiskCounters]]):
    measures = (
        "system.disk.read", "system.disk.write", "system.disk.read_ops", "system.disk.write_ops", "system.disk.busy",
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> dict[str, DiskCounters]:
        counters = psutil.disk_io_counters(perdisk=True, nowrap=False)
        whole = self._host.sys_names("block") if LINUX else frozenset(counters)
        return {
            clean(name): DiskCounters(
                raw.read_bytes,
                raw.write_bytes,
                raw.read_count,
                raw.write_count,
                raw.busy_time / 1000 if hasattr(raw, "busy_time") else None,
            )
            for name, raw in counters.items()
            if (not whole or name in whole) and _worth_showing(name, raw.read_count + raw.write_count)
        }

    def derive(
        self, before: dict[str, DiskCounters] | None, now: dict[str, DiskCounters], seconds: float
    ) -> Iterator[Sample]:
        for name, disk in now.items():
            earlier = before.get(name) if before else None
            for id, attribute in (
                ("system.disk.read", "read_bytes"),
                ("system.disk.write", "write_bytes"),
                ("system.disk.read_ops", "reads"),
                ("system.disk.write_ops", "writes"),
            ):
                was = getattr(earlier, attribute) if earlier else None
                yield Sample(series(id, device=name), rate(was, getattr(disk, attribute), seconds))
            yield Sample(series("system.disk.busy", device=name), _busy(earlier, disk, seconds))


def _worth_showing(name: str, operations: int) -> bool:
    """Loop and RAM disks that never did anything are there by the dozen."""
    return operations > 0 or not name.startswith(("loop", "ram", "zram", "nbd", "fd", "sr"))


def _busy(before: DiskCounters | None, now: DiskCounters, seconds: float) -> Value:
    if now.busy is None:
        return absent("this system does not count it")
    if before is None or before.busy is None or seconds <= 0:
        return PENDING
    return ok(min(1.0, increase(before.busy, now.busy) / seconds))
