"""Which process answered a scrape: a restart, or several workers that answer one port in turn.

A server with several worker processes and metrics in each answers every scrape from another one's
counters, which seem to fall all the time. `process_start_time_seconds` tells the workers apart: the
numbers of each are compared with its own last ones, and the increases added up. Where it is not
exported, it can only be said that the numbers are of no use.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Sequence

from perf_tui.sources.scrape.ledger import Ledger, Values

MOST_WORKERS = 64
"""Workers whose numbers are kept; the ones not heard of for longest go first."""
RECENT = 20
"""Scrapes over which falling counters are counted."""
TOO_MANY = 0.2
"""Of these, the share that is no accident any more."""
SLACK = 1.0
"""Seconds by which a start time may be earlier than it seems: it is rounded."""


class Workers:
    """The last numbers of each process behind one address."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.joint = False
        """Whether several processes were seen to answer in turn."""
        self._last: OrderedDict[float | None, list[float | None]] = OrderedDict()
        self._start: float | None = None
        self._seen: deque[float] = deque(maxlen=MOST_WORKERS)
        self._wall = 0.0
        self._fallen: deque[bool] = deque(maxlen=RECENT)

    @property
    def count(self) -> int:
        """Processes that are told apart."""
        return len(self._last)

    @property
    def unsteady(self) -> bool:
        """Whether counters fall on so many scrapes that rates mean nothing."""
        return sum(self._fallen) > max(2, TOO_MANY * RECENT)

    def book(self, values: Values, start: float | None, moment: float, wall: float) -> bool:
        """Book a scrape of the process that began at `start`; `wall` is the wall time of the scrape.

        Returns False where all that was booked so far is of no use: it has just turned out that there
        are several workers.
        """
        before, kept = self._before(values, start)
        fallen = self._ledger.book(before, values, moment)
        self._fallen.append(fallen and start is None)
        self._remember(values, start, before)
        self._start, self._wall = start, wall
        if start is not None and start not in self._seen:
            self._seen.append(start)
        return kept

    def adopt(self, values: Sequence[float | None]) -> None:
        """Take these for the numbers of the scrape before: nobody had looked at them then."""
        self._last[None] = list(values)

    def forget(self, slots: Collection[int]) -> None:
        """These slots are given to other series."""
        for last in self._last.values():
            for slot in slots:
                if slot < len(last):
                    last[slot] = None

    def _before(self, values: Values, start: float | None) -> tuple[Values | None, bool]:
        """The numbers to compare with; None where nothing is known. And whether the past still counts."""
        if not self._last:
            return None, True
        if self.joint:
            return self._last.get(start, [] if self._is_new(start) else None), True
        last = self._last[next(iter(self._last))]
        if start is None or start == self._start or not self._ledger.fell(last, values):
            return last, True  # start times may move by a second when the clock is set
        if start in self._seen:
            self.joint = True
            self._last.clear()
            return None, False
        # a restart; or another worker, of which the next scrapes will tell
        return ([] if self._is_new(start) else None), True

    def _is_new(self, start: float | None) -> bool:
        """Whether the process began after the last scrape, so that its counters began at 0 since."""
        return start is not None and start > self._wall - SLACK

    def _remember(self, values: Values, start: float | None, before: Values | None) -> None:
        last = list(values)
        if before and None in last:
            old = [*before, *[None] * (len(last) - len(before))]
            last = [earlier if number is None else number for number, earlier in zip(last, old, strict=False)]
        if not self.joint:
            self._last.clear()
        self._last[start if self.joint else None] = last
        self._last.move_to_end(start if self.joint else None)
        while len(self._last) > MOST_WORKERS:
            self._last.popitem(last=False)
