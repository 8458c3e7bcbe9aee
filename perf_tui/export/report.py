"""Builds the document of a snapshot: built once, rendered as text, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, cast

from perf_tui import __version__
from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.why.words import words as why_words
from perf_tui.export.document import Block, Cell, Column, Document, Section, Table
from perf_tui.export.findings import findings, words
from perf_tui.export.layers import LAYERS, layer
from perf_tui.export.recent import plots
from perf_tui.measures.model import PENDING, Status, Value
from perf_tui.measures.units import ASCII_MARKS, MARKS, number, seconds, show, size
from perf_tui.text import clean, cut

if TYPE_CHECKING:
    from perf_tui.sources.system.processes import Process

MOST_PROCESSES = 10
LONGEST_COMMAND = 60
"""Cells of a command line."""

_MEANINGS = {
    Status.IDLE: "idle: nothing to measure",
    Status.PENDING: "pending: a first sample has no rate",
    Status.ABSENT: "absent: not measured here",
    Status.DENIED: "denied: no permission",
    Status.ERROR: "error",
}


def build(snapshot: Snapshot, ascii_only: bool = False) -> Document:
    """The snapshot for people: verdict, layers, processes, alerts, what failed."""
    found = tuple(Cell(words(finding, snapshot.time, ascii_only), finding.level) for finding in findings(snapshot))
    sections = (
        *_recent(snapshot, ascii_only),
        *_layers(snapshot, ascii_only),
        *_processes(snapshot, ascii_only),
        *_alerts(snapshot, ascii_only),
        *_failures(snapshot),
    )
    return Document(
        title=(f"perf-tui {__version__}", clean(snapshot.host), _local(snapshot.time), f"{snapshot.interval:g}s"),
        findings=found or (_well(snapshot),),
        sections=sections,
        legend=tuple(_legend(snapshot, ascii_only)),
        ascii_only=ascii_only,
    )


def _local(time: float) -> str:
    """A wall time where the reader is, with the offset that makes it exact."""
    return datetime.fromtimestamp(time).astimezone().isoformat(sep=" ", timespec="seconds")


def _well(snapshot: Snapshot) -> Cell:
    if any(source.status is Status.OK for source in snapshot.sources):
        return Cell("well", "ok")
    return Cell("nothing has been read yet", "warning")


def _recent(snapshot: Snapshot, ascii_only: bool) -> Iterator[Section]:
    if drawn := tuple(plots(snapshot, ascii_only)):
        yield Section("One clock", drawn)


def _layers(snapshot: Snapshot, ascii_only: bool) -> Iterator[Section]:
    for name, title in LAYERS.items():
        if blocks := layer(snapshot, name, ascii_only):
            yield Section(title, blocks)


def _processes(snapshot: Snapshot, ascii_only: bool) -> Iterator[Section]:
    rows = cast("tuple[Process, ...]", snapshot.tables.get("processes", ()))
    by_cpu = sorted((row for row in rows if row.cpu), key=lambda row: -(row.cpu or 0.0))[:MOST_PROCESSES]
    by_memory = sorted((row for row in rows if row.memory), key=lambda row: -row.memory)[:MOST_PROCESSES]
    for title, chosen in (("Processes by CPU", by_cpu), ("Processes by memory", by_memory)):
        if chosen:
            yield Section(title, (_process_table(chosen, ascii_only),))


def _process_table(rows: list[Process], ascii_only: bool) -> Table:
    columns = (
        Column("pid", True), Column("user"), Column("state"), Column("CPU", True), Column("memory", True),
        Column("threads", True), Column("command"),
    )  # fmt: skip
    return Table(
        columns,
        tuple(
            (
                Cell(str(row.pid)),
                Cell(clean(row.user)),
                Cell(clean(row.state)),
                Cell(show(PENDING if row.cpu is None else Value(row.cpu), "ratio", ascii_only)),
                Cell(size(row.memory)),
                Cell(str(row.threads)),
                Cell(cut(clean(row.command), LONGEST_COMMAND, "..." if ascii_only else "…")),
            )
            for row in rows
        ),
    )


def _alerts(snapshot: Snapshot, ascii_only: bool) -> Iterator[Section]:
    if not snapshot.alerts:
        return
    columns = (
        Column("level"), Column("state"), Column("rule"), Column("measure"), Column("value", True),
        Column("limit", True), Column("for", True), Column("message"), Column("what else moved"),
    )  # fmt: skip
    arrow, dot = ("->", " - ") if ascii_only else ("→", " · ")
    rows = []
    for alert in snapshot.alerts:
        unit = alert.unit
        rows.append(
            (
                Cell(alert.level.word, alert.level.word),
                Cell(alert.told_state.value),
                Cell(clean(alert.rule.name)),
                Cell(clean(str(alert.series))),
                Cell(number(alert.value, unit)),
                Cell(number(alert.threshold, unit)),
                Cell(seconds(max(0.0, snapshot.time - alert.since))),
                Cell(clean(alert.rule.message)),
                Cell(clean(why_words(alert.why, arrow, dot))),
            )
        )
    yield Section("Alerts", (Table(columns, tuple(rows)),))


def _failures(snapshot: Snapshot) -> Iterator[Section]:
    blocks: list[Block] = []
    sources = [source for source in snapshot.sources if source.status not in (Status.OK, Status.ABSENT)]
    if sources:
        columns = (Column("source"), Column("status"), Column("reason"))
        rows = ((source.name, str(source.status), source.error or "") for source in sources)
        blocks.append(Table(columns, tuple(tuple(Cell(clean(text)) for text in row) for row in rows)))
    if refused := _refused(snapshot):
        columns = (Column("status"), Column("reason"), Column("measures"))
        blocks.append(
            Table(
                columns,
                tuple(
                    (Cell(str(status)), Cell(clean(reason)), Cell(clean(", ".join(keys))))
                    for (status, reason), keys in refused.items()
                ),
            )
        )
    if blocks:
        yield Section("Not read", tuple(blocks))


def _refused(snapshot: Snapshot) -> dict[tuple[Status, str], list[str]]:
    """The series without a number for a reason that concerns more than one device's missing feature."""
    refused: dict[tuple[Status, str], list[str]] = {}
    for key, value in snapshot.values.items():
        broken = value.status in (Status.DENIED, Status.ERROR)
        if value.reason is not None and (broken or (value.status is Status.ABSENT and not key.labels)):
            refused.setdefault((value.status, value.reason), []).append(str(key))
    return refused


def _legend(snapshot: Snapshot, ascii_only: bool) -> Iterator[str]:
    marks = ASCII_MARKS if ascii_only else MARKS
    statuses = {value.status for value in snapshot.values.values()}
    for status, meaning in _MEANINGS.items():
        if status in statuses:
            yield f"{marks[status]} {meaning}"
    if Status.STALE in statuses:
        yield "~ stale: the last value there was"
