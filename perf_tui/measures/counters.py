"""Rates from counters: the difference of two readings over the monotonic time between them."""

from __future__ import annotations

from perf_tui.measures.model import IDLE, PENDING, Value


def increase(before: float, now: float) -> float:
    """How far a counter rose. One that fell was reset, and its new value is what it rose since."""
    return now - before if now >= before else now


def rate(before: float | None, now: float, seconds: float) -> Value:
    """Units per second; pending on a first reading or when no time has passed."""
    if before is None or seconds <= 0:
        return PENDING
    return Value(increase(before, now) / seconds)


def share(part: float, whole: float) -> Value:
    """part / whole as a ratio within 0..1; idle when there was no whole."""
    if whole <= 0:
        return IDLE
    return Value(min(1.0, max(0.0, part / whole)))
