"""What each point adds: sums and histograms of both temporalities made increases, one state for each series.

A cumulative series is told apart by its start as well, as the data model has it: one with a new
start is another one and counts from 0, so that a restart loses nothing and two senders that look
alike do not undo each other. Without a start, a number that fell was reset.
"""

from __future__ import annotations

from typing import NamedTuple

from perf_tui.sources.otlp.model import Metric, Point
from perf_tui.sources.otlp.spread import Exponential, Spread

KEEP = 3600.0
"""Seconds for which a silent series is remembered: a sender that comes back must not be counted twice."""
SPARE = 600.0
"""Seconds of silence after which it makes room for others."""
LONGEST = 600.0
"""Seconds between two points of a series that are believed."""
SLACK = 5.0
"""Seconds by which the sender's clock may be behind."""


class Increase(NamedTuple):
    """What one point adds to what was known before."""

    amount: float | Spread
    seconds: float
    """In how much time it came; 0 where that is not known."""
    recent: bool
    """It came while this program listened: it counts for rates and windows, not only for totals."""
    key: int
    """The same for the points of one series."""


class _Series:
    __slots__ = ("heard", "time", "value")

    def __init__(self) -> None:
        self.heard = 0.0
        self.time = 0
        self.value: float | Spread | Exponential | None = None


class Series:
    """All series that are followed; at most `most`."""

    def __init__(self, most: int, since: float) -> None:
        """`since` is when listening began, in seconds since the epoch."""
        self._most = most
        self._since = since
        self._known: dict[int, _Series] = {}

    def __len__(self) -> int:
        return len(self._known)

    def increase(self, metric: Metric, point: Point, at: float) -> Increase | None:
        """What a point of a sum or histogram adds; None for one that came before. Raises Full."""
        key = hash((metric.identity, point.identity))
        state, begun = self._state(key if metric.delta else hash((key, point.start)), at)
        span = at - state.heard if not begun else 0.0
        heard, state.heard = state.heard, at
        before, state.time = state.time, max(state.time, point.time)
        if point.time and not begun:
            # Sent again after an answer that was lost, or overtaken by a later one.
            again = point.time <= before if not metric.delta else point.time == before
            if again:
                state.heard = heard
                return None
        if metric.delta:
            told = point.time - point.start if point.start and point.time else 0
            return Increase(_amount(point.value), _seconds(told) or span, True, key)
        previous, state.value = state.value, point.value
        rise = None if previous is None else _rise(previous, point.value)
        if rise is not None:
            return Increase(rise, _seconds(point.time - before) if point.time and before else span, True, key)
        fresh = begun and not (point.start and point.start / 1e9 >= self._since - SLACK)
        told = point.time - point.start if point.start and point.time else 0
        return Increase(_amount(point.value), _seconds(told) or span, not fresh, key)

    def level(self, metric: Metric, point: Point, at: float) -> tuple[int, float] | None:
        """The series and the present value of a gauge, or of a sum that goes up and down. Raises Full."""
        if not isinstance(point.value, float):
            return None
        key = hash((metric.identity, point.identity))
        state, _ = self._state(key, at)
        if point.time and point.time < state.time:
            return None
        if metric.delta and not metric.gauge:
            again = point.time and point.time == state.time
            state.value = (state.value if isinstance(state.value, float) else 0.0) + (0.0 if again else point.value)
        else:
            state.value = point.value
        state.heard, state.time = at, point.time
        return key, state.value

    def _state(self, key: int, at: float) -> tuple[_Series, bool]:
        # The one not heard of for longest stands first.
        known = self._known.pop(key, None)
        if known is not None:
            self._known[key] = known
            return known, False
        if len(self._known) >= self._most:
            self.expire(at, SPARE)
            if len(self._known) >= self._most:
                raise Full(f"more than {self._most} sets of labels are pushed")
        state = self._known[key] = _Series()
        state.heard = at
        return state, True

    def expire(self, at: float, keep: float = KEEP) -> None:
        """Forget what has been silent for `keep` seconds."""
        while self._known:
            key = next(iter(self._known))
            if at - self._known[key].heard <= keep:
                return
            del self._known[key]


class Full(Exception):  # noqa: N818
    """There is no room for another one; the text says of what."""


def _seconds(nanoseconds: int) -> float:
    return min(LONGEST, max(0.0, nanoseconds / 1e9))


def _amount(value: float | Spread | Exponential) -> float | Spread:
    return value.spread() if isinstance(value, Exponential) else value


def _rise(before: float | Spread | Exponential, now: float | Spread | Exponential) -> float | Spread | None:
    """now - before; None where it was reset."""
    if isinstance(now, float) and isinstance(before, float):
        return now - before if now >= before else None
    if isinstance(now, Spread) and isinstance(before, Spread):
        return now.less(before)
    if isinstance(now, Exponential) and isinstance(before, Exponential):
        risen = now.less(before)
        return None if risen is None else risen.spread()
    return None
