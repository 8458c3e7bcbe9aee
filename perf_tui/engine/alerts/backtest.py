"""What rules would have done: the real engine of alerts, run over a past. No clock, no I/O.

The past is a sequence of moments, from wherever it was kept: `recalled` makes them from the rings in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isnan, nan
from statistics import median
from typing import NamedTuple

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Alert, Change, Kind, Level, Rule, Transition
from perf_tui.engine.snapshot import TICK_TIME
from perf_tui.measures.model import Series, Status, Value
from perf_tui.measures.ring import History

MOST_VALUES = 100_000
"""Values that `recalled` gives at most, so that a rule on very many series is tried within a second or two."""
_MISSING = Value(None, Status.STALE)
_WEIGHT = "app.request.rate"
"""What rules on objectives weigh shares of failures by."""


class Moment(NamedTuple):
    """All that was known at one tick."""

    at: float
    """Monotonic seconds."""
    wall: float
    """Seconds since the epoch."""
    values: dict[Series, Value]


@dataclass(slots=True)
class Episode:
    """One time that an alert would have fired."""

    rule: Rule
    series: Series
    level: Level
    """The worst that it came to."""
    began: float
    """Wall time at which it would have been raised."""
    ended: float | None
    """Wall time at which it would have been over; None where it would not be yet."""
    peak: float
    """The worst value."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would have happened."""

    lines: list[Transition] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    """In the order in which they began."""
    walls: array[float] = field(default_factory=lambda: array("d"))
    """The wall time of each moment."""
    numbers: dict[str, array[float]] = field(default_factory=dict)
    """By the rule's name what it compared at each moment, the worst of all series; NaN where there was nothing."""


def run(rules: Sequence[Rule], past: Iterable[Moment], interval: float) -> Outcome:
    """Judge each moment by the rules; `interval` is the seconds that usually lie between two of them."""
    engine, outcome = AlertEngine(rules), Outcome(numbers={rule.name: array("d") for rule in rules})
    open_: dict[tuple[str, Series], Episode] = {}
    for moment in past:
        lines = engine.evaluate(moment.values, moment.at, moment.wall, interval)
        outcome.walls.append(moment.wall)
        compared = dict(engine.compared())
        for rule in rules:
            number = compared.get(rule.name)
            outcome.numbers[rule.name].append(_worst(rule, moment.values) if number is None else number)
        outcome.lines.extend(lines)
        for line in lines:
            _note(line, open_, outcome.episodes)
        if open_:
            _peaks(engine.active(), open_)
    return outcome


def _note(line: Transition, open_: dict[tuple[str, Series], Episode], episodes: list[Episode]) -> None:
    key = line.rule.name, line.series
    episode = open_.get(key)
    if line.change is Change.CLEARED:
        if episode is not None:
            open_.pop(key).ended = line.time
    elif episode is None:
        open_[key] = Episode(line.rule, line.series, line.level, line.time, None, line.value)
        episodes.append(open_[key])
    else:
        episode.level = max(episode.level, line.level)


def _peaks(active: Iterable[Alert], open_: dict[tuple[str, Series], Episode]) -> None:
    for alert in active:
        episode = open_.get((alert.rule.name, alert.series))
        if episode is not None:
            episode.peak = (min if alert.rule.below else max)(episode.peak, alert.value)


def _worst(rule: Rule, values: dict[Series, Value]) -> float:
    if rule.kind is not Kind.THRESHOLD or rule.window or rule.aggregate != "each":
        return nan
    known = [
        value.number
        for key, value in values.items()
        if value.status is Status.OK and value.number is not None and rule.matches(key)
    ]
    return (min if rule.below else max)(known, default=nan)


def recalled(history: History, tick: int, rules: Sequence[Rule]) -> tuple[list[Moment], float]:
    """What the rings know of the rules' series up to `tick`, and the interval that it was read at.

    A tick at which a series that was there before had no number counts as a missing sample: whether it was idle
    or could not be read is not kept.
    """
    keys = [key for id in _measures(rules) for key in history.keys(id)]
    keys = [key for key in keys if key.id == _WEIGHT or any(rule.matches(key) for rule in rules)]
    count = max(1, min(history.capacity, MOST_VALUES // max(1, len(keys))))
    walls = history.window(TICK_TIME, tick, count)
    columns = [(key, history.window(key, tick, count)) for key in keys]
    known = [wall for wall in walls if not isnan(wall)]
    steps = [later - sooner for sooner, later in pairwise(known)]
    return list(_moments(walls, columns)), median(steps) if steps else 0.0


def _measures(rules: Sequence[Rule]) -> dict[str, None]:
    ids = dict.fromkeys(rule.metric for rule in rules)
    if any(rule.kind is Kind.BURN_RATE for rule in rules):
        ids[_WEIGHT] = None
    return ids


def _moments(walls: array[float], columns: list[tuple[Series, array[float]]]) -> Iterator[Moment]:
    seen: set[Series] = set()
    at, before = 0.0, nan
    for place, wall in enumerate(walls):
        if isnan(wall):
            continue
        at += max(0.0, wall - before) if not isnan(before) else 0.0  # a clock that is set back stands still
        before = wall
        values = {}
        for key, column in columns:
            number = column[place]
            if not isnan(number):
                seen.add(key)
                values[key] = Value(number)
            elif key in seen:
                values[key] = _MISSING
        yield Moment(at, wall, values)
