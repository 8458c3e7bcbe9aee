"""Active alerts, and what the screen of alerts has in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from perf_tui.engine.alerts.model import Alert, State
from perf_tui.engine.why.words import words
from perf_tui.measures.model import Series
from perf_tui.measures.units import number, seconds
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.alertlog import subject
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane
from perf_tui.ui.widgets.table import Column, TablePane

_CALM = (State.PENDING, State.SUPPRESSED, State.ACKNOWLEDGED, State.SILENCED)
"""States that need nobody's attention now."""


MOST_ROWS = 6
"""Rows that the alerts of one thing take of its screen."""


def mark(row: Alert) -> str:
    """The name of the mark that an alert has."""
    return row.level.word if row.firing else "pending"


def role(row: Alert) -> str:
    """The role that an alert is drawn in: what somebody knows of does not shout."""
    return "dim" if row.told_state in _CALM else row.level.word


def state(row: Alert, now: float) -> str:
    """`firing`, `silenced 42m`, `flapping`, `by target down`."""
    if row.told_state is State.SILENCED and row.until is not None:
        return f"silenced {seconds(max(0.0, row.until - now))}"
    if row.told_state is State.SUPPRESSED and row.by:
        return f"by {row.by}"
    if row.told_state is State.FIRING and row.flapping:
        return "flapping"
    return row.told_state.value


def text(row: Alert, view: View) -> str:
    """Its message, and what else moved."""
    why = words(row.why, view.glyphs.arrow)
    return f" {view.glyphs.dot} ".join(filter(None, (row.rule.message, why)))


class Active(TablePane[Alert]):
    """What is pending or firing now."""

    title = "active alerts"
    columns = (
        Column("", 1, lambda row, view: view.glyphs.marks[mark(row)], lambda row: (row.firing, row.level), role, "<",
               importance=9),
        Column("level", 8, lambda row, view: row.level.word, lambda row: row.level, role, "<", importance=3),
        Column("state", 15, lambda row, view: state(row, view.snapshot.time), lambda row: row.told_state, align="<",
               descending=False, importance=8),
        Column("what", 28, lambda row, view: subject(row.series), lambda row: subject(row.series),
               lambda row: "strong", "<", False, 9),
        Column("value", 9, lambda row, view: number(row.value, row.unit), lambda row: row.value, importance=7),
        Column("limit", 9, lambda row, view: number(row.threshold, row.unit), lambda row: row.threshold,
               importance=6),
        Column("for", 7, lambda row, view: seconds(max(0.0, view.snapshot.time - row.since)),
               lambda row: -row.since, importance=5),
        Column("message", 20, text, lambda row: row.rule.message, lambda row: "dim", "<", False, 1),
    )  # fmt: skip

    def head(self, view: View) -> tuple[str, str]:
        firing = sum(alert.firing for alert in view.snapshot.alerts)
        keys = self.perf.keys
        can = f"{keys['acknowledge']} known  {keys['silence']} silence  {keys['open']} go there"
        return self.title, f"{can}  {firing} firing, {len(view.snapshot.alerts) - firing} pending"

    def rows(self, view: View) -> Sequence[Alert]:
        return view.snapshot.alerts

    def identity(self, row: Alert) -> Hashable:
        return row.rule.name, row.series

    def haystack(self, row: Alert) -> str:
        parts = row.rule.name, subject(row.series), row.level.word, row.told_state.value, row.rule.message
        return " ".join((*parts, words(row.why)))

    def empty(self, view: View) -> str:
        return f"{view.glyphs.marks['ok']} no rule is broken"


class ItsAlerts(Pane):
    """The alerts on the measures of one thing, each with what else moved below it."""

    title = "its alerts"

    def __init__(self, id: str, fits: Callable[[Series], bool]) -> None:
        super().__init__(id)
        self._fits = fits

    def alerts(self, view: View) -> list[Alert]:
        """Those that are active, worst first."""
        return [alert for alert in view.snapshot.alerts if self._fits(alert.series)]

    def head(self, view: View) -> tuple[str, str]:
        count = len(self.alerts(view))
        return self.title, f"{count} alerts" if count > 1 else ""

    def wish(self, view: View, importance: int) -> list[tuple[str, int, int, int]]:
        """The room that it asks for, as `stack` takes it: none where there is no alert."""
        rows = sum(1 + bool(alert.why) for alert in self.alerts(view))
        assert self.id is not None
        return [(self.id, 1 + min(2, rows), 1 + min(MOST_ROWS, rows), importance)] if rows else []

    def draw(self, view: View, width: int, height: int) -> Rows:
        rows = []
        for alert in self.alerts(view):
            row = Row(width).gap().put(f"{view.glyphs.marks[mark(alert)]} ", role(alert))
            row.put(f"{subject(alert.series)} {number(alert.value, alert.unit)}", "strong")
            row.put(f" (limit {number(alert.threshold, alert.unit)})").gap(2)
            lasted = seconds(max(0.0, view.snapshot.time - alert.since))
            row.put(f"{state(alert, view.snapshot.time)} for {lasted}  {alert.rule.message}", "dim")
            rows.append(row.done())
            if alert.why:
                rows.append(Row(width).gap(3).put(words(alert.why, view.glyphs.arrow)).done())
        return rows
