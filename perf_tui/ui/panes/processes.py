"""The process table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from perf_tui.measures.units import ratio, size, throughput
from perf_tui.sources.system.processes import Process
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane

_STATES = {"D": "warning", "Z": "critical", "R": "ok"}


def _cpu(row: Process, view: View) -> str:
    return view.glyphs.more if row.cpu is None else ratio(row.cpu)


def _cpu_role(row: Process) -> str:
    busy = row.cpu or 0.0
    return "strong" if busy >= 0.5 else ("text" if busy >= 0.005 else "dim")


def _by_cpu(row: Process) -> tuple[float, int] | None:
    # Of those that do nothing the largest come first, and noise below what is shown does not shuffle them.
    return None if row.cpu is None else (round(row.cpu, 3), row.memory)


def _rate(amount: float | None) -> str:
    return "" if amount is None else ("0" if amount < 1 else throughput(amount))


COLUMNS: tuple[Column[Process], ...] = (
    Column(
        "pid",
        7,
        lambda row, view: str(row.pid),
        lambda row: row.pid,
        lambda row: "dim",
        descending=False,
        importance=9,
        unit="1",
    ),
    Column(
        "user",
        10,
        lambda row, view: row.user,
        lambda row: row.user,
        lambda row: "dim",
        "<",
        False,
        importance=3,
    ),
    Column(
        "S",
        1,
        lambda row, view: row.state,
        lambda row: row.state,
        lambda row: _STATES.get(row.state, "dim"),
        "<",
        False,
        5,
        names="state s",
    ),
    Column(
        "CPU",
        6,
        _cpu,
        _by_cpu,
        _cpu_role,
        importance=10,
        unit="ratio",
    ),
    Column("memory", 8, lambda row, view: size(row.memory), lambda row: row.memory, importance=8, unit="By"),
    Column("read", 9, lambda row, view: _rate(row.read), lambda row: row.read, importance=2, unit="By/s"),
    Column("write", 9, lambda row, view: _rate(row.write), lambda row: row.write, importance=2, unit="By/s"),
    Column(
        "thr",
        4,
        lambda row, view: str(row.threads),
        lambda row: row.threads,
        lambda row: "dim",
        importance=1,
        unit="1",
        names="threads thr",
    ),
    Column(
        "command",
        20,
        lambda row, view: row.command,
        lambda row: row.command.lower(),
        align="<",
        descending=False,
        importance=10,
    ),
)


class Processes(TablePane[Process]):
    """All processes, by CPU at first."""

    columns = COLUMNS
    sorted_by = 3
    holds_first = False

    def head(self, view: View) -> tuple[str, str]:
        rows = self.rows(view)
        running = sum(row.state == "R" for row in rows)
        threads = sum(row.threads for row in rows)
        shown = f" {view.glyphs.dot} filter “{self.needle}”" if self.needle else ""
        return (
            "processes",
            f"{len(rows)} processes {view.glyphs.dot} {threads} threads {view.glyphs.dot} {running} running{shown}",
        )

    def rows(self, view: View) -> Sequence[Process]:
        return view.snapshot.tables.get("processes", ())  # type: ignore[return-value]

    def identity(self, row: Process) -> Hashable:
        return (row.pid, row.started)

    def haystack(self, row: Process) -> str:
        return f"{row.pid} {row.user} {row.command}"


class TopProcesses(Processes):
    """The same table without a cursor, for the overview: who uses the machine."""

    focusable = False

    def head(self, view: View) -> tuple[str, str]:
        return "top processes", f"{len(self.rows(view))} in all"
