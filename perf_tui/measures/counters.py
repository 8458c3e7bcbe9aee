"""Rates from counters: the difference of two readings over the monotonic time between them."""

from __future__ import annotations

from math import isfinite

from perf_tui.measures.model import IDLE, PENDING, Status, Value

NO_NUMBER = Value(None, Status.ERROR, "the source gave no finite number")


def increase(before: float, now: float) -> float:
    """How far a counter rose, both readings finite. One that fell was reset: its new value is what it rose since."""
    return now - before if now >= before else now


def rate(before: float | None, now: float, seconds: float) -> Value:
    """Units per second; pending on a first reading, when no time has passed, or after one that was no number."""
    if not isfinite(now):
        return NO_NUMBER
    if before is None or seconds <= 0 or not isfinite(before):
        return PENDING
    return Value(increase(before, now) / seconds)


def share(part: float, whole: float) -> Value:
    """part / whole as a ratio within 0..1; idle when there was no whole."""
    if not isfinite(part) or not isfinite(whole):
        return NO_NUMBER
    if whole <= 0:
        return IDLE
    return Value(min(1.0, max(0.0, part / whole)))
