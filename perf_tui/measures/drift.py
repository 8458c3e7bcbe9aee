"""Whether scores drift: a window beside a baseline, with how sure that is.

Three judges: the difference of the means with its confidence interval (Welch), a detector of changes
that watches the whole stream (ADWIN, on scores scaled to 0..1), and the population stability index of
the two distributions against a limit that fits the number of scores: fixed limits such as 0.1 are
passed by chance alone in most comparisons of 100 scores.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from math import inf, log, sqrt
from typing import NamedTuple

from perf_tui.measures.adwin import Adwin
from perf_tui.measures.student import chi_square_quantile, t_quantile

ENOUGH = 30
"""Scores below which nothing is said."""
BINS = 10
CONFIDENCE = 0.95
RARE = 0.99
"""How sure the index must be that it is not chance."""


class Verdict(StrEnum):
    """What is said in the end."""

    STEADY = "steady"
    UNSURE = "unsure"
    """One of the judges sees a difference, and the others do not."""
    DRIFTED = "drifted"
    TOO_FEW = "too few"


class Moments(NamedTuple):
    """What a mean's error is computed from."""

    n: int
    mean: float
    variance: float
    """Of the sample: the sum of squares / (n - 1); 0 for fewer than two."""

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Moments:
        """Of some numbers, in one pass."""
        n, mean, squares = 0, 0.0, 0.0
        for number in numbers:
            n += 1
            step = number - mean
            mean += step / n
            squares += step * (number - mean)
        return cls(n, mean, squares / (n - 1) if n > 1 else 0.0)

    @classmethod
    def of_share(cls, part: float, whole: float) -> Moments:
        """Of a share: as many ones as `part`, the rest zeros."""
        n = round(whole)
        p = part / whole if whole > 0 else 0.0
        return cls(n, p, p * (1 - p) * n / (n - 1) if n > 1 else 0.0)


class Difference(NamedTuple):
    """Of two means, and between which bounds it lies with the confidence."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether it is not 0."""
        return self.low > 0 or self.high < 0


def welch(now: Moments, baseline: Moments, confidence: float = CONFIDENCE) -> Difference:
    """now - baseline without the assumption that both vary alike; unbounded where one has fewer than two."""
    value = now.mean - baseline.mean
    if now.n < 2 or baseline.n < 2:
        return Difference(value, -inf, inf)
    a, b = now.variance / now.n, baseline.variance / baseline.n
    if a + b <= 0:
        return Difference(value, value, value)
    freedom = (a + b) ** 2 / (a * a / (now.n - 1) + b * b / (baseline.n - 1))
    reach = t_quantile(0.5 + confidence / 2, freedom) * sqrt(a + b)
    return Difference(value, value - reach, value + reach)


class Stability(NamedTuple):
    """A population stability index (psi) with the limit that chance stays below."""

    psi: float
    limit: float

    @property
    def shifted(self) -> bool:
        """Whether the distributions differ by more than chance."""
        return self.psi > self.limit


def stability(baseline: Sequence[float], now: Sequence[float]) -> Stability | None:
    """The index of two sets of counts in the same bins; None where there is nothing to compare.

    Without a change it is about (1/n + 1/m) χ² with one degree of freedom less than there are bins.
    """
    bins = [(max(0.0, before), max(0.0, after)) for before, after in zip(baseline, now, strict=True)]
    bins = [each for each in bins if sum(each) > 0]
    before, after = sum(each[0] for each in bins), sum(each[1] for each in bins)
    if len(bins) < 2 or before <= 0 or after <= 0:
        return None
    index = 0.0
    half = 0.5  # a bin that is empty on one side must not be infinitely far from the other
    for expected, found in bins:
        p = (expected + half) / (before + half * len(bins))
        q = (found + half) / (after + half * len(bins))
        index += (q - p) * log(q / p)
    return Stability(index, (1 / before + 1 / after) * chi_square_quantile(RARE, len(bins) - 1))


def edges(baseline: Sequence[float]) -> list[float]:
    """Upper bounds of bins that hold about as many of the baseline each; single values where there are few."""
    ordered = sorted(baseline)
    distinct = sorted(set(ordered))
    if len(distinct) <= BINS:
        return distinct[:-1]
    cuts = [ordered[len(ordered) * step // BINS - 1] for step in range(1, BINS)]
    return sorted(set(cuts))


def counted(numbers: Iterable[float], bounds: Sequence[float]) -> list[float]:
    """How many lie in each bin: at most the first bound, the second…, beyond the last."""
    counts = [0.0] * (len(bounds) + 1)
    for number in numbers:
        counts[bisect_left(bounds, number)] += 1
    return counts


class Drift(NamedTuple):
    """What is known of a stream of scores now."""

    verdict: Verdict
    now: Moments
    baseline: Moments
    difference: Difference
    stability: Stability | None
    changed: int | None
    """Scores since the detector saw the mean leave that of the baseline; None where it did not, or came back."""


class Monitor:
    """One stream of scores."""

    def __init__(
        self,
        first: int = 200,
        window: int = 200,
        low: float | None = None,
        high: float | None = None,
        baseline: Sequence[float] = (),
    ) -> None:
        """`baseline`, or else the `first` scores, is what later ones are compared with.

        `window` scores are the present. `low` and `high` are the least and the most that a score can be;
        without them 0 and 1, or as far as the baseline goes beyond.
        """
        self._first = len(baseline) or first
        self._baseline: list[float] = []
        self._window: deque[float] = deque(maxlen=window)
        self._range = (low, high)
        self._low, self._width = 0.0, 1.0
        self._adwin = Adwin()
        self._after = 0
        self._changed: int | None = None
        self._reference: tuple[Moments, list[float], list[float]] | None = None
        for score in baseline:
            self.add(score)

    def add(self, score: float) -> None:
        """The next score."""
        if self._reference is None:
            self._baseline.append(score)
            if len(self._baseline) >= self._first:
                self._settle()
            return
        self._after += 1
        mean = self._adwin.mean
        if self._adwin.add(self._scaled(score)):
            usual = self._scaled(self._reference[0].mean)
            away = abs(self._adwin.mean - usual) > abs(mean - usual)
            self._changed = self._after if away else None
        self._window.append(score)

    def _settle(self) -> None:
        """The baseline is complete."""
        low, high = self._range
        self._low = min(0.0, *self._baseline) if low is None else low
        self._width = max((max(1.0, *self._baseline) if high is None else high) - self._low, 1e-12)
        for score in self._baseline:
            self._adwin.add(self._scaled(score))
        self._reference = self._before()

    def _scaled(self, score: float) -> float:
        return min(1.0, max(0.0, (score - self._low) / self._width))

    def drift(self) -> Drift:
        """What is to be said now."""
        before, bounds, counts = self._reference or self._before()
        now = Moments.of(self._window)
        changed = None if self._changed is None else self._after - self._changed
        difference = welch(now, before)
        index = stability(counts, counted(self._window, bounds)) if self._window else None
        if self._reference is None or now.n < ENOUGH or before.n < ENOUGH:
            verdict = Verdict.TOO_FEW
        else:
            judges = (difference.certain, changed is not None, index is not None and index.shifted)
            verdict = judged(*judges)
        return Drift(verdict, now, before, difference, index, changed)

    def _before(self) -> tuple[Moments, list[float], list[float]]:
        """The baseline so far: its moments, the bounds of its bins and what they hold."""
        bounds = edges(self._baseline) if self._baseline else []
        return Moments.of(self._baseline), bounds, counted(self._baseline, bounds)


def judged(certain: bool, detected: bool, shifted: bool) -> Verdict:
    """Two of the three make it sure: each of them alone errs now and then when it is asked all the time."""
    votes = certain + detected + shifted
    return Verdict.DRIFTED if votes >= 2 else Verdict.UNSURE if votes else Verdict.STEADY
