"""The one line that says whether all is well, and if not, where."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from perf_tui.engine.alerts.model import Alert
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status
from perf_tui.measures.units import number, ratio, seconds, size, throughput
from perf_tui.sources.system.processes import Process
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.alertlog import subject
from perf_tui.ui.panes.frame import clock
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

_RANK = {"critical": 0, "warning": 1}


class Verdict(Pane):
    """Firing alerts first, then what passes a limit, then what could not be read, else that all is well."""

    def draw(self, view: View, width: int, height: int) -> Rows:
        lines = list(_findings(view))[:height] or [_well(view)]
        return [Row(width).gap().extend(spans).done() for spans in lines]


def _findings(view: View) -> Iterator[Spans]:
    snapshot, glyphs = view.snapshot, view.glyphs
    if not view.alive:
        yield (
            (f"{glyphs.marks['critical']} ", "critical"),
            (f"the collector has stopped; all of this is from {clock(snapshot.time)}", "strong"),
        )
    firing = [alert for alert in snapshot.alerts if alert.firing]
    for alert in firing:
        level = alert.level.word
        yield (
            (f"{glyphs.marks[level]} ", level),
            (_alert_words(alert, snapshot), "strong"),
            (cause(alert.series, snapshot), "text"),
        )
    told = {alert.series for alert in firing}
    for level, key, amount in sorted(_beyond(snapshot), key=lambda found: _RANK[found[0]]):
        if key not in told:
            words = f"{subject(key)} {number(amount, CATALOGUE[key.id].unit)}"
            yield ((f"{glyphs.marks[level]} ", level), (words, "strong"), (cause(key, snapshot), "text"))
    for source in snapshot.sources:
        if source.status in (Status.ERROR, Status.DENIED):
            yield (
                (f"{glyphs.marks['warning']} ", "warning"),
                (f"{source.name} cannot be read: {source.error}", "text"),
            )


def _alert_words(alert: Alert, snapshot: Snapshot) -> str:
    unit = CATALOGUE[alert.series.id].unit
    lasted = seconds(max(0.0, snapshot.time - alert.since))
    better = "" if alert.rule.level(alert.value) else ", better now"
    limit = number(alert.threshold, unit)
    return f"{subject(alert.series)} {number(alert.value, unit)} (limit {limit}{better}) for {lasted}"


def _beyond(snapshot: Snapshot) -> Iterator[tuple[str, Series, float]]:
    """Values of the machine and what runs on it that pass their own limits."""
    for id, keys in snapshot.index.items():
        measure = CATALOGUE.get(id)
        if measure is None or measure.warning is None or measure.layer == "self" or id == "system.cpu.core.utilization":
            continue
        for key in keys:
            amount = snapshot.values[key].number
            if amount is not None and (level := measure.level(amount)) != "ok":
                yield level, key, amount


def cause(key: Series, snapshot: Snapshot) -> str:
    """Who is behind a value of the machine, where the process table tells."""
    rows: tuple[Process, ...] = snapshot.tables.get("processes", ())  # type: ignore[assignment]
    if not rows:
        return ""
    if key.id.startswith("system.cpu") or (key.id == "system.pressure" and key.label("resource") == "cpu"):
        top = max(rows, key=lambda row: row.cpu or 0.0)
        return f" — most by {top.name} ({top.pid}) {ratio(top.cpu)} of a core" if top.cpu else ""
    if key.id.startswith(("system.memory", "system.swap")) or key.label("resource") == "memory":
        top = max(rows, key=attrgetter("memory"))
        return f" — most by {top.name} ({top.pid}) {size(top.memory)}"
    if key.id.startswith("system.disk") or key.label("resource") == "io" or key.id == "system.cpu.iowait":
        top = max(rows, key=lambda row: (row.read or 0.0) + (row.write or 0.0))
        moved = (top.read or 0.0) + (top.write or 0.0)
        return f" — most by {top.name} ({top.pid}) {throughput(moved)}" if moved else ""
    return ""


def _well(view: View) -> Spans:
    snapshot = view.snapshot
    if not snapshot.values:
        return ((f"{view.glyphs.marks['pending']} reading for the first time", "dim"),)
    parts = []
    for words, id in (("CPU", "system.cpu.utilization"), ("memory", "system.memory.utilization")):
        value = snapshot.get(id)
        if value.number is not None:
            parts.append(f"{words} {ratio(value.number)}")
    fullest = max(
        (
            (value.number, key.label("mount"))
            for key, value in snapshot.all("system.filesystem.utilization")
            if value.number
        ),
        default=None,
    )
    if fullest is not None:
        parts.append(f"{fullest[1]} {ratio(fullest[0])} full")
    busiest = max(
        (value.number for _, value in snapshot.all("system.disk.busy") if value.number is not None),
        default=None,
    )
    if busiest is not None:
        parts.append(f"disk busy {ratio(busiest)}")
    if not parts:
        return ((f"{view.glyphs.marks['pending']} nothing is known of this machine", "dim"),)
    dot = f" {view.glyphs.dot} "
    return ((f"{view.glyphs.marks['ok']} ", "ok"), ("well", "strong"), (dot + dot.join(parts), "dim"))
