"""Memory as one bar of what it is used for, its past, and swap."""

from __future__ import annotations

from perf_tui.measures.model import series
from perf_tui.ui.draw.charts import area
from perf_tui.ui.draw.meter import meter, stacked
from perf_tui.ui.draw.row import Row
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.levels import bar_role, in_runs, level_runs
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

_PARTS = (("used", "used", "chart1"), ("cached", "cached", "chart2"), ("buffers", "buffers", "chart3"))


class Memory(Pane):
    """Used, cached, buffers, available; swap; history."""

    def head(self, view: View) -> tuple[str, str]:
        snapshot = view.snapshot
        used = view.text(snapshot.get("system.memory.utilization"), "ratio")
        return f"memory {used:>5}", f"{view.text(snapshot.get('system.memory.total'), 'By')}"

    def draw(self, view: View, width: int, height: int) -> Rows:
        snapshot = view.snapshot
        whole = snapshot.get("system.memory.total").number or 0.0
        amounts = {name: snapshot.get(f"system.memory.{id}") for name, id, _ in _PARTS}
        level = bar_role("system.memory.utilization", snapshot.get("system.memory.utilization"))
        parts = [
            ((amounts[name].number or 0.0) / whole if whole else 0.0, level if name == "used" else role)
            for name, _, role in _PARTS
        ]
        rows = [Row(width).gap().extend(stacked(parts, width - 2, view.glyphs)).done()]
        roomy = width >= 64
        legend = Row(width).gap()
        for name, _, role in _PARTS if roomy else _PARTS[:2]:
            amount = view.text(amounts[name], "By")
            legend.whole(
                (view.glyphs.column[-1], level if name == "used" else role),
                (f" {name} ", "dim"),
                (f"{amount:>7}  " if roomy else f"{amount} ", "text"),
            )
        available = view.text(snapshot.get("system.memory.available"), "By")
        legend.whole(("available " if roomy else "avail ", "dim"), (f"{available:>7}" if roomy else available, "text"))
        rows.append(legend.done())
        swap = snapshot.get("system.swap.utilization")
        row = Row(width).gap().cell("swap", 5, "dim")
        if snapshot.get("system.swap.total").number == 0:
            row.put("none", "dim")
        else:
            row.extend(meter(swap.number, max(6, width - 34), bar_role("system.swap.utilization", swap), view.glyphs))
            used, space = (view.text(snapshot.get(f"system.swap.{name}"), "By") for name in ("used", "total"))
            row.put(f"{view.text(swap, 'ratio'):>6}").whole((f" {used:>8} of {space}", "text"))
        rows.append(row.done())
        left = height - len(rows)
        if left >= 2:
            key = series("system.memory.utilization")
            points = Timeline(snapshot, width - 2).points(key, 2)
            runs = level_runs(points, key.id)
            chart = area(points, left, 1.0, view.glyphs)
            rows = [*(Row(width).gap().extend(in_runs(text, runs)).done() for text in chart), *rows]
        return rows
