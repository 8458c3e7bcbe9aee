"""Text that is longer than its pane: wrapped, and scrolled with the keys and the wheel."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import MouseScrollDown, MouseScrollUp

from perf_tui.text import wrap
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane


class Scrolled(Pane):
    """Subclasses give the lines. A pane that follows stays at the end until it is scrolled away from there."""

    focusable = True
    follows = False

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._top: int | None = None
        self._page = 1
        self._last = 0
        """The top row at which the last page begins."""

    def lines(self, view: View, width: int) -> Sequence[Spans]:
        """All rows, each exactly `width` cells; of nothing, one that says so."""
        raise NotImplementedError

    def draw(self, view: View, width: int, height: int) -> Rows:
        rows = self.lines(view, width)
        self._page, self._last = max(1, height), max(0, len(rows) - height)
        if self._top is not None and self._top >= self._last and self.follows:
            self._top = None
        top = min(self._at, self._last)
        return list(rows[top : top + height])

    @property
    def _at(self) -> int:
        return self._top if self._top is not None else self._last if self.follows else 0

    def move(self, how: str) -> None:
        """Scroll."""
        steps = {
            "up": -1, "down": 1, "page_up": -self._page, "page_down": self._page, "top": -(10**6), "bottom": 10**6,
        }  # fmt: skip
        self._top = max(0, min(self._at + steps.get(how, 0), self._last))
        self.redraw()

    def home(self) -> None:
        """Back to where it begins: it is about something else now."""
        self._top = None

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.move("down")

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.move("up")


def paragraph(words: str, width: int, role: str = "text", before: str = "", before_role: str = "dim") -> Rows:
    """A text in as many rows as it takes; what stands before it is in the first, the others begin under the text."""
    rows = []
    for number, line in enumerate(wrap(words, max(1, width - 1 - len(before)))):
        row = Row(width).gap()
        rows.append((row.put(before, before_role) if number == 0 else row.gap(len(before))).put(line, role).done())
    return rows
