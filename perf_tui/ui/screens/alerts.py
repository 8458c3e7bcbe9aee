"""Screen 6: what is wrong now, the rules that say so, and all that happened."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.engine.alerts.model import Alert
from perf_tui.ui.panes.alerts import Active, Rules
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane


class Alerts(LiveScreen):
    """Active alerts above the rules; the log takes the lower half."""

    name_of = "alerts"
    first_focus = "active"
    log_rows = (8, 14, 20)

    def panes(self) -> Sequence[Pane]:
        self._active = Active("active")
        return (self._active, Rules("rules"))

    def alert(self) -> Alert | None:
        return self._active.current if self.focused is self._active else None

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        rules = min(2 + len(self.perf.engine.alerts.rules), height // 2)
        return {
            "active": Region(0, top, width, height - rules),
            "rules": Region(0, top + height - rules, width, rules),
        }
