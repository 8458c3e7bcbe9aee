"""HTTP servers that push their metrics: `http.server.request.duration` and its older name, as services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import inf

from perf_tui.measures.counters import rate, share
from perf_tui.measures.histogram import Estimate
from perf_tui.measures.model import IDLE, PENDING, Sample, Status, Value, absent, ok, series
from perf_tui.measures.services import Bracket, Buckets, Route, Service
from perf_tui.sources.accesslog.tally import Outcome, Tally, outcome
from perf_tui.sources.accesslog.window import Window
from perf_tui.sources.otlp.flow import Flow
from perf_tui.sources.otlp.model import Labels, Metric, Point, number, text
from perf_tui.sources.otlp.series import Full, Increase
from perf_tui.sources.otlp.spread import Spread

DURATION, OLD_DURATION = "http.server.request.duration", "http.server.duration"
ACTIVE = "http.server.active_requests"
NAMES = frozenset((DURATION, OLD_DURATION, ACTIVE))
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
MOST_SERVICES = 50
SILENT = 2.5
"""Intervals of a sender after which its numbers are stale."""
USUAL = 60.0
"""Seconds between two exports, where they are not known yet: the default of the SDKs."""
NO_ROUTE = "(no route)"
BOUNDS = tuple(2.0**power for power in range(-11, 7))
"""Of the heat map, where a histogram has more bounds than a column of it has rows."""
MOST_ROWS = 32
STATS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
TITLE = "OpenTelemetry HTTP server"
_TIMEOUT = re.compile(r"time[d_]*_?out", re.IGNORECASE)
_NO_ACTIVE = absent("it does not push http.server.active_requests")


class Timed(Tally):
    """Requests of one route, with times as buckets of any bounds."""

    __slots__ = ()
    times: Spread  # type: ignore[assignment]  # added up and taken off alike

    def __init__(self) -> None:
        super().__init__()
        self.times = Spread()


def told_outcome(labels: Labels) -> Outcome:
    """How requests with these attributes ended."""
    status = number(labels, "http.response.status_code")
    if status is None:
        status = number(labels, "http.status_code")
    error = text(labels, "error.type")
    timeout = bool(_TIMEOUT.search(error))
    if status is None:
        # An exception that never became an answer is the server's.
        failed = bool(error)
        return Outcome(0, int(failed), int(timeout), int(failed), 0)
    found = outcome(int(min(status, 999)))
    return found._replace(timeout=int(found.timeout or timeout), error=int(found.error or timeout))


class _Service:
    """One `service.name`; the instances of it that push are added up."""

    def __init__(self, name: str, window: float, since: float) -> None:
        self.name = name
        self._span = window
        self._window = Window(window, Timed)
        self._window.push(since, {})
        self._fresh: dict[str, Tally] = {}
        self._newest = Timed()
        self._rate, self._active = Flow(), Flow()
        self._bounds: tuple[float, ...] = BOUNDS
        self._counted = False
        self._period = 0.0
        self.heard = since

    def count(self, labels: Labels, increase: Increase, scale: float, at: float) -> None:
        """Take in a point of a histogram of durations."""
        spread = increase.amount
        if not isinstance(spread, Spread):
            return
        self._counted = True
        self.heard = at
        if increase.seconds:
            self._period = increase.seconds
        if not increase.recent:
            return
        self._rate.rise(increase.key, spread.count, increase.seconds, at)
        if not spread.count:
            return
        tally = Timed()
        tally.add(told_outcome(labels), spread.count)
        tally.times.merge(spread.scaled(scale))
        method = text(labels, "http.request.method") or text(labels, "http.method")
        route = f"{method} {text(labels, 'http.route') or NO_ROUTE}".strip()
        self._fresh.setdefault(route, Timed()).merge(tally)

    def active(self, key: int, level: float, at: float) -> None:
        """Take in how many requests a series has in flight."""
        self.heard = at
        self._active.level(key, level, at)

    def samples(self, at: float) -> Iterator[Sample]:
        """All measures at `at`."""
        # What comes once a minute must not leave the window before the next.
        self._window.seconds = max(self._span, SILENT * self._period)
        self._newest = Timed()
        for tally in self._fresh.values():
            self._newest.merge(tally)
        self._window.push(at, self._fresh)
        self._fresh = {}
        total = self._window.total
        flowing = ok(self._rate.number(at)) if self._rate.told else PENDING
        yield self._sample("app.request.rate", flowing, at)
        for stat, value in self._latency(total).items():
            yield self._sample("app.request.duration", value, at, stat=stat)
        for kind, count in (
            ("client", total.client), ("server", total.server), ("timeout", total.timeouts), ("total", total.errors),
        ):  # fmt: skip
            value = share(count, total.requests) if self._rate.told else PENDING
            yield self._sample(f"app.error.{kind}", value, at)
        active = ok(self._active.number(at)) if self._active.told else _NO_ACTIVE
        yield self._sample("app.request.active", active, at)

    @property
    def _usual(self) -> float:
        return self._period or USUAL

    def silent(self, at: float) -> str:
        """That nothing has come for too long, in words; empty where all is well."""
        silence = at - self.heard
        return f"nothing has been pushed for {silence:.0f} s" if silence > SILENT * self._usual else ""

    def _sample(self, measure: str, value: Value, at: float, **labels: str) -> Sample:
        if value.number is not None and (why := self.silent(at)):
            value = Value(value.number, Status.STALE, why, self.heard)
        return Sample(series(measure, service=self.name, **labels), value)

    def _latency(self, tally: Tally) -> dict[str, Value]:
        if not self._rate.told:
            return dict.fromkeys((*STATS, "mean"), PENDING)
        return latency(tally.times)  # type: ignore[arg-type]  # a Timed has a Spread

    def row(self, at: float, notices: Sequence[str]) -> Service:
        """Its row of the table."""
        total = self._window.total
        silent = self.silent(at)
        return Service(
            self.name,
            "otlp",
            TITLE,
            tuple(self._routes()),
            self._heat(),
            brackets(total.times),  # type: ignore[arg-type]
            (*((silent,) if silent else ()), *notices),
        )

    def _heat(self) -> Buckets:
        spread = self._newest.times
        if spread.apart:
            finite = sorted(bound for bound in spread.apart if bound < inf)
            self._bounds = tuple(finite) if 0 < len(finite) <= MOST_ROWS else BOUNDS
        return Buckets((*self._bounds, inf), tuple(map(float, spread.within(self._bounds))))

    def _routes(self) -> Iterator[Route]:
        window = self._window
        spent = window.total.times.sum

        def weight(item: tuple[str, Tally]) -> tuple[float, int]:
            return item[1].times.sum, item[1].requests

        for name, tally in sorted(window.routes.items(), key=weight, reverse=True):
            found = self._latency(tally)
            yield Route(
                name,
                rate(0, tally.requests, window.covers),
                found["mean"],
                found["p50"],
                found["p95"],
                found["p99"],
                tally.times.sum / spent if spent > 0 else None,
                share(tally.errors, tally.requests),
                brackets(tally.times),  # type: ignore[arg-type]
            )


def latency(spread: Spread) -> dict[str, Value]:
    """p50, p95, p99 and mean of what a window holds; idle where it holds nothing."""
    if spread.mean is None:
        return dict.fromkeys((*STATS, "mean"), IDLE)
    found: dict[str, Value] = {"mean": ok(spread.mean)}
    distribution = spread.distribution()
    for stat, q in STATS.items():
        found[stat] = distribution.value(q)
    return found


def brackets(spread: Spread) -> tuple[Bracket, ...]:
    """Between which bounds the quantiles lie."""

    def known(estimate: Estimate) -> bool:
        return estimate.number == estimate.number  # not NaN

    estimates = zip(STATS, spread.quantiles(tuple(STATS.values())), strict=True)
    return tuple(Bracket(stat, each.lower, each.upper) for stat, each in estimates if known(each))


class Services:
    """All services that push."""

    def __init__(self, window: float, forget: float) -> None:
        """Seconds over which latency and errors are taken, and after which a silent service is forgotten."""
        self._window, self._forget = window, forget
        self._services: dict[str, _Service] = {}
        self._newer: dict[int, float] = {}
        """Senders that use the present name of the duration, and when they last did: the older one is its double."""

    def announce(self, metric: Metric, at: float) -> None:
        """That a request has this metric; called for all before any of their points is taken in."""
        if metric.name == DURATION:
            self._newer.pop(metric.sender.identity, None)
            self._newer[metric.sender.identity] = at

    def active(self, metric: Metric, key: int, level: float, at: float) -> None:
        """Take in how many requests one series of ACTIVE has in flight. Raises Full."""
        self._service(metric, at).active(key, level, at)

    def point(self, metric: Metric, point: Point, increase: Increase, at: float) -> None:
        """Take in a point of DURATION or its older name. Raises Full."""
        if metric.name == OLD_DURATION and metric.sender.identity in self._newer:
            return
        scale = UNITS.get(metric.unit, 1e-3 if metric.name == OLD_DURATION else 1.0)
        self._service(metric, at).count(point.labels, increase, scale, at)

    def _service(self, metric: Metric, at: float) -> _Service:
        name = metric.sender.text("service.name") or "unknown_service"
        if name not in self._services:
            if len(self._services) >= MOST_SERVICES:
                raise Full(f"more than {MOST_SERVICES} services push")
            self._services[name] = _Service(name, self._window, at)
        return self._services[name]

    def derive(self, at: float, notices: Sequence[str]) -> tuple[list[Sample], tuple[Service, ...]]:
        """Measures and rows at `at`."""
        for name in [name for name, service in self._services.items() if at - service.heard > self._forget]:
            del self._services[name]
        self._newer = {sender: told for sender, told in self._newer.items() if at - told <= self._forget}
        samples = [sample for service in self._services.values() for sample in service.samples(at)]
        return samples, tuple(service.row(at, notices) for service in self._services.values())
