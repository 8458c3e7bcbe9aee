"""Screen 5: the board of everything that works."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.screen import Screen

from perf_tui.measures.workers import Worker, rows
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.oneclock import OneClock
from perf_tui.ui.panes.worker import Charts, Task
from perf_tui.ui.panes.workers import Workers as Board
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.screens.worker import WorkerScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane

TASK, SELECTED = 6, 14
"""Rows for the task of the selected worker, and those that are worth giving to all that is shown of it."""
LOOKED_FOR = "no process here is recognised as a worker"
BRINGS = "name some in [[workers]] of config.toml: processes, a queue, heartbeats; docs/workers.md says how"


class Workers(LiveScreen):
    """All workers, the worst first; below, where there is room, the selected one. Without any, how they are named."""

    name_of = "workers"
    first_focus = "board"

    def __init__(self, needle: str = "") -> None:
        """`needle` is a filter to begin with."""
        super().__init__()
        self._needle = needle

    def opened(self) -> Screen[None] | None:
        board = self.query_one("#board", Board)
        if self.focused is not board or board.current is None:
            return None

        def went_to(worker: str) -> None:
            board.selected = worker

        went_to(board.current.id)
        return WorkerScreen(board.current.id, [row.id for row in board.shown], went_to)

    def panes(self) -> Sequence[Pane]:
        board = Board("board")
        board.needle = self._needle

        def selected(view: View) -> Worker | None:
            return board.current

        return (
            board,
            Task("task", selected, named=True),
            Charts("charts", selected),
            Invitation("missing", "workers", LOOKED_FOR, BRINGS),
            OneClock("clock"),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        workers = len(rows(view.snapshot.tables))
        if workers:
            table = max(4, workers + 2)
            spare = height - table
            if spare < SELECTED:
                return {"board": Region(0, top, width, height)}
            return {
                "board": Region(0, top, width, table),
                "task": Region(0, top + table, width, TASK),
                "charts": Region(0, top + table + TASK, width, spare - TASK),
            }
        return {"missing": Region(0, top, width, 3), "clock": Region(0, top + 3, width, height - 3)}
