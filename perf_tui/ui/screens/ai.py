"""Screen 4: GPUs, inference servers, and the selected one over time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from textual.geometry import Region
from textual.screen import Screen

from perf_tui.ui.panes.alerts import ItsAlerts
from perf_tui.ui.panes.charts import Lines
from perf_tui.ui.panes.diagnosis import Diagnosis
from perf_tui.ui.panes.engine_parts import Parts
from perf_tui.ui.panes.engines import CACHE, QUEUE, TOKENS, Engines, engine_rows, quantiles
from perf_tui.ui.panes.gpus import GpuProcesses, Gpus, gpu_rows
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.phases import Phases
from perf_tui.ui.panes.quality import QualityPane
from perf_tui.ui.screens.engine import EngineScreen
from perf_tui.ui.screens.gpu import GpuScreen
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane
from perf_tui.ui.widgets.table import TablePane

LOOKED_FOR = "no inference server was found on this machine's loopback"
BRINGS = "perf-tui discover shows what was tried; or name an inference server's metrics in [[targets]] of config.toml"


class Ai(LiveScreen):
    """The engines; below, the charts of the selected one in two columns where there is room."""

    name_of = "ai"
    first_focus = "engines"
    log_rows = (2, 3, 5)

    def panes(self) -> Sequence[Pane]:
        self._engines = Engines("engines")
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
            Parts("parts", subject),
            QualityPane("quality", subject),
            GpuProcesses("ongpu", lambda: self._gpus.gpu),
            Invitation("missing", "inference", LOOKED_FOR, BRINGS),
        )

    def opened(self) -> Screen[None] | None:
        if self.focused is self._engines and (engine := self._engines.current) is not None:
            others = [(row.engine, row.model) for row in self._engines.shown]
            return EngineScreen((engine.engine, engine.model), others, self._went_to(self._engines))
        if self.focused is self._gpus and (gpu := self._gpus.current) is not None:
            return GpuScreen(gpu.key, [row.key for row in self._gpus.shown], self._went_to(self._gpus))
        return None

    @staticmethod
    def _went_to(table: TablePane[Any]) -> Callable[[Hashable], None]:
        """Keeps the row selected that a screen was led to, for when that is left."""

        def select(key: Hashable) -> None:
            table.selected = key

        return select

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        gpus, engines = len(gpu_rows(view.snapshot)), len(engine_rows(view.snapshot))
        # Without a GPU one line says so, and its room goes to the engines.
        shown = min(2 + gpus, max(3, height // (4 if engines else 2))) if gpus else 2
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
                ("tokens", max(12, height * 2 // 5), 9),
                ("queue", max(10, height * 3 // 10), 8),
                ("ttft", max(12, height * 3 // 10), 7),
                ("itl", max(12, height * 3 // 10), 6),
                ("cache", max(10, height // 4), 5),
            )
        ]
        left = width // 2 if width >= 120 else width
        needed = 1 + self.query_one("#diagnosis", Diagnosis).count(view, width - left - 1 if left < width else width)
        tall = self.query_one("#phases", Phases).height(view)
        phases = ("phases", tall, tall, 4 if tall > 2 else 0)
        diagnosis = ("diagnosis", min(3, needed), min(7, needed), 8)
        known = self.query_one("#parts", Parts).count(view)
        parts = [("parts", 2, 1 + min(4 if height < 36 else 8, known), 6)] if known else []
        known = self.query_one("#quality", QualityPane).count(view)
        quality = [("quality", 2, 1 + min(4, known), 5)] if known else []
        says = [*self.query_one("#alerts", ItsAlerts).wish(view, 10), diagnosis]
        if left == width:
            columns = [[*says, *charts, phases, *parts, *quality]]
        else:
            columns = [[*charts[:2], phases, *parts], [*says, *charts[2:], *quality]]
        for number, wishes in enumerate(columns):
            x = number * (left + 1)
            for id, (y, tall) in stack(top + upper, height - upper, wishes).items():
                plan[id] = Region(x, y, min(left, width - x), tall)
        return plan

    def _wish(self, view: View, id: str, most: int, importance: int) -> tuple[str, int, int, int]:
        """The room that a chart asks for: two rows, and only if there is room, where its engine has none of it."""
        chart = self.query_one(f"#{id}", Lines)
        return (id, 4, most, importance) if chart.known(view) else (id, 2, 2, 1)
