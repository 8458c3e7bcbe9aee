"""Where a request's time goes on an inference server: waiting, reading the prompt, writing the answer."""

from __future__ import annotations

from perf_tui.measures.engines import find
from perf_tui.measures.units import number
from perf_tui.ui.draw.meter import stacked
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.charts import SCALE, ChartPane
from perf_tui.ui.view import Rows, View

_PHASES = (("queue", "warning"), ("prefill", "chart2"), ("decode", "chart1"))


class Phases(ChartPane):
    """Mean times of the window as one bar: queue, then prefill until the first token, then decode."""

    title = "a request's time"

    def lengths(self, view: View) -> dict[str, float] | None:
        """Mean seconds of each phase: as the engine tells them, else what follows from the first token and the end."""
        labels = self.subject()
        engine = find(view.snapshot.tables, labels.get("engine", ""), labels.get("model", ""))
        if engine is not None:
            told = {name: getattr(engine.phases, name).number for name, _ in _PHASES}
            if all(length is not None for length in told.values()):
                return told
        queue, first, whole = (
            self.value(view, f"ai.latency.{id}", stat="mean").number for id in ("queue", "ttft", "e2e")
        )
        if first is None or whole is None:
            return None
        waited = min(queue or 0.0, first)
        return {"queue": waited, "prefill": first - waited, "decode": max(0.0, whole - first)}

    def height(self, view: View) -> int:
        """Rows that it takes."""
        return 3 if self.lengths(view) is not None else 2

    def head(self, view: View) -> tuple[str, str]:
        lengths = self.lengths(view)
        return self.title, f"{number(sum(lengths.values()), 's')} on average" if lengths else ""

    def draw(self, view: View, width: int, height: int) -> Rows:
        lengths = self.lengths(view)
        if lengths is None:
            reason = self.value(view, "ai.latency.ttft", stat="mean").reason
            return [Row(width).to(SCALE).put(reason or "its engine does not tell the phases", "dim").done()]
        total = sum(lengths.values()) or 1.0
        bar = stacked([(lengths[name] / total, role) for name, role in _PHASES], max(4, width - SCALE - 1), view.glyphs)
        legend = Row(width).to(SCALE)
        for name, role in _PHASES:
            share = f"{lengths[name] / total:.0%}"
            legend.put(f"{view.glyphs.column[-1]} {name} ", role).put(f"{number(lengths[name], 's')} ")
            legend.put(f"{share}   ", "dim")
        return [Row(width).to(SCALE).extend(bar).done(), legend.done()]
