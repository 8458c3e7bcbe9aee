"""Where the kernel shows itself: small reads below /proc and /sys, which tests replace by a folder."""

from __future__ import annotations

import os
import sys

LINUX = sys.platform.startswith("linux")


class Host:
    """The roots of /proc and /sys."""

    def __init__(self, proc: str = "/proc", sys: str = "/sys") -> None:
        self.proc = proc
        self.sys = sys

    def read_proc(self, name: str) -> bytes:
        """A whole file below /proc. Raises OSError."""
        return slurp(f"{self.proc}/{name}")

    def read_sys(self, name: str) -> bytes:
        """A whole file below /sys. Raises OSError."""
        return slurp(f"{self.sys}/{name}")

    def sys_number(self, name: str) -> float | None:
        """The number that a file below /sys holds; None where there is no such file or number."""
        try:
            return float(self.read_sys(name).split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def sys_names(self, name: str) -> frozenset[str]:
        """The names in a folder below /sys; empty where it cannot be listed."""
        try:
            return frozenset(os.listdir(f"{self.sys}/{name}"))
        except OSError:
            return frozenset()


def slurp(path: str, block: int = 65536) -> bytes:
    """A whole file of /proc or /sys, at half the cost of `open().read()`.

    The kernel gives files of many records (sockets, mounts) a page at a time, and a page less the
    record that did not fit: only an empty read is the end.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(handle, block)
        parts = [data]
        while data:
            data = os.read(handle, block)
            parts.append(data)
        return b"".join(parts)
    finally:
        os.close(handle)


def first_block(path: str, size: int = 4096) -> bytes:
    """What one read of a file gives: all of one that the kernel writes as a single record of less than a page."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, size)
    finally:
        os.close(handle)
