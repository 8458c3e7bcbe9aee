"""What rose within a span of time: the numbers behind rates, latencies and ratios over a window.

Readings come at irregular times, and what is counted appears and vanishes. So the times of the
readings are kept once (`Times`), and for each thing that is counted only the readings at which it
moved (`Rising`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from operator import add, sub

MOST_ANSWERS = 8
"""Answers that are kept of numbers that stand still while the window moves."""


class Times:
    """When readings were taken, in monotonic seconds, over the last `span` seconds."""

    def __init__(self, span: float) -> None:
        self.span = span
        self._times: deque[float] = deque()

    def add(self, at: float) -> None:
        """A reading was taken. One that is not later than the last is taken to be that one again."""
        if self._times and at <= self._times[-1]:
            return
        self._times.append(at)
        # The last interval is always known, however long ago the reading before was.
        while len(self._times) > 2 and self._times[0] < at - self.span:
            self._times.popleft()

    def __len__(self) -> int:
        return len(self._times)

    @property
    def now(self) -> float:
        """The newest reading."""
        return self._times[-1]

    @property
    def before(self) -> float:
        """The reading before the newest, or the newest where it is the only one."""
        return self._times[-2] if len(self._times) > 1 else self._times[-1]

    @property
    def start(self) -> float:
        """The oldest reading of the window."""
        return self._times[0]

    @property
    def interval(self) -> float:
        """Seconds between the two newest readings; 0 with a single one."""
        return self.now - self.before

    @property
    def seconds(self) -> float:
        """Seconds from the oldest to the newest reading of the window; 0 with a single one."""
        return self.now - self.start


class Rising:
    """A few numbers that only rise, and how far each rose since any reading of the window.

    They start at 0 and are told of increases, not of readings, so that counters that were reset, or
    many series that are shown as one, need no care here.
    """

    __slots__ = ("_answers", "_points", "_zero", "total")

    def __init__(self, width: int = 1) -> None:
        self.total: tuple[float, ...] = (0.0,) * width
        """The sum of all increases."""
        self._zero = self.total
        self._points: deque[tuple[float, tuple[float, ...]]] = deque()
        self._answers: dict[float, tuple[float, ...]] = {}
        """What was asked since the newest increase: several measures are of the same numbers."""

    def add(self, at: float, increases: Sequence[float]) -> None:
        """At the reading at `at` the numbers had risen by `increases`; several for one reading add up."""
        self._answers.clear()
        self.total = tuple(map(add, self.total, increases))
        if self._points and self._points[-1][0] == at:
            self._points[-1] = (at, self.total)
        else:
            self._points.append((at, self.total))

    def since(self, start: float) -> tuple[float, ...]:
        """How far the numbers rose after the reading at `start`."""
        answer = self._answers.get(start)
        if answer is None:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            answer = self._answers[start] = self._since(start)
        return answer

    def _since(self, start: float) -> tuple[float, ...]:
        points = self._points
        base = self._zero
        if points and points[len(points) // 2][0] <= start:  # the newest interval is asked for as often as the window
            for at, total in reversed(points):
                if at <= start:
                    base = total
                    break
        else:
            for at, total in points:
                if at > start:
                    break
                base = total
        return tuple(map(sub, self.total, base))

    def forget(self, start: float) -> None:
        """Drop what is only needed for windows that begin before `start`."""
        while len(self._points) > 1 and self._points[1][0] <= start:
            self._points.popleft()

    def restart(self) -> None:
        """Forget every increase."""
        self._answers.clear()
        self.total = self._zero
        self._points.clear()
