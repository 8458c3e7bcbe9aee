"""One pass over /proc: what the kernel says of every process, in as few system calls as can be."""

from __future__ import annotations

import os
import pwd
import resource
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.sources.system.host import first_block
from perf_tui.text import clean, decode

IO_EVERY = 8
"""I/O counters of processes that neither used CPU nor moved bytes are read once in this many passes."""
IDENTITY_EVERY = 16
"""User and command line are read again once in this many passes: servers change both of themselves."""
MOST_OPEN = 4096
"""Stat files that are kept open, and at most half of what the process may open."""
STAT = 2048
"""More bytes than a stat line can have."""


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


@dataclass(slots=True)
class _Known:
    """What is remembered of a process between passes."""

    stat: bytes
    row: RawProcess
    """Made from `stat`; without I/O counters, so that it stands for every pass in which nothing changed."""
    comm: bytes
    io: tuple[int, int] | None = None
    moving: bool = False
    """Whether its I/O counters changed when they were read last."""
    handle: int = -1
    """Its stat file, kept open: to read it again costs a third of opening it. Once it has ended, reading fails."""

    def __del__(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)


class ProcScan:
    """Reads all processes below `root`."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[int, _Known] = {}
        self._passes = 0
        self._open = 0
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most_open = MOST_OPEN if limit == resource.RLIM_INFINITY else min(MOST_OPEN, limit // 2)

    def scan(self) -> list[RawProcess]:
        """Every process that may be read, by pid. Raises SourceError where there is none."""
        self._passes += 1
        before, self._known = self._known, {}
        rows = []
        hidden = False
        for pid in sorted(int(name) for name in os.listdir(self._root) if name.isdigit()):
            try:
                rows.append(self._one(pid, before.get(pid)))
            except PermissionError:
                hidden = True
            except (OSError, ValueError, IndexError):
                continue  # it has ended since the listing
        self._open = sum(known.handle >= 0 for known in self._known.values())
        if not rows and hidden:
            raise SourceDenied(f"no process may be read in {self._root}, which is mounted with hidepid; root may")
        if not rows:
            raise SourceError(f"no process can be seen in {self._root}")
        return rows

    def _one(self, pid: int, known: _Known | None) -> RawProcess:
        folder = f"{self._root}/{pid}"
        stat = self._stat(f"{folder}/stat", known)
        turn = self._passes + pid
        look = turn % IO_EVERY == 0
        # The line of a process that did nothing is the same as before, byte for byte: most are.
        if known is None or known.stat != stat or turn % IDENTITY_EVERY == 0:
            row, comm = _parsed(pid, folder, stat, known if turn % IDENTITY_EVERY else None)
            if known is None or known.row.started != row.started:  # new, or the pid is another process' now
                known, look = _Known(stat, row, comm), True
            else:
                look = look or known.row.ticks != row.ticks
                known.stat, known.row, known.comm = stat, row, comm
        self._known[pid] = known
        if not (look or known.moving):
            return known.row
        io = _io(folder)
        known.moving = known.io is not None and io != known.io
        known.io = io
        return known.row._replace(io=io)

    def _stat(self, path: str, known: _Known | None) -> bytes:
        if known is None:  # many live no longer than a pass
            return first_block(path, STAT)
        if known.handle < 0:
            if self._open >= self._most_open:
                return first_block(path, STAT)
            known.handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self._open += 1
        return os.pread(known.handle, STAT, 0)


def _parsed(pid: int, folder: str, stat: bytes, known: _Known | None) -> tuple[RawProcess, bytes]:
    """A row from a process' stat line and memory, and its raw name; the rest is taken from `known`."""
    # The name stands in parentheses and may itself hold blanks and parentheses.
    end = stat.rindex(b")")
    comm = stat[stat.index(b"(") + 1 : end]
    fields = stat[end + 2 :].split(None, 20)
    started = int(fields[19])
    if known is not None and known.comm == comm and known.row.started == started:
        name, user, command = known.row.name, known.row.user, known.row.command
    else:  # a new name means that it has called exec
        name, user = decode(comm), _user(folder)
        command = _command(folder, name)
    # The stat line counts pages by the batch and is off by up to megabytes; statm is right.
    pages = int(first_block(f"{folder}/statm").split(None, 2)[1])
    row = RawProcess(
        pid, int(fields[1]), user, fields[0].decode(), int(fields[11]) + int(fields[12]), pages,
        int(fields[17]), name, command, started, None,
    )  # fmt: skip
    return row, comm


def _user(folder: str) -> str:
    return user_name(os.stat(folder).st_uid)


@lru_cache(maxsize=1024)
def user_name(uid: int) -> str:
    """The user's name, or the number where it has none."""
    try:
        return clean(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)


def _command(folder: str, name: str) -> str:
    try:
        raw = first_block(f"{folder}/cmdline")
    except PermissionError:
        raw = b""
    return decode(raw.rstrip(b"\0").replace(b"\0", b" ")) or f"[{name}]"


def _io(folder: str) -> tuple[int, int] | None:
    try:
        fields = first_block(f"{folder}/io").split()
        return int(fields[fields.index(b"read_bytes:") + 1]), int(fields[fields.index(b"write_bytes:") + 1])
    except (PermissionError, FileNotFoundError, ValueError, IndexError):  # not ours, or a kernel that does not count
        return None
