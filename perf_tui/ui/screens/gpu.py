"""One GPU's own screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region

from perf_tui.engine.alerts.model import Alert
from perf_tui.measures.model import Series
from perf_tui.ui.panes.alerts import ItsAlerts
from perf_tui.ui.panes.charts import Curve, Filled, Lines
from perf_tui.ui.panes.gpu_detail import GpuFacts
from perf_tui.ui.panes.gpus import GpuProcesses, gpu_rows
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane

Key = tuple[str, str]
"""A GPU's number and name."""
SIDE_BY_SIDE = 120
"""From this width on, what it is stands beside its charts."""
_MEMORY = (Curve("total", "dim", "gpu.memory.total"), Curve("used", "chart2", "gpu.memory.used"))
_POWER = (Curve("limit", "dim", "gpu.power.limit"), Curve("power", "chart1", "gpu.power"))


class GpuScreen(LiveScreen):
    """Everything about one GPU; `n` and `N` go to its neighbours in the list, Esc goes back to the row."""

    name_of = "ai"
    first_focus = "ongpu"
    log_rows = (2, 3, 3)

    def __init__(self, gpu: Key, among: Sequence[Key] = (), went_to: Callable[[Key], None] = lambda gpu: None) -> None:
        """`among` are the rows of the list that it was opened from; `went_to` is told each that is shown instead."""
        super().__init__()
        self.gpu = gpu
        self._among = list(among) or [gpu]
        self._went_to = went_to

    def subject(self) -> dict[str, str]:
        """The labels of its measures."""
        return {"gpu": self.gpu[0], "name": self.gpu[1]}

    def _about(self, key: Series) -> bool:
        """Whether a series is about it."""
        return self.gpu == (key.label("gpu"), key.label("name"))

    def panes(self) -> Sequence[Pane]:
        subject = self.subject
        return (
            Filled("busy", "utilization", "gpu.utilization", "chart1", subject),
            Lines("memory", "memory", _MEMORY, subject),
            Lines("power", "power", _POWER, subject),
            Filled("heat", "temperature", "gpu.temperature", "chart3", subject),
            GpuFacts("facts", subject),
            ItsAlerts("alerts", self._about),
            GpuProcesses("ongpu", lambda: self.gpu),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        wide = width >= SIDE_BY_SIDE
        left = width * 11 // 20 if wide else width
        right = width - left - 1 if wide else width
        alerts = self.query_one("#alerts", ItsAlerts).wish(view, 9)
        most = max(5, height // 4 + 2)
        charts = [("busy", 4, most, 9), ("memory", 4, most, 8), ("power", 4, most, 5), ("heat", 4, most, 4)]
        told = [
            ("facts", 6, 24, 7),
            *alerts,
            ("ongpu", 3, height if wide else 12, 6),
        ]
        if not wide:
            rows = stack(top, height, [told[0], *told[1:-1], *charts, told[-1]])
            return {id: Region(0, y, width, tall) for id, (y, tall) in rows.items()}
        plan = {id: Region(0, y, left, tall) for id, (y, tall) in stack(top, height, charts).items()}
        for id, (y, tall) in stack(top, height, told).items():
            plan[id] = Region(left + 1, y, right, tall)
        return plan

    def alert(self) -> Alert | None:
        """The worst of its alerts."""
        return next(iter(self.query_one("#alerts", ItsAlerts).alerts(self.perf.view)), None)

    def neighbour(self, step: int) -> None:
        """Show the next GPU, or the one before, of the list as it was when this screen was opened."""
        known = {row.key for row in gpu_rows(self.perf.view.snapshot)}
        at = self._among.index(self.gpu) if self.gpu in self._among else 0
        turned = [*self._among[at + 1 :], *self._among[:at]][:: 1 if step > 0 else -1]
        chosen = next((each for each in turned if each in known), None)
        if chosen is not None:
            self.gpu = chosen
            self._went_to(chosen)
            self.query_one(GpuFacts).home()
            self.paint()
