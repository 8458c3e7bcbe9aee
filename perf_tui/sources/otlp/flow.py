"""Rates and levels of what is pushed now and then: each series keeps its newest one until the next is overdue."""

from __future__ import annotations

from typing import NamedTuple

OVERDUE = 1.5
"""Intervals between two points after which the next one is not expected any more."""
FIRST = 90.0
"""Seconds for which a level holds whose interval is not known yet: exporters send each minute at least."""
SHORTEST = 5.0
"""Seconds for which anything holds at least: screens must not flicker between two ticks."""


class _Held(NamedTuple):
    amount: float
    seconds: float
    at: float
    hold: float
    """For how long after `at`."""


class Flow:
    """A sum over series of which each is a rate or a level. As many series as the ledger of them allows."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}
        self.told = False
        """Whether there was ever a number."""

    def rise(self, key: int, amount: float, seconds: float, at: float) -> None:
        """A series rose by `amount` in `seconds`; without the time there is no rate."""
        if seconds <= 0:
            return
        before = self._held.get(key)
        if before is not None and before.at == at:  # several points of one series in one request
            amount, seconds = amount + before.amount, seconds + before.seconds
        self._hold(key, amount, seconds, at, OVERDUE * seconds)

    def level(self, key: int, number: float, at: float) -> None:
        """A series is at `number`."""
        before = self._held.get(key)
        known = before is not None and before.at < at
        self._hold(key, number, 1.0, at, OVERDUE * (at - before.at) if before is not None and known else FIRST)

    def _hold(self, key: int, amount: float, seconds: float, at: float, hold: float) -> None:
        self.told = True
        self._held[key] = _Held(amount, seconds, at, max(SHORTEST, hold))

    def number(self, at: float) -> float:
        """The sum of what holds at `at`."""
        for key in [key for key, held in self._held.items() if at - held.at > held.hold]:
            del self._held[key]
        return sum(held.amount / held.seconds for held in self._held.values())
