"""A layer without a source: what was looked for, and the one thing that brings it."""

from __future__ import annotations

from perf_tui.ui.draw.row import Row
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane


class Invitation(Pane):
    """Its title, and one or two lines."""

    def __init__(self, id: str, title: str, missing: str, brings: str) -> None:
        super().__init__(id)
        self.title = title
        self._missing = missing
        self._brings = brings

    def draw(self, view: View, width: int, height: int) -> Rows:
        row = Row(width).gap().put(f"{view.glyphs.states['waiting']} ", "dim").put(self._missing, "dim")
        if height == 1 and row.left > len(self._brings) + 2:
            return [row.put("  ").put(self._brings, "text").done()]
        return [row.done(), Row(width).gap(3).put(self._brings, "text").done()]
