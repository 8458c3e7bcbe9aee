"""A rule's eye on one series, and on what several come to together."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from perf_tui.engine.alerts.flap import Flap
from perf_tui.engine.alerts.life import Instance
from perf_tui.engine.alerts.model import Level, Rule
from perf_tui.engine.alerts.windows import Burn, Window
from perf_tui.measures.model import Series, Status

_KNOWN_TO_BE_NOTHING = (Status.IDLE, Status.ABSENT)
"""A member that has nothing to give does not make the whole unknown; one that cannot be read does."""


class Watch:
    """What a rule keeps of a series between ticks."""

    __slots__ = (
        "age",
        "alive",
        "below",
        "flap",
        "group",
        "heard",
        "instance",
        "mild",
        "place",
        "rule",
        "series",
        "window",
    )

    def __init__(self, place: int, rule: Rule, key: Series, window: Window | None = None) -> None:
        self.place, self.rule, self.series, self.window = place, rule, key, window
        self.group: Group | None = None
        self.instance: Instance | None = None
        self.flap: Flap | None = None
        self.below = rule.below
        # Several windows stand behind one number: only they know whether it is wrong.
        self.mild = -inf if isinstance(window, Burn) else rule.thresholds[-1][1]
        self.alive = True
        """Whether there is still something to watch."""
        self.heard = True
        """Of a rule on missing data: whether there was something in this tick."""
        self.age = 0.0
        """Of a rule on missing data: seconds since there was something."""

    def level(self, number: float) -> Level:
        """The level of what this watch saw."""
        held = self.instance.fired if self.instance else Level.OK
        if self.window is not None:
            return self.window.level(self.rule, number, held)
        return self.rule.level(number, held)

    def wrong(self, number: float) -> bool:
        """Whether a number can be of any level; quick, for the many that are not."""
        return number < self.mild if self.below else number >= self.mild


class Group:
    """Series that are judged as one: what they come to in this tick."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.tick = -1
        self._numbers: list[float] = []
        self._missing = False
        aggregate = watch.rule.aggregate
        if aggregate == "any":
            aggregate = "min" if watch.rule.below else "max"
        self._result = _RESULTS[aggregate]
        self._worst = aggregate == ("min" if watch.rule.below else "max")

    def begin(self, tick: int) -> bool:
        """Whether this is the first member of the tick."""
        if self.tick == tick:
            return False
        self.tick = tick
        self._numbers.clear()
        self._missing = False
        return True

    def take(self, number: float) -> None:
        """A member's number."""
        self._numbers.append(number)

    def miss(self, status: Status) -> None:
        """A member has no number."""
        if status not in _KNOWN_TO_BE_NOTHING:
            self._missing = True

    def result(self) -> float | None:
        """What they come to; None where a member is missing that might have changed the verdict.

        The worst of some is never better than the worst of all: it may make an alert worse, never better.
        """
        if not self._numbers or (self._missing and not self._worst):
            return None
        number = self._result(self._numbers)
        if self._missing:
            instance = self.watch.instance
            least = Level.OK if instance is None else max(instance.fired, instance.level)
            if self.watch.level(number) < max(least, Level.INFO):
                return None
        return number


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


_RESULTS: dict[str, Callable[[list[float]], float]] = {"max": max, "min": min, "sum": sum, "avg": _mean, "count": len}


def group_series(rule: Rule, key: Series) -> Series:
    """What the group that `key` belongs to is called: the labels that all of its members share for certain."""
    shared = {name for name, _ in rule.labels} | set(rule.by)
    return Series(rule.metric, tuple(pair for pair in key.labels if pair[0] in shared))
