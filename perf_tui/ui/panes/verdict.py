"""The one line that says whether all is well, and if not, where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.why.words import words as why_words
from perf_tui.export.findings import Finding, findings
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.units import number, ratio, seconds, size, throughput
from perf_tui.sources.system.processes import Process
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.alertlog import subject
from perf_tui.ui.panes.header import clock
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

SHARE = 0.2
"""A process that has less than this share of what is used explains nothing, and is not named."""


class Verdict(Pane):
    """Firing alerts first, then what passes a limit, then what could not be read, else that all is well."""

    def draw(self, view: View, width: int, height: int) -> Rows:
        lines = list(_findings(view))[:height] or [_well(view)]
        return [Row(width).gap().extend(spans).done() for spans in lines]


def _findings(view: View) -> Iterator[Spans]:
    snapshot, glyphs = view.snapshot, view.glyphs
    if not view.alive:
        stopped = f"the collector has stopped; all of this is from {clock(snapshot.time)}"
        yield (f"{glyphs.marks['critical']} ", "critical"), (stopped, "strong")
    for finding in findings(snapshot):
        mark = (f"{glyphs.marks[finding.level]} ", finding.level)
        if finding.source is not None:
            yield mark, (finding.source.trouble or "", "text")
        elif finding.series is not None:
            why = why_words(finding.alert.why, glyphs.arrow) if finding.alert is not None else ""
            behind = f" — {why}" if why else cause(finding.series, snapshot)
            yield mark, (_words(finding, snapshot), "strong"), (behind, "text")


def _words(finding: Finding, snapshot: Snapshot) -> str:
    assert finding.series is not None
    assert finding.value is not None
    unit = finding.alert.unit if finding.alert is not None else CATALOGUE[finding.series.id].unit
    text = f"{subject(finding.series)} {number(finding.value, unit)}"
    if (alert := finding.alert) is None:
        return text
    lasted = seconds(max(0.0, snapshot.time - alert.since))
    better = "" if alert.rule.level(alert.value) else ", better now"
    known = "" if alert.calls else f", {alert.told_state.value}"
    return f"{text} (limit {number(alert.threshold, unit)}{better}{known}) for {lasted}"


def cause(key: Series, snapshot: Snapshot) -> str:
    """Who is behind a value of the machine, where the process table tells."""
    rows: tuple[Process, ...] = snapshot.tables.get("processes", ())  # type: ignore[assignment]
    if not rows:
        return ""
    resource = key.label("resource")
    if key.id == "system.cpu.iowait" or key.id.startswith("system.disk") or resource == "io":
        moved = [(row.read or 0.0) + (row.write or 0.0) for row in rows]
        return _most(rows, moved, sum(moved), throughput)
    if key.id.startswith("system.cpu") or resource == "cpu":
        used = [row.cpu or 0.0 for row in rows]
        return _most(rows, used, sum(used), lambda share: f"{ratio(share)} of a core")
    if key.id.startswith(("system.memory", "system.swap")) or resource == "memory":
        whole = snapshot.get("system.memory.used").number or 0.0
        return _most(rows, [float(row.memory) for row in rows], whole, size)
    return ""


def _most(rows: Sequence[Process], amounts: Sequence[float], whole: float, words: Callable[[float], str]) -> str:
    most = max(amounts)
    if most <= SHARE * whole:
        return ""
    top = rows[amounts.index(most)]
    return f" — most by {top.name} ({top.pid}) {words(most)}"


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
