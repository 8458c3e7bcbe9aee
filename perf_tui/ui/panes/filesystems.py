"""Space on file systems, the fullest first."""

from __future__ import annotations

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.text import fit
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.levels import bar_role, level_role
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

_FULL = "system.filesystem.utilization"


class Filesystems(Pane):
    """One line for each mount; those that do not answer come first."""

    title = "file systems"

    def draw(self, view: View, width: int, height: int) -> Rows:
        found = sorted(
            view.snapshot.all(_FULL), key=lambda pair: -(pair[1].number if pair[1].number is not None else 2)
        )
        rows = []
        for key, value in found[:height]:
            mount = key.label("mount")
            row = Row(width).gap().put(fit(mount, max(6, min(24, width // 3)), "<", view.glyphs.more)).gap()
            if value.number is None:
                rows.append(row.put(value.reason or view.text(value, "ratio"), "warning").done())
                continue
            whole = view.text(view.snapshot.get("system.filesystem.total", mount=mount), "By")
            words = f"{view.text(value, 'ratio'):>5} of {whole:>7}"
            bar = meter(
                value.number, row.left - len(words) - 2, bar_role(_FULL, value), view.glyphs, CATALOGUE[_FULL].warning
            )
            rows.append(row.extend(bar).gap().put(words, level_role(_FULL, value)).done())
        return rows or [Row(width).gap().put(view.glyphs.more, "dim").done()]
