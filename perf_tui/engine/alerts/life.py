"""The life of one rule on one series, step by step. What people are told of it is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from perf_tui.engine.alerts.model import EARLY, Change, Level, Moved, Rule, State
from perf_tui.measures.model import Series

SILENT_AFTER = 2.0
"""Intervals without a sample after which an alert has no data; one that is missed is no news."""


@dataclass(slots=True)
class Instance:
    """It exists only while something is wrong. Spans of time are sums of seconds between samples, so that
    seconds in which nobody watched can be left out.
    """

    rule: Rule
    series: Series
    level: Level
    """What the value asks for now."""
    value: float
    since: float
    """Wall time of the onset."""
    seen: float
    """Monotonic time of the newest sample."""
    held: float = 0.0
    """Seconds for which the condition has lasted, while it is pending."""
    fired: Level = Level.OK
    """The level that it is at; OK while it is pending."""
    better: float | None = None
    """Seconds for which the value has asked for less than `fired`."""
    eased: Level = Level.OK
    """The worst level since then."""
    told: Level = Level.OK
    """The worst level that people have been told and have not been told the end of."""
    acknowledged: Level = Level.OK
    """The level up to which somebody has said that they know."""
    quiet: str = ""
    """Why people were not told of the last change."""
    by: str = ""
    """The rule whose alert it is suppressed by."""
    restored: bool = False
    """It is from before a restart, and there has been no sample since."""
    why: tuple[Moved, ...] = ()

    def step(self, level: Level, value: float, at: float, gap: float, keep: float) -> Change | None:
        """Take in a sample; what changed. CLEARED while nothing had fired ends an instance that nobody heard of.

        Seconds since the sample before count unless they are more than `gap`. It gets worse at once, and better
        when it has been for `keep` seconds.
        """
        passed = at - self.seen
        if passed > gap or self.restored:
            passed = 0.0
        self.level, self.value, self.seen, self.restored = level, value, at, False
        if self.fired is Level.OK:
            if level is Level.OK:
                return Change.CLEARED
            self.held += passed
            if self.held < self.rule.hold - EARLY:
                return None
            self.fired = level
            return Change.RAISED
        if level >= self.fired:
            self.better = None
            if level is self.fired:
                return None
            self.fired = level
            return Change.ESCALATED
        return self._ease(level, passed, keep)

    def _ease(self, level: Level, passed: float, keep: float) -> Change | None:
        if self.better is None:
            self.better, self.eased = 0.0, level
        else:
            self.better += passed
            self.eased = max(self.eased, level)
        if self.better < keep - EARLY:
            return None
        if self.eased is Level.OK:
            return Change.CLEARED
        self.fired = self.eased
        self.better, self.eased = (0.0, level) if level < self.fired else (None, Level.OK)
        return Change.LOWERED

    def state(self, at: float, interval: float, silenced: bool) -> State:
        """Where it is in its life at `at`."""
        if self.fired is Level.OK:
            return State.PENDING
        if self.quiet == "suppressed":
            return State.SUPPRESSED
        if silenced:
            return State.SILENCED
        if self.acknowledged >= self.fired:
            return State.ACKNOWLEDGED
        if self.restored or at - self.seen > SILENT_AFTER * interval + EARLY:
            return State.NO_DATA
        return State.FIRING
