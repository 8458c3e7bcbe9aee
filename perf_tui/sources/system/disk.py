"""Whole disks: throughput, operations, share of time busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

from perf_tui.measures.counters import increase, rate
from perf_tui.measures.model import PENDING, Sample, Value, absent, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part
from perf_tui.text import clean, decode

SECTOR = 512
"""Bytes in which Linux counts, whatever the disk's own sectors are."""


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
    none = "this machine shows no disk"

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> dict[str, DiskCounters]:
        disks = self._linux() if LINUX else _portable()
        return {clean(name): disk for name, disk in disks.items() if _worth_showing(name, disk)}

    def _linux(self) -> dict[str, DiskCounters]:
        # The names in /sys/block are those of whole disks; a / in a name stands as ! there.
        whole = {name.replace("!", "/"): name for name in self._host.sys_names("block")}
        try:
            table = parse_diskstats(self._host.read_proc("diskstats"))
        except OSError:
            if not whole:
                raise
            return self._from_sys(whole)  # some containers hide the table but not the disks
        return {name: disk for name, disk in table.items() if not whole or name in whole}

    def _from_sys(self, names: dict[str, str]) -> dict[str, DiskCounters]:
        disks = {}
        for name, folder in names.items():
            with suppress(OSError, ValueError, IndexError):  # taken out since the listing
                disks[name] = _counters(self._host.read_sys(f"block/{folder}/stat").split())
        return disks

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


def parse_diskstats(text: bytes) -> dict[str, DiskCounters]:
    """From /proc/diskstats, disks and partitions alike. Lines of kernels that count less of partitions are left out."""
    lines = (line.split() for line in text.splitlines())
    return {decode(fields[2]): _counters(fields[3:]) for fields in lines if len(fields) >= 14}


def _counters(fields: list[bytes]) -> DiskCounters:
    """The kernel's Documentation/admin-guide/iostats.rst numbers these fields from 1."""
    reads, _, sectors_read, _, writes, _, sectors_written, _, _, busy = map(int, fields[:10])
    return DiskCounters(sectors_read * SECTOR, sectors_written * SECTOR, reads, writes, busy / 1000)


def _portable() -> dict[str, DiskCounters]:
    return {
        name: DiskCounters(
            raw.read_bytes,
            raw.write_bytes,
            raw.read_count,
            raw.write_count,
            raw.busy_time / 1000 if hasattr(raw, "busy_time") else None,
        )
        for name, raw in (psutil.disk_io_counters(perdisk=True, nowrap=False) or {}).items()
    }


def _worth_showing(name: str, disk: DiskCounters) -> bool:
    """Loop and RAM disks that never did anything are there by the dozen."""
    return disk.reads + disk.writes > 0 or not name.startswith(("loop", "ram", "zram", "nbd", "fd", "sr"))


def _busy(before: DiskCounters | None, now: DiskCounters, seconds: float) -> Value:
    if now.busy is None:
        return absent("this system does not count it")
    if before is None or before.busy is None or seconds <= 0:
        return PENDING
    return ok(min(1.0, increase(before.busy, now.busy) / seconds))
