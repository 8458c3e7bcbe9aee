"""The program's own ranking, and two that others use, on the same windows."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from math import isfinite
from statistics import fmean, pstdev

from benchmarks.why.recording import Recording
from perf_tui.engine.why.family import family
from perf_tui.engine.why.rank import ALIKE, MOST, rank
from perf_tui.measures.model import Series

Ranker = Callable[[Recording], list[Series]]
"""The first few series that are named, the likeliest first."""
FEWEST = 5
"""Numbers that either side must have."""


def ours(recording: Recording) -> list[Series]:
    """As the program names them."""
    return [each.series for each in rank(recording.past, recording.interval, recording.about)]


def kolmogorov_smirnov(recording: Recording) -> list[Series]:
    """By the two-sample statistic of what was before the onset and what came since, as in Netdata's `ks2`."""
    from scipy.stats import ks_2samp

    return _named(recording, lambda before, since: float(ks_2samp(before, since, method="asymp").statistic))


def change_of_mean(recording: Recording) -> list[Series]:
    """By how many standard deviations the mean since is from that before; what was constant, by its own size."""

    def score(before: Sequence[float], since: Sequence[float]) -> float:
        centre = fmean(before)
        return abs(fmean(since) - centre) / max(pstdev(before), 1e-3 * abs(centre), 1e-9)

    return _named(recording, score)


def _named(recording: Recording, score: Callable[[Sequence[float], Sequence[float]], float]) -> list[Series]:
    """The best of each family, as the program names them: the alert's own left out, few of one measure.

    Series that are equally far are in no order: theirs is drawn, with a seed, so that none is favoured.
    """
    scored = []
    dice = random.Random(f"{recording.kind} {recording.seed}")
    for key, window in recording.rows:
        before, since = _numbers(window[: recording.onset]), _numbers(window[recording.onset :])
        if len(before) >= FEWEST and len(since) >= FEWEST:
            scored.append((-score(before, since), dice.random(), key))
    own = family(recording.about) if recording.about is not None else None
    named: list[Series] = []
    seen = {own}
    for _, _, key in sorted(scored):
        if (kin := family(key)) not in seen and sum(each.id == key.id for each in named) < ALIKE:
            seen.add(kin)
            named.append(key)
    return named[:MOST]


def _numbers(window: array[float]) -> list[float]:
    return [number for number in window if isfinite(number)]


RANKERS: dict[str, Ranker] = {"ours": ours, "KS": kolmogorov_smirnov, "mean": change_of_mean}
