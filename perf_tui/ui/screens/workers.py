"""Screen 5: the board of everything that works."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.measures.workers import rows
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.oneclock import OneClock
from perf_tui.ui.panes.workers import Workers as Board
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane

LOOKED_FOR = "no process here is recognised as a worker"
BRINGS = "name some in [[workers]] of config.toml: processes, a queue, heartbeats; docs/workers.md says how"


class Workers(LiveScreen):
    """All workers, the worst first; where there is none, how they are named."""

    name_of = "workers"
    first_focus = "board"

    def panes(self) -> Sequence[Pane]:
        return (Board("board"), Invitation("missing", "workers", LOOKED_FOR, BRINGS), OneClock("clock"))

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        if rows(view.snapshot.tables):
            return {"board": Region(0, top, width, height)}
        return {"missing": Region(0, top, width, 3), "clock": Region(0, top + 3, width, height - 3)}
