"""Screen 4: GPUs, inference servers, and the selected one over time."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.geometry import Region

from perf_tui.ui.panes.alerts import ItsAlerts
from perf_tui.ui.panes.charts import Lines
from perf_tui.ui.panes.diagnosis import Diagnosis
from perf_tui.ui.panes.engines import CACHE, QUEUE, TOKENS, Engines, engine_rows, quantiles
from perf_tui.ui.panes.gpus import GpuProcesses, Gpus, gpu_rows
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.phases import Phases
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane

LOOKED_FOR = "no inference server was found on this machine's loopback"
BRINGS = "perf-tui discover shows what was tried; or name an inference server's metrics in [[targets]] of config.toml"


class Ai(LiveScreen):
    """The engines; below, the charts of the selected one in two columns where there is room."""

    name_of = "ai"
    first_focus = "engines"
    log_rows = (2, 3, 5)

    def __init__(self, chosen: Hashable | None = None) -> None:
        """`chosen` is the engine that is selected to begin with: its name and its model's."""
        super().__init__()
        self._chosen = chosen

    def panes(self) -> Sequence[Pane]:
        self._engines = Engines("engines")
        self._engines.selected = self._chosen
        subject = self._engines.subject
        self._gpus = Gpus("gpus")
        return (
            self._gpus,
            self._engines,
            Lines("tokens", "tokens per second", TOKENS, subject, named=True),
            Lines("queue", "requests", QUEUE, subject),
            Lines("ttft", "time to first token", quantiles("ai.latency.ttft"), subject),
            Lines("itl", "time between tokens", quantiles("ai.latency.itl"), subject),
            Lines("cache", "caches", CACHE, subject),
            Phases("phases", subject),
            Diagnosis("diagnosis", subject),
            ItsAlerts("alerts", lambda key: key.label("engine") == subject().get("engine", "") != ""),
            GpuProcesses("ongpu", lambda: self._gpus.gpu),
            Invitation("missing", "inference", LOOKED_FOR, BRINGS),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        gpus, engines = len(gpu_rows(view.snapshot)), len(engine_rows(view.snapshot))
        # Without a GPU one line says so, and its room goes to the engines.
        shown = min(2 + gpus, max(3, height // 4)) if gpus else 2
        plan = {"gpus": Region(0, top, width, shown)}
        top, height = top + shown, height - shown
        if not engines:
            plan["missing"] = Region(0, top, width, 3)
            if gpus:
                plan["ongpu"] = Region(0, top + 3, width, height - 3)
            return plan
        upper = max(3, min(2 + engines, height // 3))
        plan["engines"] = Region(0, top, width, upper)
        charts = [
            self._wish(view, id, most, importance)
            for id, most, importance in (
                ("tokens", 12, 9),
                ("queue", 10, 8),
                ("ttft", 12, 7),
                ("itl", 12, 6),
                ("cache", 10, 5),
            )
        ]
        phases, diagnosis = ("phases", 3, 3, 4), ("diagnosis", 3, 5, 8)
        left = width // 2 if width >= 120 else width
        says = [*self.query_one("#alerts", ItsAlerts).wish(view, 10), diagnosis]
        columns = [[*says, *charts, phases]] if left == width else [[*charts[:2], phases], [*says, *charts[2:]]]
        for number, wishes in enumerate(columns):
            x = number * (left + 1)
            for id, (y, tall) in stack(top + upper, height - upper, wishes).items():
                plan[id] = Region(x, y, min(left, width - x), tall)
        return plan

    def _wish(self, view: View, id: str, most: int, importance: int) -> tuple[str, int, int, int]:
        """The room that a chart asks for: two rows where its engine has none of its measures."""
        chart = self.query_one(f"#{id}", Lines)
        return (id, 4, most, importance) if chart.known(view) else (id, 2, 2, importance)
