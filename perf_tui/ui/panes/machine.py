"""The machine at a glance, its GPUs with it."""

from __future__ import annotations

from perf_tui.ui.panes.gpus import summary
from perf_tui.ui.panes.meters import meter_line, meters
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane


class Machine(Pane):
    """A meter a line."""

    title = "system"
    focusable = True
    opens = "system"

    def draw(self, view: View, width: int, height: int) -> Rows:
        rows = meters(view, width)
        gpus = summary(view)
        if gpus is not None:
            rows.append(meter_line(gpus, view, width))
        return rows[:height]
