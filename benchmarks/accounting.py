"""What processes cost, from the operating system's own accounts in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

_TICKS = os.sysconf("SC_CLK_TCK")


def pids() -> list[int]:
    """All processes that exist."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third one, the state, on. Raises OSError once the process is gone."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def session(leader: int) -> list[int]:
    """The processes of a session, without its leader."""
    found = []
    for pid in pids():
        with suppress(OSError):
            if pid != leader and int(_stat(pid)[3]) == leader:
                found.append(pid)
    return found


def cpu_seconds(processes: Iterable[int]) -> float:
    """CPU seconds, user and system, that the processes and their finished children have used so far."""
    ticks = 0
    for pid in processes:
        with suppress(OSError):
            ticks += sum(map(int, _stat(pid)[11:15]))
    return ticks / _TICKS


def pss_bytes(processes: Iterable[int]) -> int:
    """Proportional set size: the processes' own memory, and their share of what they have in common with others."""
    kib = 0
    for pid in processes:
        with suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            kib += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return kib * 1024
