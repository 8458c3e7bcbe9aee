"""The requests of the last so many seconds, by route, from those of each reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from perf_tui.sources.accesslog.tally import OTHER, Tally

ROUTES = 100
"""Routes that are kept apart; requests of further ones count as `(other)` until there is room."""
NOT_FOUND = "(not found)"
"""Routes that never were anything but 404: whoever asks chooses them, so they are counted as one."""
_STEPS = 30


@dataclass(slots=True)
class _Slot:
    begin: float
    end: float
    routes: dict[str, Tally] = field(default_factory=dict)


class Window:
    """A sliding sum. What leaves is taken off, so that a reading costs no more than what is in it."""

    def __init__(self, seconds: float, make: Callable[[], Tally] = Tally) -> None:
        """`make` gives an empty tally, of the sort that is pushed."""
        self.seconds = seconds
        self._make = make
        self._slots: deque[_Slot] = deque()
        self._begin: float | None = None
        self._end = 0.0
        self.routes: dict[str, Tally] = {}
        """What the window holds, by route."""
        self.total = make()
        """What it holds in all."""

    @property
    def covers(self) -> float:
        """Seconds that the window holds by now."""
        if self._begin is None:
            return 0.0
        return self._end - (self._slots[0].begin if self._slots else self._begin)

    def push(self, at: float, routes: Mapping[str, Tally]) -> None:
        """Add what arrived up to the monotonic time `at`. The first call only says when counting begins."""
        if self._begin is None:
            self._begin = self._end = at
            return
        # A long window at a short interval would hold thousands of readings: some share a slot.
        slot = self._slots[-1] if self._slots else None
        if slot is None or at - slot.begin > self.seconds / _STEPS:
            slot = _Slot(self._end, at)
            self._slots.append(slot)
        slot.end = self._end = at
        for name, tally in sorted(routes.items(), key=lambda item: -item[1].requests):
            name = self._admit(name, tally)
            for place in (slot.routes, self.routes):
                place.setdefault(name, self._make()).merge(tally)
            self.total.merge(tally)
        while self._slots and self._slots[0].end <= at - self.seconds:
            self._leave(self._slots.popleft())

    def _admit(self, name: str, tally: Tally) -> str:
        if name in self.routes:
            return name
        if tally.missing == tally.requests:
            return NOT_FOUND
        return name if len(self.routes) < ROUTES else OTHER

    def _leave(self, slot: _Slot) -> None:
        for name, tally in slot.routes.items():
            route = self.routes[name]
            route.subtract(tally)
            self.total.subtract(tally)
            if not route.requests:
                del self.routes[name]
