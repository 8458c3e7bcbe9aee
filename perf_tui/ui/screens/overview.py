"""Screen 1: is it well, and if not, where?"""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.screen import Screen

from perf_tui.measures.workers import rows as workers
from perf_tui.ui.panes.engines import EnginesTile, engine_rows
from perf_tui.ui.panes.gpus import gpu_rows
from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.machine import Machine
from perf_tui.ui.panes.meters import width_beside
from perf_tui.ui.panes.oneclock import OneClock
from perf_tui.ui.panes.processes import TopProcesses
from perf_tui.ui.panes.quality import QualityTile, telling
from perf_tui.ui.panes.services import ServicesTile
from perf_tui.ui.panes.verdict import Verdict
from perf_tui.ui.panes.workers import WorkersStrip, worst_first
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane


class Overview(LiveScreen):
    """Verdict, the layers, one clock, the top processes."""

    name_of = "overview"

    def panes(self) -> Sequence[Pane]:
        return (
            Verdict("verdict"),
            ServicesTile("services"),
            Invitation("app", "application", "no service is watched", "press 2 to see what was looked for"),
            Machine("machine"),
            EnginesTile("engines"),
            Invitation("ai", "ai", "no inference server is watched", "press 4 to see what was looked for"),
            QualityTile("quality"),
            WorkersStrip("workers"),
            OneClock("clock"),
            TopProcesses("top"),
        )

    def opened(self) -> Screen[None] | None:
        if isinstance(self.focused, WorkersStrip):
            from perf_tui.ui.screens.worker import WorkerScreen  # loaded with the first that is opened

            found = [worker.id for worker in worst_first(workers(self.perf.view.snapshot.tables))]
            return WorkerScreen(found[0], found) if found else None
        return None

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        half = width_beside(width)
        wide = half < width
        findings = min(3, max(1, sum(alert.firing for alert in view.snapshot.alerts)))
        services = len(view.snapshot.tables.get("services", ()))  # type: ignore[arg-type]
        machine = 8 + bool(gpu_rows(view.snapshot))
        engines = len(engine_rows(view.snapshot))
        scores = len(telling(view.snapshot))
        rows = stack(
            top,
            height,
            [
                ("verdict", findings, findings, 9),
                ("services", min(4, 2 + services), 2 + min(8, services), 7) if services else ("app", 2, 2, 4),
                ("machine", machine, machine, 8),
                ("engines", min(4, 2 + engines), 2 + min(8, engines), 7) if engines else ("ai", 2, 2, 4),
                *([("quality", min(2 if height > 30 else 1, scores), min(2, scores), 5)] if scores else []),
                *(
                    [("workers", 2, 2, 5)]
                    if view.config.ui.mode == "dashboard" and workers(view.snapshot.tables)
                    else []
                ),
                ("clock", 4, height if wide else 17, 6),
                *([] if wide else [("top", 4, 60, 2)]),
            ],
        )
        plan = {id: Region(0, y, width, tall) for id, (y, tall) in rows.items()}
        if wide and "machine" in plan:
            y, tall = rows["machine"]
            plan["machine"] = Region(0, y, half, tall)
            plan["top"] = Region(half + 1, y, width - half - 1, tall)
        return plan
