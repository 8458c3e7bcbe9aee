"""What one endpoint's metrics say of the quality of answers: scores that it exports, and proxies.

A score is a gauge or histogram of the measure `ai.quality.score` in a profile. Proxies need nobody's
judgement: why requests end, how long answers are, how many drafted tokens are accepted, perplexity.
They move when the questions change, too, and are named proxies wherever they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from perf_tui.measures.drift import (
    ENOUGH,
    Drift,
    Moments,
    Monitor,
    Stability,
    Verdict,
    judged,
    stability,
    welch,
)
from perf_tui.measures.quality import Quality
from perf_tui.measures.window import Times
from perf_tui.sources.scrape.evaluate import Evaluation
from perf_tui.sources.scrape.plan import Plan, Way
from perf_tui.sources.scrape.terms import Key, Row

SCORE = "ai.quality.score"
FIRST = 200
"""Requests, or observations, that are the baseline of a proxy: the first ones that are seen."""
MOST_AT_ONCE = 200
"""Scores of a histogram that one scrape may bring; of more, so many in the same proportions."""
MOST_ROWS = 64
AT_FIRST, EVERY = 10, 5
"""Proxies are looked at with each of the first scrapes, and later with one of so many: windows change slowly."""
_CUT = ("length", "repetition")
"""Reasons to end that tell of the answer."""
_LENGTHS = {"length.output": "length of answers", "perplexity": "perplexity"}
"""Details that are histograms of answers."""


@dataclass(slots=True)
class _Counts:
    """What was counted by bin, until it is enough for a baseline."""

    baseline: list[float] = field(default_factory=list)
    since: float = inf
    """When the baseline was complete."""

    def add(self, counts: list[float], now: float) -> None:
        """What the newest interval brought."""
        if self.since <= now:
            return
        if len(self.baseline) != len(counts):
            self.baseline = [0.0] * len(counts)
        self.baseline = [before + more for before, more in zip(self.baseline, counts, strict=True)]
        if sum(self.baseline) >= FIRST:
            self.since = now


@dataclass(slots=True)
class _Look:
    """The proxies of one profile's rows."""

    scrapes: int = 0
    at: float | None = None
    """The reading at which they were looked at."""
    found: dict[Row, tuple[tuple[str, Drift], ...]] = field(default_factory=dict)


class Scores:
    """The scores and proxies of one endpoint, by row."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: dict[tuple[Row, str], _Counts] = {}
        self._monitors: dict[Row, Monitor] = {}
        self._last: dict[Row, float] = {}
        self._looks: dict[str, _Look] = {}
        """By profile."""

    def rows(self, plan: Plan, evaluation: Evaluation, times: Times) -> Iterator[Quality]:
        """What is known after a scrape."""
        known = evaluation.rows[:MOST_ROWS]
        look = self._looks.setdefault(plan.profile.name, _Look())
        look.scrapes += 1
        if look.scrapes <= AT_FIRST or look.scrapes % EVERY == 0:
            since = times.before if look.at is None else max(look.at, times.start)
            look.found = {row: tuple(self._found(plan, evaluation, times, row, since)) for row in known}
            look.at = times.now
        ways = evaluation.ways(SCORE)
        for row in known:
            labels = dict(evaluation.shown[row])
            found = [(name, True, drift) for name, drift in look.found.get(row, ())]
            if ways:
                found.insert(0, (labels.get("name") or "score", False, self._score(evaluation, ways, Key(row), times)))
            for name, proxy, drift in found:
                yield Quality(labels["engine"], labels.get("model", ""), name, self._source, proxy, drift)

    def _found(
        self, plan: Plan, evaluation: Evaluation, times: Times, row: Row, since: float
    ) -> Iterator[tuple[str, Drift]]:
        """Proxies; `since` is when they were looked at before."""
        key = Key(row)
        counted = evaluation.finished(key)
        if counted is not None and plan.profile.finish is not None:
            label = plan.profile.finish.label
            newest, present = (_by_reason(counted.by(label, start)) for start in (since, times.start))
            for reason in _CUT:
                if any(reason in found for found in (newest, present)):
                    yield f"ended by {reason}", self._share(row, reason, newest, present, times)
        for detail, name in _LENGTHS.items():
            for way in evaluation.ways(detail):
                drift = self._histogram(evaluation, way, key, times, name, since)
                if drift is not None:
                    yield name, drift
                break
        for way in evaluation.ways("ai.spec.acceptance"):
            if way.candidate.kind == "ratio":
                latest, whole = (evaluation.risen(way, key, start) for start in (since, times.start))
                yield "accepted drafts", self._accepted(row, latest, whole, times)
                break

    def _score(self, evaluation: Evaluation, ways: Sequence[Way], key: Key, times: Times) -> Drift:
        monitor = self._monitors.setdefault(key.row, Monitor())
        for way in ways:
            if spread := evaluation.spread(way, key):
                for score in _observations(spread.bounds, list(evaluation.apart(way, key, times.before))):
                    monitor.add(score)
                return monitor.drift()
        number = evaluation.number(SCORE, key, ways).number
        # A gauge that stands still is one evaluation, not one for each scrape.
        if number is not None and number != self._last.get(key.row):
            self._last[key.row] = number
            monitor.add(number)
        return monitor.drift()

    def _share(self, row: Row, reason: str, newest: dict[str, float], present: dict[str, float], times: Times) -> Drift:
        def split(found: dict[str, float]) -> list[float]:
            part = found.get(reason, 0.0)
            return [part, sum(found.values()) - part]

        counts = self._counts.setdefault((row, reason), _Counts())
        counts.add(split(newest), times.now)
        before, now = counts.baseline, split(present)
        return _compared(
            Moments.of_share(now[0], sum(now)), Moments.of_share(before[0], sum(before)), stability(before, now),
            counts.since <= times.start,
        )  # fmt: skip

    def _accepted(self, row: Row, newest: tuple[float, float], present: tuple[float, float], times: Times) -> Drift:
        counts = self._counts.setdefault((row, "accepted"), _Counts())
        counts.add([newest[0], newest[1] - newest[0]], times.now)
        before = counts.baseline
        # Tokens of one answer are accepted or refused together: there is no honest error to compare with.
        return _compared(
            Moments.of_share(*present)._replace(n=0), Moments.of_share(before[0], sum(before)), None, False
        )

    def _histogram(
        self, evaluation: Evaluation, way: Way, key: Key, times: Times, name: str, since: float
    ) -> Drift | None:
        spread = evaluation.spread(way, key)
        if spread is None or not spread.bounds or len(times) < 2:
            return None
        counts = self._counts.setdefault((key.row, name), _Counts())
        newest, present = (list(evaluation.apart(way, key, start)) for start in (since, times.start))
        counts.add(newest, times.now)
        if len(counts.baseline) != len(present):
            return None
        return _compared(
            _moments(spread.bounds, present),
            _moments(spread.bounds, counts.baseline),
            stability(counts.baseline, present),
            counts.since <= times.start,
        )


def _compared(now: Moments, before: Moments, index: Stability | None, complete: bool) -> Drift:
    """The verdict of two judges: there is no stream of single numbers for a detector."""
    difference = welch(now, before)
    verdict = Verdict.TOO_FEW
    if complete and now.n >= ENOUGH and before.n >= ENOUGH:
        verdict = judged(difference.certain, False, index is not None and index.shifted)
    return Drift(verdict, now, before, difference, index, None)


def _by_reason(counted: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for reason, requests in counted.items():
        name = reason.rpartition(".")[2].lower()
        found[name] = found.get(name, 0.0) + requests
    return found


def _middle(bounds: tuple[float, ...], place: int) -> float:
    """A number of a bucket: its middle, or the last finite bound."""
    upper = bounds[place]
    lower = bounds[place - 1] if place else min(0.0, upper)
    return lower if upper == inf else (lower + upper) / 2


def _moments(bounds: tuple[float, ...], counts: list[float]) -> Moments:
    n = round(sum(counts))
    if n < 1:
        return Moments(0, 0.0, 0.0)
    middles = [_middle(bounds, place) for place in range(len(bounds))]
    mean = sum(count * middle for count, middle in zip(counts, middles, strict=True)) / n
    squares = sum(count * (middle - mean) ** 2 for count, middle in zip(counts, middles, strict=True))
    return Moments(n, mean, squares / (n - 1) if n > 1 else 0.0)


def _observations(bounds: tuple[float, ...], counts: list[float]) -> Iterator[float]:
    total = sum(counts)
    part = min(1.0, MOST_AT_ONCE / total) if total > 0 else 0.0
    for place, count in enumerate(counts):
        yield from [_middle(bounds, place)] * round(count * part)
