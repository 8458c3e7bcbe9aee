"""The part of the history that says why: every series before an alert's onset, and around it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status, Value
from perf_tui.measures.ring import History

LEAD = 30
"""Ticks before the onset in which a cause may have begun to move."""
BEFORE = 90
"""Ticks before those: what was usual."""
EARLIER = 900
"""Ticks before those: how far it drifts anyhow."""
THIN = 3
"""Of so many samples one is looked at where the shape does not matter: neighbours say nearly the same."""
MOST_AFTER = 120
"""Ticks since the onset that are looked at."""
MOST_SERIES = 20_000
_LOST = frozenset((Status.STALE, Status.ERROR))
AT_ONCE = 100
"""Series between two breaths: about a millisecond of work, for which another thread may have to wait."""


def nothing(key: Series) -> array[float]:
    """Of no series anything is known from earlier."""
    return array("d")


@dataclass(frozen=True, slots=True)
class Past:
    """Windows of the same ticks: the first `usual` of them are before, at `onset` the alert began."""

    rows: Iterable[tuple[Series, array[float]]]
    """May be read once."""
    usual: int
    onset: int
    lost: Callable[[Series], bool] = lambda key: True
    """Of a series without a newest number: whether it is gone, and not only idle."""
    earlier: Callable[[Series], array[float]] = nothing
    """Every THIN-th of the EARLIER samples before the window of a series."""


def hold_on() -> None:
    """Breathe for nobody."""


def take(
    history: History,
    end: int,
    onset: int,
    values: Mapping[Series, Value],
    breathe: Callable[[], object] = hold_on,
) -> Past:
    """The windows up to tick `end` of an alert whose condition began at tick `onset`; from any thread.

    `values` are the newest: they tell what is idle from what is gone. The windows are read as they are asked
    for, AT_ONCE at a time; before each time `breathe` is called, which lets other threads go first.
    """
    after = min(end - onset, MOST_AFTER) + 1
    last, count = onset + after - 1, BEFORE + LEAD + after
    keys = candidates(history.since(last - count + 1))
    return Past(
        _rows(history, keys, last, count, breathe),
        usual=BEFORE,
        onset=BEFORE + LEAD,
        lost=lambda key: lost(values.get(key)),
        earlier=lambda key: history.window(key, last - count, EARLIER)[::THIN],
    )


def lost(value: Value | None) -> bool:
    """Whether what had this value is gone: its source fails, or tells nothing of it any more."""
    return value is None or value.status in _LOST


def _rows(
    history: History, keys: Iterator[Series], last: int, count: int, breathe: Callable[[], object]
) -> Iterator[tuple[Series, array[float]]]:
    while some := list(islice(keys, AT_ONCE)):
        breathe()
        yield from zip(some, history.windows(some, last, count), strict=True)


def candidates(keys: Iterable[Series]) -> Iterator[Series]:
    """The series that can explain anything: measures, not what the monitor itself costs; a bounded number."""
    explains = {id for id in CATALOGUE if not id.startswith("self.")}
    return (key for key in islice(keys, MOST_SERIES) if key.id in explains)
