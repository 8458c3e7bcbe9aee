"""What an endpoint's samples are called: the same from scrape to scrape, until series come or go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Value
from perf_tui.sources.scrape.terms import Key, Row

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
STATS = (*QUANTILES, "mean")
GROUPS = (("app.request.", "app.error."), ("app.task.",), ("ai.",), ("gpu.",), ("workers.", "worker."))
"""Measures that belong together: where a profile has one of them, the others are said to be absent."""
ELSEWHERE = ("ai.quality.",)
"""Measures that not every engine is asked for: they come with the table of scores."""


class Named(NamedTuple):
    """A measure of a row, with what its samples are called."""

    measure: str
    key: Key
    series: Series | None
    """Of a measure that is one number."""
    stats: tuple[tuple[str, Series], ...] = ()
    """Of one with statistics."""


class Layout:
    """All samples of one plan."""

    def __init__(
        self,
        measures: tuple[str, ...],
        rows: Sequence[Row],
        shown: Mapping[Row, Row],
        elsewhere: Mapping[Row, frozenset[str]],
    ) -> None:
        """`measures` are those of the profile, `shown` the labels by which people know each row.

        `elsewhere` names measures of rows that another row has for them.
        """
        self.shown = shown
        self.lacking: dict[str, Value] = {}
        """What is said of measures that are not there; filled by who says it."""
        self.named = [
            _named(measure, row, shown[row])
            for row in rows
            for measure in covered(measures)
            if measure not in elsewhere.get(row, ())
        ]
        self._nameless: dict[Key, Key] = {}

    def nameless(self, key: Key) -> Key:
        """The cell of what is said without naming a model."""
        found = self._nameless.get(key)
        if found is None:
            row = tuple((label, "" if label == "model" else text) for label, text in key.row)
            found = self._nameless[key] = Key(row, key.route)
        return found


def _named(measure: str, row: Row, shown: Row) -> Named:
    labels = CATALOGUE[measure].labels
    own = tuple(item for item in shown if item[0] in labels)
    if "stat" not in labels:
        return Named(measure, Key(row), Series(measure, own))
    return Named(
        measure, Key(row), None, tuple((stat, Series(measure, tuple(sorted((*own, ("stat", stat)))))) for stat in STATS)
    )


@lru_cache(maxsize=128)
def covered(measures: tuple[str, ...]) -> list[str]:
    """The measures that an endpoint with these is asked for, in the catalogue's order."""
    own = [name for name in measures if not name.startswith(ELSEWHERE)]
    prefixes = tuple(prefix for group in GROUPS if any(name.startswith(group) for name in own) for prefix in group)
    return [name for name in CATALOGUE if name.startswith(prefixes) and not name.startswith(ELSEWHERE)]
