"""Processes, by one pass over /proc: about 10 µs each. Elsewhere by psutil, which costs more."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import psutil

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.measures.counters import increase
from perf_tui.sources.system.host import LINUX, Host, slurp
from perf_tui.text import clean, decode

IO_EVERY = 8
"""I/O counters of processes that used no CPU are read once in this many passes."""


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
class _Known:
    """What is remembered of a process between passes."""

    started: int
    user: str
    command: str
    ticks: int
    io: tuple[int, int] | None
    io_at: float
    rates: tuple[float, float] | None


class RawProcess(NamedTuple):
    """One process as /proc has it: ticks of CPU since its start, pages, clock ticks since boot."""

    pid: int
    parent: int
    user: str
    state: str
    ticks: int
    pages: int
    threads: int
    name: str
    command: str
    started: int
    io: tuple[int, int] | None
    """Bytes read and written; None where not permitted or not read in this pass."""


class Processes(Source[list[RawProcess]]):
    """Publishes the table `processes`: a tuple of Process, by pid."""

    kind = "system"

    def __init__(self, host: Host, name: str = "processes") -> None:
        self.name = name
        self._host = host
        self._blocking = Blocking(name)
        self._seen: dict[int, _Known] = {}
        self._before: float | None = None
        self._passes = 0
        self._hertz = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")

    async def read(self) -> list[RawProcess]:
        return await self._blocking.call(self._scan if LINUX else self._portable)

    def _scan(self) -> list[RawProcess]:
        root = self._host.proc
        self._passes += 1
        rows = []
        for name in os.listdir(root):
            if name.isdigit():
                try:
                    rows.append(self._one(f"{root}/{name}", int(name)))
                except (FileNotFoundError, ProcessLookupError):
                    continue  # it has ended since the listing
        if not rows:
            raise SourceError(f"no process can be seen in {root}; it may be mounted with hidepid")
        return rows

    def _one(self, folder: str, pid: int) -> RawProcess:
        stat = slurp(f"{folder}/stat")
        # The name stands in parentheses and may itself hold blanks and parentheses.
        end = stat.rindex(b")")
        name = decode(stat[stat.index(b"(") + 1 : end])
        fields = stat[end + 2 :].split()
        ticks, started = int(fields[11]) + int(fields[12]), int(fields[19])
        known = self._seen.get(pid)
        if known is None or known.started != started:
            user, command = _owner(folder), _command(folder, name)
        else:
            user, command = known.user, known.command
            if name not in command and command.startswith("["):  # it has called exec since
                command = _command(folder, name)
        io = None
        if known is None or known.ticks != ticks or (self._passes + pid) % IO_EVERY == 0:
            io = _io(folder)
        return RawProcess(
            pid, int(fields[1]), user, fields[0].decode(), ticks, int(fields[21]), int(fields[17]), name, command,
            started, io,
        )  # fmt: skip

    def _portable(self) -> list[RawProcess]:
        rows = []
        wanted = [
            "ppid",
            "username",
            "status",
            "cpu_times",
            "memory_info",
            "num_threads",
            "name",
            "cmdline",
            "create_time",
        ]
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
                    clean(" ".join(info["cmdline"] or [])) or name, int(info["create_time"] * self._hertz), None,
                )
            )  # fmt: skip
        return rows

    def derive(self, reading: list[RawProcess], at: float) -> Derived:
        seconds = at - self._before if self._before is not None else 0.0
        self._before = at
        seen: dict[int, _Known] = {}
        rows = []
        for raw in reading:
            known = self._seen.get(raw.pid)
            if known is not None and known.started != raw.started:
                known = None  # the pid belongs to another process now
            cpu = None
            if known is not None and seconds > 0:
                cpu = increase(known.ticks, raw.ticks) / self._hertz / seconds
            rates, io, io_at = (known.rates, known.io, known.io_at) if known else (None, None, at)
            if raw.io is not None:
                if io is not None and at > io_at:
                    rates = (increase(io[0], raw.io[0]) / (at - io_at), increase(io[1], raw.io[1]) / (at - io_at))
                io, io_at = raw.io, at
            seen[raw.pid] = _Known(raw.started, raw.user, raw.command, raw.ticks, io, io_at, rates)
            rows.append(
                Process(
                    raw.pid, raw.parent, raw.user, raw.state, cpu, raw.pages * self._page,
                    rates[0] if rates else None, rates[1] if rates else None,
                    raw.threads, raw.name, raw.command, raw.started / self._hertz,
                )
            )  # fmt: skip
        self._seen = seen
        return Derived((), {"processes": tuple(rows)})


def _owner(folder: str) -> str:
    return user_name(os.stat(folder).st_uid)


@lru_cache(maxsize=1024)
def user_name(uid: int) -> str:
    """The user's name, or the number where it has none."""
    try:
        return clean(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)


def _command(folder: str, name: str) -> str:
    raw = _permitted(lambda: slurp(f"{folder}/cmdline", 4096)[:4096])
    words = raw.rstrip(b"\0").replace(b"\0", b" ") if raw else b""
    return decode(words) or f"[{name}]"


def _io(folder: str) -> tuple[int, int] | None:
    raw = _permitted(lambda: slurp(f"{folder}/io"))
    if raw is None:
        return None
    fields = raw.split()
    return int(fields[fields.index(b"read_bytes:") + 1]), int(fields[fields.index(b"write_bytes:") + 1])


def _permitted(read: Callable[[], bytes]) -> bytes | None:
    try:
        return read()
    except PermissionError:
        return None
