"""Observations by bucket, of histograms with any bounds: added up, taken off, and made quantiles."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil, inf, log2

from perf_tui.measures.histogram import Distribution, Estimate

FINEST = 5
"""The scale of exponential histograms that is kept: 32 buckets for each doubling, ±1.1 %."""
MOST_BOUNDS = 600
"""Different bounds of one spread; beyond, it is kept in powers of two."""
POWERS = tuple(2.0**power for power in range(-30, 41))


class Spread:
    """How many observations lie in each bucket, by its upper bound, and their sum.

    Bounds without observations are kept as well: they say where the bucket above them begins.
    """

    __slots__ = ("_distribution", "apart", "count", "sum")

    def __init__(self, apart: dict[float, int] | None = None, count: int = 0, total: float = 0.0) -> None:
        self.apart: dict[float, int] = {} if apart is None else apart
        self.count = count
        self.sum = total
        self._distribution: Distribution | None = None

    @classmethod
    def explicit(cls, bounds: Sequence[float], counts: Sequence[int], count: int, total: float | None) -> Spread:
        """Of a histogram with these ascending bounds and one count more. Without a sum it is estimated."""
        made = cls(dict(zip((*bounds, inf), counts, strict=True)) if counts else {}, count)
        made.sum = made._estimated() if total is None else total
        return made

    @classmethod
    def single(cls, number: float) -> Spread:
        """Of one observation, at the finest scale; those below a nanosecond are taken to be 0."""
        if number < 1e-9:
            return cls({0.0: 1}, 1, 0.0)
        return Exponential(FINEST, 0, {ceil(log2(number) * 2**FINEST) - 1: 1}, 1, number).spread()

    def merge(self, other: Spread) -> None:
        """Add everything that `other` holds."""
        self._shift(other, 1)
        self.sum += other.sum
        if len(self.apart) > MOST_BOUNDS:
            self.apart = dict(zip((*POWERS, inf), self.within(POWERS), strict=True))

    def subtract(self, other: Spread) -> None:
        """Take off what was added before."""
        self._shift(other, -1)
        self.sum -= other.sum
        if self.count <= 0:
            self.apart.clear()
            self.count, self.sum = 0, 0.0

    def _shift(self, other: Spread, sign: int) -> None:
        self._distribution = None
        apart = self.apart
        for bound, count in other.apart.items():
            apart[bound] = apart.get(bound, 0) + sign * count
        self.count += sign * other.count

    def less(self, before: Spread) -> Spread | None:
        """What has been added since `before`; None where that is no earlier state of the same histogram."""
        if self.apart.keys() != before.apart.keys() or self.count < before.count:
            return None
        rise = {bound: count - before.apart[bound] for bound, count in self.apart.items()}
        if any(count < 0 for count in rise.values()):
            return None
        return Spread(rise, self.count - before.count, self.sum - before.sum)

    def scaled(self, factor: float) -> Spread:
        """The same in another unit."""
        if factor == 1:
            return self
        return Spread({bound * factor: count for bound, count in self.apart.items()}, self.count, self.sum * factor)

    @property
    def mean(self) -> float | None:
        """The sum over the count; None when there is nothing."""
        return self.sum / self.count if self.count > 0 else None

    def within(self, bounds: Sequence[float]) -> list[int]:
        """Counts between ascending upper `bounds`, and above the last. Right where they are bounds of its own."""
        counts = [0] * (len(bounds) + 1)
        for bound, count in self.apart.items():
            counts[bisect_left(bounds, bound)] += max(0, count)
        return counts

    def distribution(self) -> Distribution:
        """For quantiles; made once, as it is asked for on each tick and what comes is rarer."""
        if self._distribution is None:
            bounds = sorted({*self.apart, inf}) if self.apart else []
            counts = accumulate(float(max(0, self.apart.get(each, 0))) for each in bounds)
            self._distribution = Distribution.ordered(bounds, list(counts))
        return self._distribution

    def quantiles(self, qs: Sequence[float]) -> list[Estimate]:
        """Estimates of all `qs`, each with the bucket that it lies in."""
        distribution = self.distribution()
        return [distribution.quantile(q) for q in qs]

    def _estimated(self) -> float:
        total, lower = 0.0, 0.0
        for bound in sorted(self.apart):
            total += self.apart[bound] * ((lower + bound) / 2 if bound < inf else lower)
            lower = bound if bound < inf else lower
        return total


@dataclass(frozen=True, slots=True)
class Exponential:
    """A point of an exponential histogram. Observations below zero are counted as zero: times are never below."""

    scale: int
    zero: int
    counts: dict[int, int]
    """By index: that of (base**index, base**(index + 1)], where base is 2**(2**-scale)."""
    count: int
    sum: float | None

    def coarser(self, scale: int) -> Exponential:
        """The same at this scale, which is not above its own."""
        shift = self.scale - scale
        if not shift:
            return self
        counts: dict[int, int] = {}
        for index, count in self.counts.items():
            counts[index >> shift] = counts.get(index >> shift, 0) + count
        return replace(self, scale=scale, counts=counts)

    def less(self, before: Exponential) -> Exponential | None:
        """What has been added since `before`; None where that is no earlier state of the same histogram."""
        if self.scale > before.scale or self.count < before.count or self.zero < before.zero:
            return None
        before = before.coarser(self.scale)
        rise = dict(self.counts)
        for index, count in before.counts.items():
            rise[index] = rise.get(index, 0) - count
            if rise[index] < 0:
                return None
        total = None if self.sum is None or before.sum is None else self.sum - before.sum
        return Exponential(self.scale, self.zero - before.zero, rise, self.count - before.count, total)

    def spread(self) -> Spread:
        """By bounds, at the finest scale that is kept."""
        found = self.coarser(min(self.scale, FINEST))
        step = 2.0**-found.scale
        apart: dict[float, int] = {0.0: found.zero} if found.zero else {}
        for index, count in found.counts.items():
            if count:
                apart.setdefault(_power(index * step), 0)
                upper = _power((index + 1) * step)
                apart[upper] = apart.get(upper, 0) + count
        made = Spread(apart, self.count)
        made.sum = made._estimated() if self.sum is None else self.sum
        return made


def _power(exponent: float) -> float:
    bound: float = 2.0 ** min(1000.0, max(-1000.0, exponent))
    return bound
