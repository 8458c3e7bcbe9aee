"""A counter of positive numbers in logarithmic buckets: any quantile within 1.1 %, and mergeable.

Bucket `i` holds what is above GAMMA**(i - 1) and at most GAMMA**i. These are the buckets of
Prometheus' native histograms at schema 5 and of OTLP exponential histograms at scale 5 (whose
index is one lower), so counts can be handed on without loss. Sketches of ticks, of routes or of
machines are added bucket by bucket; what left a window is taken off the same way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import ceil, floor, inf, log2
from typing import Self

SCALE = 32
"""Buckets for each doubling."""
GAMMA: float = 2 ** (1 / SCALE)
"""Upper bound / lower bound of a bucket."""
ERROR: float = (GAMMA - 1) / (GAMMA + 1)
"""The most by which a quantile differs from the true one, as a share of it: 1.08 %."""

SMALLEST: float = 2.0**-30
"""Numbers below this count as zero: a nanosecond, where they are seconds."""
LARGEST: float = 2.0**40
"""Numbers above this share the last bucket."""


class Sketch:
    """Counts by bucket. At most 2,241 buckets ever exist; those of numbers from SMALLEST to LARGEST."""

    __slots__ = ("buckets", "count", "sum", "zero")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.zero = 0
        """How many were smaller than SMALLEST."""
        self.count = 0
        self.sum = 0.0
        """Of the numbers themselves, not of their buckets."""

    def add(self, number: float, times: int = 1) -> None:
        """Count `number` once, or `times` times. Raises ValueError unless it is finite and not negative."""
        if not 0 <= number < inf:
            raise ValueError(f"a sketch holds finite numbers from 0, not {number}")
        if number < SMALLEST:
            self.zero += times
        else:
            index = ceil(log2(min(number, LARGEST)) * SCALE)
            self.buckets[index] = self.buckets.get(index, 0) + times
        self.count += times
        self.sum += number * times

    def add_many(self, numbers: Iterable[float]) -> None:
        """Count each of `numbers`: several times faster than one by one where they repeat, as timings do."""
        self.add_counted(Counter(numbers))

    def add_counted(self, counts: Mapping[float, int]) -> None:
        """Count numbers that are counted already, as in a Counter."""
        buckets = self.buckets
        for number, times in counts.items():
            if SMALLEST <= number <= LARGEST:  # the usual case, without a call
                index = ceil(log2(number) * SCALE)
                buckets[index] = buckets.get(index, 0) + times
                self.count += times
                self.sum += number * times
            else:
                self.add(number, times)

    def merge(self, other: Sketch) -> None:
        """Count everything that `other` has counted."""
        buckets = self.buckets
        for index, count in other.buckets.items():
            buckets[index] = buckets.get(index, 0) + count
        self.zero += other.zero
        self.count += other.count
        self.sum += other.sum

    def subtract(self, other: Sketch) -> None:
        """Take off what was merged before. Counts stay exact; the sum may be off by rounding."""
        buckets = self.buckets
        for index, count in other.buckets.items():
            left = buckets[index] - count
            if left:
                buckets[index] = left
            else:
                del buckets[index]
        self.zero -= other.zero
        self.count -= other.count
        self.sum = max(0.0, self.sum - other.sum) if self.count else 0.0

    def copy(self) -> Self:
        """An independent sketch with the same counts."""
        twin = type(self)()
        twin.merge(self)
        return twin

    @property
    def mean(self) -> float | None:
        """The sum over the count; None when nothing was counted."""
        return self.sum / self.count if self.count else None

    def quantile(self, q: float) -> float | None:
        """The number below which the share `q` (0..1) lies; None when nothing was counted."""
        found = self.quantiles((q,))
        return found[0] if found else None

    def quantiles(self, qs: Sequence[float]) -> tuple[float, ...]:
        """The quantiles of all `qs` in one pass; empty when nothing was counted.

        Linear between the two nearest ranks, as statistics.quantiles(method="inclusive") and
        numpy do by default: both ranks are known within ERROR, so the result is too.
        """
        if not all(0 <= q <= 1 for q in qs):
            raise ValueError("quantiles are asked for by shares from 0 to 1")
        if not self.count:
            return ()
        order = sorted(self.buckets)
        numbers = [0.0, *map(_middle, order)]
        upto = list(accumulate((self.buckets[index] for index in order), initial=self.zero))
        found = []
        for q in qs:
            place = q * (self.count - 1)
            low = numbers[bisect_right(upto, floor(place))]
            high = numbers[bisect_right(upto, ceil(place))]
            found.append(low + (high - low) * (place - floor(place)))
        return tuple(found)

    def spread(self, bounds: Sequence[float]) -> tuple[int, ...]:
        """Counts between ascending upper `bounds`, and above the last: one more number than bounds.

        Exact where bounds are powers of GAMMA, such as powers of two; else within a bucket.
        """
        counts = [0] * (len(bounds) + 1)
        counts[0] = self.zero
        for index, count in self.buckets.items():
            counts[bisect_left(bounds, GAMMA ** (index - 0.5))] += count
        return tuple(counts)


def _middle(index: int) -> float:
    """The number whose relative distance to both edges of the bucket is the same: ERROR."""
    upper: float = 2.0 ** (index / SCALE)
    return 2 * upper / (GAMMA + 1)
