"""One service over time, all charts on one axis: latency, requests with errors, concurrency, heat map."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.services import BUCKET
from perf_tui.measures.units import number, seconds
from perf_tui.ui.draw.charts import area, nice, top_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.charts import SCALE, ChartPane, Curve, axis, scaled
from perf_tui.ui.view import Rows, View

LATENCIES = tuple(
    Curve(stat, role, "app.request.duration", {"stat": stat})
    for stat, role in (("p50", "chart1"), ("p95", "chart2"), ("p99", "chart3"))
)
"""The quantiles as lines, the highest drawn last."""


class Traffic(ChartPane):
    """Requests per second; below, the shares that failed, by class."""

    _ERRORS = (("server", "5xx", "critical"), ("timeout", "timeouts", "warning"), ("client", "4xx", "chart4"))

    def head(self, view: View) -> tuple[str, str]:
        parts = [f"requests {view.text(self.value(view, 'app.request.rate'), '1/s')}"]
        errors = [f"{title} {view.text(self.value(view, f'app.error.{id}'), 'ratio')}" for id, title, _ in self._ERRORS]
        return " ".join(parts), "  ".join(errors)

    def draw(self, view: View, width: int, height: int) -> Rows:
        line = self.line(view, width)
        key = self.key("app.request.rate")
        points = line.points(key, 2)
        high = nice(top_of(points), "1/s")
        errors = max(1, height // 3) if height >= 3 else 0
        rows = scaled(
            [((text, "chart1"),) for text in area(points, height - errors, high, view.glyphs)],
            number(high, "1/s"), f"0{CATALOGUE[key.id].unit.removeprefix('1')}", width,
        )  # fmt: skip
        if errors:
            rows += self._failed(line, errors, view, width)
        return rows

    def _failed(self, line: Timeline, rows: int, view: View, width: int) -> Rows:
        """Shares of failed requests stacked by class, the worst at the bottom: each cell in the colour of its class."""
        columns = self._stacks(line)
        tops = [sum(stack) for stack in columns]
        high = nice_share(max(tops, default=0.0))
        steps = len(view.glyphs.column) - 1
        drawn: list[Spans] = []
        for y in range(rows - 1, -1, -1):
            spans: list[tuple[str, str]] = []
            for stack, top in zip(columns, tops, strict=True):
                filled = min(1.0, max(0.0, top / high * rows - y))
                middle = (y + filled / 2) / rows * high
                at = 0 if top <= 0 else max(1 if y == 0 else 0, round(filled * steps))
                spans.append((view.glyphs.column[at], _class_at(stack, middle)))
            drawn.append(tuple(spans))
        low = "errors" if rows > 1 else number(high, "ratio")
        return scaled([_merge(spans) for spans in drawn], number(high, "ratio"), low, width)

    def _stacks(self, line: Timeline) -> list[tuple[float, float, float]]:
        """For each column the shares of timeouts, of other server errors, of client errors; no request counts twice.

        A timeout is often answered with a 504 or 408 and so is among the 5xx or 4xx as well.
        """
        timeouts, server, total = (line.points(self.key(f"app.error.{id}")) for id in ("timeout", "server", "total"))
        stacks = []
        for timed_out, failed, every in zip(timeouts, server, total, strict=True):
            worst = 0.0 if isnan(timed_out) else timed_out
            rest = max(0.0, (0.0 if isnan(failed) else failed) - worst)
            stacks.append((worst, rest, max(0.0, (0.0 if isnan(every) else every) - worst - rest)))
        return stacks


_CLASSES = ("warning", "critical", "chart4")
"""The roles of timeouts, of server errors, of client errors."""


def _class_at(stack: tuple[float, float, float], height: float) -> str:
    """The role of the part of a stack that stands at `height`."""
    base = 0.0
    for share, role in zip(stack, _CLASSES, strict=True):
        base += share
        if height <= base:
            return role
    return next((role for share, role in reversed(list(zip(stack, _CLASSES, strict=True))) if share > 0), _CLASSES[0])


def nice_share(top: float) -> float:
    """The top of a scale for shares that are small when all is well."""
    return next((step for step in (0.05, 0.1, 0.2, 0.5) if top <= step), 1.0)


def _merge(spans: Spans) -> Spans:
    merged: list[tuple[str, str]] = []
    for text, role in spans:
        if merged and (merged[-1][1] == role or text == " "):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        else:
            merged.append((text, role))
    return tuple(merged)


class HeatMap(ChartPane):
    """How many requests took how long, over time: rows are latencies, shade is the number."""

    title = "latency heat map"

    def head(self, view: View) -> tuple[str, str]:
        return self.title, f"{view.glyphs.shades[1:]} few to many"

    def draw(self, view: View, width: int, height: int) -> Rows:
        keys = [key for key in view.snapshot.traced(BUCKET) if key.label("service") == self.subject().get("service")]
        keys.sort(key=lambda key: float(key.label("le")))
        line = self.line(view, width)
        if not keys or height < 3:
            return [Row(width).to(SCALE).put("its source tells no distribution", "dim").done()]
        columns = {key: [_sum(part) for part in _parts(line.values(key), line.ticks)] for key in keys}
        used = [at for at, key in enumerate(keys) if any(columns[key])]
        if not used:
            return [Row(width).to(SCALE).put("no request yet", "dim").done(), axis(line, width, view)]
        keys = keys[used[0] : used[-1] + 1]
        grouped = _group(keys, height - 1)
        most = max(sum(columns[key][x] for key in group) for group in grouped for x in range(line.columns)) or 1.0
        rows = []
        for group in reversed(grouped):
            cells = "".join(
                _shade(sum(columns[key][x] for key in group), most, view.glyphs.shades) for x in range(line.columns)
            )
            rows.append(Row(width).cell(_bound(group[-1]), SCALE - 1, "dim", ">").gap().put(cells, "chart1").done())
        return [*rows, axis(line, width, view)]


def _group(keys: list[Series], rows: int) -> list[list[Series]]:
    """Neighbouring buckets together, so that all of them fit into the rows."""
    each = -(-len(keys) // max(1, rows))
    return [keys[at : at + each] for at in range(0, len(keys), each)]


def _bound(key: Series) -> str:
    bound = float(key.label("le"))
    return "more" if bound == float("inf") else seconds(bound)


def _parts(values: Sequence[float], size: int) -> list[Sequence[float]]:
    return [values[at : at + size] for at in range(0, len(values), size)]


def _sum(values: Sequence[float]) -> float:
    return sum(value for value in values if not isnan(value))


def _shade(amount: float, most: float, shades: str) -> str:
    """By the root of the share: rare slow requests are what one looks for."""
    if amount <= 0:
        return shades[0]
    return shades[min(len(shades) - 1, 1 + int((amount / most) ** 0.5 * (len(shades) - 1)))]
