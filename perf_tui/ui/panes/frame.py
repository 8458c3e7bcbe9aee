"""What every screen has: the header, the key bar, and the notice for terminals that are too small."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from perf_tui.engine.alerts.model import Level
from perf_tui.text import cut
from perf_tui.text import width as cells_of
from perf_tui.ui.commands import COMMANDS
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

SMALLEST = (80, 24)
"""Columns and rows below which a screen says so instead of drawing."""
SHORTEST_HOST = 8
"""Cells of the host's name that stay whatever else there is to say."""


def clock(moment: float) -> str:
    """Wall time as people read it."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


class Header(Pane):
    """Host, clock, interval, collector, alerts, own cost."""

    def draw(self, view: View, width: int, height: int) -> Rows:
        snapshot, glyphs = view.snapshot, view.glyphs
        when = (
            (f" {glyphs.dot} ", "dim"),
            (clock(snapshot.time) if snapshot.time else "--:--:--", "text"),
            (f" {glyphs.dot} every {snapshot.interval:g}s {glyphs.dot} ", "dim"),
            *_state(view),
        )
        right = _alerts(view)
        host = min(SHORTEST_HOST, cells_of(snapshot.host))
        row = Row(width)
        if width - _cells((*when, *right)) - host >= 12:  # the program's name is the first to give way
            row.put(" perf-tui ", "badge")
        room = row.gap().left - _cells(when)
        for group in _others(view):
            if _cells((*right, *group)) > room - host:
                break
            right += group
        row.put(cut(snapshot.host, room - _cells(right), glyphs.more), "strong").extend(when)
        if view.paused and row.left - _cells(right) >= 22:
            row.put(" (collection goes on)", "dim")
        return [row.to(width - _cells(right)).extend(right).done()]


def _cells(spans: Spans) -> int:
    return sum(cells_of(text) for text, _ in spans)


def _state(view: View) -> Spans:
    glyphs = view.glyphs
    if not view.alive:
        return ((f"{glyphs.marks['critical']} collector stopped", "critical"),)
    if view.paused:
        return ((f"{glyphs.paused} paused", "warning"),)
    return ((f"{glyphs.live} ", "ok"), ("live", "dim"))


def _alerts(view: View) -> Spans:
    """How many alerts fire, by level: this is always shown."""
    counts = Counter(alert.level for alert in view.snapshot.alerts if alert.firing)
    spans: Spans = ()
    for level, name in ((Level.CRITICAL, "critical"), (Level.WARNING, "warning")):
        if counts[level]:
            plural = "s" if name == "warning" and counts[level] > 1 else ""
            words = f" {view.glyphs.marks[name]} {counts[level]} {name}{plural} "
            spans += ((words, f"badge_{name}"), (" ", "text"))
    return spans


def _others(view: View) -> Iterator[Spans]:
    """What else stands at the right end, the most important first."""
    failed = sum(source.status in ("error", "denied") for source in view.snapshot.sources)
    if failed:
        words = f"{view.glyphs.marks['warning']} {failed} source{'s' if failed > 1 else ''} failed "
        yield ((words, "warning"),)
    yield ((f"self {view.text(view.snapshot.get('self.cpu'), 'ratio'):>5} ", "dim"),)


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
