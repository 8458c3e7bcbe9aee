"""Who is told of what: silences, what is known already, what follows from a target that is down, storms."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from perf_tui.engine.alerts.life import Instance
from perf_tui.engine.alerts.model import Change, Kind, Level, Rule, Silence
from perf_tui.engine.alerts.watch import Watch
from perf_tui.measures.model import Series

STORM_SPAN = 5.0
MOST_TOLD = 20
"""Alerts that begin within STORM_SPAN seconds and are told one by one; of the others, only how many."""
_TARGETS = ("service", "engine", "source")
"""Labels by which what is measured through a source goes."""
_WORSE = (Change.RAISED, Change.ESCALATED)


class Hush:
    """Decides for each change whether people are told, and of what they were not told, when they are after all."""

    def __init__(self) -> None:
        self._silences: list[tuple[float, Silence]] = []
        self._down: dict[str, Instance] = {}
        self._told: deque[float] = deque()

    # -- silences

    def add(self, silence: Silence, at: float, wall: float) -> None:
        """Begin a silence; its end is kept on the monotonic clock."""
        self._silences.append((at + silence.until - wall, silence))

    def lift(self, rule: str, key: Series | None) -> list[Silence]:
        """End the silences that cover an alert of a rule, or all that are of the rule; returns them."""
        ended = [each for each in self._silences if _about(each[1], rule, key)]
        self._silences = [each for each in self._silences if each not in ended]
        return [silence for _, silence in ended]

    def expire(self, at: float) -> None:
        """Let go of the silences that are over."""
        self._silences = [each for each in self._silences if each[0] > at]

    def silence_of(self, rule: Rule, key: Series) -> Silence | None:
        """The silence that covers an alert longest."""
        return max(
            (silence for _, silence in self._silences if silence.covers(rule, key)),
            key=lambda silence: silence.until,
            default=None,
        )

    def silences(self) -> tuple[Silence, ...]:
        """Those in force."""
        return tuple(silence for _, silence in self._silences)

    # -- what is down

    def failed(self, sources: Collection[str], instances: Iterable[Instance]) -> None:
        """Sources that cannot be read, and all alerts: one on missing data of such a source stands for all of its."""
        self._down.clear()
        if not sources:
            return
        for instance in instances:
            target = _target(instance.series)
            if instance.fired and instance.rule.kind is Kind.NO_DATA and target in sources:
                self._down.setdefault(target, instance)

    def _root(self, instance: Instance) -> Instance | None:
        root = self._down.get(_target(instance.series)) if self._down else None
        return None if root is instance else root

    # -- telling

    def decide(self, watch: Watch, instance: Instance, change: Change, level: Level, at: float) -> str:
        """Why people are not told of this change; empty where they are."""
        if change in _WORSE:
            quiet = self._of_worse(watch, instance, change, level, at)
        else:
            quiet = self._of_better(watch, instance)
        if not quiet:
            instance.told = Level.OK if change is Change.CLEARED else level
        instance.quiet = quiet
        return quiet

    def _of_worse(self, watch: Watch, instance: Instance, change: Change, level: Level, at: float) -> str:
        root = self._root(instance)
        if root is not None and instance.told is Level.OK:
            instance.by = root.rule.name
            return "suppressed"
        if self.silence_of(watch.rule, watch.series) is not None:
            return "silenced"
        if level <= instance.acknowledged:
            return "acknowledged"
        flap = watch.flap
        if flap is not None and not flap.flapping and change is Change.RAISED and flap.often():
            flap.begin()
        if flap is not None and flap.flapping:
            if level <= flap.heard:
                return "flapping"
            flap.heard = level
        return "storm" if self._storm(at) else ""

    def _of_better(self, watch: Watch, instance: Instance) -> str:
        if instance.told is Level.OK:
            return instance.quiet or "storm"
        if watch.flap is not None and watch.flap.flapping:
            return "flapping"
        if self.silence_of(watch.rule, watch.series) is not None:
            return "silenced"
        # That it is over is told to those who said that they know; that it is less bad is not.
        return "acknowledged" if instance.acknowledged and watch.instance is instance else ""

    def _storm(self, at: float) -> bool:
        while self._told and self._told[0] <= at - STORM_SPAN:
            self._told.popleft()
        if len(self._told) >= MOST_TOLD:
            return True
        self._told.append(at)
        return False

    def due(self, instance: Instance, at: float) -> Change | None:
        """What people must be told now of an alert that was kept from them, because the reason is gone."""
        if instance.quiet not in ("suppressed", "silenced") or instance.told >= instance.fired:
            return None
        root = self._root(instance)
        if root is not None and instance.told is Level.OK:
            return None
        if self.silence_of(instance.rule, instance.series) is not None:
            instance.quiet = "silenced"
            return None
        if self._storm(at):
            instance.quiet = "storm"
            return None
        change = Change.RAISED if instance.told is Level.OK else Change.ESCALATED
        instance.told, instance.quiet, instance.by = instance.fired, "", ""
        return change


def _about(silence: Silence, rule: str, key: Series | None) -> bool:
    if key is None:
        return silence.rule == rule
    return silence.rule in ("", rule) and all(pair in key.labels for pair in silence.labels)


def _target(key: Series) -> str:
    return next((value for name, value in key.labels if name in _TARGETS), "")
