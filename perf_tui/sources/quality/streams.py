"""Streams of scores by what they judge and the model, each with its baseline and its present: the rows `quality`."""

from __future__ import annotations

from collections.abc import Callable

from perf_tui.measures.drift import Monitor
from perf_tui.measures.model import Sample
from perf_tui.measures.quality import Quality, samples

MOST_STREAMS = 100
"""Streams that are told apart in one place; scores of further ones are left out."""

Key = tuple[str, str, str]
"""The engine, the model and the name of what is scored."""


class Streams:
    """The scores that one source gives."""

    def __init__(self, source: str, make: Callable[[Key], Monitor]) -> None:
        """`make` gives the monitor of a new stream."""
        self._source = source
        self._make = make
        self._monitors: dict[Key, Monitor] = {}
        self._rows: dict[Key, Quality] = {}
        self._touched: set[Key] = set()

    def __bool__(self) -> bool:
        return bool(self._monitors)

    def clear(self) -> None:
        """Forget everything."""
        self._monitors.clear()
        self._rows.clear()
        self._touched.clear()

    def add(self, key: Key, score: float) -> bool:
        """The next score of a stream; False where there is no room for the stream."""
        monitor = self._monitors.get(key)
        if monitor is None:
            if len(self._monitors) >= MOST_STREAMS:
                return False
            monitor = self._monitors[key] = self._make(key)
        monitor.add(score)
        self._touched.add(key)
        return True

    def rows(self) -> tuple[Quality, ...]:
        """What is known now; streams without a new score keep their row."""
        for key in self._touched:
            engine, model, name = key
            self._rows[key] = Quality(engine, model, name, self._source, False, self._monitors[key].drift())
        self._touched.clear()
        return tuple(self._rows.values())


def samples_of(rows: tuple[Quality, ...]) -> list[Sample]:
    """The measures of all rows."""
    return [sample for row in rows for sample in samples(row)]
