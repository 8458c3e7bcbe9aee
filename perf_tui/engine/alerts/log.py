"""The alert log in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from perf_tui.engine.alerts.model import Moved, Transition
from perf_tui.measures.model import Series

LOG_LENGTH = 500


class Log:
    """The newest lines, numbered. Written by the engine's thread; `lines` may be read from any."""

    def __init__(self) -> None:
        self._lines: deque[Transition] = deque(maxlen=LOG_LENGTH)
        self._count = 0
        self.lines: tuple[Transition, ...] = ()
        """Oldest first; replaced as a whole."""

    def restore(self, lines: Iterable[Transition]) -> None:
        """Go on after these."""
        self._lines.extend(lines)
        self._count = self._lines[-1].number if self._lines else 0
        self.lines = tuple(self._lines)

    def add(self, lines: Iterable[Transition]) -> list[Transition]:
        """Append lines; returns them with their numbers."""
        added = [replace(line, number=number) for number, line in enumerate(lines, self._count + 1)]
        self._count += len(added)
        self._lines.extend(added)
        self.lines = tuple(self._lines)
        return added

    def explain(self, name: str, key: Series, since: float, why: tuple[Moved, ...]) -> list[Transition]:
        """Say what else moved in the lines of the alert that began at `since`; returns them."""
        lines = []
        for place, line in enumerate(self._lines):
            if (line.rule.name, line.series, line.since) == (name, key, since):
                self._lines[place] = replace(line, why=why)
                lines.append(self._lines[place])
        self.lines = tuple(self._lines)
        return lines
