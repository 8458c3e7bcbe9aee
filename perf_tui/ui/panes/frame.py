"""What every screen has: the header, the key bar, and the notice for terminals that are too small."""

from __future__ import annotations

from perf_tui.ui.commands import COMMANDS
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.header import header
from perf_tui.ui.view import SMALLEST, Rows, View
from perf_tui.ui.widgets.pane import Pane


class Header(Pane):
    """Host, clock, interval, collector, alerts, own cost."""

    def draw(self, view: View, width: int, height: int) -> Rows:
        return [header(view, width)]


class KeyBar(Pane):
    """The keys of the moment; help and quit are never left out."""

    def __init__(self, id: str, screen: str) -> None:
        super().__init__(id)
        self._screen = screen

    def draw(self, view: View, width: int, height: int) -> Rows:
        keys = self.perf.keys
        shown = [command for command in COMMANDS if command.bar]
        ends = [command for command in shown if command.id in ("help", "quit")]
        middle = [command for command in shown if command not in ends]
        room = width - 1 - sum(len(keys[command.id]) + len(command.title) + 3 for command in ends)
        row = Row(width).gap()
        for command in middle:
            cells = len(keys[command.id]) + len(command.title) + 3
            if cells > room:
                break
            room -= cells
            here = command.id == self._screen
            row.put(keys[command.id], "key").put(" ")
            row.put(command.title, "badge" if here else "dim").put("  ")
        row.to(width - sum(len(keys[command.id]) + len(command.title) + 3 for command in ends))
        for command in ends:
            row.put(keys[command.id], "key").put(f" {command.title}  ", "dim")
        return [row.done()]


class TooSmall(Pane):
    """One line for terminals in which nothing can be read."""

    def draw(self, view: View, width: int, height: int) -> Rows:
        words = f"{width}x{height}: perf-tui needs {SMALLEST[0]}x{SMALLEST[1]}"
        if len(words) > width:
            words = f"{width}x{height} < {SMALLEST[0]}x{SMALLEST[1]}"
        return [Row(width).put(words, "warning").done()]
