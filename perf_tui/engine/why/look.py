"""The part of the history that says why: every series before an alert's onset, and around it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.ring import History

LEAD = 30
"""Ticks before the onset in which a cause may have begun to move."""
BEFORE = 90
"""Ticks before those: what was usual."""
MOST_AFTER = 120
"""Ticks since the onset that are looked at."""
MOST_SERIES = 20_000


@dataclass(frozen=True, slots=True)
class Past:
    """Windows of the same ticks: the first `usual` of them are before, at `onset` the alert began."""

    rows: list[tuple[Series, array[float]]]
    usual: int
    onset: int


def take(history: History, keys: Iterable[Series], end: int, onset: int) -> Past:
    """The windows up to tick `end` of an alert whose condition began at tick `onset`; from any thread."""
    after = min(end - onset, MOST_AFTER) + 1
    count = BEFORE + LEAD + after
    last = onset + after - 1
    return Past([(key, history.window(key, last, count)) for key in keys], BEFORE, BEFORE + LEAD)


def candidates(keys: Iterable[Series]) -> Iterator[Series]:
    """The series that can explain anything: measures, not what the monitor itself costs; a bounded number."""
    for number, key in enumerate(keys):
        if number >= MOST_SERIES:
            return
        if key.id in CATALOGUE and not key.id.startswith("self."):
            yield key
