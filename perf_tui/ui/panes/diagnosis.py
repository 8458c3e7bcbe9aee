"""What holds the selected inference server back, with the numbers that say so and what mends it."""

from __future__ import annotations

from collections.abc import Sequence

from perf_tui.engine.diagnosis import Finding, diagnose
from perf_tui.text import cut
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.charts import ChartPane
from perf_tui.ui.panes.scrolled import paragraph
from perf_tui.ui.view import Rows, View


class Diagnosis(ChartPane):
    """A finding takes two lines, what and why, then what to do; as many as it needs where there is room for all."""

    title = "diagnosis"

    def found(self, view: View) -> Sequence[Finding]:
        """The findings, the worst first."""
        labels = self.subject()
        return diagnose(view.snapshot, labels.get("engine", ""), labels.get("model", ""))

    def count(self, view: View, width: int) -> int:
        """Rows that all of it takes."""
        found = self.found(view)
        return sum(len(_whole(each, view, width)) for each in found) or 1

    def draw(self, view: View, width: int, height: int) -> Rows:
        found = self.found(view)
        if not found:
            mark = view.glyphs.marks["ok"]
            return [Row(width).gap().put(f"{mark} ", "ok").put("nothing holds it back", "dim").done()]
        whole = [row for each in found for row in _whole(each, view, width)]
        return whole if len(whole) <= height else [row for each in found for row in _short(each, view, width)][:height]


def _short(finding: Finding, view: View, width: int) -> Rows:
    level = finding.level.word
    first = Row(width).gap().put(f"{view.glyphs.marks[level]} {finding.title}  ", level)
    then = Row(width).gap(3)
    return [
        first.put(cut(finding.evidence, first.left, view.glyphs.more)).done(),
        then.put(cut(finding.remedy, then.left, view.glyphs.more), "dim").done(),
    ]


def _whole(finding: Finding, view: View, width: int) -> Rows:
    level = finding.level.word
    first = Row(width).gap().put(f"{view.glyphs.marks[level]} {finding.title}  ", level)
    if len(finding.evidence) <= first.left:
        rows: Rows = [first.put(finding.evidence).done()]
    else:
        rows = [first.done(), *paragraph(finding.evidence, width, "text", "  ")]
    return [*rows, *paragraph(finding.remedy, width, "dim", "  ")]
