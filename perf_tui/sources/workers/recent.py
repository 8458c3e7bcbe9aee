"""What is remembered of a worker's recent tasks: how long they took, what went wrong. Bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from perf_tui.engine.workers.merge import MOST_EVENTS
from perf_tui.measures.workers import Event
from perf_tui.text import clean, cut

TASKS = 100
"""Tasks whose times are kept."""
ENOUGH = 3
"""Tasks of one name from which its usual time is taken; with fewer it is taken from all."""
LONGEST = 300
"""Cells of an event's words."""


class Recent:
    """The last tasks and events of one worker."""

    __slots__ = ("_events", "_tasks", "_told", "_usual")

    def __init__(self) -> None:
        self._tasks: deque[tuple[str, float]] = deque(maxlen=TASKS)
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._told: tuple[Event, ...] | None = ()
        self._usual: dict[str, tuple[float, float] | None] = {}

    def finished(self, task: str, seconds: float) -> None:
        """A task of this name took so long."""
        self._tasks.append((task, max(0.0, seconds)))
        self._usual.clear()

    def tell(self, time: float, words: str, error: bool = False) -> None:
        """Something happened; its words are from outside. The same again is not told twice."""
        event = Event(time, cut(clean(" ".join(words.split())), LONGEST), error)
        if event not in self._events:
            self._events.append(event)
            self._told = None

    @property
    def events(self) -> tuple[Event, ...]:
        """The newest last."""
        if self._told is None:
            self._told = tuple(sorted(self._events))
        return self._told

    def usual(self, task: str) -> tuple[float, float] | None:
        """p50 and p95 of the seconds that recent tasks took, those of this name where there are enough."""
        if task not in self._usual:
            self._usual[task] = self._quantiles(task)
        return self._usual[task]

    def _quantiles(self, task: str) -> tuple[float, float] | None:
        times = sorted(seconds for name, seconds in self._tasks if name == task)
        if len(times) < ENOUGH:
            times = sorted(seconds for _, seconds in self._tasks)
        return (_quantile(times, 0.5), _quantile(times, 0.95)) if times else None


def _quantile(ordered: Sequence[float], q: float) -> float:
    """Linear between the two nearest ranks."""
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
