"""Quantiles of classic histograms, as Prometheus' `histogram_quantile` defines them.

A histogram is buckets: pairs of an upper bound (`le`) and how many observations were at most that
large. Within a bucket the observations are taken to be spread evenly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import inf, isinf, isnan, nan
from operator import lt, sub
from typing import NamedTuple

from perf_tui.measures.model import IDLE, Value, absent

SAME = 1e-12
"""Cumulated counts that differ by less than this share are one count with a rounding error."""


class Estimate(NamedTuple):
    """A quantile with the edges of the bucket that it lies in."""

    number: float
    """NaN where there is none."""
    lower: float = nan
    upper: float = nan
    bound: bool = False
    """The rank is beyond the last finite bound: the true value is at least `number`."""

    def value(self) -> Value:
        """The estimate as a value; a quantile of nothing is idle."""
        return IDLE if isnan(self.number) else Value(self.number, bound=self.bound)


_NONE = Estimate(nan)


class Distribution:
    """Buckets in order: ascending, each bound once, cumulated counts that never fall."""

    def __init__(self, buckets: Iterable[tuple[float, float]]) -> None:
        """`buckets` are (upper bound, cumulated count) in any order; counts of equal bounds add up."""
        bounds: list[float] = []
        counts: list[float] = []
        for bound, count in sorted(buckets, key=_bound):
            if bounds and bounds[-1] == bound:
                counts[-1] += count
            else:
                bounds.append(bound)
                counts.append(count)
        self.bounds, self.counts = bounds, counts
        self._level()

    @classmethod
    def ordered(cls, bounds: Sequence[float], counts: Sequence[float]) -> Distribution:
        """Of bounds that ascend, each once, with their cumulated counts."""
        made = cls.__new__(cls)
        made.bounds, made.counts = list(bounds), list(map(float, counts))
        # Whole numbers that never fall need no mending, and nearly all are such.
        if any(map(lt, made.counts[1:], made.counts)) or not all(map(float.is_integer, made.counts)):
            made._level()
        return made

    def _level(self) -> None:
        """A count below its predecessor comes from buckets that were read at different moments."""
        counts = self.counts
        before = counts[0] if counts else 0.0
        for place, count in enumerate(counts):
            if count != before and (count < before or _nearly(before, count)):
                counts[place] = before
            else:
                before = count

    @property
    def total(self) -> float:
        """All observations; 0 where there are no buckets."""
        return self.counts[-1] if self.counts else 0.0

    @property
    def complete(self) -> bool:
        """Whether a quantile can be told: a finite bucket and the infinite one."""
        return len(self.bounds) > 1 and self.bounds[-1] == inf

    def quantile(self, q: float) -> Estimate:
        """The q-quantile; NaN where there is none, -Inf below q = 0 and +Inf above q = 1."""
        if isnan(q):
            return _NONE
        if q < 0 or q > 1:
            return Estimate(-inf if q < 0 else inf)
        total = self.total
        if not self.complete or total == 0 or isnan(total):
            return _NONE
        rank = q * total
        finite = len(self.bounds) - 1
        place = bisect_left(self.counts, rank, 0, finite)
        if place == finite:
            return Estimate(self.bounds[-2], self.bounds[-2], inf, bound=True)
        upper = self.bounds[place]
        if place == 0:
            if upper <= 0:
                return Estimate(upper, -inf, upper)
            lower, below = 0.0, 0.0
        else:
            lower, below = self.bounds[place - 1], self.counts[place - 1]
        inside = self.counts[place] - below
        if inside == 0:  # only q = 0 over an empty first bucket
            return _NONE
        return Estimate(lower + (upper - lower) * ((rank - below) / inside), lower, upper)

    def value(self, q: float) -> Value:
        """The q-quantile as a value: idle without observations, absent where the buckets cannot tell it."""
        if not self.complete:
            return absent("its buckets do not reach +Inf" if self.bounds else "it has no buckets")
        return self.quantile(q).value()

    def apart(self) -> tuple[float, ...]:
        """How many observations lie in each bucket alone."""
        return tuple(count - before for before, count in zip([0.0, *self.counts], self.counts, strict=False))


def histogram_quantile(q: float, buckets: Iterable[tuple[float, float]]) -> float:
    """The number that PromQL's function of this name gives for (upper bound, cumulated count) pairs."""
    return Distribution(buckets).quantile(q).number


def fell(before: Sequence[float], now: Sequence[float]) -> bool:
    """Whether any of these counts is lower than it was."""
    return any(map(lt, now, before))


def rise(before: Sequence[float], now: Sequence[float]) -> tuple[float, ...]:
    """How far a histogram's numbers rose: its cumulated buckets, its count, and last its sum.

    A reset is judged for the whole: where a bucket or the count fell, all numbers began anew, even
    those that have grown beyond what they were. The sum is no witness: with negative observations it
    falls by itself.
    """
    if fell(before[:-1], now[:-1]):
        return tuple(now)
    return tuple(map(sub, now, before))


def _bound(bucket: tuple[float, float]) -> float:
    return bucket[0]


def _nearly(a: float, b: float) -> bool:
    return not isinf(a + b) and abs(a - b) < SAME * (abs(a) + abs(b))
