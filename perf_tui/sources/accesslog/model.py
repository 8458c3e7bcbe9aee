"""What the requests in an access log amount to: rates, latencies, errors, routes, the heat map."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from perf_tui.measures.counters import rate, share
from perf_tui.measures.model import IDLE, PENDING, Sample, Value, absent, ok, series
from perf_tui.measures.services import Buckets, Route, Service
from perf_tui.measures.units import size
from perf_tui.sources.accesslog.formats import Format
from perf_tui.sources.accesslog.reader import Reading
from perf_tui.sources.accesslog.tally import Tally
from perf_tui.sources.accesslog.window import Window

_ACTIVE = absent("an access log tells of a request when it is over")
_STATS = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_BOUNDS = tuple(2.0**power for power in range(-11, 7))
"""Of the heat map: from half a millisecond to a minute, doubling."""


class ServiceModel:
    """One service, from the readings of its log.

    Counts are of lines that *arrived* between two readings, on the monotonic clock; the times that
    the log itself names are not trusted: they have whole seconds, clocks jump, and servers write in
    bursts (`buffer=` in nginx) or hours later.

    A request counts as an error once. 4xx is the client's share, 5xx the server's, as numbered:
    499 (the client hung up) is a 4xx. Timeouts (408, 504, 524, 598, 599, and what HAProxy flags as
    one) are a share of their own and lie within those two but for HAProxy's.
    """

    def __init__(self, service: str, source: str, window: float) -> None:
        self._service, self._source = service, source
        self._window = Window(window)
        self._at: float | None = None

    def derive(self, reading: Reading, at: float) -> tuple[list[Sample], Service]:
        """Samples and the row of the table; `at` is the monotonic time of the reading."""
        before, self._at = self._at, at
        self._window.push(at, reading.routes)
        newest = Tally.of(reading.routes)
        if reading.trouble is not None:
            samples = list(self._nothing(Value(None, *reading.trouble)))
        elif before is None or reading.begun:
            samples = list(self._nothing(PENDING))
        else:
            samples = list(self._samples(newest, reading.format, at - before))
        return samples, self._row(reading, newest)

    def _nothing(self, value: Value) -> Iterator[Sample]:
        yield self._sample("app.request.rate", value)
        for stat in ("p50", "p95", "p99", "mean"):
            yield self._sample("app.request.duration", value, stat=stat)
        for kind in ("client", "server", "timeout", "total"):
            yield self._sample(f"app.error.{kind}", value)
        yield self._sample("app.request.active", _ACTIVE)

    def _samples(self, newest: Tally, format: Format | None, seconds: float) -> Iterator[Sample]:
        total = self._window.total
        yield self._sample("app.request.rate", rate(0, newest.requests, seconds))
        for stat, value in _latency(total, format).items():
            yield self._sample("app.request.duration", value, stat=stat)
        for kind, count in (
            ("client", total.client),
            ("server", total.server),
            ("timeout", total.timeouts),
            ("total", total.errors),
        ):
            yield self._sample(f"app.error.{kind}", share(count, total.requests))
        yield self._sample("app.request.active", _ACTIVE)

    def _sample(self, id: str, value: Value, **labels: str) -> Sample:
        return Sample(series(id, service=self._service, **labels), value)

    def _row(self, reading: Reading, newest: Tally) -> Service:
        format = reading.format
        timed = format is None or format.timed
        return Service(
            self._service,
            self._source,
            format.title if format else "an access log",
            tuple(self._routes(format)),
            Buckets((*_BOUNDS, inf), tuple(map(float, newest.times.spread(_BOUNDS)))) if timed else None,
            notices=tuple(_notices(reading)),
        )

    def _routes(self, format: Format | None) -> Iterator[Route]:
        window = self._window
        spent = window.total.times.sum

        def weight(item: tuple[str, Tally]) -> tuple[float, int]:
            return item[1].times.sum, item[1].requests

        for name, tally in sorted(window.routes.items(), key=weight, reverse=True):
            latency = _latency(tally, format)
            yield Route(
                name,
                rate(0, tally.requests, window.covers),
                latency["mean"],
                latency["p50"],
                latency["p95"],
                latency["p99"],
                tally.times.sum / spent if spent > 0 else None,
                share(tally.errors, tally.requests),
            )


def _latency(tally: Tally, format: Format | None) -> dict[str, Value]:
    """p50, p95, p99 and mean; absent where the lines have no times, idle where there were none."""
    names = [stat for stat, _ in _STATS]
    if format is not None and not format.timed:
        return dict.fromkeys((*names, "mean"), absent(f"the {format.title} has no times"))
    mean = tally.times.mean
    if mean is None:
        return dict.fromkeys((*names, "mean"), IDLE)
    found = tally.times.quantiles([q for _, q in _STATS])
    return {**{name: ok(number) for name, number in zip(names, found, strict=True)}, "mean": ok(mean)}


def _notices(reading: Reading) -> Iterator[str]:
    seen, format = reading.seen, reading.format
    if reading.trouble is not None:
        yield reading.trouble[1]
    if reading.behind > 0:
        yield f"behind by {size(reading.behind)}: more is written than is read within a tick"
    if seen.bad:
        lines = "1 line was" if seen.bad == 1 else f"{seen.bad} lines were"
        yield f"{lines} not understood; the first: {seen.first_bad}"
    if format is not None and seen.others and not seen.requests:
        yield f"none of {seen.others} lines is a request; the first: {seen.first_other}"
    if reading.guessed and format is not None:
        yield f"nothing in the log says so, but this looks like a {format.title}; `format` in config.toml settles it"
