"""From messages, of protobuf or of JSON, to points and events. What nothing is made of is only counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

from perf_tui.sources.otlp.attributes import KEPT, PERSONAL, RESOURCE, kept
from perf_tui.sources.otlp.decode import BadBody
from perf_tui.sources.otlp.model import Event, Metric, Peer, Point, Sender
from perf_tui.sources.otlp.spread import Exponential, Spread
from perf_tui.sources.otlp.wire import KeyValue

MOST_BUCKETS = 512
"""Buckets of one point; exporters send 160 at most."""
MOST_POINTS = 10_000
"""Points of one request that something is made of; what is beyond is rejected, so that no answer is late."""
MOST_RECORDS = 10_000
"""Log records of one request that are looked at."""
MOST_PARTS = 10_000
"""Resources and scopes of one request: one with more is refused."""
DELTA, CUMULATIVE = 1, 2
_NAMES = {"AGGREGATION_TEMPORALITY_DELTA": DELTA, "AGGREGATION_TEMPORALITY_CUMULATIVE": CUMULATIVE}
_NO_VALUE = 1
"""The flag of a point that says only that its series has ended."""


class _Malformed(Exception):  # noqa: N818
    """A point that breaks the rules; the text says which."""


class Read(NamedTuple):
    """A request of metrics."""

    metrics: list[Metric]
    points: int
    """All of them, also those of which nothing is made."""
    rejected: int
    reason: str
    """Why the first of them was rejected; empty where none was."""


class ReadLogs(NamedTuple):
    """A request of log records."""

    events: list[Event]
    records: int
    rejected: int


class Reader:
    """Walks requests. `wanted` says of which metrics something is made."""

    def __init__(self, wanted: Callable[[str], bool], *, personal: bool = False) -> None:
        """`personal` keeps names of people and prompts as well."""
        self._wanted = wanted
        self._resource = RESOURCE | PERSONAL if personal else RESOURCE
        self._names = KEPT | PERSONAL if personal else KEPT

    def metrics(self, request: Any, peer: Peer | None = None) -> Read:
        """The metrics of a request that are of use."""
        found: list[Metric] = []
        points, used, rejected, reason = 0, 0, 0, ""
        for resource, scopes in _parts(request.resource_metrics, "scope_metrics"):
            sender = self._sender(resource, peer)
            for scope in scopes:
                library = scope.scope.name if scope.scope is not None else ""
                for metric in scope.metrics or ():
                    name = metric.name or ""
                    kind, data = _data(metric)
                    given = () if data is None else data.data_points or ()
                    points += len(given)
                    if not given or not self._wanted(name):
                        continue
                    used += len(given)
                    if used > MOST_POINTS:
                        rejected += len(given)
                        reason = reason or f"a request may have {MOST_POINTS} points"
                        continue
                    read, bad, why = self._metric(kind, data, given)
                    rejected += bad
                    reason = reason or why
                    if read:
                        temporality = _temporality(data) if kind != "gauge" else CUMULATIVE
                        identity = hash((sender.identity, library, name, kind))
                        delta, unit = temporality == DELTA, metric.unit or ""
                        found.append(Metric(sender, name, unit, delta, kind == "gauge", tuple(read), identity))
        return Read(found, points, rejected, reason)

    def _metric(self, kind: str, data: Any, given: Iterable[Any]) -> tuple[list[Point], int, str]:
        read: list[Point] = []
        rejected, reason = 0, ""
        value = _VALUES.get(kind)
        if value is None:
            return read, 0, ""
        if kind != "gauge" and _temporality(data) not in (DELTA, CUMULATIVE):
            return read, len(tuple(given)), "the aggregation temporality is neither delta nor cumulative"
        for point in given:
            if (point.flags or 0) & _NO_VALUE:
                continue
            try:
                number = value(point)
            except _Malformed as problem:
                rejected += 1
                reason = reason or str(problem)
                continue
            attributes = point.attributes or ()
            start, time = _time(point.start_time_unix_nano), _time(point.time_unix_nano)
            read.append(Point(kept(attributes, self._names), _identity(attributes), start, time, number))
        return read, rejected, reason

    def logs(self, request: Any, peer: Peer | None = None) -> ReadLogs:
        """The records of a request that are events."""
        found: list[Event] = []
        records = rejected = 0
        for resource, scopes in _parts(request.resource_logs, "scope_logs"):
            sender = self._sender(resource, peer)
            for scope in scopes:
                library = ((scope.scope.name if scope.scope is not None else "") or "")[:200]
                given = scope.log_records or ()
                room = max(0, MOST_RECORDS - records)
                records += len(given)
                rejected += max(0, len(given) - room)
                for record in given[:room]:
                    labels = kept(record.attributes or (), self._names)
                    # Codex puts the place in its source into the field, and the name into the attribute.
                    name = labels.get("event.name") or (record.event_name or "")[:200]
                    if isinstance(name, str) and name:
                        time = _time(record.time_unix_nano) or _time(record.observed_time_unix_nano)
                        identity = hash((sender.identity, time, _identity(record.attributes or ()))) if time else 0
                        found.append(Event(sender, name, labels, time / 1e9, identity, library))
        return ReadLogs(found, records, rejected)

    def _sender(self, part: Any, peer: Peer | None) -> Sender:
        attributes = (part.resource.attributes or ()) if part.resource is not None else ()
        return Sender(kept(attributes, self._resource), _identity(attributes), peer)


def _parts(resources: Any, scopes: str) -> list[tuple[Any, Any]]:
    """Each resource with its scopes. Raises BadBody where there are too many."""
    found = [(resource, getattr(resource, scopes) or ()) for resource in (resources or ())[: MOST_PARTS + 1]]
    if len(found) > MOST_PARTS or sum(len(each) for _, each in found) > MOST_PARTS:
        raise BadBody(f"a request may have {MOST_PARTS} resources and scopes")
    return found


def spans(request: Any) -> int:
    """How many spans a request of traces has. Raises BadBody."""
    parts = _parts(request.resource_spans, "scope_spans")
    return sum(len(scope.spans or ()) for _, scopes in parts for scope in scopes)


def _data(metric: Any) -> tuple[str, Any]:
    for kind in ("sum", "histogram", "gauge", "exponential_histogram", "summary"):
        if metric.HasField(kind):
            return kind, getattr(metric, kind)
    return "", None


def _temporality(data: Any) -> int:
    told = data.aggregation_temporality or 0
    return told if isinstance(told, int) else _NAMES.get(told, 0)


def _time(nanoseconds: int | None) -> int:
    """0 for what is no time at all."""
    return nanoseconds if nanoseconds and 0 < nanoseconds < 2**63 else 0


def _identity(attributes: Iterable[Any]) -> int:
    """The same for the same attributes in any order. Nothing can be read back out of it."""
    return hash(frozenset(map(_mark, attributes)))


def _mark(attribute: Any) -> Hashable:
    if isinstance(attribute, KeyValue):
        return attribute
    marked: bytes = attribute.SerializeToString(deterministic=True)
    return marked


def _number(point: Any) -> float:
    if point.HasField("as_int"):
        if -(2**63) <= point.as_int < 2**64:
            return float(point.as_int)
        raise _Malformed("a number does not fit into 64 bits")
    if point.HasField("as_double"):
        if isfinite(point.as_double):
            return float(point.as_double)
        raise _Malformed("a number is not finite")
    raise _Malformed("a point has no number")


def _counts(told: Iterable[int]) -> list[int]:
    counts = list(told)
    if any(not 0 <= count < 2**64 for count in counts):
        raise _Malformed("the count of a bucket does not fit into 64 bits")
    return counts


def _sum(point: Any) -> float | None:
    return float(point.sum) if point.HasField("sum") and isfinite(point.sum) else None


def _histogram(point: Any) -> Spread:
    bounds, told = point.explicit_bounds or (), point.bucket_counts or ()
    if len(told) > MOST_BUCKETS:
        raise _Malformed(f"a histogram has more than {MOST_BUCKETS} buckets")
    count, counts = _counts([point.count or 0])[0], _counts(told)
    if not counts:
        return Spread(None, count, _sum(point) or 0.0)
    if len(counts) != len(bounds) + 1:
        raise _Malformed("a histogram must have one bucket more than bounds")
    if not all(map(isfinite, bounds)) or any(low >= high for low, high in pairwise(bounds)):
        raise _Malformed("the bounds of a histogram must be finite and ascend")
    if sum(counts) != count:
        raise _Malformed("the buckets of a histogram do not add up to its count")
    return Spread.explicit(bounds, counts, count, _sum(point))


def _exponential(point: Any) -> Exponential:
    scale, zero, count = point.scale or 0, *_counts([point.zero_count or 0, point.count or 0])
    if not -10 <= scale <= 20:
        raise _Malformed("the scale of an exponential histogram must be from -10 to 20")
    counts: dict[int, int] = {}
    if point.positive is not None:
        counts = _indexed(point.positive)
    below = sum(_indexed(point.negative).values()) if point.negative is not None else 0
    if sum(counts.values()) + zero + below != count:
        raise _Malformed("the buckets of a histogram do not add up to its count")
    return Exponential(scale, zero + below, counts, count, _sum(point))


def _indexed(buckets: Any) -> dict[int, int]:
    told, offset = buckets.bucket_counts or (), buckets.offset or 0
    if len(told) > MOST_BUCKETS:
        raise _Malformed(f"a histogram has more than {MOST_BUCKETS} buckets")
    if not -(2**31) <= offset < 2**31:
        raise _Malformed("the offset of an exponential histogram does not fit into 32 bits")
    return {offset + place: count for place, count in enumerate(_counts(told)) if count}


_VALUES: dict[str, Callable[[Any], float | Spread | Exponential]] = {
    "sum": _number, "gauge": _number, "histogram": _histogram, "exponential_histogram": _exponential,
}  # fmt: skip
