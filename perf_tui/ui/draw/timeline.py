"""The shared time axis: which ticks stand in which column, the same for all charts of a screen.

A column is a whole number of ticks and begins at a multiple of it, so that a chart moves on by one
column once in a while instead of re-drawing itself on each tick: that is most of what a chart sends
over SSH.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from math import isnan, nan

from perf_tui.engine.snapshot import TICK_TIME, Snapshot
from perf_tui.measures.model import Series
from perf_tui.measures.units import seconds


@dataclass(frozen=True, slots=True)
class Timeline:
    """`columns` columns of `ticks` ticks each; the newest tick of the snapshot is in the last one."""

    snapshot: Snapshot
    columns: int
    ticks: int = 2

    @property
    def first(self) -> int:
        """The first tick of the first column."""
        return (self.snapshot.tick // self.ticks - self.columns + 1) * self.ticks

    def values(self, key: Series) -> array[float]:
        """One value a tick from the first column to the last; NaN where there is none, or not yet."""
        if self.columns <= 0:
            return array("d")
        wanted = self.columns * self.ticks
        known = self.snapshot.tick - self.first + 1
        return self.snapshot.past(key, known) + array("d", [nan]) * (wanted - known)

    def points(self, key: Series, per_column: int = 1) -> list[float]:
        """`per_column` values a column, each the highest of its ticks: a spike never hides in an average."""
        if self.columns <= 0:
            return []
        return highest(self.values(key), self.columns * per_column)

    @property
    def span(self) -> float:
        """Seconds from the left edge to now."""
        return self.columns * self.ticks * self.snapshot.interval

    def axis(self, rule: str) -> str:
        """Marks of time under the charts, now at the right edge."""
        end = " now"
        if self.columns < len(end):
            return rule * self.columns
        text = list(rule * self.columns)
        step = _step(self.ticks * self.snapshot.interval * 16)
        ages, free = self._ages(), self.columns - 6
        for number in range(1, int(max(self.span, ages[0][0] if ages else 0.0) / step) + 1):
            label = f" −{_short(step * number)} "
            place = self._column(step * number, ages)
            if 0 <= place <= free - len(label):
                text[place : place + len(label)] = label
                free = place
        text[self.columns - len(end) :] = end
        return "".join(text)

    def _ages(self) -> list[tuple[float, int]]:
        """Seconds since each tick, and its place, the oldest first; none where all came at this interval, or nearly so.

        The clock of ticks trembles: an axis that followed it always would be sent again and again.
        """
        times = [(time, place) for place, time in enumerate(self.values(TICK_TIME)) if not isnan(time)]
        if len(times) < 2:
            return []
        (oldest, first), (newest, last) = times[0], times[-1]
        expected = (last - first) * self.snapshot.interval
        if abs(newest - oldest - expected) < self.ticks * self.snapshot.interval:
            return []
        return [(newest - time, place) for time, place in times]

    def _column(self, age: float, ages: list[tuple[float, int]]) -> int:
        """The column of what was `age` seconds ago."""
        if not ages:
            return self.columns - round(age / (self.ticks * self.snapshot.interval))
        place = ages[max(0, bisect_left(ages, -age, key=lambda each: -each[0]) - 1)][1]
        if age > ages[0][0]:  # before the first tick: as if it had always been this interval
            place -= round((age - ages[0][0]) / self.snapshot.interval)
        return place // self.ticks


def _short(whole: int) -> str:
    """A whole number of seconds without what is zero: 30s, 2m, 1m30s, 2h."""
    return f"{whole}s" if whole < 60 else seconds(whole).removesuffix("00s").removesuffix("00m")


_STEPS = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


def _step(least: float) -> int:
    return next((step for step in _STEPS if step >= least), 86400)


def highest(values: array[float], buckets: int) -> list[float]:
    """The highest value in each of `buckets` equal parts; NaN for parts without any."""
    size = len(values) // buckets
    if size == 1:
        return list(values)
    found = []
    for begin in range(0, size * buckets, size):
        top = nan
        for value in values[begin : begin + size]:
            if not isnan(value) and not value <= top:
                top = value
        found.append(top)
    return found
