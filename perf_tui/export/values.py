"""What every format for programs agrees on: when a value has a number, and how a time is written."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

from perf_tui.measures.model import Status, Value

_WITH_NUMBER = (Status.OK, Status.STALE)


def exported(value: Value) -> Value:
    """`value` as a program may read it: a finite number where it is ok or stale, else none and never 0."""
    if value.status not in _WITH_NUMBER:
        return value._replace(number=None)
    if value.number is None or not isfinite(value.number):
        return value._replace(number=None, status=Status.ERROR, reason=value.reason or "no finite number")
    if value.bound and value.reason is None:
        return value._replace(reason="the true value is at least this")
    return value


def iso(time: float) -> str:
    """A wall time (seconds since the epoch) in ISO 8601, UTC, with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
