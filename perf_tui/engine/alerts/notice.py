"""Handlers that fail, as lines of the alert log: whoever should have been told was not."""

from __future__ import annotations

from collections.abc import Mapping

from perf_tui.engine.alerts.model import Change, Level, Rule, Transition
from perf_tui.measures.model import series

MEASURE = "self.handler.failures"
QUIET = "handler"
"""No handler is told of them: it would be told of itself."""


class Notices:
    """One line when a handler begins to fail, and one when it delivers again."""

    def __init__(self) -> None:
        self._failing: dict[str, Transition] = {}

    def of(self, failing: Mapping[str, str], wall: float) -> list[Transition]:
        """The lines of this tick; `failing` says why, by the handler's name."""
        lines = []
        for name, reason in failing.items():
            if name not in self._failing:
                self._failing[name] = _line(name, reason, wall)
                lines.append(self._failing[name])
        for name in [name for name in self._failing if name not in failing]:
            began = self._failing.pop(name)
            rule = Rule(name, MEASURE, began.rule.thresholds, message="it delivers again")
            lines.append(Transition(wall, Change.CLEARED, rule, began.series, began.level, 0.0, began.since, QUIET))
        return lines


def _line(name: str, reason: str, wall: float) -> Transition:
    rule = Rule(name, MEASURE, ((Level.WARNING, 1.0),), message=reason)
    key = series(MEASURE, handler=name.removeprefix("handler "))
    return Transition(wall, Change.FAILED, rule, key, Level.WARNING, 1.0, wall, QUIET)
