"""Screen 5: everything that works; until a source feeds it, what there is besides."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.oneclock import OneClock
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane


class Workers(LiveScreen):
    """The invitation, and below it what there is."""

    name_of = "workers"

    def panes(self) -> Sequence[Pane]:
        brings = "this version watches the system, its applications and its inference servers"
        return (Invitation("missing", "workers", "no worker is watched", brings), OneClock("clock"))

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        return {
            "missing": Region(0, top, width, 3),
            "clock": Region(0, top + 3, width, height - 3),
        }
