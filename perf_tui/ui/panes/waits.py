"""Pressure and connections: short lists of numbers with their past."""

from __future__ import annotations

from perf_tui.measures.model import series
from perf_tui.ui.draw.charts import spark
from perf_tui.ui.draw.row import Row
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.levels import level_role
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane


class Stalls(Pane):
    """Pressure: the share of time in which some, or all, tasks waited."""

    title = "pressure"

    def head(self, view: View) -> tuple[str, str]:
        return self.title, "stalled in the last 10s"

    def draw(self, view: View, width: int, height: int) -> Rows:
        rows = [Row(width).gap().cell("", 7).cell("some", 5, "dim", ">").gap().cell("all", 5, "dim", ">").done()]
        line = Timeline(view.snapshot, max(0, width - 23))
        for resource in ("cpu", "memory", "io"):
            row = Row(width).gap().cell(resource, 7, "dim")
            for stat in ("some", "full"):
                value = view.snapshot.get("system.pressure", resource=resource, stat=stat)
                row.cell(view.text(value, "ratio"), 5, level_role("system.pressure", value), ">").gap()
            if line.columns >= 6:
                key = series("system.pressure", resource=resource, stat="some")
                row.gap().put(spark(line.points(key), 1.0, view.glyphs), "chart1")
            rows.append(row.done())
        return rows


_USUAL = ("established", "listen", "time_wait", "close_wait", "udp")


class Connections(Pane):
    """TCP sockets by state, and UDP sockets."""

    title = "connections"

    def draw(self, view: View, width: int, height: int) -> Rows:
        found = {key.label("state"): value for key, value in view.snapshot.all("system.network.connections")}
        if "" in found:
            return [Row(width).gap().put(found[""].reason or view.text(found[""], "1"), "dim").done()]
        states = [state for state in _USUAL if state in found]
        states += sorted((s for s in found if s not in _USUAL), key=lambda s: -(found[s].number or 0))
        columns = max(1, width // 22)
        rows = []
        for y in range(min(height, -(-len(states) // columns))):
            row = Row(width).gap()
            for state in states[y * columns : (y + 1) * columns]:
                role = "warning" if state == "close_wait" and (found[state].number or 0) >= 100 else "text"
                row.cell(state, 13, "dim").cell(view.text(found[state], "1"), 6, role, ">").gap(3)
            rows.append(row.done())
        return rows or [Row(width).gap().put(view.glyphs.more, "dim").done()]
