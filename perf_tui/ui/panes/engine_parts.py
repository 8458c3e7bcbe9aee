"""What an inference server consists of: its slots with the context that each holds, and its ranks or replicas."""

from __future__ import annotations

from perf_tui.measures.engines import Engine, Rank, Slot, find
from perf_tui.measures.model import Value
from perf_tui.measures.units import count
from perf_tui.measures.workers import ALIVE, state_of
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.charts import ChartPane
from perf_tui.ui.panes.levels import bar_role
from perf_tui.ui.view import Rows, View

_CONTEXT = "ai.context.utilization"
_METER = 20
_LEAST = 10


class Parts(ChartPane):
    """A row for each slot; of servers that show none, for each rank, worker, replica or deployment."""

    def engine(self, view: View) -> Engine | None:
        """The row of the selected engine."""
        labels = self.subject()
        return find(view.snapshot.tables, labels.get("engine", ""), labels.get("model", ""))

    def count(self, view: View) -> int:
        """How many rows there are."""
        engine = self.engine(view)
        return len(engine.slots or engine.ranks) if engine is not None else 0

    def head(self, view: View) -> tuple[str, str]:
        engine = self.engine(view)
        if engine is None or not (engine.slots or engine.ranks):
            return "slots", ""
        if engine.slots:
            busy = sum(slot.state == "processing" for slot in engine.slots)
            return "slots", f"{busy} of {len(engine.slots)} at work"
        return f"{engine.parts}s", str(len(engine.ranks))

    def draw(self, view: View, width: int, height: int) -> Rows:
        engine = self.engine(view)
        if engine is None or not (engine.slots or engine.ranks):
            return [Row(width).gap().put("it shows no slots or ranks apart", "dim").done()]
        if engine.slots:
            # Where not all fit, those that work are shown.
            slots = (
                sorted(engine.slots, key=lambda slot: slot.state != "processing")
                if (len(engine.slots) > height)
                else engine.slots
            )
            return [_slot(slot, view, width) for slot in slots[:height]]
        return [_rank(rank, view, width) for rank in engine.ranks[:height]]


def _slot(slot: Slot, view: View, width: int) -> Spans:
    busy = slot.state == "processing"
    share = slot.share if busy else None
    row = Row(width).gap().put(f"{view.glyphs.states['processing' if busy else 'waiting']} ", "ok" if busy else "dim")
    row.cell(f"slot {slot.id}", 8, "text" if busy else "dim").cell(slot.state, 11, "text" if busy else "dim")
    bar = max(_LEAST, min(_METER, width - 70))
    row.extend(meter(share, bar, bar_role(_CONTEXT, Value(share)), view.glyphs, 0.95)).gap()
    row.cell(view.text(Value(share), "ratio") if share is not None else "", 4, "strong", ">").gap(2)
    if slot.limit:
        used = count(slot.used) if slot.used is not None else view.glyphs.more
        row.put(f"{used} of {count(slot.limit)} tokens" if busy else f"{count(slot.limit)} tokens", "dim")
    if slot.generated is not None:
        row.whole((f"  {count(slot.generated)} written", "text"))
    if slot.remaining is not None:
        row.whole((f", {count(slot.remaining)} at most to come", "dim"))
    return row.done()


def _rank(rank: Rank, view: View, width: int) -> Spans:
    running, waiting, held = rank.running.number, rank.waiting.number, rank.kv_cache.number
    bad = bool(rank.word) and state_of("inference", rank.word) not in ALIVE
    busy = bool(running) or (running is None and bool(held))
    state = "error" if bad else "processing" if busy else "waiting"
    row = Row(width).gap().put(f"{view.glyphs.states[state]} ", "critical" if bad else "ok" if busy else "dim")
    row.cell(rank.name, 24, "text").gap().cell(
        rank.word or ("busy" if busy else "idle"), 10, "critical" if bad else "dim"
    )
    for title, number in (("run", running), ("wait", waiting)):
        row.put(f"{title} ", "dim").cell(count(number) if number is not None else view.text(rank.running, "1"), 5).gap()
    if held is not None:
        row.put("KV ", "dim").extend(
            meter(held, _LEAST, bar_role("ai.kv_cache.utilization", Value(held)), view.glyphs, 0.9)
        )
        row.gap().put(view.text(Value(held), "ratio"), "strong")
    return row.done()
