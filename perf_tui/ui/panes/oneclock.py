"""One clock: charts of all layers under each other on one time axis, so that a spike in one is under the spike in
the other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import isnan

from perf_tui.engine.alerts.model import Change
from perf_tui.engine.snapshot import TICK_TIME
from perf_tui.export.choice import Choice, choose
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.units import number
from perf_tui.text import cut
from perf_tui.ui.draw.charts import area, nice
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.alertlog import subject
from perf_tui.ui.panes.levels import in_runs, level_runs
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

LABEL, NUMBERS = 18, 22


class OneClock(Pane):
    """What is wrong comes first; the rest of the room goes to what matters in health."""

    title = "one clock"

    def draw(self, view: View, width: int, height: int) -> Rows:
        if height < 3:
            return []
        # More than six only where each has room to be read.
        chosen = choose(view.snapshot, most=max(1, min((height - 1) // 2, max(6, (height - 1) // 6))))
        if not chosen:
            return [Row(width).gap().put("no number yet", "dim").done()]
        return charts(chosen, width, height, view)


def charts(chosen: Sequence[Choice], width: int, height: int, view: View) -> Rows:
    """Charts under each other in exactly `height` rows, and their axis; at least one is chosen."""
    each, spare = divmod(height - 1, len(chosen))
    line = Timeline(view.snapshot, max(10, width - LABEL - NUMBERS))
    rows: Rows = []
    for place, choice in enumerate(chosen):
        rows.extend(_chart(choice, line, each + (1 if place < spare else 0), width, view))
    rows.append(_axis(line, width, view))
    return rows


def _chart(choice: Choice, line: Timeline, rows: int, width: int, view: View) -> Rows:
    if rows < 1:
        return []
    measure = CATALOGUE[choice.key.id]
    points = line.points(choice.key, per_column=2)
    known = [point for point in points if not isnan(point)]
    high = nice(max(known, default=0.0), measure.unit)
    value = view.text(view.snapshot.get(choice.key.id, **dict(choice.key.labels)), measure.unit)
    top, low = (number(max(known), measure.unit), number(min(known), measure.unit)) if known else ("", "")
    runs = level_runs(points, choice.key.id)
    drawn: Rows = []
    for y, text in enumerate(area(points, rows, high, view.glyphs)):
        row = Row(width).gap()
        if y == 0:
            row.cell(
                cut(choice.name or subject(choice.key), LABEL - 2, view.glyphs.more),
                LABEL - 2,
                "text" if choice.role == "chart1" else choice.role,
            )
        elif y == 1:
            row.cell(
                f"0–{number(high, measure.unit)}".replace("–", "-" if view.glyphs.ascii_only else "–"),
                LABEL - 2,
                "dim",
            )
        row.to(LABEL - 1).extend(in_runs(text, runs)).gap()
        if y == 0:
            row.cell(value, 10, "strong", ">").gap()
            both = f"{low}-{top}"
            row.put(both if rows == 1 and len(both) <= row.left else f"{view.glyphs.up}{top}", "dim")
        elif y == 1:
            row.gap(11).put(f"{view.glyphs.down}{low}", "dim")
        drawn.append(row.done())
    return drawn


def _axis(line: Timeline, width: int, view: View) -> Spans:
    """The axis, with a mark where an alert was raised or got worse."""
    drawn = line.axis(view.glyphs.rule).replace("−", "-" if view.glyphs.ascii_only else "−")
    text = list(drawn)
    times = [(time, at) for at, time in enumerate(line.values(TICK_TIME)) if not isnan(time)]
    for each in view.snapshot.log:
        # The mark stands at the tick of its time; what is older than the axis has none.
        if each.change in (Change.RAISED, Change.ESCALATED) and times and times[0][0] <= each.time:
            place = bisect_left(times, (each.time - 0.001, 0))
            if place < len(times):
                text[_free(drawn, times[place][1] // line.ticks, view.glyphs.rule)] = view.glyphs.alert
    return Row(width).to(LABEL - 1).put("".join(text), "rule").done()


def _free(axis: str, column: int, rule: str) -> int:
    """The place of the axis nearest to a column that no label takes."""
    return min((at for at, char in enumerate(axis) if char == rule), key=lambda at: abs(at - column), default=column)
