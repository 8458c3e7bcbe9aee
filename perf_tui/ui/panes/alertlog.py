"""The alert log: every transition as a line, newest first."""

from __future__ import annotations

from perf_tui.engine.alerts.model import Change, Transition
from perf_tui.engine.why.words import words
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.units import number, seconds
from perf_tui.text import width as cells_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.header import clock
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane


def subject(key: Series) -> str:
    """What a series is about, in words: the measure's title and its labels' values."""
    return " ".join([CATALOGUE[key.id].title, *(value for _, value in key.labels)])


def comparison(transition: Transition, view: View) -> str:
    """`97% ≥ 95%` of what got worse, `46%, limit 80%` of what got better, in the measure's unit."""
    unit = transition.unit
    value, limit = number(transition.value, unit), number(transition.threshold, unit)
    if transition.change not in (Change.RAISED, Change.ESCALATED):
        return f"{value}, limit {limit}"
    sign = "<" if transition.rule.below else (">=" if view.glyphs.ascii_only else "≥")
    return f"{value} {sign} {limit}"


class AlertLog(Pane):
    """Scrolls with the keys when it has the focus."""

    focusable = True

    def __init__(self, id: str = "log") -> None:
        super().__init__(id)
        self._top = 0
        self._page = 1

    def head(self, view: View) -> tuple[str, str]:
        return "alerts", f"{self.perf.keys['log']} hides"

    def draw(self, view: View, width: int, height: int) -> Rows:
        self._page = height
        lines = view.snapshot.log[::-1]
        if not lines:
            count = len(view.config.alerts)
            words = f"{view.glyphs.marks['ok']} nothing has happened; {count} rule{'s' if count != 1 else ''} watch"
            return [Row(width).gap().put(words, "dim").done()]
        self._top = max(0, min(self._top, len(lines) - height))
        shown = lines[self._top : self._top + height]
        # As wide as what stands in them, so that the message gets the rest, and no number is cut.
        what = min(max(cells_of(subject(each.series)) for each in shown), max(14, width // 3))
        values = max(len(comparison(each, view)) for each in shown)
        return [self._line(each, view, width, what, values) for each in shown]

    @staticmethod
    def _line(each: Transition, view: View, width: int, what: int, values: int) -> Spans:
        level = each.level.word
        cleared = each.change is Change.CLEARED
        role = "ok" if cleared else level
        row = Row(width).gap().put(clock(each.time), "dim").gap()
        row.put(view.glyphs.marks["ok" if cleared else level], role).gap()
        row.cell(level, 9, role).cell(each.change.value, 13, "text")
        row.cell(subject(each.series), what, "strong").gap()
        row.cell(comparison(each, view), values).gap(2)
        lasted = f"after {seconds(max(0.0, each.time - each.since))} " if cleared else ""
        row.put(lasted, "dim").put(each.rule.message, "dim")
        if each.why:
            row.put(f" {view.glyphs.dot} ", "dim").put(words(each.why, view.glyphs.arrow))
        return row.done()

    def move(self, how: str) -> None:
        """Scroll."""
        steps = {
            "up": -1,
            "down": 1,
            "page_up": -self._page,
            "page_down": self._page,
            "top": -(10**6),
            "bottom": 10**6,
        }
        self._top = max(0, self._top + steps.get(how, 0))
        self.redraw()
