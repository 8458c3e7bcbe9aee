"""Ranks series by how far they departed from what was usual, in interquartile ranges, and finds when they began to.

That the score is robust matters more than that it is clever: BARO (Pham et al., FSE 2024) finds causes among
hundreds of series with a median and an interquartile range. Beyond it, what departed must have done so for
three samples, and counts by where it was for half the time since, and is now; what wobbles anyhow is compared with how
far it does, and what grows anyhow with its own line; what went away has moved; causes come before
consequences by onset. docs/why.md says what each is good for.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import inf, isfinite
from statistics import fmean

from perf_tui.engine.alerts.model import Moved
from perf_tui.engine.why.family import Family, family
from perf_tui.engine.why.look import THIN, Past
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.resolution import resolution

MOST = 5
"""Series that are named."""
ALIKE = 2
"""Things of one sort that are named: a hundred workers that all move are one piece of news."""
MOVED = 3.0
"""Interquartile ranges by which it counts as having moved; also what its onset is judged by."""
HELD = 3
"""Samples in a row for which it must have."""
FEWEST = 12
"""Samples before, without which nobody knows what is usual."""
UNTOLD = 20.0
"""The score of what went away, and the highest of what was still: no number says how far that is."""
_NEWEST = 5
"""Samples that say where it is now."""
STRONG = 0.5
"""Of the highest score: of those that have so much, what moved first comes first. The others follow by score."""
TOGETHER = 8
"""Ticks within which nobody can say what moved first."""
_WOBBLE = 0.95
"""The share of the time before in which it was nearer to its median than what is called its wobble."""
_PRESENT = 0.9
"""The share of samples before that something must have had, to be missed when it is gone."""
_PAUSE = 3
"""Samples for which something may be back to normal without having begun anew."""
_FROZEN = 0.33
"""Of the usual value: how far a time or a rate wobbles that stood still, as nothing came that could be measured."""
_FLOWING = frozenset(measure.id for measure in CATALOGUE.values() if measure.unit in ("s", "1/s"))
_SHARE = 0.02
"""Of the usual value: what is nearer than this has not moved, whatever the unit."""
_BLOCK = 10
"""Samples (of those that are looked at from earlier) whose median is compared with that of the next."""
_BLOCKS = 15
"""Such comparisons, without which nobody knows how far it drifts."""
_DRIFT = 0.8
"""The share of them in which it went less far than what is called its drift."""


def rank(past: Past, interval: float, about: Series | None = None) -> tuple[Moved, ...]:
    """What moved, the likeliest cause first; without `about`, the alert's own series, and its siblings."""
    own = family(about) if about is not None else None
    best: dict[Family, Moved] = {}
    floors = _Floors()
    for key, window in past.rows:
        floor = floors[key.id]
        if not may_have_moved(window, past.usual, floor):
            continue
        kin = family(key)
        if kin == own:
            continue
        moved = closely(key, window, past, interval, floor)
        if moved is not None and (kin not in best or moved.score > best[kin].score):
            best[kin] = moved
    return _first_first(_few_alike(sorted(best.values(), key=lambda each: -each.score)), interval)


class _Floors(dict[str, float]):
    """Measure → the smallest difference that counts as spread."""

    def __missing__(self, id: str) -> float:
        measure = CATALOGUE.get(id)
        self[id] = floor = resolution(measure.unit if measure else "1")
        return floor


def _first_first(ranked: Sequence[Moved], interval: float) -> tuple[Moved, ...]:
    least = max(MOVED, STRONG * ranked[0].score) if ranked else 0.0
    together = TOGETHER * interval

    def place(each: Moved) -> tuple[float, float]:
        return (each.onset // together if each.score >= least else inf, -each.score)

    return tuple(sorted(ranked, key=place)[:MOST])


def _few_alike(ranked: Sequence[Moved]) -> list[Moved]:
    seen: Counter[str] = Counter()
    kept = []
    for each in ranked:
        sort, _ = family(each.series)
        seen[sort] += 1
        if seen[sort] <= ALIKE:
            kept.append(each)
    return kept


def may_have_moved(window: array[float], usual: int, floor: float) -> bool:
    """A quick look, for the many that have not: False only for what `closely` would find nothing in.

    Of HELD samples in a row that have departed, one is among every HELD-th.
    """
    few, since = sorted(window[:usual:THIN]), sorted(window[usual + HELD - 1 :: HELD])
    first = window[0]
    if not isfinite(sum(few) + sum(since)):  # what has gaps may be in any order now
        few = sorted(number for number in few if isfinite(number))
        if len(few) < FEWEST or not isfinite(sum(since)):
            return True
    if (first == few[0] or first == few[-1] or not isfinite(first)) and few[0] != few[-1]:
        # It may be one that only rises, or falls, which is compared with its own line.
        some = [number for number in window[:usual:THIN] if isfinite(number)]
        if some in (few, few[::-1]):
            return True
    count = len(few)
    middle, least = few[count // 2], few[count * 3 // 4] - few[count // 4]
    if count % 2 == 0:
        middle = (middle + few[count // 2 - 1]) / 2
    if least < floor:
        least = floor
    if least < _SHARE * abs(middle):
        least = _SHARE * abs(middle)
    return since[-1] - middle >= MOVED * least or middle - since[0] >= MOVED * least


def closely(key: Series, window: array[float], past: Past, interval: float, floor: float) -> Moved | None:
    """By how much the series departed, and since when; None where it did not, or too little is known of it."""
    before = [number for number in window[: past.usual] if isfinite(number)]
    if len(before) < FEWEST:
        return None
    some = [number for number in window[: past.usual : THIN] if isfinite(number)]
    few = sorted(some if len(some) >= FEWEST else before)
    middle = _middle(few)
    went = _went(window, past.usual, len(before))
    if went is not None and past.lost(key):
        return Moved(key, middle, None, UNTOLD, (went - past.onset) * interval)
    since = [(place, number) for place, number in enumerate(window[past.usual :], past.usual) if isfinite(number)]
    if len(since) < HELD:
        return None
    spread = max(_spread(few), floor, _SHARE * abs(middle))
    slope, most = _slope(before), inf
    sizes = [abs(number - middle) for _, number in since]
    if slope:
        # What only grows is always beyond what it was; what matters is whether it left its line.
        line = sorted(number - slope * place for place, number in enumerate(before))
        centre, spread = _middle(line), max(_spread(line), floor, abs(slope))
        first = past.usual - len(before)
        sizes = [abs(number - slope * (place - first) - centre) for place, number in since]
    held = _held(sizes)
    far = max(held)
    if far < MOVED * spread:
        return None
    if not slope:
        held_before = sorted(_held([abs(number - middle) for number in before]))
        wobble = held_before[int(len(held_before) * _WOBBLE)]
        if wobble == 0 and key.id in _FLOWING:
            wobble, most = _FROZEN * abs(middle), UNTOLD
        spread = max(spread, wobble)
        if far < MOVED * spread:
            return None
        spread = max(spread, _drift(past.earlier(key)))
        if far < MOVED * spread:
            return None
    began = _beginning(held, held.index(far), MOVED * spread)
    lasting = sorted(held[began:])
    score = min(lasting[len(lasting) // 2] / spread, fmean(sizes[-_NEWEST:]) / spread, most)
    farthest = max(range(len(sizes)), key=sizes.__getitem__)
    return Moved(key, middle, since[farthest][1], score, (since[began][0] - past.onset) * interval)


def _held(sizes: Sequence[float]) -> list[float]:
    """How far it was for HELD samples in a row."""
    return list(map(min, *(sizes[first:] for first in range(HELD))))


def _beginning(held: Sequence[float], place: int, least: float) -> int:
    """Where the stretch begins in which it had departed, and which `place` is in."""
    began = place
    while place >= 0 and began - place <= _PAUSE:
        if held[place] >= least:
            began = place
        place -= 1
    return began


def _went(window: array[float], usual: int, known: int) -> int | None:
    """Since when there are no more numbers; None where there are, or where it has had such gaps before."""
    if isfinite(window[-1]):
        return None
    count = len(window)
    went = next((place + 1 for place in range(count - 1, -1, -1) if isfinite(window[place])), 0)
    if count - went < HELD or went < usual or known < _PRESENT * usual:
        return None
    gap = longest = 0
    for number in window[:went]:
        gap = 0 if isfinite(number) else gap + 1
        longest = max(longest, gap)
    return went if count - went > 2 * longest else None


def _middle(ordered: Sequence[float]) -> float:
    count = len(ordered)
    return ordered[count // 2] if count % 2 else (ordered[count // 2 - 1] + ordered[count // 2]) / 2


def _spread(ordered: Sequence[float]) -> float:
    """The interquartile range."""
    count = len(ordered)
    return ordered[count * 3 // 4] - ordered[count // 4]


def _drift(earlier: Sequence[float]) -> float:
    """How far it goes from one while to the next anyhow; 0 where too little is known."""
    middles = []
    for first in range(0, len(earlier), _BLOCK):
        block = sorted(number for number in earlier[first : first + _BLOCK] if isfinite(number))
        if len(block) > _BLOCK // 2:
            middles.append(_middle(block))
    ways = sorted(abs(late - early) for early, late in pairwise(middles))
    return ways[int(len(ways) * _DRIFT)] if len(ways) >= _BLOCKS else 0.0


def _slope(before: Sequence[float]) -> float:
    """By how much a series that only rises, or only falls, did so at each tick; 0 for any other."""
    if before[0] == before[-1] or fmean(before[: len(before) // 2]) == before[0]:
        return 0.0
    steps = [late - early for early, late in pairwise(before)]
    if min(steps) >= 0 or max(steps) <= 0:
        return (before[-1] - before[0]) / (len(before) - 1)
    return 0.0
