"""Processes, by one pass over /proc: about 15 µs each. Elsewhere by psutil, which costs more."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

import psutil

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source
from perf_tui.measures.counters import increase
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.procscan import ProcScan, RawProcess
from perf_tui.text import clean


class Process(NamedTuple):
    """One row of the process table. None is what may not be read or has no rate yet."""

    pid: int
    parent: int
    user: str
    state: str
    """The kernel's letter: R running, S sleeping, D waiting for disk, Z zombie, T stopped, I idle."""
    cpu: float | None
    """CPU time of the last interval, of one core."""
    memory: int
    """Resident bytes."""
    read: float | None
    """Bytes read from storage per second."""
    write: float | None
    threads: int
    name: str
    command: str
    """The command line, or the name in brackets for kernel threads."""
    started: float
    """Seconds since boot."""


@dataclass(slots=True)
class _Before:
    """What rates are made from: an earlier reading of a process."""

    raw: RawProcess
    io: tuple[int, int] | None
    io_at: float
    read: float | None = None
    write: float | None = None
    row: Process | None = None


class Processes(Source[list[RawProcess]]):
    """Publishes the table `processes`: a tuple of Process, by pid."""

    kind = "system"

    def __init__(self, host: Host, name: str = "processes") -> None:
        self.name = name
        self._blocking = Blocking(name)
        self._host = host
        self._scan = ProcScan(host.proc)
        self._seen: dict[int, _Before] = {}
        self._before: float | None = None
        self._hertz = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")

    async def read(self) -> list[RawProcess]:
        return await self._blocking.call(self._scan.scan if LINUX else self._portable)

    def _portable(self) -> list[RawProcess]:
        rows = []
        booted = psutil.boot_time()
        wanted = [
            "ppid", "username", "status", "cpu_times", "memory_info", "num_threads", "name", "cmdline", "create_time",
        ]  # fmt: skip
        for process in psutil.process_iter(wanted):
            info = process.info
            if info["cpu_times"] is None or info["memory_info"] is None:
                continue  # no permission: nothing to show but a pid
            used = info["cpu_times"].user + info["cpu_times"].system
            name = clean(info["name"] or "")
            rows.append(
                RawProcess(
                    process.pid, info["ppid"] or 0, clean(info["username"] or "?"), (info["status"] or "?")[0].upper(),
                    int(used * self._hertz), info["memory_info"].rss // self._page, info["num_threads"] or 1, name,
                    clean(" ".join(info["cmdline"] or [])) or f"[{name}]",
                    int((info["create_time"] - booted) * self._hertz), None,
                )
            )  # fmt: skip
        return sorted(rows)

    def derive(self, reading: list[RawProcess], at: float) -> Derived:
        seconds = at - self._before if self._before is not None else 0.0
        self._before = at
        seen: dict[int, _Before] = {}
        rows = []
        for raw in reading:
            before = self._seen.get(raw.pid)
            cpu = None
            if before is None or before.raw.started != raw.started:  # new, or the pid belongs to another process now
                before = _Before(raw, raw.io, at)
            else:
                if seconds > 0:
                    cpu = increase(before.raw.ticks, raw.ticks) / self._hertz / seconds
                if raw.io is not None:
                    _moved(before, raw.io, at)
            seen[raw.pid] = before
            row = before.row
            # Most processes are idle and were before: their row stands.
            if row is None or before.raw is not raw or row.cpu != cpu:
                row = before.row = self._row(raw, cpu, before)
            before.raw = raw
            rows.append(row)
        self._seen = seen
        return Derived((), {"processes": tuple(rows)})

    def _row(self, raw: RawProcess, cpu: float | None, before: _Before) -> Process:
        return Process(
            raw.pid, raw.parent, raw.user, raw.state, cpu, raw.pages * self._page, before.read, before.write,
            raw.threads, raw.name, raw.command, raw.started / self._hertz,
        )  # fmt: skip

    async def close(self) -> None:
        self._blocking.close()
        self._scan = ProcScan(self._host.proc)  # the old one closes its files when no pass uses it any more


def _moved(before: _Before, io: tuple[int, int], at: float) -> None:
    """Bytes per second since the I/O counters were read last."""
    if before.io is not None and at > before.io_at:
        seconds = at - before.io_at
        before.read = increase(before.io[0], io[0]) / seconds
        before.write = increase(before.io[1], io[1]) / seconds
    before.io, before.io_at = io, at
