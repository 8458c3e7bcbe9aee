"""One service's own screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.ui.panes.alerts import ItsAlerts
from perf_tui.ui.panes.charts import Filled
from perf_tui.ui.panes.service_charts import HeatMap, Traffic
from perf_tui.ui.panes.service_detail import Facts, LatencyPlot
from perf_tui.ui.panes.services import Routes, service_rows
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane


class ServiceScreen(LiveScreen):
    """Everything about one service; `n` and `N` go to its neighbours, Esc goes back."""

    name_of = "app"
    log_rows = (2, 3, 5)

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def panes(self) -> Sequence[Pane]:
        def subject() -> dict[str, str]:
            return {"service": self.service}

        return (
            Facts("facts", subject),
            LatencyPlot("plot", subject),
            Traffic("traffic", subject),
            Filled("active", "in flight", "app.request.active", "chart2", subject),
            HeatMap("heat", subject),
            Routes("routes", subject),
            ItsAlerts("alerts", lambda key: key.label("service") == self.service),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        wide = width >= 120
        left = width * 3 // 5 if wide else width
        rows = stack(
            top,
            height,
            [
                *self.query_one("#alerts", ItsAlerts).wish(view, 10),
                *([] if wide else [("facts", 4, 15, 4)]),
                ("plot", 8, 18, 9),
                ("traffic", 4, 8, 7),
                ("active", 3, 5, 2),
                ("heat", 6, 12, 6),
                *([] if wide else [("routes", 4, 10, 5)]),
            ],
        )
        plan = {id: Region(0, y, left, tall) for id, (y, tall) in rows.items()}
        if wide:
            facts = min(17, height // 2)
            plan["facts"] = Region(left + 1, top, width - left - 1, facts)
            plan["routes"] = Region(left + 1, top + facts, width - left - 1, height - facts)
        return plan

    def neighbour(self, step: int) -> None:
        """Show the next service, or the one before, in the order of trouble."""
        rows = sorted(service_rows(self.perf.view.snapshot), key=lambda row: row.trouble, reverse=True)
        names = [row.service.name for row in rows]
        if names:
            at = names.index(self.service) if self.service in names else -step
            self.service = names[(at + step) % len(names)]
            self.paint()
