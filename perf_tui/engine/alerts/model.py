"""What an alert is: a rule, an instance of it for one series, and the transitions that people read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import inf

from perf_tui.measures.model import Series


class Level(IntEnum):
    """How bad; higher is worse."""

    OK = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The level's name in lower case."""
        return self.name.lower()


class Change(StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    ESCALATED = "escalated"
    LOWERED = "lowered"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on one measure, judged for each of its series by itself."""

    name: str
    metric: str
    """A measure's id."""
    thresholds: tuple[tuple[Level, float], ...]
    """The limit of each level that the rule has, in the measure's unit, worst first."""
    below: bool = False
    """Whether falling below a limit is what is bad; otherwise reaching it is."""
    labels: tuple[tuple[str, str], ...] = ()
    """Labels that a series must have."""
    hold: float = 0.0
    """Seconds for which the condition must last before it fires (`for`)."""
    hysteresis: float = 0.05
    """A level is left only when the value is this share of the limit on its good side."""
    most: float = inf
    """The largest value that the measure can take: a level must be possible to leave."""
    message: str = ""

    def matches(self, key: Series) -> bool:
        """Whether the rule judges this series."""
        return key.id == self.metric and all(pair in key.labels for pair in self.labels)

    def level(self, number: float, held: Level = Level.OK) -> Level:
        """The level of a value; levels up to `held` are left only beyond the hysteresis."""
        for level, limit in self.thresholds:
            slack = abs(limit) * self.hysteresis if level <= held else 0.0
            if self.below:
                if number < limit + min(slack, max(0.0, self.most - limit) / 2):
                    return level
            elif number >= limit - slack:
                return level
        return Level.OK

    def limit(self, level: Level) -> float:
        """The threshold of `level`."""
        return dict(self.thresholds)[level]


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that is pending or firing now."""

    rule: Rule
    series: Series
    level: Level
    firing: bool
    """False while it has not lasted for the rule's hold yet."""
    value: float
    since: float
    """Wall time of the onset, seconds since the epoch."""

    @property
    def threshold(self) -> float:
        """The limit that was passed."""
        return self.rule.limit(self.level)


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the alert log."""

    time: float
    """Wall time, seconds since the epoch."""
    change: Change
    rule: Rule
    series: Series
    level: Level
    """The level after the change; of a cleared alert, the level that it had."""
    value: float
    since: float
    """Wall time of the onset."""

    @property
    def threshold(self) -> float:
        """The limit of the level."""
        return self.rule.limit(self.level)
