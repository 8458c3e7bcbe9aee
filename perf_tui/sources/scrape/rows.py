"""The rows of the table `services` that one endpoint gives: routes, the heat map's column, notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from perf_tui.measures.histogram import Estimate
from perf_tui.measures.model import Value, absent
from perf_tui.measures.services import Bracket, Buckets, Route, Service
from perf_tui.measures.window import Times
from perf_tui.sources.scrape.evaluate import Evaluation
from perf_tui.sources.scrape.layout import STATS
from perf_tui.sources.scrape.plan import Plan, Way
from perf_tui.sources.scrape.terms import CounterTerm, HistogramTerm, Key, Row

SHOWN_ROUTES = 50
"""Routes for which quantiles are computed: those that took the most time."""
DURATION, RATE, ERRORS = "app.request.duration", "app.request.rate", "app.error.total"


def services(
    plan: Plan, evaluation: Evaluation, times: Times, source: str, notices: Sequence[str]
) -> Iterator[Service]:
    """One row of the table for each row of measures."""
    for row in plan.rows():
        key = Key(row)
        way = _timed(evaluation, key)
        yield Service(
            name=dict(row)["service"],
            source=source,
            profile=plan.profile.title,
            routes=tuple(_routes(evaluation, times, row)),
            buckets=_buckets(evaluation, times, way, key) if way else None,
            brackets=_brackets(evaluation.estimates(way, key)) if way and len(times) > 1 else (),
            notices=(*plan.profile.notes, *notices),
        )


def _timed(evaluation: Evaluation, key: Key) -> Way | None:
    """The candidate that gives a cell's quantiles."""
    for way in evaluation.ways(DURATION):
        spread = evaluation.spread(way, key)
        if way.candidate.kind == "quantile" and spread is not None and spread.bounds:
            return way
    return None


def _buckets(evaluation: Evaluation, times: Times, way: Way, key: Key) -> Buckets | None:
    spread = evaluation.spread(way, key)
    if spread is None or len(times) < 2:
        return None
    newest = evaluation.distribution(spread, times.before, way.candidate.scale)
    # What is taken off for the scrapes themselves may lie in the next bucket.
    return Buckets(tuple(newest.bounds), tuple(max(0.0, count) for count in newest.apart()))


def _brackets(estimates: dict[str, Estimate]) -> tuple[Bracket, ...]:
    return tuple(
        Bracket(stat, estimate.lower, estimate.upper)
        for stat, estimate in estimates.items()
        if estimate.number == estimate.number  # not NaN
    )


class _Spent(NamedTuple):
    """A route with how often it was called, and the seconds that took."""

    key: Key
    calls: float
    seconds: float


def _routes(evaluation: Evaluation, times: Times, row: Row) -> Iterator[Route]:
    """Routes that were called in the window, by the time that they took, or by their calls alone."""
    timed = _by_route(evaluation, DURATION, row)
    counted = _by_route(evaluation, RATE, row)
    if timed is None and counted is None:
        return
    failed = _by_route(evaluation, ERRORS, row)
    found: dict[Key, _Spent] = {}
    if counted is not None:
        found.update((key, _Spent(key, evaluation.calls(counted, key), 0.0)) for key in _keys(counted, row))
    if timed is not None:
        for key in _keys(timed, row):
            calls, seconds = evaluation.moments(timed, key)
            found[key] = _Spent(key, found[key].calls if key in found else calls, seconds)
    total = sum(each.seconds for each in found.values())
    called = (each for each in found.values() if each.calls > 0 or each.seconds > 0)
    order = sorted(called, key=lambda each: (-each.seconds, -each.calls, each.key.route or ""))
    for spent in order[:SHOWN_ROUTES]:
        yield _route(evaluation, times, spent, total, timed, failed)


def _route(
    evaluation: Evaluation, times: Times, spent: _Spent, total: float, timed: Way | None, failed: Way | None
) -> Route:
    blank = absent("not told by route")
    stats = dict.fromkeys(STATS, blank)
    brackets: tuple[Bracket, ...] = ()
    if timed is not None:
        stats = evaluation.stats(DURATION, spent.key, [timed])
        brackets = _brackets(evaluation.estimates(timed, spent.key))
    errors = blank
    if failed is not None:
        errors = evaluation.number(ERRORS, spent.key, [failed])
    return Route(
        name=spent.key.route or "",
        rate=Value(spent.calls / times.seconds),
        mean=stats["mean"],
        p50=stats["p50"],
        p95=stats["p95"],
        p99=stats["p99"],
        share=spent.seconds / total if total > 0 else None,
        errors=errors,
        brackets=brackets,
    )


def _by_route(evaluation: Evaluation, measure: str, row: Row) -> Way | None:
    """The first candidate whose series name routes: it need not be the one that gives the whole."""
    for way in evaluation.ways(measure):
        if way.candidate.kind != "gauge" and _keys(way, row):
            return way
    return None


def _keys(way: Way, row: Row) -> list[Key]:
    """The routes of a row that a candidate's increases are known of."""
    found: dict[Key, None] = {}
    for each in way.all:
        if isinstance(each.term, (CounterTerm, HistogramTerm)):
            found.update((key, None) for key in each.term.cells if key.row == row and key.route is not None)
    return list(found)
