"""Screen 2: the services, and the selected one over time."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.screen import Screen

from perf_tui.ui.panes.charts import Filled, Lines
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.service_charts import LATENCIES, HeatMap, Traffic
from perf_tui.ui.panes.services import Routes, Services
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.screens.service import ServiceScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane

LOOKED_FOR = "no service with metrics was found on this machine's loopback"
BRINGS = "perf-tui discover shows what was tried; or name [[targets]] or [[access_logs]] in config.toml"


class Application(LiveScreen):
    """The table of services; below, the charts of the selected one and its routes."""

    name_of = "app"
    first_focus = "services"
    log_rows = (2, 3, 5)

    def panes(self) -> Sequence[Pane]:
        self._services = Services("services")
        subject = self._services.subject
        return (
            self._services,
            Lines("latency", "latency", LATENCIES, subject, named=True),
            Traffic("traffic", subject),
            Filled("active", "in flight", "app.request.active", "chart2", subject),
            HeatMap("heat", subject),
            Routes("routes", subject),
            Invitation("missing", "application", LOOKED_FOR, BRINGS),
        )

    def opened(self) -> Screen[None] | None:
        return (
            ServiceScreen(self._services.service) if self.focused is self._services and self._services.current else None
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        services = len(view.snapshot.tables.get("services", ()))  # type: ignore[arg-type]
        if not services:
            return {"missing": Region(0, top, width, 3)}
        wide = width >= 150
        charts = width * 2 // 3 if wide else width
        upper = max(3, min(2 + services, height // 3))
        rows = stack(
            top + upper,
            height - upper,
            [
                ("latency", 5, 16, 9),
                ("traffic", 4, 9, 8),
                ("active", 3, 6, 3),
                ("heat", 6, 14, 6),
                *([] if wide else [("routes", 4, 12, 5)]),
            ],
        )
        plan = {id: Region(0, y, charts, tall) for id, (y, tall) in rows.items()}
        plan["services"] = Region(0, top, width, upper)
        if wide:
            plan["routes"] = Region(charts + 1, top + upper, width - charts - 1, height - upper)
        return plan
