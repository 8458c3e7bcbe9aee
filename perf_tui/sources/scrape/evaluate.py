"""From what the terms of a plan have added up to the values of measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite, isnan
from typing import Any

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.histogram import Distribution, Estimate
from perf_tui.measures.model import IDLE, PENDING, Sample, Status, Value, absent
from perf_tui.measures.window import Times
from perf_tui.sources.profiles.schema import Across, Candidate
from perf_tui.sources.profiles.survey import Survey
from perf_tui.sources.scrape.layout import QUANTILES, STATS
from perf_tui.sources.scrape.ledger import Ledger, at
from perf_tui.sources.scrape.plan import Peak, Plan, Way, Weighed
from perf_tui.sources.scrape.terms import Apart, HistogramTerm, Key, LevelTerm, Spread, Term

NOTHING_YET = Value(None, Status.IDLE, "exported, and nothing counted yet")
_NO_NUMBER = Value(None, Status.ABSENT, "its number stands for none")

_RATIOS = frozenset(id for id, measure in CATALOGUE.items() if measure.unit == "ratio")
_ACROSS: dict[Across, Callable[[Sequence[float]], float]] = {
    "sum": sum, "max": max, "min": min, "mean": lambda numbers: sum(numbers) / len(numbers), "count": len,
}  # fmt: skip


class Evaluation:
    """One scrape's values of one plan."""

    def __init__(self, plan: Plan, ledger: Ledger, times: Times, survey: Survey, *, joint: bool) -> None:
        self._plan, self._ledger, self._times, self._survey = plan, ledger, times, survey
        self._joint = joint
        self._usable = plan.usable(survey.version)
        self.rows = plan.rows()
        """Rows as the series name them."""
        self._layout = plan.layout()
        self._distributions: dict[tuple[int, float, float], Distribution] = {}
        """What several values are taken of."""
        self.shown = self._layout.shown
        """Row → the labels by which people know it."""

    def samples(self) -> Iterator[Sample]:
        """Every measure of the plan's profile for every row, and the related ones that it lacks."""
        for measure, key, single, several in self._layout.named:
            if single is not None:
                yield Sample(single, self.number(measure, key))
                continue
            found = self.stats(measure, key)
            for stat, each in several:
                yield Sample(each, found[stat])

    def number(self, measure: str, key: Key, ways: Iterable[Way] | None = None) -> Value:
        """The first candidate's value of a measure that is one number."""
        best: Value | None = None
        for way in self.ways(measure) if ways is None else ways:
            value = self._one(way, key)
            if value is _NO_NUMBER:
                continue
            if value is not NOTHING_YET:
                return self._bounded(measure, value)
            if self._may_have(way, key):
                best = NOTHING_YET
        return best or self._lacking(measure)

    def stats(self, measure: str, key: Key, ways: Iterable[Way] | None = None) -> dict[str, Value]:
        """p50, p95, p99 and mean, each from the first candidate that can tell it."""
        found: dict[str, Value] = {}
        for way in self.ways(measure) if ways is None else ways:
            for stat, value in self._several(way, key):
                if value is not _NO_NUMBER and (value is not NOTHING_YET or self._may_have(way, key)):
                    found.setdefault(stat, value)
        if len(found) == len(STATS):
            return found
        profile = self._plan.profile
        blank = self._lacking(measure)
        if found and measure not in profile.absent:
            blank = absent(f"{profile.title} exports no distribution, only a mean")
        return {stat: found.get(stat, blank) for stat in STATS}

    def ways(self, measure: str) -> tuple[Way, ...]:
        """The candidates whose families this endpoint has."""
        found = self._usable.get(measure)
        if found is None:
            found = tuple(way for way in self._plan.ways.get(measure, ()) if self._is_usable(way))
            self._usable[measure] = found
        return found

    def spread(self, way: Way, key: Key) -> Spread | None:
        """The histogram of a cell, for candidates that have one."""
        for weighed in way.all:
            if isinstance(weighed.term, HistogramTerm):
                return self._spread(weighed, key)
        return None

    def numbers(self, way: Way, key: Key) -> Iterator[tuple[Mapping[str, str], float]]:
        """What the gauges of a candidate's part stand at, with the labels of each."""
        for each in way.terms:
            for slot, labels in (self._cell(each, key) or {}).items():
                number = at(self._ledger.values, slot)
                if number is not None and isfinite(number) and _within(number, way.candidate):
                    yield labels, number * each.scale

    def standing(self, term: Term[Any], key: Key) -> Iterator[tuple[Mapping[str, str], float]]:
        """What the gauges of a term stand at, with the labels of each."""
        for slot, labels in (self._cell(Weighed(term, 1.0, True, "sum"), key) or {}).items():
            number = at(self._ledger.values, slot)
            if number is not None:
                yield labels, number

    def whole(self, way: Way, key: Key) -> float | None:
        """What a share is of, for one of the things that it is added up over."""
        return self._combined(way.whole, way, key)

    def apart(self, way: Way, key: Key, start: float) -> tuple[float, ...]:
        """How many were observed in each bucket since the reading at `start`."""
        spread = self.spread(way, key)
        if spread is None or not spread.bounds:
            return ()
        return self.distribution(spread, start, way.candidate.scale).apart()

    def risen(self, way: Way, key: Key, start: float) -> tuple[float, float]:
        """How far the part and the whole of a ratio rose since the reading at `start`."""
        return self._risen(way.terms, key, start) or 0.0, self._risen(way.whole, key, start) or 0.0

    def finished(self, key: Key) -> Apart | None:
        """Requests that ended, by the reason."""
        term = self._plan.finish
        if term is None:
            return None
        counted: Apart | None = self._cell(Weighed(term, 1.0, True, "sum"), key)
        return counted

    def _spread(self, weighed: Weighed, key: Key) -> Spread | None:
        found: Spread | None = self._cell(weighed, key)
        return found

    def _cell(self, weighed: Weighed, key: Key) -> Any:
        """What a term has for a row; where the server has one model, also what it says without naming it."""
        cell = weighed.term.cells.get(key)
        if cell is None and len(self.rows) == 1:
            cell = weighed.term.cells.get(self._layout.nameless(key))
        return cell

    def _may_have(self, way: Way, key: Key) -> bool:
        """Whether a candidate that has nothing for a cell may have something later.

        Where it has other rows alone, it is about those: of a proxy some families tell of listeners, some
        of backends.
        """
        return any(self._cell(each, key) is not None for each in way.all) or not any(
            each.term.cells for each in way.all
        )

    def moments(self, way: Way, key: Key) -> tuple[float, float]:
        """How many were observed over the window, and the sum of what was observed."""
        if way.candidate.kind == "ratio":
            count = self._risen(way.whole, key, self._times.start) or 0.0
            total = self._risen(way.terms, key, self._times.start) or 0.0
        elif spread := self.spread(way, key):
            count, total = spread.moments.since(self._times.start)
        else:
            count = total = 0.0
        return count, total * way.candidate.scale

    def calls(self, way: Way, key: Key) -> float:
        """How often a counter rose over the window."""
        return self._risen(way.terms, key, self._times.start) or 0.0

    def distribution(self, spread: Spread, start: float, scale: float) -> Distribution:
        """What was observed since the reading at `start`, its bounds scaled."""
        known = self._distributions.get((id(spread), start, scale))
        if known is None:
            bounds = spread.bounds if scale == 1.0 else [bound * scale for bound in spread.bounds]
            known = Distribution.ordered(bounds, spread.buckets.since(start))
            self._distributions[id(spread), start, scale] = known
        return known

    def estimates(self, way: Way, key: Key) -> dict[str, Estimate]:
        """The quantiles of a histogram over the window, with the edges of their buckets."""
        spread = self.spread(way, key)
        if spread is None or not spread.bounds:
            return {}
        observed = self.distribution(spread, self._times.start, way.candidate.scale)
        return {stat: observed.quantile(q) for stat, q in QUANTILES.items()}

    def _is_usable(self, way: Way) -> bool:
        needed = [each for each in way.all if not each.optional]
        # A summary's sum and count may be there without quantiles, and the other way round.
        some = any if way.candidate.kind == "summary" else all
        if not some(self._survey.possible(each.term.family, each.term.matchers) for each in needed):
            return False
        given = way.candidate.given
        return not given or self._survey.some(way.all[0].term.family, given)

    def _lacking(self, measure: str) -> Value:
        value = self._layout.lacking.get(measure)
        if value is None:
            profile = self._plan.profile
            value = absent(profile.absent.get(measure) or f"{profile.title} does not export it")
            self._layout.lacking[measure] = value
        return value

    def _bounded(self, measure: str, value: Value) -> Value:
        if value.number is not None and measure in _RATIOS and not 0.0 <= value.number <= 1.0:
            return value._replace(number=min(1.0, max(0.0, value.number)))
        return value

    def _one(self, way: Way, key: Key) -> Value:
        match way.candidate.kind:
            case "gauge":
                return self._gauge(way, key)
            case "rate":
                return self._rate(way, key)
            case "ratio":
                return self._ratio(way, key)
            case "share":
                return self._share(way, key)
            case _:
                return self._mean(way, key)

    def _several(self, way: Way, key: Key) -> Iterator[tuple[str, Value]]:
        candidate = way.candidate
        match candidate.kind:
            case "quantile":
                yield from self._quantiles(way, key)
            case "summary":
                yield from self._summary(way, key)
            case "mean":
                yield "mean", self._mean(way, key)
            case _:
                yield candidate.stat or "mean", self._one(way, key)

    def _rate(self, way: Way, key: Key) -> Value:
        # Workers that answer in turn each bring what they did since they answered last.
        start = self._times.start if self._joint else self._times.before
        risen = self._risen(way.terms, key, start)
        if risen is None:
            return NOTHING_YET
        if not self._joint and any(isinstance(each.term, LevelTerm) for each in way.terms):
            risen = self._gained(way, key)
        seconds = self._times.now - start
        return Value(max(0.0, risen) * way.candidate.scale / seconds) if seconds > 0 else PENDING

    def _gained(self, way: Way, key: Key) -> float:
        """How far counters and what is under way beside them rose above the highest that they were together.

        The two are not of one moment: what ended may be counted and under way at once, or neither for a
        while. Neither may count twice.
        """
        total = 0.0
        for each in way.terms:
            cell = self._cell(each, key)
            total += cell.total[0] * each.scale if cell is not None else 0.0
        now = self._times.now
        peak = self._plan.peaks.get((id(way), key))
        if peak is None:
            peak = Peak(now, total, total)
        elif peak.at != now:
            peak = Peak(now, peak.high, max(peak.high, total))
        self._plan.peaks[id(way), key] = peak
        return peak.high - peak.before

    def _ratio(self, way: Way, key: Key) -> Value:
        whole = self._risen(way.whole, key, self._times.start)
        if whole is None:
            return NOTHING_YET
        if len(self._times) < 2:
            return PENDING
        part = self._risen(way.terms, key, self._times.start) or 0.0
        return Value(max(0.0, part) / whole * way.candidate.scale) if whole > 0 else IDLE

    def _risen(self, terms: Sequence[Weighed], key: Key, start: float) -> float | None:
        """How far counters rose together; None where none of them was ever seen."""
        cells = [(self._cell(each, key), each.scale) for each in terms]
        known: list[tuple[Any, float]] = [(cell, scale) for cell, scale in cells if cell is not None]
        if not known:
            return None
        return float(sum(cell.since(start)[0] * scale for cell, scale in known))

    def _quantiles(self, way: Way, key: Key) -> Iterator[tuple[str, Value]]:
        spread = self.spread(way, key)
        if spread is None:
            yield from ((stat, NOTHING_YET) for stat in STATS)
            return
        yield "mean", self._mean(way, key)
        if not spread.bounds:
            return
        if len(self._times) < 2:
            yield from ((stat, PENDING) for stat in QUANTILES)
            return
        observed = self.distribution(spread, self._times.start, way.candidate.scale)
        for stat, q in QUANTILES.items():
            yield stat, observed.value(q)

    def _mean(self, way: Way, key: Key) -> Value:
        if way.candidate.kind == "mean":
            return self._means(way, key)
        spread = self.spread(way, key)
        if spread is None:
            return NOTHING_YET
        if len(self._times) < 2:
            return PENDING
        count, total = self.moments(way, key)
        return Value(total / count) if count > 0 else IDLE

    def _means(self, way: Way, key: Key) -> Value:
        whole = self._combined(way.whole, way, key) if way.whole else 1.0
        spreads = [(self._spread(each, key), each.scale) for each in way.terms]
        if whole is None or any(spread is None for spread, _ in spreads):
            return NOTHING_YET
        if len(self._times) < 2:
            return PENDING
        moments = [(*spread.moments.since(self._times.start), scale) for spread, scale in spreads if spread is not None]
        if whole <= 0 or any(count <= 0 for count, _, _ in moments):
            return IDLE
        return Value(sum(total / count * scale for count, total, scale in moments) / whole * way.candidate.scale)

    def _share(self, way: Way, key: Key) -> Value:
        part, whole = self._combined(way.terms, way, key), self._combined(way.whole, way, key)
        for each in way.times:
            factor = self._combined((each,), way, key)
            whole = None if whole is None or factor is None else whole * factor
        if part is None or whole is None:
            return NOTHING_YET
        return Value(max(0.0, part) / whole * way.candidate.scale) if whole > 0 else _NO_NUMBER

    def _combined(self, terms: Sequence[Weighed], way: Way, key: Key) -> float | None:
        """The sum of what stands in some terms, the series of each combined; None where one has none."""
        total = 0.0
        for each in terms:
            numbers = list(self._standing(self._cell(each, key) or {}, way.candidate))
            if numbers:
                total += _ACROSS[each.across](numbers) * each.scale
            elif not each.optional:
                return None
        return total

    def _summary(self, way: Way, key: Key) -> Iterator[tuple[str, Value]]:
        if (spread := self.spread(way, key)) is not None and spread.moments is not None:
            yield "mean", self._mean(way, key)
        cells: Mapping[int, Mapping[str, str]] = self._cell(way.terms[0], key) or {}
        for stat, q in QUANTILES.items():
            numbers = [
                at(self._ledger.values, slot) for slot, labels in cells.items() if _number(labels["quantile"]) == q
            ]
            if len(numbers) > 1:
                yield stat, absent("it comes as one quantile for each series, which cannot be joined")
            elif numbers and numbers[0] is not None:
                number = numbers[0] * way.candidate.scale
                yield stat, IDLE if isnan(number) else Value(number)

    def _gauge(self, way: Way, key: Key) -> Value:
        candidate = way.candidate
        numbers: list[float] = []
        for each in way.terms:
            cells = self._cell(each, key) or {}
            found = [number * each.scale for number in self._standing(cells, candidate)]
            if cells and not found and not each.optional and _has_limits(candidate):
                return _NO_NUMBER
            numbers += found
        if not numbers:
            return NOTHING_YET
        number = _ACROSS[candidate.across](numbers) * candidate.scale + candidate.offset
        for each in way.times:
            factor = self._combined((each,), way, key)
            if factor is None:
                return NOTHING_YET
            number *= factor
        return Value(number if candidate.floor is None else max(candidate.floor, number))

    def _standing(self, cells: Mapping[int, Mapping[str, str]], candidate: Candidate) -> Iterator[float]:
        """The numbers of a cell's gauges; of ranks that report the same, the highest alone."""
        max_over = candidate.max_over
        highest: dict[object, float] = {}
        for slot, labels in cells.items():
            number = at(self._ledger.values, slot)
            if number is not None and candidate.read:
                number = _number(labels.get(candidate.read, ""))
            if number is None or not isfinite(number) or not _within(number, candidate):
                continue
            if not max_over:
                yield number
                continue
            rest = frozenset(item for item in labels.items() if item[0] not in max_over)
            highest[rest] = max(number, highest.get(rest, number))
        yield from highest.values()


def _has_limits(candidate: Candidate) -> bool:
    return candidate.least is not None or candidate.most is not None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _within(number: float, candidate: Candidate) -> bool:
    return (candidate.least is None or number >= candidate.least) and (
        candidate.most is None or number <= candidate.most
    )
