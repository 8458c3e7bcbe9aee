"""How fast a worker finishes tasks, from counters that are told now and then."""

from __future__ import annotations

from collections import deque

from perf_tui.measures.counters import increase


class Pace:
    """The rate over a window. Only readings at which the counter moved are kept: most workers mostly wait."""

    __slots__ = ("_began", "_last", "_points", "_sum")

    def __init__(self) -> None:
        self._began: float | None = None
        self._last = 0.0
        self._sum = 0.0
        self._points: deque[tuple[float, float]] = deque()

    def rate(self, total: float, at: float, window: float) -> float | None:
        """Tasks per second up to the reading `total` at `at`; None for the first reading."""
        if self._began is None:
            self._began, self._last = at, total
            return None
        if total != self._last:
            self._sum += increase(self._last, total)
            self._last = total
            if not self._points or self._points[-1][0] < at:
                self._points.append((at, self._sum))
            else:
                self._points[-1] = (at, self._sum)
        start = max(self._began, at - window)
        # The newest point at or before the start of the window is what the window begins with.
        while len(self._points) > 1 and self._points[1][0] <= start:
            self._points.popleft()
        base = self._points[0][1] if self._points and self._points[0][0] <= start else 0.0
        return (self._sum - base) / (at - start) if at > start else None
