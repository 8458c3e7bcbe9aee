"""Screen 6: what is wrong now, the rules that say so, and all that happened."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.screen import Screen

from perf_tui.engine.alerts.model import Alert
from perf_tui.ui.panes.alerts import Active
from perf_tui.ui.panes.history import History
from perf_tui.ui.panes.rules import Rules
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.where import where
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane


class Alerts(LiveScreen):
    """Active alerts above the rules; the history takes the lower half, in the place of the log."""

    name_of = "alerts"
    first_focus = "active"
    log_pane = "history"
    log_rows = (8, 14, 20)

    def panes(self) -> Sequence[Pane]:
        self._active, self._rules, self._history = Active("active"), Rules("rules"), History("history")
        return (self._active, self._rules, self._history)

    def alert(self) -> Alert | None:
        return self._active.current if self.focused is self._active else None

    def rule(self) -> str | None:
        row = self._rules.current if self.focused is self._rules else None
        return row.rule.name if row is not None else None

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        rules = min(2 + max(1, len(view.config.alerts)), height // 2)
        return {
            "active": Region(0, top, width, height - rules),
            "rules": Region(0, top + height - rules, width, rules),
        }

    def opened(self) -> Screen[None] | str | None:
        """The editor of a rule; of an alert, the screen of what it is about."""
        if (name := self.rule()) is not None:
            return self._editor(name)
        line = self._history.current if self.focused is self._history else None
        about = self.alert() or line
        return where(about.series, self.perf.view.snapshot) if about is not None else None

    def neighbour(self, step: int) -> None:
        """A new rule, by the key that goes to the next thing elsewhere."""
        if step > 0:
            self.app.push_screen(self._editor(None))

    def _editor(self, name: str | None) -> Screen[None]:
        from perf_tui.ui.screens.rule import RuleEditor

        return RuleEditor(self.perf.view, name)
