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
BACK = 10
"""Scrapes back to which counters that fell are compared."""
RETURNS = 2
"""Times that counters fell to what they were some scrapes ago until they are taken to be another worker's."""
SLACK = 1.0
"""Seconds by which a start time may be earlier than it seems: it is rounded."""
ROUNDING = 1e-3
"""Some programs compute their start from the machine's, which moves by a whole second when the clock is set."""


@dataclass(slots=True, eq=False)
class _Worker:
    start: float | None
    last: Sequence[float | None]


class Workers:
    """The last numbers of each process behind one address."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.joint = False
        """Whether several processes were seen to answer in turn."""
        self._known: deque[_Worker] = deque(maxlen=MOST_WORKERS)
        """The one heard of last at the end; a single one unless they are joint."""
        self._past: deque[_Worker] = deque(maxlen=BACK)
        """What the last scrapes said, while there seems to be one process."""
        self._newest = 0.0
        """The latest start of all that were seen."""
        self._wall = 0.0
        self._fell: deque[bool] = deque(maxlen=RECENT)
        self._returned: deque[bool] = deque(maxlen=RECENT)

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
        for worker in (*self._known, *self._past):
            worker.last = [None if slot in gone else number for slot, number in enumerate(worker.last)]

    def _book_one(self, values: Values, start: float | None, moment: float) -> bool:
        """Book as long as there seems to be one process; returns False where there are several."""
        current = self._known.pop() if self._known else None
        before: Values | None = None
        if current is not None:
            self._past.append(current)
            before = current.last
            if start is not None and current.start is not None and self._is_another(start, current, values):
                if not self._is_new(start):
                    return self._begin_joint(values, start)
                before = []
        fallen = self._ledger.book(before, values, moment)
        self._fell.append(fallen)
        # Counters that fell began anew, or are those of another worker that has answered before.
        earlier = list(self._past)[:-1]
        self._returned.append(fallen and any(not self._ledger.fell(each.last, values) for each in earlier))
        if sum(self._returned) >= RETURNS:
            return self._begin_joint(values, start)
        self._known.append(_Worker(start, _filled(values, before)))
        return True

    def _begin_joint(self, values: Values, start: float | None) -> bool:
        self.joint = True
        self._fell.clear()
        for each in (*self._past, _Worker(start, list(values))):
            self._nearest(each.last, each.start)  # which it takes the place of
            self._known.append(each)
        self._past.clear()
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
