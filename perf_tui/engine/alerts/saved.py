"""What is remembered of alerts from one run of the program to the next."""

from __future__ import annotations

from dataclasses import dataclass

from perf_tui.engine.alerts.model import Level, Rule, Silence, Transition
from perf_tui.measures.model import Series


@dataclass(frozen=True, slots=True)
class Saved:
    """An active alert as it was: fields of an instance, by name."""

    rule: Rule
    series: Series
    level: Level
    value: float
    since: float
    held: float
    fired: Level
    told: Level
    acknowledged: Level
    quiet: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that is remembered."""

    log: tuple[Transition, ...] = ()
    active: tuple[Saved, ...] = ()
    silences: tuple[Silence, ...] = ()
