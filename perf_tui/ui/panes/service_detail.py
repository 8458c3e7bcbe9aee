"""One service in full: what it is, what is wrong with it, and its latency as a large plot."""

from __future__ import annotations

from perf_tui.engine.snapshot import TICK_TIME
from perf_tui.export.plot import PlotLine, plot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Status
from perf_tui.measures.units import number, seconds
from perf_tui.text import clean
from perf_tui.ui.draw.charts import nice, top_of
from perf_tui.ui.draw.row import Row
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.charts import ChartPane
from perf_tui.ui.panes.header import clock
from perf_tui.ui.panes.service_charts import LATENCIES
from perf_tui.ui.panes.services import find
from perf_tui.ui.view import Rows, View

_MEASURES = (
    "app.request.rate", "app.request.active", "app.error.total", "app.error.client", "app.error.server",
    "app.error.timeout", "app.task.rate", "app.task.completion",
)  # fmt: skip


class Facts(ChartPane):
    """Its source and profile, every measure with its status' reason, its notices."""

    @property
    def service(self) -> str:
        """The service's name."""
        return self.subject().get("service", "")

    def head(self, view: View) -> tuple[str, str]:
        service = find(view.snapshot, self.service)
        return self.service or "service", f"seen as {service.profile}" if service else ""

    def draw(self, view: View, width: int, height: int) -> Rows:
        name = self.service
        rows = [
            (f"latency {stat}", view.snapshot.get("app.request.duration", service=name, stat=stat), "s")
            for stat in ("p50", "p95", "p99", "mean")
        ]
        rows += [(CATALOGUE[id].title, view.snapshot.get(id, service=name), CATALOGUE[id].unit) for id in _MEASURES]
        drawn = []
        for title, value, unit in rows:
            row = Row(width).gap().cell(title, 14, "dim").cell(view.text(value, unit), 9, "strong", ">").gap(2)
            if value.status is not Status.OK:
                row.put(clean(value.reason or value.status.value), "dim")
            drawn.append(row.done())
        return [*self._source(view, width), *drawn][:height]

    def _source(self, view: View, width: int) -> Rows:
        service = find(view.snapshot, self.service)
        if service is None:
            return []
        state = next((each for each in view.snapshot.sources if each.name == service.source), None)
        rows = []
        if state is not None:
            role = "text" if state.status is Status.OK else "warning"
            words = f"{state.kind} {state.name}: {state.status.value}"
            words += f", read in {seconds(state.duration)}" if state.duration is not None else ""
            rows.append(Row(width).gap().put(words, role).put(f" {state.error or ''}", role).done())
        for notice in service.notices:
            mark = view.glyphs.marks["warning"]
            rows.append(Row(width).gap().put(f"{mark} ", "warning").put(clean(notice), "text").done())
        return rows


class LatencyPlot(ChartPane):
    """p50, p95 and p99 over all that the screen is wide."""

    def head(self, view: View) -> tuple[str, str]:
        return "latency", f"{view.glyphs.more} to now" if not view.snapshot.time else f"to {clock(view.snapshot.time)}"

    def draw(self, view: View, width: int, height: int) -> Rows:
        if height < 5 or width < 30:
            return []
        line = Timeline(view.snapshot, (width - 10) // 2 * 2)
        curves = [PlotLine(curve.name, line.points(self.key(curve.id, **curve.labels))) for curve in LATENCIES]
        high = nice(max(top_of(curve.values) for curve in curves), "s")
        if not any(top_of(curve.values) for curve in curves):
            value = self.value(view, "app.request.duration", stat="p99")
            words = value.reason or view.text(value, "s")
            return [Row(width).gap().put(f"no latency to plot: {clean(words)}", "dim").done()]
        times = line.values(TICK_TIME)
        places = range(line.columns // 6, line.columns, max(1, line.columns // 5))
        ticks = [(at, clock(times[at * line.ticks])) for at in places if times[at * line.ticks] > 0]
        heights = [(high * part, number(high * part, "s")) for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
        drawn = []
        for runs in plot(curves, width, height, high, ticks, heights, view.glyphs.ascii_only):
            row = Row(width)
            for text, curve in runs:
                row.put(text, "dim" if curve is None else LATENCIES[curve].role)
            drawn.append(row.done())
        return drawn
