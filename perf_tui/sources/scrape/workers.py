"""Which process answered a scrape: a restart, or several workers that answer one address in turn.

A server with several worker processes and metrics in each answers every scrape from another one's
counters. As if they were one's, they fall and rise all the time. Workers are told apart by
`process_start_time_seconds`, and where that is missing or the same (they were forked at once) by
their counters: a scrape belongs to the worker whose last counters are the nearest below. Each
worker's numbers are compared with its own last ones, and the increases added up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from perf_tui.sources.scrape.ledger import Ledger, Values

MOST_WORKERS = 64
"""Workers whose numbers are kept; the ones not heard of for longest go first."""
RECENT = 20
"""Scrapes over which falling counters are counted."""
TOO_MANY = 0.2
"""Of these, the share that is no accident any more."""
WITHIN = 300
"""Scrapes within which counters that fell must be seen to come back, to be taken for another worker's."""
FALLS = 8
"""Falls that are remembered."""
SLACK = 1.0
"""Seconds by which a start time may be earlier than it seems: it is rounded."""
ROUNDING = 1e-3
"""Some programs compute their start from the machine's, which moves by a whole second when the clock is set."""


@dataclass(slots=True, eq=False)
class _Worker:
    start: float | None
    last: Sequence[float | None]
    scrape: int = 0
    """The number of the scrape that it is from."""


class Workers:
    """The last numbers of each process behind one address."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.joint = False
        """Whether several processes were seen to answer in turn."""
        self._known: deque[_Worker] = deque(maxlen=MOST_WORKERS)
        """The one heard of last at the end; a single one unless they are joint."""
        self._latest: _Worker | None = None
        """The last scrape as it was, without what it lacked."""
        self._tops: deque[_Worker] = deque(maxlen=FALLS)
        """What was said before counters fell, while there seems to be one process."""
        self._bottoms: deque[_Worker] = deque(maxlen=FALLS)
        """What was said when they had fallen."""
        self._newest = 0.0
        """The latest start of all that were seen."""
        self._wall = 0.0
        self._fell: deque[bool] = deque(maxlen=RECENT)
        self._scrapes = 0
        self._last_fall = -WITHIN
        self._up, self._down = -WITHIN, -WITHIN
        """The last scrapes at which counters came back to a top, and to a bottom."""

    @property
    def count(self) -> int:
        """Processes that are told apart."""
        return len(self._known)

    @property
    def unsteady(self) -> bool:
        """Whether counters fall on so many scrapes that rates mean nothing."""
        return sum(self._fell) > max(2, TOO_MANY * RECENT)

    def book(self, values: Values, start: float | None, moment: float, wall: float) -> bool:
        """Book a scrape of the process that began at `start`; `wall` is the wall time of the scrape.

        Returns False where all that was booked so far is of no use: it has just turned out that there
        are several workers.
        """
        if self.joint:
            self._book_joint(values, start, moment)
            kept = True
        else:
            kept = self._book_one(values, start, moment)
        self._wall = wall
        self._newest = max(self._newest, start or 0.0)
        return kept

    def adopt(self, values: Sequence[float | None]) -> None:
        """Take these for the numbers of the scrape before: nobody had looked at them then."""
        self._known.append(_Worker(None, list(values)))

    def forget(self, slots: Collection[int]) -> None:
        """These slots are given to other series."""
        gone = set(slots)
        for worker in (*self._known, *self._tops, *self._bottoms, *([self._latest] if self._latest else ())):
            worker.last = [None if slot in gone else number for slot, number in enumerate(worker.last)]

    def _book_one(self, values: Values, start: float | None, moment: float) -> bool:
        """Book as long as there seems to be one process; returns False where there are several."""
        current = self._known[-1] if self._known else None
        before: Values | None = None
        if current is not None:
            before = current.last
            if start is not None and current.start is not None and self._is_another(start, current, values):
                if not self._is_new(start):
                    return self._begin_joint(values, start)
                before = []
        self._scrapes += 1
        fallen = self._ledger.book(before, values, moment)
        self._fell.append(fallen)
        self._known.clear()
        self._known.append(_Worker(start, _filled(values, before)))
        latest, self._latest = self._latest, _Worker(start, list(values), self._scrapes)
        if latest is not None and self._came_back(latest, self._latest, fallen=fallen):
            return self._begin_joint(values, start)
        return True

    def _came_back(self, before: _Worker, now: _Worker, *, fallen: bool) -> bool:
        """Whether counters have come back to where they had been before they fell, and fallen back as well.

        A process that began anew has to count its way up again; another worker is there at once.
        """
        follows = self._ledger.follows
        if fallen:
            if any(follows(bottom.last, now.last) for bottom in self._bottoms):
                self._down = self._scrapes
            self._tops.append(before)
            self._bottoms.append(now)
            self._last_fall = self._scrapes
        elif any(follows(top.last, now.last) and not follows(top.last, before.last) for top in self._recent_tops()):
            self._up = self._scrapes
        return min(self._up, self._down) > self._scrapes - WITHIN

    def _recent_tops(self) -> list[_Worker]:
        return list(self._tops) if self._scrapes - self._last_fall < WITHIN else []

    def _begin_joint(self, values: Values, start: float | None) -> bool:
        self.joint = True
        seen = [*self._bottoms, *self._tops, _Worker(start, list(values), self._scrapes + 1)]
        if self._latest is not None:
            seen.append(self._latest)
        for forgotten in (self._known, self._tops, self._bottoms, self._fell):
            forgotten.clear()
        for each in sorted(seen, key=lambda worker: worker.scrape):
            self._nearest(each.last, each.start)  # the same one, earlier
            self._known.append(each)
        return False

    def _book_joint(self, values: Values, start: float | None, moment: float) -> None:
        worker = self._nearest(values, start)
        before: Values | None = [] if self._is_new(start) else None
        if worker is not None:
            before = worker.last
        self._ledger.book(before, values, moment)
        self._known.append(_Worker(start, _filled(values, before)))

    def _is_another(self, start: float, current: _Worker, values: Values) -> bool:
        apart = abs(start - (current.start or 0.0))
        adjusted = abs(apart - 1.0) < ROUNDING and not self._ledger.fell(current.last, values)
        return apart > 0 and not adjusted

    def _is_new(self, start: float | None) -> bool:
        """Whether the process began after the last scrape, so that its counters began at 0 since.

        Its clock may be another machine's: then at least it began after all that are known.
        """
        return start is not None and start > self._newest and start > self._wall - SLACK

    def _nearest(self, values: Values, start: float | None) -> _Worker | None:
        """The worker with this start whose last counters are the nearest below these, taken out."""
        found = [
            worker for worker in self._known if worker.start == start and self._ledger.follows(worker.last, values)
        ]
        if len(found) > 1:
            found.sort(key=lambda worker: self._ledger.total(worker.last))
        if not found:
            return None
        self._known.remove(found[-1])
        return found[-1]


def _filled(now: Values, before: Values | None) -> list[float | None]:
    """The numbers of now, and those of before where a series is not there now."""
    if not before or None not in now:
        return list(now)
    old = [*before, *[None] * (len(now) - len(before))]
    return [earlier if number is None else number for number, earlier in zip(now, old, strict=False)]
