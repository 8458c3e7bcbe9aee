"""Disks and network interfaces: a line each, with what goes in and out as numbers and over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import series
from perf_tui.text import fit
from perf_tui.ui.draw.charts import nice, spark, top_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.levels import level_role
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

SHORTEST_PAST = 8
"""Cells below which a history tells nothing."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a device's line."""

    title: str
    id: str
    cells: int
    importance: int
    """Numbers of the least importance go first where there is no room."""


class Devices(Pane):
    """A line for each device: its name, numbers, and the past of its two directions."""

    label = ""
    cells: Sequence[Cell] = ()
    ways: Sequence[tuple[str, str]] = ()
    """Title and measure of the two directions whose past is drawn."""
    name_cells = 10

    def names(self, view: View) -> list[str]:
        """The devices, the busiest of the last minutes first."""
        keys = view.snapshot.index.get(self.ways[0][1], ())
        return sorted((key.label(self.label) for key in keys if key.labels), key=lambda name: -self._moved(name, view))

    def _moved(self, name: str, view: View) -> float:
        return sum(
            value
            for _, id in self.ways
            for value in view.snapshot.past(series(id, **{self.label: name}), 150)
            if not isnan(value)
        )

    def draw(self, view: View, width: int, height: int) -> Rows:
        names = self.names(view)
        if not names:
            value = view.snapshot.get(self.ways[0][1])
            return [Row(width).gap().put(value.reason or view.glyphs.more, "dim").done()]
        cells = list(self.cells)
        while len(cells) > 1 and self._taken(cells) > width:
            cells.remove(min(cells, key=lambda cell: cell.importance))
        past = (width - self._taken(cells) - 3) // 2
        past = past if past >= SHORTEST_PAST else 0
        shown = names if len(names) < height else names[: height - 2]
        rows = [self._header(cells, past, width), *(self._line(name, cells, past, view, width) for name in shown)]
        if len(names) > len(shown):
            rows.append(Row(width).gap().put(f"{len(names) - len(shown)} more, quieter", "dim").done())
        return rows

    def _taken(self, cells: Sequence[Cell]) -> int:
        return 1 + self.name_cells + sum(cell.cells + 1 for cell in cells)

    def _header(self, cells: Sequence[Cell], past: int, width: int) -> Spans:
        row = Row(width).gap().cell(self.label, self.name_cells, "dim")
        for cell in cells:
            row.cell(cell.title, cell.cells, "dim", ">").gap()
        if past:
            for title, _ in self.ways:
                row.gap().cell(title, past, "dim")
        return row.done()

    def _line(self, name: str, cells: Sequence[Cell], past: int, view: View, width: int) -> Spans:
        row = Row(width).gap().put(fit(name, self.name_cells - 1, "<", view.glyphs.more)).gap()
        for cell in cells:
            value = view.snapshot.get(cell.id, **{self.label: name})
            role = level_role(cell.id, value) if value.number else "dim"
            row.cell(view.text(value, CATALOGUE[cell.id].unit), cell.cells, role, ">").gap()
        if past:
            line = Timeline(view.snapshot, past)
            histories = [line.points(series(id, **{self.label: name})) for _, id in self.ways]
            high = nice(max(map(top_of, histories)), "By/s")
            for history, role in zip(histories, ("chart1", "chart2"), strict=True):
                row.gap().put(spark(history, high, view.glyphs), role)
        return row.done()


class Disks(Devices):
    title = "disks"
    label = "device"
    cells = (
        Cell("read", "system.disk.read", 10, 4),
        Cell("write", "system.disk.write", 10, 5),
        Cell("r/s", "system.disk.read_ops", 7, 1),
        Cell("w/s", "system.disk.write_ops", 7, 2),
        Cell("busy", "system.disk.busy", 5, 6),
    )
    ways = (("read", "system.disk.read"), ("write", "system.disk.write"))


class Networks(Devices):
    title = "network"
    label = "interface"
    cells = (
        Cell("in", "system.network.receive", 10, 4),
        Cell("out", "system.network.transmit", 10, 3),
        Cell("link", "system.network.utilization", 5, 1),
        Cell("loss", "system.network.loss", 5, 2),
    )
    ways = (("in", "system.network.receive"), ("out", "system.network.transmit"))

    def head(self, view: View) -> tuple[str, str]:
        return self.title, f"retransmits {view.text(view.snapshot.get('system.network.retransmits'), 'ratio'):>5}"
