"""Screen 4: GPUs, inference servers, and the selected one over time."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.ui.panes.charts import Lines
from perf_tui.ui.panes.engines import CACHE, QUEUE, TOKENS, Engines, engine_rows, quantiles
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.phases import Phases
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane

LOOKED_FOR = "no GPU and no inference server was found on this machine"
BRINGS = "perf-tui discover shows what was tried; or name an inference server's metrics in [[targets]] of config.toml"


class Ai(LiveScreen):
    """The engines; below, the charts of the selected one in two columns where there is room."""

    name_of = "ai"
    first_focus = "engines"
    log_rows = (2, 3, 5)

    def panes(self) -> Sequence[Pane]:
        self._engines = Engines("engines")
        subject = self._engines.subject
        return (
            self._engines,
            Lines("tokens", "tokens per second", TOKENS, subject, named=True),
            Lines("queue", "requests", QUEUE, subject),
            Lines("ttft", "time to first token", quantiles("ai.latency.ttft"), subject),
            Lines("itl", "time between tokens", quantiles("ai.latency.itl"), subject),
            Lines("cache", "caches", CACHE, subject),
            Phases("phases", subject),
            Invitation("missing", "ai", LOOKED_FOR, BRINGS),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        engines = len(engine_rows(view.snapshot))
        if not engines:
            return {"missing": Region(0, top, width, 3)}
        upper = max(3, min(2 + engines, height // 3))
        plan = {"engines": Region(0, top, width, upper)}
        charts = [("tokens", 4, 12, 9), ("queue", 4, 10, 8), ("ttft", 4, 12, 7), ("itl", 4, 12, 6), ("cache", 4, 10, 5)]
        phases = ("phases", 3, 3, 4)
        left = width // 2 if width >= 120 else width
        columns = [[*charts, phases]] if left == width else [[*charts[:2], phases], charts[2:]]
        for number, wishes in enumerate(columns):
            x = number * (left + 1)
            for id, (y, tall) in stack(top + upper, height - upper, wishes).items():
                plan[id] = Region(x, y, min(left, width - x), tall)
        return plan
