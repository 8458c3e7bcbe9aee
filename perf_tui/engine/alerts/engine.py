"""Judges rules on each tick. `for` runs on the monotonic clock; a missing sample changes nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from perf_tui.engine.alerts.model import Alert, Change, Level, Rule, Transition
from perf_tui.measures.model import Series, Status, Value

LOG_LENGTH = 500
EARLY = 0.05
"""Seconds by which a tick may come early and still count as the one at which a hold ends."""


@dataclass(slots=True)
class _Instance:
    """The life of one rule on one series. It exists only while something is wrong."""

    rule: Rule
    series: Series
    level: Level
    """What the value asks for now."""
    value: float
    began: float
    """Monotonic time of the onset."""
    since: float
    """Wall time of the onset."""
    fired: Level = Level.OK
    """The level that people have been told; OK while it is pending."""
    better_since: float | None = None
    """Monotonic time since when the value asks for less than `fired`."""
    eased: Level = Level.OK
    """The worst level since then."""


class AlertEngine:
    """All rules and their instances."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_metric: dict[str, list[tuple[int, Rule]]] = {}
        for number, rule in enumerate(self.rules):
            self._by_metric.setdefault(rule.metric, []).append((number, rule))
        self._instances: dict[tuple[int, Series], _Instance] = {}
        self._log: deque[Transition] = deque(maxlen=LOG_LENGTH)
        self._active: tuple[Alert, ...] = ()
        self._told: tuple[Transition, ...] = ()

    def active(self) -> tuple[Alert, ...]:
        """Pending and firing alerts: firing first, then the worst level, then the oldest."""
        return self._active

    def log(self) -> tuple[Transition, ...]:
        """The newest transitions, oldest first."""
        return self._told

    def evaluate(self, values: Mapping[Series, Value], at: float, wall: float) -> list[Transition]:
        """Judge every rule on the values of one tick; returns what changed."""
        changes: list[Transition] = []
        for key, value in values.items():
            for place, rule in self._by_metric.get(key.id, ()):
                number = value.number
                if value.status is Status.OK and number is not None and not isnan(number) and rule.matches(key):
                    changes.extend(self._judge(place, rule, key, number, at, wall))
        changes.extend(self._gone(values, wall))
        if changes:
            self._log.extend(changes)
            self._told = tuple(self._log)
        self._active = tuple(sorted(map(_alert, self._instances.values()), key=_worst_first))
        return changes

    def _judge(
        self, place: int, rule: Rule, key: Series, number: float, at: float, wall: float
    ) -> Iterable[Transition]:
        instance = self._instances.get((place, key))
        level = rule.level(number, instance.fired if instance else Level.OK)
        if instance is None:
            if level is Level.OK:
                return
            instance = _Instance(rule, key, level, number, began=at, since=wall)
            self._instances[place, key] = instance
        instance.level, instance.value = level, number
        if instance.fired is Level.OK:  # pending
            if level is Level.OK:
                del self._instances[place, key]
            elif at - instance.began >= rule.hold - EARLY:
                yield self._tell(instance, Change.RAISED, level, wall)
            return
        if level >= instance.fired:
            instance.better_since = None
            if level > instance.fired:
                yield self._tell(instance, Change.ESCALATED, level, wall)
            return
        # Getting better counts only when it lasts as long as getting worse had to.
        if instance.better_since is None:
            instance.better_since, instance.eased = at, level
        instance.eased = max(instance.eased, level)
        if at - instance.better_since >= rule.hold - EARLY:
            if instance.eased is Level.OK:
                del self._instances[place, key]
                yield self._tell(instance, Change.CLEARED, instance.fired, wall)
            else:
                yield self._tell(instance, Change.LOWERED, instance.eased, wall)
                instance.better_since, instance.eased = (at, level) if level < instance.fired else (None, Level.OK)

    def _gone(self, values: Mapping[Series, Value], wall: float) -> list[Transition]:
        """Alerts on series that no longer exist (a disk taken out) end with them."""
        changes = []
        for place, instance in list(self._instances.items()):
            if instance.series not in values:
                del self._instances[place]
                if instance.fired is not Level.OK:
                    changes.append(self._tell(instance, Change.CLEARED, instance.fired, wall))
        return changes

    @staticmethod
    def _tell(instance: _Instance, change: Change, level: Level, wall: float) -> Transition:
        instance.fired = level
        return Transition(wall, change, instance.rule, instance.series, level, instance.value, instance.since)


def _alert(instance: _Instance) -> Alert:
    level = instance.fired or instance.level
    return Alert(instance.rule, instance.series, level, instance.fired is not Level.OK, instance.value, instance.since)


def _worst_first(alert: Alert) -> tuple[bool, int, float]:
    return (not alert.firing, -alert.level, alert.since)
