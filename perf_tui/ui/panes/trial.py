"""What a rule compares, over what is in memory, and what it would have done on it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from math import isfinite, isnan, nan

from perf_tui.engine.alerts.backtest import Outcome, recalled, run
from perf_tui.engine.alerts.model import Rule, unit_of
from perf_tui.engine.alerts.retold import retold
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.units import number
from perf_tui.ui.draw.charts import nice, overlay, top_of
from perf_tui.ui.draw.row import Row
from perf_tui.ui.draw.timeline import highest
from perf_tui.ui.panes.charts import SCALE, scaled
from perf_tui.ui.panes.rules import upright
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

_WORDS = 4
"""Rows of words below the chart: what happened, and the newest times."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule, and what it would have done."""

    rule: Rule
    outcome: Outcome = field(default_factory=Outcome)


def tried(rule: Rule, snapshot: Snapshot, wanted: Callable[[], bool]) -> Tried:
    """Run a rule over what a snapshot remembers, as long as that is `wanted`.

    Takes up to a second or two: not for the interface's own thread.
    """
    past, interval = recalled(snapshot.history, snapshot.tick, [rule])
    return Tried(rule, run([rule], takewhile(lambda moment: wanted(), past), interval or snapshot.interval))


class Trial(Pane):
    """The chart, with a dim line for each limit, above the words."""

    DEFAULT_CSS = "Trial { height: 1fr; min-height: 3; }"
    title = "on what is in memory"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.add_class("plain")
        self.tried: Tried | None = None

    def put(self, tried: Tried | None, view: View) -> None:
        """Show another trial; None while there is no rule to try."""
        self.tried = tried
        self.show(view)

    def draw(self, view: View, width: int, height: int) -> Rows:
        if self.tried is None:
            return [Row(width).gap().put(view.glyphs.more, "dim").done()]
        known = any(isfinite(limit) for _, limit in self.tried.rule.thresholds)
        most = max(0, min(_WORDS, height - 1) - 1)
        lines = retold(self.tried.outcome, most) if known else ["with a limit, here is what it would have done"]
        roles = ["strong", *["text"] * len(lines)]
        words = [Row(width).gap().put(line, role).done() for line, role in zip(lines, roles, strict=False)][:height]
        left = height - len(words)
        return [*(self._chart(self.tried, view, width, left) if left >= 3 else []), *words]

    @staticmethod
    def _chart(tried: Tried, view: View, width: int, height: int) -> Rows:
        rule, unit = tried.rule, unit_of(tried.rule)
        numbers = tried.outcome.numbers.get(rule.name, array("d"))
        points, limits = upright(rule, numbers)
        if all(map(isnan, points)):
            return []
        dots = max(2, 2 * (width - SCALE - 1))
        shown = _stretched(points, dots)
        high = nice(max(top_of(shown), top_of(limits)), unit)
        lines = [([limit] * dots, "dim") for limit in limits if 0 <= limit <= high]
        chart = overlay([*lines, (shown, "chart1")], height, high, view.glyphs)
        return scaled([tuple(row) for row in chart], number(high, unit), number(0.0, unit), width)


def _stretched(points: list[float], dots: int) -> list[float]:
    """The newest at the right edge: the highest of as many as share a dot, gaps before the first."""
    share = -(-len(points) // dots)
    lead = (-len(points)) % share
    values = highest(array("d", [nan] * lead + points), (len(points) + lead) // share)
    return [nan] * (dots - len(values)) + values
