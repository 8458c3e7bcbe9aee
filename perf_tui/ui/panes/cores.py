"""CPU: the whole machine over time, and every core as a small meter with its own past where there is room."""

from __future__ import annotations

from math import isnan, nan

from perf_tui.measures.model import Series, Value, series
from perf_tui.ui.draw.charts import area, spark
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.levels import bar_role, in_runs, level_role, level_runs
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

_CORE = "system.cpu.core.utilization"
NUMBER = 10
"""Cells of a core that is a number alone, without those of its name."""


def rows_of(cores: int, width: int, most: int) -> int:
    """Rows, of at most `most` and with the pane's head, in which all cores are shown in the most detail."""
    for cells in (30, 20, NUMBER + _digits(cores)):
        rows = 1 + -(-cores // max(1, (width - 1) // cells))
        if rows <= most:
            return rows
    return min(most, 1 + -(-cores // max(1, width - 2)))


def _digits(cores: int) -> int:
    return len(str(max(0, cores - 1)))


class CpuHistory(Pane):
    """Utilization of the whole machine."""

    def head(self, view: View) -> tuple[str, str]:
        snapshot = view.snapshot
        parts = [
            f"{name} {view.text(snapshot.get(f'system.cpu.{id}'), 'ratio'):>5}"
            for name, id in (("iowait", "iowait"), ("steal", "steal"))
        ]
        loads = " ".join(view.text(snapshot.get("system.load", period=period), "1") for period in ("1m", "5m", "15m"))
        return (
            f"CPU {view.text(snapshot.get('system.cpu.utilization'), 'ratio'):>5}",
            f"{'  '.join(parts)}  load {loads}",
        )

    def draw(self, view: View, width: int, height: int) -> Rows:
        key = series("system.cpu.utilization")
        line = Timeline(view.snapshot, width - 2)
        points = line.points(key, 2)
        runs = level_runs(points, key.id)
        rows = area(points, max(1, height - 1), 1.0, view.glyphs)
        axis = line.axis(view.glyphs.rule).replace("−", "-" if view.glyphs.ascii_only else "−")
        return [
            *(Row(width).gap().extend(in_runs(text, runs)).done() for text in rows),
            Row(width).gap().put(axis, "rule").done(),
        ]


def _cores(view: View) -> list[tuple[Series, Value]]:
    # What could not be read at all is one value without a label.
    return [(key, value) for key, value in view.snapshot.all(_CORE) if key.labels]


class Cores(Pane):
    """Every core in as much detail as the room allows: with history, as a meter, as a number, as one cell."""

    def head(self, view: View) -> tuple[str, str]:
        cores = _cores(view)
        busy = sum((value.number or 0) >= 0.9 for _, value in cores)
        return f"{len(cores) or 'no'} core{'s' if len(cores) != 1 else ''}", f"{busy} above 90%" if busy else ""

    def draw(self, view: View, width: int, height: int) -> Rows:
        cores = _cores(view)
        if not cores:
            value = view.snapshot.get(_CORE)
            return [Row(width).gap().put(value.reason or view.text(value, "ratio"), "dim").done()]
        for cells in (40, 30, 20, NUMBER + _digits(len(cores))):
            columns = max(1, (width - 1) // cells)
            lines = -(-len(cores) // columns)
            if lines <= height:
                # Spread over the width: whole columns, each as wide as can be.
                columns = -(-len(cores) // lines) if lines > 1 else len(cores)
                return self._field(
                    cores, min(columns, len(cores)), min(60, (width - 1) // max(1, columns)), view, width
                )
        return self._dense(cores, view, width, height)

    def _field(self, cores: list[tuple[Series, Value]], columns: int, cells: int, view: View, width: int) -> Rows:
        lines = -(-len(cores) // columns)
        past = (cells - 12) // 2 if cells >= 28 else 0
        digits = _digits(len(cores))
        bar = cells - NUMBER - 1 - digits - (past + 1 if past else 0)
        line = Timeline(view.snapshot, max(1, past), ticks=1)
        rows = []
        for y in range(lines):
            row = Row(width).gap()
            for key, value in cores[y::lines]:
                row.cell(key.label("cpu"), digits, "dim", ">").gap()
                row.extend(meter(value.number, bar if bar >= 2 else 0, bar_role(_CORE, value), view.glyphs))
                row.put(f"{view.text(value, 'ratio'):>6}", level_role(_CORE, value)).gap()
                if past:
                    row.put(spark(line.points(key), 1.0, view.glyphs), "dim").gap()
                row.gap(2)
            rows.append(row.done())
        return rows

    @staticmethod
    def _dense(cores: list[tuple[Series, Value]], view: View, width: int, height: int) -> Rows:
        """One cell a core, or the busiest of a few: machines with more cores than there is room for meters."""
        each = -(-len(cores) // max(1, height * (width - 2)))
        busiest = [
            max(
                (value for _, value in cores[at : at + each]),
                key=lambda value: -1.0 if _unknown(value) else value.number or 0.0,
            )
            for at in range(0, len(cores), each)
        ]
        rows = []
        for begin in range(0, len(busiest), width - 2):
            row = Row(width).gap()
            for value in busiest[begin : begin + width - 2]:
                amount = nan if _unknown(value) else value.number or 0.0
                row.put(spark([amount], 1.0, view.glyphs), bar_role(_CORE, value))
            rows.append(row.done())
        return rows


def _unknown(value: Value) -> bool:
    return value.number is None or isnan(value.number)
