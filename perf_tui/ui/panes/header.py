"""The header: host, clock, interval, collector, alerts, own cost. A plain row, as it is drawn before the interface
is loaded as well."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from perf_tui.engine.alerts.model import Level
from perf_tui.engine.snapshot import NOT_READ
from perf_tui.text import cut
from perf_tui.text import width as cells_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.view import View

SHORTEST_HOST = 8
"""Cells of the host's name that stay whatever else there is to say."""


def clock(moment: float) -> str:
    """Wall time as people read it."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def header(view: View, width: int) -> Spans:
    """What the first row of every screen says."""
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
    badge = f"{view.badge} " if view.badge else ""
    if width - _cells((*when, *right)) - host - cells_of(badge) >= 12:  # the program's name is the first to give way
        row.put(f" perf-tui {badge}", "badge")
    elif badge:
        row.put(f" {badge}", "badge")
    room = row.gap().left - _cells(when)
    for group in _others(view):
        if _cells((*right, *group)) > room - host:
            break
        right += group
    row.put(cut(snapshot.host, room - _cells(right), glyphs.more), "strong").extend(when)
    if view.paused and row.left - _cells(right) >= 22:
        row.put(" (collection goes on)", "dim")
    return row.to(width - _cells(right)).extend(right).done()


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
    """How many alerts want somebody, by level: this is always shown."""
    counts = Counter(alert.level for alert in view.snapshot.alerts if alert.calls)
    spans: Spans = ()
    for level, name in ((Level.CRITICAL, "critical"), (Level.WARNING, "warning")):
        if counts[level]:
            plural = "s" if name == "warning" and counts[level] > 1 else ""
            words = f" {view.glyphs.marks[name]} {counts[level]} {name}{plural} "
            spans += ((words, f"badge_{name}"), (" ", "text"))
    return spans


def _others(view: View) -> Iterator[Spans]:
    """What else stands at the right end, the most important first."""
    failed = Counter(
        source.kind if source.kind in NOT_READ else "source"
        for source in view.snapshot.sources
        if source.trouble is not None
    )
    for kind, count in failed.items():
        what = "alert memory" if kind == "alerts" else f"{count} {kind}{'s' if count > 1 else ''}"
        yield ((f"{view.glyphs.marks['warning']} {what} failed ", "warning"),)
    if known := sum(alert.firing and not alert.calls for alert in view.snapshot.alerts):
        yield ((f"{known} known ", "dim"),)
    yield ((f"self {view.text(view.snapshot.get('self.cpu'), 'ratio'):>5} ", "dim"),)
