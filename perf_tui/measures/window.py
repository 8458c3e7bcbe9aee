"""What rose within a span of time: the numbers behind rates, latencies and ratios over a window.

Readings come at irregular times, and what is counted appears and vanishes. So the times of the
readings are kept once (`Times`), and for each thing that is counted only the readings at which it
moved (`Rising`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
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

    __slots__ = ("_answers", "_times", "_totals", "_zero", "total")

    def __init__(self, width: int = 1) -> None:
        self.total = array("d", bytes(8 * width))
        """The sum of all increases."""
        self._zero = self.total
        self._times = array("d")
        self._totals: list[array[float]] = []
        """What `total` was at each of `_times`; in arrays, as numbers that lie together are read in one go."""
        self._answers: dict[float, tuple[float, ...]] = {}
        """What was asked since the newest increase: several measures are of the same numbers."""

    def add(self, at: float, increases: Sequence[float]) -> None:
        """At the reading at `at` the numbers had risen by `increases`; several for one reading add up."""
        self._answers.clear()
        self.total = array("d", map(add, self.total, increases))
        if self._totals and self._times[-1] == at:
            self._totals[-1] = self.total
        else:
            self._times.append(at)
            self._totals.append(self.total)

    def since(self, start: float) -> tuple[float, ...]:
        """How far the numbers rose after the reading at `start`."""
        answer = self._answers.get(start)
        if answer is None:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            place = bisect_right(self._times, start)
            base = self._totals[place - 1] if place else self._zero
            answer = self._answers[start] = tuple(map(sub, self.total, base))
        return answer

    def forget(self, start: float) -> None:
        """Drop what is only needed for windows that begin before `start`."""
        place = bisect_right(self._times, start) - 1
        if place > 0:
            del self._times[:place], self._totals[:place]

    def restart(self) -> None:
        """Forget every increase."""
        self._answers.clear()
        self.total = self._zero
        del self._times[:], self._totals[:]
