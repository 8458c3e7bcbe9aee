"""Disks and network interfaces: a line each, with what goes in and out side by side and over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Value, series
from perf_tui.text import fit
from perf_tui.ui.draw.charts import nice, spark, top_of
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.machine import bar_role, level_role
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a device's line."""

    title: str
    id: str
    cells: int


class Devices(Pane):
    """A line for each device: its name, numbers, and the past of its two directions."""

    label = ""
    cells: Sequence[Cell] = ()
    ways: tuple[str, str] = ("", "")
    """The measures whose past is drawn."""
    name_cells = 10

    def names(self, view: View) -> list[str]:
        """The devices, the busiest of the last minutes first."""
        keys = view.snapshot.index.get(self.ways[0], ())
        names = [key.label(self.label) for key in keys]
        return sorted(names, key=lambda name: -self._moved(name, view))

    def _moved(self, name: str, view: View) -> float:
        return sum(
            value
            for id in self.ways
            for value in view.snapshot.past(series(id, **{self.label: name}), 150)
            if not isnan(value)
        )

    def draw(self, view: View, width: int, height: int) -> Rows:
        names = self.names(view)
        if not names:
            value = view.snapshot.get(self.ways[0])
            return [Row(width).gap().put(f"{self.title}: {value.reason or view.glyphs.more}", "dim").done()]
        fixed = self.name_cells + sum(cell.cells + 1 for cell in self.cells) + 2
        past = max(0, (width - fixed - 2) // 2)
        past = past if past >= 6 else 0
        head = Row(width).gap().cell(self.label, self.name_cells, "dim")
        for cell in self.cells:
            head.cell(cell.title, cell.cells, "dim", ">").gap()
        if past:
            for id in self.ways:
                head.gap().cell(CATALOGUE[id].title, past, "dim")
        shown = names[: height - 1] if len(names) <= height - 1 else names[: height - 2]
        rows = [head.done(), *(self._line(name, past, view, width) for name in shown)]
        if len(names) > len(shown):
            rows.append(Row(width).gap().put(f"{len(names) - len(shown)} more, quieter", "dim").done())
        return rows

    def _line(self, name: str, past: int, view: View, width: int) -> Spans:
        row = Row(width).gap().put(fit(name, self.name_cells - 1, "<", view.glyphs.more)).gap()
        for cell in self.cells:
            value = view.snapshot.get(cell.id, **{self.label: name})
            row.cell(view.text(value, CATALOGUE[cell.id].unit), cell.cells, _role(cell.id, value), ">").gap()
        if past:
            line = Timeline(view.snapshot, past)
            keys = [series(id, **{self.label: name}) for id in self.ways]
            histories = [line.points(key) for key in keys]
            high = nice(max(top_of(history) for history in histories), least=1024.0)
            for history, role in zip(histories, ("chart1", "chart2"), strict=True):
                row.gap().put(spark(history, high, view.glyphs), role)
        return row.done()


def _role(id: str, value: Value) -> str:
    return "dim" if value.number is None else level_role(id, value)


class Disks(Devices):
    title = "disks"
    label = "device"
    cells = (
        Cell("read", "system.disk.read", 9),
        Cell("write", "system.disk.write", 9),
        Cell("r/s", "system.disk.read_ops", 7),
        Cell("w/s", "system.disk.write_ops", 7),
        Cell("busy", "system.disk.busy", 5),
    )
    ways = ("system.disk.read", "system.disk.write")


class Networks(Devices):
    title = "network"
    label = "interface"
    cells = (
        Cell("in", "system.network.receive", 9),
        Cell("out", "system.network.transmit", 9),
        Cell("link", "system.network.utilization", 5),
        Cell("loss", "system.network.loss", 5),
    )
    ways = ("system.network.receive", "system.network.transmit")

    def head(self, view: View) -> tuple[str, str]:
        return (
            self.title,
            f"retransmits {view.text(view.snapshot.get('system.network.retransmits'), 'ratio')}",
        )


class Filesystems(Pane):
    """Space, the fullest first."""

    title = "file systems"

    def draw(self, view: View, width: int, height: int) -> Rows:
        id = "system.filesystem.utilization"
        found = sorted(view.snapshot.all(id), key=lambda pair: -(pair[1].number if pair[1].number is not None else 2))
        rows = []
        for key, value in found[:height]:
            mount = key.label("mount")
            row = Row(width).gap().put(fit(mount, max(6, min(20, width // 4)), "<", view.glyphs.more)).gap()
            if value.number is None:
                rows.append(row.put(value.reason or view.text(value, "ratio"), "warning").done())
                continue
            used = view.snapshot.get("system.filesystem.used", mount=mount)
            whole = view.snapshot.get("system.filesystem.total", mount=mount)
            words = f"{view.text(value, 'ratio'):>5} {view.text(used, 'By'):>7} of {view.text(whole, 'By'):>7}"
            row.extend(
                meter(
                    value.number,
                    max(4, row.left - len(words) - 2),
                    bar_role(id, value),
                    view.glyphs,
                    CATALOGUE[id].warning,
                )
            )
            rows.append(row.gap().put(words, level_role(id, value)).done())
        return rows or [Row(width).gap().put(view.glyphs.more, "dim").done()]
