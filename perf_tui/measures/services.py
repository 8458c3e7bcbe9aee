"""Rows of the table `services`: what a service's own screen shows beyond its measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from perf_tui.measures.model import Series, Value, series

BUCKET = "app.request.bucket"
"""The pseudo-measure under which the history keeps the heat map: requests of a tick in one bucket."""


class Bracket(NamedTuple):
    """Between which bounds a quantile lies for certain: the edges of its bucket, in seconds."""

    stat: str
    """p50, p95 or p99."""
    lower: float
    upper: float
    """Infinite where the value is beyond the last finite bound."""


class Buckets(NamedTuple):
    """How many requests of the newest interval took how long: one column of a heat map."""

    bounds: tuple[float, ...]
    """Upper bounds in seconds, ascending; the last is infinite."""
    counts: tuple[float, ...]
    """Requests within each bucket alone, not cumulated."""


class Route(NamedTuple):
    """One route, handler or view of a service, over the window."""

    name: str
    """As in `GET /items/{id}`; safe to show."""
    rate: Value
    """Requests per second."""
    mean: Value
    p50: Value
    p95: Value
    p99: Value
    share: float | None
    """Its part of the time that the whole service spent on requests, 0..1."""
    errors: Value
    """Failed requests (4xx, 5xx) of all, as a ratio."""
    brackets: tuple[Bracket, ...] = ()


class Service(NamedTuple):
    """One service, by the label `service` that its samples carry."""

    name: str
    source: str
    """The name of the source that gives it."""
    profile: str
    """What it was recognised as, in words."""
    routes: tuple[Route, ...] = ()
    """Those that took the most time first."""
    buckets: Buckets | None = None
    brackets: tuple[Bracket, ...] = ()
    notices: tuple[str, ...] = ()
    """Sentences that a reader of the numbers should know; safe to show."""


class Recognised(NamedTuple):
    """A row of the table `recognised`: what an endpoint was taken for."""

    source: str
    text: str
    """The profile with its score, and the next best ones; safe to show."""


def traces(tables: Mapping[str, object]) -> Iterator[tuple[Series, float]]:
    """What of the table `services` belongs into the history: the buckets of the newest interval."""
    services: Sequence[Service] = tables.get("services", ())  # type: ignore[assignment]
    for service in services:
        if service.buckets is not None:
            for bound, count in zip(service.buckets.bounds, service.buckets.counts, strict=True):
                yield series(BUCKET, service=service.name, le=str(bound)), count
