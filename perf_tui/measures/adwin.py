"""ADWIN: a window over a stream that drops its older part when its mean is not that of the newer one.

After Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing" (2007): numbers are
kept in buckets that double in size, so a long window takes little room; at each of all cuts between
buckets the two sides are compared, with a bound that holds for numbers within 0..1.
"""

from __future__ import annotations

from collections import deque
from math import log, sqrt
from typing import NamedTuple

BUCKETS = 5
"""Of each size that are kept; the two oldest of more become one of twice the size."""
CLOCK = 32
"""Numbers between two looks for a change."""
GRACE = 10
"""Fewer numbers than this tell nothing."""
SHORTEST = 5
"""The least that a side of a cut must have."""


class _Bucket(NamedTuple):
    total: float
    variance: float
    """The sum of squared differences to its mean."""


class Adwin:
    """Feed it numbers within 0..1."""

    def __init__(self, delta: float = 0.002) -> None:
        """`delta` is the chance of a false alarm at one look."""
        self._delta = delta
        self._rows: list[deque[_Bucket]] = [deque()]
        """Buckets of 1, 2, 4… numbers, in each row the oldest first."""
        self.width = 0
        """Numbers in the window."""
        self._total = 0.0
        self._variance = 0.0
        self._seen = 0

    @property
    def mean(self) -> float:
        """Of the window."""
        return self._total / self.width if self.width else 0.0

    def add(self, number: float) -> bool:
        """One more number; returns whether the mean has changed, and the window became shorter for it."""
        self._insert(number)
        self._seen += 1
        changed = False
        if self._seen % CLOCK == 0 and self.width > GRACE:
            while self._cut():
                changed = True
        return changed

    def _insert(self, number: float) -> None:
        if self.width:
            self._variance += self.width * (number - self.mean) ** 2 / (self.width + 1)
        self.width += 1
        self._total += number
        self._rows[0].append(_Bucket(number, 0.0))
        for place, row in enumerate(self._rows):
            if len(row) <= BUCKETS:
                break
            size = 2**place
            one, two = row.popleft(), row.popleft()
            apart = (one.total - two.total) / size
            if place + 1 == len(self._rows):
                self._rows.append(deque())
            self._rows[place + 1].append(
                _Bucket(one.total + two.total, one.variance + two.variance + size * apart**2 / 2)
            )

    def _cut(self) -> bool:
        """Look at every cut; drop the oldest bucket where the sides differ by too much."""
        old_count, old_total = 0, 0.0
        new_count, new_total = self.width, self._total
        for place in range(len(self._rows) - 1, -1, -1):
            size = 2**place
            for bucket in self._rows[place]:
                old_count, new_count = old_count + size, new_count - size
                old_total, new_total = old_total + bucket.total, new_total - bucket.total
                if new_count < SHORTEST:
                    return False
                if old_count >= SHORTEST and self._differ(old_count, old_total, new_count, new_total):
                    self._drop()
                    return True
        return False

    def _differ(self, old_count: int, old_total: float, new_count: int, new_total: float) -> bool:
        chance = log(2 * log(self.width) / self._delta)
        harmonic = 1 / (old_count - SHORTEST + 1) + 1 / (new_count - SHORTEST + 1)
        bound = sqrt(2 * harmonic * self._variance / self.width * chance) + 2 / 3 * chance * harmonic
        return abs(old_total / old_count - new_total / new_count) > bound

    def _drop(self) -> None:
        row = self._rows[-1]
        bucket, size = row.popleft(), 2 ** (len(self._rows) - 1)
        self.width -= size
        self._total -= bucket.total
        apart = bucket.total / size - self.mean
        self._variance = max(0.0, self._variance - bucket.variance - size * self.width * apart**2 / (size + self.width))
        if not row and len(self._rows) > 1:
            self._rows.pop()
