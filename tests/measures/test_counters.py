"""Rates and shares on plain values."""

from __future__ import annotations

from math import inf, nan

import pytest

from perf_tui.measures.counters import increase, rate, share
from perf_tui.measures.model import IDLE, PENDING, Status, Value


@pytest.mark.parametrize(
    ("before", "now", "rise"),
    [
        (0, 0, 0),
        (10, 30, 20),
        (1e15, 1e15 + 1, 1),
        (30, 10, 10),  # reset: it counted to 10 since
        (30, 0, 0),
        (2**64 - 5, 3, 3),  # a wrap of 64 bits does not happen in a machine's life: it is a reset
        (2**32 - 5, 3, 3),
    ],
)
def test_increase(before: float, now: float, rise: float) -> None:
    assert increase(before, now) == rise


def test_rate_is_per_second_of_the_time_that_passed() -> None:
    assert rate(100, 400, 2.0) == Value(150.0)
    assert rate(100, 100, 2.0) == Value(0.0)
    assert rate(400, 50, 2.0) == Value(25.0)


def test_rate_of_a_first_reading_or_of_no_time_is_pending() -> None:
    assert rate(None, 100, 2.0) == PENDING
    assert rate(100, 200, 0.0) == PENDING
    assert rate(100, 200, -1.0) == PENDING


def test_what_is_no_number_never_becomes_one() -> None:
    for bad in (nan, inf, -inf):
        assert rate(100, bad, 2.0).status is Status.ERROR
        assert rate(100, bad, 2.0).number is None
        # The whole new count is not what it rose by since an unknown one.
        assert rate(bad, 1e9, 2.0) == PENDING
        assert share(bad, 1.0).number is None
        assert share(1.0, bad).number is None


def test_share_is_within_0_and_1() -> None:
    assert share(1, 4) == Value(0.25)
    assert share(0, 4) == Value(0.0)
    assert share(5, 4) == Value(1.0)
    assert share(-1, 4) == Value(0.0)


def test_share_of_nothing_is_idle() -> None:
    assert share(0, 0) == IDLE
    assert share(1, 0) == IDLE
    assert share(1, -1) == IDLE
