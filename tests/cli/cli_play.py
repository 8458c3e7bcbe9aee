"""What the tests of the command line let sources play."""

from __future__ import annotations

from collections.abc import Callable

from perf_tui.engine.source import SourceError
from perf_tui.measures.model import series
from perf_tui.sources.fake import Played

CPU = series("system.cpu.utilization")
Play = Callable[..., None]
"""The fixture `play`: sources by name, each a function from the reading's number to what it gives."""


class Ticks:
    """A clock for `--for` that stands still until a source has been read `enough` times, then leaps."""

    def __init__(self, play: Callable[[int], Played], enough: int) -> None:
        self._play = play
        self._enough = enough
        self._over = False

    def __call__(self, number: int) -> Played:
        self._over = number >= self._enough
        return self._play(number)

    def monotonic(self) -> float:
        """Seconds, as `time.monotonic` has them."""
        return 1e9 if self._over else 0.0


def busy(number: int) -> Played:
    """Half of the CPU, always."""
    return {CPU: 0.5}


def broken(number: int) -> Played:
    """A failure, always."""
    return SourceError("it is gone")
