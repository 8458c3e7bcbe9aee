"""What is not there is not looked for at every tick."""

from __future__ import annotations

from collections.abc import Callable

from perf_tui.engine.source import SourceAbsent

LOOK_AGAIN = 60.0
"""Seconds after which hardware that was absent is looked for again: drivers are loaded once in a while."""


class Absence:
    """Remembers for a minute that there was nothing, so that a machine without GPUs pays nothing."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: str | None = None
        self._until = 0.0

    def check(self) -> None:
        """Raises SourceAbsent while there was nothing less than a minute ago."""
        if self._known is not None and self._monotonic() < self._until:
            raise SourceAbsent(self._known)
        self._known = None

    def remember(self, reason: SourceAbsent) -> None:
        """There is nothing now."""
        self._known = str(reason)
        self._until = self._monotonic() + LOOK_AGAIN
