"""GPUs as rows with meters and history, the processes on the selected one, and both in one line."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import NamedTuple

from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.gpus import Gpu, rows
from perf_tui.measures.model import Status, Value, absent, series
from perf_tui.measures.units import WIDTH
from perf_tui.sources.system.processes import Process
from perf_tui.ui.draw.charts import spark, top_of
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.levels import bar_role, level_role
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.table import Column, TablePane

_LEVELS = {"critical": 3, "warning": 2, "info": 1, "text": 0}
_METER = 10
_SPARK = 24
"""Cells of a GPU's history: at two ticks a cell and 2 s a tick, a minute and a half."""
_KIND = "gpu"
"""The kind of the sources that read GPUs of this machine."""
_UNREAD = (Status.STALE, Status.ERROR, Status.DENIED)


@dataclass(frozen=True, slots=True)
class GpuRow:
    """One line of the table."""

    gpu: Gpu
    """Its row; where only measures are known (an exporter), one with nothing in it."""
    busy: Value
    used: Value
    total: Value
    full: Value
    temperature: Value
    power: Value
    limit: Value
    role: str
    """The worst of its firing alerts, of what holds its clocks down, and of what cannot be read."""

    @property
    def key(self) -> tuple[str, str]:
        """Its labels."""
        return self.gpu.gpu, self.gpu.name


def gpu_rows(snapshot: Snapshot) -> list[GpuRow]:
    """Every GPU and MIG instance: those of this machine, then those of which only measures are known."""
    found = {(gpu.gpu, gpu.name): gpu for gpu in rows(snapshot.tables)}
    for id in ("gpu.utilization", "gpu.memory.used", "gpu.temperature"):
        for key in snapshot.index.get(id, ()):
            labels = key.label("gpu"), key.label("name")
            if any(labels) and labels not in found:
                found[labels] = Gpu(*labels, source="", vendor="")
    firing: dict[tuple[str, str], int] = {}
    for alert in snapshot.alerts:
        if alert.firing and alert.series.id.startswith("gpu."):
            labels = alert.series.label("gpu"), alert.series.label("name")
            firing[labels] = max(firing.get(labels, 0), alert.level)
    return [_row(gpu, snapshot, firing.get(labels, 0)) for labels, gpu in found.items()]


def _row(gpu: Gpu, snapshot: Snapshot, alerting: int) -> GpuRow:
    def get(id: str) -> Value:
        return snapshot.values.get(series(id, gpu=gpu.gpu, name=gpu.name), _SHARED if gpu.parent else _MISSING)

    busy = get("gpu.utilization")
    roles = [{0: "text", 1: "info", 2: "warning", 3: "critical"}[alerting]]
    if gpu.problem:
        roles.append("critical")
    if busy.status in _UNREAD or gpu.ecc_boot.number:
        roles.append("warning")
    roles.extend(throttle.level for throttle in gpu.throttle or ())
    return GpuRow(
        gpu,
        busy,
        get("gpu.memory.used"),
        get("gpu.memory.total"),
        get("gpu.memory.utilization"),
        get("gpu.temperature"),
        get("gpu.power"),
        get("gpu.power.limit"),
        max(roles, key=_LEVELS.__getitem__),
    )


_SHARED = Value(None, Status.IDLE, "it shares the sensors of its GPU")
_MISSING = absent("no source gives it")


def words(row: GpuRow) -> str:
    """What should be known of a GPU beside its numbers, the worst first; empty where all is as it should be."""
    return ", ".join(dict.fromkeys(_words(row)))


def _words(row: GpuRow) -> Iterator[str]:
    if row.gpu.problem:
        yield row.gpu.problem
    elif row.busy.status in _UNREAD and row.busy.reason:
        yield row.busy.reason
    for throttle in row.gpu.throttle or ():
        yield throttle.words
    yield from row.gpu.notices
    if row.gpu.unified:
        yield "uses the machine's memory"


def short_name(gpu: Gpu) -> str:
    """The name without what is known already: the vendor, and of an instance the GPU's name."""
    if gpu.parent and " MIG " in gpu.name:
        return "MIG " + gpu.name.rpartition(" MIG ")[2]
    return gpu.name.removeprefix(f"{gpu.vendor} ") or gpu.name


def _order(row: GpuRow) -> tuple[bool, tuple[int, ...], str]:
    """By the driver's numbers, instances below their GPU; places on the bus after that."""
    parts = row.gpu.gpu.split(":")
    numbered = all(part.isascii() and part.isdigit() for part in parts)
    return not numbered, tuple(map(int, parts)) if numbered else (), row.gpu.gpu


def _mark(row: GpuRow, view: View) -> str:
    if row.role == "text":
        unknown = row.busy.number is None and row.used.number is None
        return view.glyphs.marks["pending" if unknown else "ok"]
    return view.glyphs.marks[row.role]


def _bar(row: GpuRow, view: View) -> str:
    if row.busy.number is None:
        return ""
    spans = meter(row.busy.number, _METER, "", view.glyphs, CATALOGUE["gpu.utilization"].warning)
    return "".join(text for text, _ in spans)


def _of(part: Value, whole: Value, unit: str, view: View) -> str:
    """As in 20GiB/80GiB; without the second where that is not known."""
    text = view.text(part, unit)
    if part.number is None or whole.number is None:
        return text
    return f"{text}/{view.text(Value(whole.number), unit)}"


def of_whole(used: Value, total: Value, view: View) -> str:
    """Memory as in 20GiB/80GiB."""
    return _of(used, total, "By", view)


def clock_text(row: GpuRow, value: Value, view: View) -> str:
    """A clock in MHz, or what stands where it is not known."""
    return _unknown(row, value, view) or f"{(value.number or 0.0) / 1e6:.0f}MHz"


def _link(row: GpuRow, view: View) -> str:
    generation, width = row.gpu.pcie.generation, row.gpu.pcie.width
    unknown = _unknown(row, generation, view) or _unknown(row, width, view)
    return unknown or f"gen{generation.number:.0f} x{width.number:.0f}"


def _fan(row: GpuRow, view: View) -> str:
    return _unknown(row, row.gpu.fan, view) or view.text(row.gpu.fan, "ratio")


def _unknown(row: GpuRow, value: Value, view: View) -> str:
    """What stands where there is no number; empty where there is one."""
    if value.number is not None:
        return ""
    return view.text(_SHARED if row.gpu.parent else value, "1")


def _history(row: GpuRow, view: View) -> str:
    """The utilization over time, or the memory where that is not told."""
    line = Timeline(view.snapshot, _SPARK)
    points = line.points(series("gpu.utilization", gpu=row.gpu.gpu, name=row.gpu.name))
    if all(map(isnan, points)):
        points = line.points(series("gpu.memory.utilization", gpu=row.gpu.gpu, name=row.gpu.name))
    return spark(points, max(1.0, top_of(points)), view.glyphs)


def _measure(title: str, pick: Callable[[GpuRow], Value], id: str, importance: int) -> Column[GpuRow]:
    unit = CATALOGUE[id].unit
    return Column(
        title,
        WIDTH[unit] + 1,
        lambda row, view: view.text(pick(row), unit),
        lambda row: pick(row).number,
        lambda row: level_role(id, pick(row)) if pick(row).number else "dim",
        importance=importance,
        unit=unit,
    )


def _mark_role(row: GpuRow) -> str:
    return "ok" if row.role == "text" else row.role


def _name_role(row: GpuRow) -> str:
    return "dim" if row.gpu.parent else "text"


def _bar_role(row: GpuRow) -> str:
    return bar_role("gpu.utilization", row.busy)


def _words_role(row: GpuRow) -> str:
    if row.gpu.problem:
        return "critical"
    return "warning" if row.role in ("warning", "critical") else "dim"


class Gpus(TablePane[GpuRow]):
    """All GPUs of this machine, and those that exporters tell of."""

    title = "GPUs"
    sorted_by = 1
    columns = (
        Column("", 1, _mark, lambda row: (_LEVELS[row.role], row.busy.number or 0.0), _mark_role, "<", True, 20),
        Column("gpu", 7, lambda row, view: row.gpu.gpu, _order, align="<", descending=False, importance=20),
        Column("name", 18, lambda row, view: short_name(row.gpu), lambda row: row.gpu.name,
               _name_role, "<", False, 8),
        _measure("util", lambda row: row.busy, "gpu.utilization", 20),
        Column("busy", _METER, _bar, lambda row: row.busy.number, _bar_role, "<", importance=7),
        Column("memory", 16, lambda row, view: _of(row.used, row.total, "By", view), lambda row: row.used.number,
               lambda row: level_role("gpu.memory.utilization", row.full), importance=13, unit="By"),
        _measure("full", lambda row: row.full, "gpu.memory.utilization", 11),
        _measure("temp", lambda row: row.temperature, "gpu.temperature", 12),
        Column("power", 14, lambda row, view: _of(row.power, row.limit, "W", view), lambda row: row.power.number,
               importance=10, unit="W"),
        Column("clock", 8, lambda row, view: clock_text(row, row.gpu.clock, view), lambda row: row.gpu.clock.number,
               lambda row: "dim", importance=5),
        Column("memclock", 8, lambda row, view: clock_text(row, row.gpu.memory_clock, view),
               lambda row: row.gpu.memory_clock.number, lambda row: "dim", importance=1),
        Column("link", 8, _link, lambda row: row.gpu.pcie.width.number, lambda row: "dim", importance=2),
        Column("fan", 5, _fan, lambda row: row.gpu.fan.number,
               lambda row: "dim", importance=3),
        Column("over time", _SPARK, _history, lambda row: row.busy.number, _bar_role, "<", importance=6),
        Column("state", 14, lambda row, view: words(row), lambda row: words(row) or None, _words_role, "<", False, 9),
    )  # fmt: skip

    def head(self, view: View) -> tuple[str, str]:
        shown = gpu_rows(view.snapshot)
        whole = sum(not row.gpu.parent for row in shown)
        parts = [f"{whole} GPU{'s' if whole != 1 else ''}"] if shown else []
        if len(shown) > whole:
            parts.append(f"{len(shown) - whole} MIG instance{'s' if len(shown) - whole != 1 else ''}")
        if self.needle:
            parts.append(f"filter “{self.needle}”")
        return self.title, f" {view.glyphs.dot} ".join(parts)

    def draw(self, view: View, width: int, height: int) -> Rows:
        if not self.needle and not gpu_rows(view.snapshot):
            self._shown = []
            return [Row(width).gap().put(self.empty(view), "dim").done()]
        return super().draw(view, width, height)

    def rows(self, view: View) -> Sequence[GpuRow]:
        return gpu_rows(view.snapshot)

    def identity(self, row: GpuRow) -> Hashable:
        return row.key

    def haystack(self, row: GpuRow) -> str:
        return f"{row.gpu.gpu} {row.gpu.name} {row.gpu.vendor} {row.gpu.uuid} {words(row)}"

    def empty(self, view: View) -> str:
        return nothing(view)

    @property
    def gpu(self) -> tuple[str, str]:
        """The labels of the selected GPU; empty without any."""
        return self.current.key if self.current is not None else ("", "")


class GpusTile(Gpus):
    """The table on the overview; Enter goes to the screen of the AI layer."""

    opens = "ai"


def nothing(view: View) -> str:
    """Why there is no GPU to show, in one line."""
    sources = [source for source in view.snapshot.sources if source.kind == _KIND]
    reasons = [source.error for source in sources if source.error]
    if reasons:
        return ", ".join(reasons)
    return "no GPU" if all(source.status is Status.OK for source in sources) else view.glyphs.more


def height(snapshot: Snapshot) -> int:
    """Rows that the table needs with its title: two where there is no GPU."""
    return 2 + len(gpu_rows(snapshot))


def summary(view: View) -> tuple[str, str, Value, list[str]] | None:
    """All GPUs in one line: label, measure, its highest value, and the rest in words; None where there is no GPU.

    A MIG instance is a part of its GPU and not counted again.
    """
    whole = [row for row in gpu_rows(view.snapshot) if not row.gpu.parent]
    if not whole:
        return None
    busiest = max(whole, key=lambda row: -1.0 if row.busy.number is None else row.busy.number)
    parts = [f"{len(whole)} GPUs"] if len(whole) > 1 else [short_name(whole[0].gpu)]
    known = [row for row in whole if row.used.number is not None and row.total.number is not None]
    if known:
        used, total = (Value(sum(getattr(row, part).number for row in known)) for part in ("used", "total"))
        parts.append(f"{view.text(used, 'By')} of {view.text(total, 'By')}")
    hottest = max((row.temperature.number for row in whole if row.temperature.number is not None), default=None)
    if hottest is not None:
        parts.append(view.text(Value(hottest), "Cel"))
    drawn = [row.power.number for row in whole if row.power.number is not None]
    if drawn:
        parts.append(view.text(Value(sum(drawn)), "W"))
    worst = max(whole, key=lambda row: _LEVELS[row.role])
    if worst.role in ("critical", "warning") and words(worst):
        parts.append(f"{worst.gpu.gpu}: {words(worst)}")
    return "GPU" if len(whole) == 1 else "GPUs", "gpu.utilization", busiest.busy, parts


class OnGpu(NamedTuple):
    """A process on a GPU, with what the process table knows of it."""

    pid: int
    memory: float | None
    kind: str
    user: str
    command: str
    """Empty where no such process is seen: it has ended, or its number is that of another container."""


def _memory(row: OnGpu, view: View) -> str:
    return view.text(_MISSING if row.memory is None else Value(row.memory), "By")


class GpuProcesses(TablePane[OnGpu]):
    """Who holds the memory of the selected GPU."""

    title = "processes on the GPU"
    columns = (
        Column("memory", 8, _memory,
               lambda row: row.memory, importance=9, unit="By"),
        Column("pid", 7, lambda row, view: str(row.pid), lambda row: row.pid, lambda row: "dim", descending=False,
               importance=8),
        Column("kind", 8, lambda row, view: row.kind, lambda row: row.kind, lambda row: "dim", "<", False, 3),
        Column("user", 10, lambda row, view: row.user, lambda row: row.user, lambda row: "dim", "<", False, 4),
        Column("command", 20, lambda row, view: row.command or "not seen here", lambda row: row.command.lower(),
               lambda row: "text" if row.command else "dim", "<", False, 10),
    )  # fmt: skip

    def __init__(self, id: str, subject: Callable[[], tuple[str, str]]) -> None:
        """`subject` gives the labels of the GPU, as `Gpus.gpu` does."""
        super().__init__(id)
        self._subject = subject

    def head(self, view: View) -> tuple[str, str]:
        gpu, name = self._subject()
        return (f"processes on GPU {gpu}", name) if gpu else (self.title, "")

    def rows(self, view: View) -> Sequence[OnGpu]:
        gpu = self._gpu(view)
        if gpu is None or not gpu.processes:
            return ()
        wanted = {process.pid for process in gpu.processes}
        table: Sequence[Process] = view.snapshot.tables.get("processes", ())  # type: ignore[assignment]
        known = {row.pid: row for row in table if row.pid in wanted}
        return [
            OnGpu(pid, memory, kind, known[pid].user, known[pid].command)
            if pid in known
            else OnGpu(pid, memory, kind, "", "")
            for pid, memory, kind in gpu.processes
        ]

    def _gpu(self, view: View) -> Gpu | None:
        labels = self._subject()
        return next((gpu for gpu in rows(view.snapshot.tables) if (gpu.gpu, gpu.name) == labels), None)

    def identity(self, row: OnGpu) -> Hashable:
        return row.pid

    def haystack(self, row: OnGpu) -> str:
        return f"{row.pid} {row.user} {row.command}"

    def empty(self, view: View) -> str:
        gpu = self._gpu(view)
        if gpu is None:
            return "no GPU is selected"
        return "no process" if gpu.processes is not None else gpu.processes_reason or "its source tells no processes"
