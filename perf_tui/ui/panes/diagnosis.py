"""What holds the selected inference server back, with the numbers that say so and what mends it."""

from __future__ import annotations

from perf_tui.engine.diagnosis import diagnose
from perf_tui.text import cut
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.charts import ChartPane
from perf_tui.ui.view import Rows, View


class Diagnosis(ChartPane):
    """A finding takes two lines: what and why, then what to do."""

    title = "diagnosis"

    def draw(self, view: View, width: int, height: int) -> Rows:
        labels = self.subject()
        rows: Rows = []
        for finding in diagnose(view.snapshot, labels.get("engine", ""), labels.get("model", "")):
            level = finding.level.word
            row = Row(width).gap().put(f"{view.glyphs.marks[level]} {finding.title}  ", level)
            rows.append(row.put(cut(finding.evidence, row.left, view.glyphs.more)).done())
            row = Row(width).gap(3)
            rows.append(row.put(cut(finding.remedy, row.left, view.glyphs.more), "dim").done())
        if not rows:
            mark = view.glyphs.marks["ok"]
            rows.append(Row(width).gap().put(f"{mark} ", "ok").put("nothing holds it back", "dim").done())
        return rows[:height]
