"""What an alert is: a rule, an instance of it for one series, and the transitions that people read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import inf
from typing import Literal, NamedTuple

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series

EARLY = 0.05
"""Seconds by which a tick may come early and still count as the one at which something is over."""

Aggregate = Literal["each", "max", "min", "sum", "avg", "count", "any"]
Over = Literal["avg", "max", "min", "sum"]


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
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    LIFTED = "lifted"
    """Its silence was ended before its time."""
    FAILED = "failed"
    """Not the alert, but who should have been told of alerts."""


class State(StrEnum):
    """Where an instance of a rule is in its life."""

    INACTIVE = "inactive"
    PENDING = "pending"
    """Wrong, but not for as long as the rule asks."""
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    """Firing, and somebody has said that they know; until it gets worse or ends."""
    SILENCED = "silenced"
    """Firing, and nobody wants to hear of it for now."""
    SUPPRESSED = "suppressed"
    """Firing, but what it is about has no data at all, and that alert is told instead."""
    NO_DATA = "no data"
    """Firing when it was last heard of; neither worse nor over until there is a sample."""
    RESOLVED = "resolved"
    """Over since a short time ago."""


class Kind(StrEnum):
    """What of a measure is compared with the limits."""

    THRESHOLD = "threshold"
    """Its value, or what it comes to over a window."""
    NO_DATA = "no_data"
    """For how many seconds there has been no value."""
    RATE = "rate"
    """How far it has changed within the window."""
    BASELINE = "baseline"
    """How far the mean of the window is from that of the time before it, as a share of the latter."""
    BURN_RATE = "burn_rate"
    """How many times faster than allowed the budget of failures of an objective is being spent."""


class Matcher(NamedTuple):
    """What a label must be, or must not be, as a whole: a text or a regular expression."""

    label: str
    pattern: re.Pattern[str]
    wanted: bool = True

    def holds(self, key: Series) -> bool:
        """Whether the series is as wanted; a label that it does not have is an empty text."""
        return (self.pattern.fullmatch(key.label(self.label)) is not None) is self.wanted


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on one measure, judged for each of its series by itself, or for what they come to together."""

    name: str
    metric: str
    """A measure's id."""
    thresholds: tuple[tuple[Level, float], ...]
    """The limit of each level that the rule has, in the rule's unit, worst first."""
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
    kind: Kind = Kind.THRESHOLD
    matchers: tuple[Matcher, ...] = ()
    """What else its labels must be."""
    aggregate: Aggregate = "each"
    """What series come to together; `each` judges them one by one, `any` takes the worst."""
    by: tuple[str, ...] = ()
    """Labels by which series stay apart when they are taken together."""
    window: float = 0.0
    """Seconds over which a series is taken; 0 takes its newest value."""
    over: Over = "avg"
    """What a series comes to over the window."""
    baseline: float = 0.0
    """Seconds before the window that it is compared with."""
    budget: float = 0.0
    """The share of failures that the objective allows."""
    bound: float | None = None
    """What is beyond this failed; without it the measure itself is the share of failures."""
    period: float = 0.0
    """Seconds for which the objective is meant."""
    clear: tuple[tuple[Level, float], ...] = ()
    """The limit at which a level is left, where the hysteresis does not say it."""
    keep: float | None = None
    """Seconds for which it must be better before it is lowered or over; without it, as long as `hold`."""
    unit: str = ""
    """The unit of values and limits, where it is not the measure's."""

    def matches(self, key: Series) -> bool:
        """Whether the rule judges this series."""
        return (
            key.id == self.metric
            and all(pair in key.labels for pair in self.labels)
            and all(matcher.holds(key) for matcher in self.matchers)
        )

    def level(self, number: float, held: Level = Level.OK) -> Level:
        """The level of a value; levels up to `held` are left only beyond the hysteresis, or the limit to clear."""
        for level, limit in self.thresholds:
            leave = self.leave(level, limit) if level <= held else limit
            if (number < leave) if self.below else (number >= leave):
                return level
        return Level.OK

    def leave(self, level: Level, limit: float) -> float:
        """The limit at which a level that has been told is left."""
        for each, clear in self.clear:
            if each is level:
                return clear
        slack = abs(limit) * self.hysteresis
        if self.below:
            return limit + min(slack, max(0.0, self.most - limit) / 2)
        return limit - slack

    def limit(self, level: Level) -> float:
        """The threshold of `level`."""
        return dict(self.thresholds)[level]


def unit_of(rule: Rule) -> str:
    """The unit of a rule's values and limits."""
    if rule.unit:
        return rule.unit
    measure = CATALOGUE.get(rule.metric)
    return measure.unit if measure else "1"


def compared(rule: str) -> Series:
    """The pseudo-series under which the history keeps what a rule compares, where that is not its measure's value."""
    return Series("rule.compared", (("rule", rule),))


class Moved(NamedTuple):
    """A series that departed from what it used to be, around the time at which an alert began."""

    series: Series
    before: float
    """The median before."""
    after: float | None
    """The farthest value since; None: it went away."""
    score: float
    """How many interquartile ranges it was away for half the time since, and is now."""
    onset: float
    """Seconds from the alert's onset to this one's: negative moved first."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that is pending or firing now."""

    rule: Rule
    series: Series
    level: Level
    firing: bool
    """False while it has not lasted for the rule's hold yet, and while it is suppressed."""
    value: float
    since: float
    """Wall time of the onset, seconds since the epoch."""
    state: State | None = None
    """More exactly than `firing`; None stands for firing or pending."""
    flapping: bool = False
    """It comes and goes: people are told only when it gets worse."""
    by: str = ""
    """The rule whose alert it is suppressed by."""
    until: float | None = None
    """Wall time at which the silence ends."""
    why: tuple[Moved, ...] = ()
    """What else moved, what did so first coming first; empty until it has been worked out."""

    @property
    def told_state(self) -> State:
        """Its state, also where it says no more than whether it fires."""
        return self.state or (State.FIRING if self.firing else State.PENDING)

    @property
    def calls(self) -> bool:
        """Whether it wants somebody: it fires, and nobody knows of it yet, wants quiet, or is told of its cause."""
        return self.firing and self.told_state in (State.FIRING, State.NO_DATA)

    @property
    def threshold(self) -> float:
        """The limit that was passed."""
        return self.rule.limit(self.level)

    @property
    def unit(self) -> str:
        """The unit of the value and the threshold."""
        return unit_of(self.rule)


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
    quiet: str = ""
    """Why nobody is told but by the log: silenced, acknowledged, flapping, suppressed, storm, lifted, handler;
    empty: they are."""
    flapping: bool = False
    why: tuple[Moved, ...] = ()
    number: int = 0
    """Counts the lines of the log from 1; a line that learns later what else moved keeps its number. 0: in no log."""

    @property
    def threshold(self) -> float:
        """The limit of the level."""
        return self.rule.limit(self.level)

    @property
    def unit(self) -> str:
        """The unit of the value and the threshold."""
        return unit_of(self.rule)


@dataclass(frozen=True, slots=True)
class Silence:
    """For a time, nobody is told of alerts of a rule, of some labels, or both."""

    until: float
    """Wall time, seconds since the epoch."""
    rule: str = ""
    """The rule's name; empty: any."""
    labels: tuple[tuple[str, str], ...] = ()
    """Labels that the alert's series must have."""

    def covers(self, rule: Rule, key: Series) -> bool:
        """Whether it is about this alert."""
        return (not self.rule or self.rule == rule.name) and all(pair in key.labels for pair in self.labels)
