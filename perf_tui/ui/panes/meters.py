"""The machine at a glance, a meter a line: plain rows, which can be drawn before the interface is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export.choice import STACKED_ON, begins
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.text import cut
from perf_tui.text import width as cells_of
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.levels import bar_role, level_role
from perf_tui.ui.view import Rows, View

Line = tuple[str, str, Value, Sequence[str]]
"""Label, measure, its value, and what else there is to know, the most important first."""


def total(snapshot: Snapshot, id: str, skip: tuple[str, ...] = ()) -> Value:
    """The sum of a measure over its series, without those whose label begins with one of `skip`."""
    kept = [value for key, value in snapshot.all(id) if not begins(key, skip)]
    return summed(kept or [snapshot.get(id)])


def summed(values: Sequence[Value]) -> Value:
    """The sum of those values that have a number, stale if one of them is; of none that has, the first of them."""
    known = [value for value in values if value.number is not None]
    if not known:
        return values[0]
    stale = any(value.status is Status.STALE for value in known)
    return Value(sum(value.number or 0.0 for value in known), Status.STALE if stale else Status.OK)


def highest(snapshot: Snapshot, id: str) -> tuple[Series, Value]:
    """The series of a measure with the highest number, or the first one, or one that is absent."""
    found: Iterable[tuple[Series, Value]] = list(snapshot.all(id))
    best = max(found, key=lambda pair: -1.0 if pair[1].number is None else pair[1].number, default=None)
    return best if best is not None else (series(id), snapshot.get(id))


def width_beside(columns: int) -> int:
    """The columns for the meters: on a wide terminal the process list stands beside them."""
    return columns * 11 // 20 if columns >= 150 else columns


def meters(view: View, width: int) -> Rows:
    """CPU, memory, swap, disk, file system, network, pressure: worst first by colour, not by place."""
    return [meter_line(line, view, width) for line in _lines(view)]


def meter_line(line: Line, view: View, width: int) -> Spans:
    """A line as a row: how full, how much, and as many details as fit."""
    label, id, value, details = line
    row = Row(width).gap().cell(label, 8, "dim")
    row.put(f"{view.text(value, 'ratio'):>5} ", level_role(id, value))
    wide = max(8, min(40, width // 3))
    if value.number is None:
        row.gap(wide)  # an empty meter would look like a 0
    else:
        row.extend(meter(value.number, wide, bar_role(id, value), view.glyphs, CATALOGUE[id].warning))
    for place, detail in enumerate(details):
        words = f"  {detail}"
        if place and cells_of(words) > row.left:
            break  # half a number is a wrong number
        row.put(cut(words, row.left, view.glyphs.more))
    return row.done()


def _lines(view: View) -> list[Line]:
    snapshot = view.snapshot

    def text(value: Value, unit: str, cells: int = 0) -> str:
        return f"{view.text(value, unit):>{cells}}"

    def at(id: str, **labels: str) -> Value:
        return snapshot.get(id, **labels)

    loads = " ".join(text(at("system.load", period=period), "1", 4) for period in ("1m", "5m", "15m"))
    waits = [f"{name} {text(at(f'system.cpu.{name}'), 'ratio', 5)}" for name in ("iowait", "steal")]
    memory_used = f"{text(at('system.memory.used'), 'By')} of {text(at('system.memory.total'), 'By')}"
    swap_total = at("system.swap.total")
    swap = (
        "no swap space"
        if swap_total.number == 0
        else f"{text(at('system.swap.used'), 'By')} of {text(swap_total, 'By')}"
    )
    _, busiest = highest(snapshot, "system.disk.busy")
    reads, writes = (total(snapshot, f"system.disk.{way}", STACKED_ON) for way in ("read", "write"))
    operations = summed([total(snapshot, f"system.disk.{way}", STACKED_ON) for way in ("read_ops", "write_ops")])
    full_key, full = highest(snapshot, "system.filesystem.utilization")
    _, link = highest(snapshot, "system.network.utilization")
    receive, transmit = (total(snapshot, f"system.network.{way}") for way in ("receive", "transmit"))
    _, loss = highest(snapshot, "system.network.loss")
    established = at("system.network.connections", state="established")
    pressures = {
        resource: at("system.pressure", resource=resource, stat="some") for resource in ("cpu", "memory", "io")
    }
    _, stall = highest(snapshot, "system.pressure")
    return [
        ("CPU", "system.cpu.utilization", at("system.cpu.utilization"), [f"load {loads}", *waits]),
        ("memory", "system.memory.utilization", at("system.memory.utilization"), [memory_used]),
        ("swap", "system.swap.utilization", at("system.swap.utilization"), [swap]),
        ("disk", "system.disk.busy", busiest,
         [f"{text(reads, 'By/s', 9)} read {text(writes, 'By/s', 9)} write", f"{text(operations, '1', 5)} IOPS"]),
        ("fullest", "system.filesystem.utilization", full, [full_key.label("mount") or full.reason or ""]),
        ("network", "system.network.utilization", link,
         [f"{text(receive, 'By/s', 9)} in {text(transmit, 'By/s', 9)} out", f"loss {text(loss, 'ratio')}",
          f"{text(established, '1')} connections"]),
        ("stalls", "system.pressure", stall,
         [f"{name} {text(value, 'ratio', 5)}" for name, value in pressures.items()]),
    ]  # fmt: skip
