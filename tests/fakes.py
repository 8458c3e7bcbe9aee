"""Clocks and machines that tests make up."""

from __future__ import annotations

from pathlib import Path


class Clock:
    """A monotonic clock (call it) and a wall clock, which stand still until they are moved."""

    def __init__(self, monotonic: float = 1000.0, wall: float = 1.7e9) -> None:
        self.now = monotonic
        self.day = wall

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self.day

    def advance(self, seconds: float) -> None:
        """Time passes on both."""
        self.now += seconds
        self.day += seconds


class Tree:
    """Files below `root`, as a kernel would show them in /proc and /sys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("proc", "sys"):
            (root / folder).mkdir()

    @property
    def proc(self) -> str:
        """The folder that stands for /proc."""
        return str(self.root / "proc")

    @property
    def sys(self) -> str:
        """The folder that stands for /sys."""
        return str(self.root / "sys")

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file such as `proc/stat`, with its folders."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def remove(self, name: str) -> None:
        """Take a file away."""
        (self.root / name).unlink()
