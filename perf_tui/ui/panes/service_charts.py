"""One service over time, all charts on one axis: latency, requests with errors, concurrency, heat map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, series
from perf_tui.measures.services import BUCKET
from perf_tui.measures.units import number, seconds
from perf_tui.ui.draw.charts import area, nice, overlay, top_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

SCALE = 9
"""Cells at the left in which the scale stands, the same in all charts, so that their columns align."""
_STATS = (("p50", "chart1"), ("p95", "chart2"), ("p99", "chart3"))


class ServicePane(Pane):
    """A pane about the service that a function names."""

    def __init__(self, id: str, subject: Callable[[], str]) -> None:
        super().__init__(id)
        self.subject = subject

    def line(self, view: View, width: int) -> Timeline:
        """The time axis that all of them share."""
        return Timeline(view.snapshot, max(4, width - SCALE - 1))


def scaled(rows: Sequence[Spans], high: str, low: str, width: int) -> Rows:
    """Chart rows with the top and the bottom of their scale at the left."""
    drawn = []
    for y, spans in enumerate(rows):
        label = high if y == 0 else (low if y == len(rows) - 1 else "")
        drawn.append(Row(width).cell(label, SCALE - 1, "dim", ">").gap().extend(spans).done())
    return drawn


class Latency(ServicePane):
    """p50, p95 and p99 as lines."""

    def _values(self, view: View) -> list[tuple[str, str, Series]]:
        return [
            (stat, role, series("app.request.duration", service=self.subject(), stat=stat)) for stat, role in _STATS
        ]

    def head(self, view: View) -> tuple[str, str]:
        words = [
            f"{stat} {view.text(view.snapshot.get('app.request.duration', service=self.subject(), stat=stat), 's')}"
            for stat in ("p50", "p95", "p99", "mean")
        ]
        return f"latency {self.subject()}", "  ".join(words)

    def draw(self, view: View, width: int, height: int) -> Rows:
        line = self.line(view, width)
        lines = [(line.points(key, 2), role) for _, role, key in self._values(view)]
        high = nice(max(top_of(points) for points, _ in lines), "s")
        chart = overlay(lines, max(1, height - 1), high, view.glyphs)
        legend = Row(width).to(SCALE)
        for stat, role, _ in self._values(view):
            legend.put(f"{view.glyphs.rule * 2} {stat}  ", role)
        value = view.snapshot.get("app.request.duration", service=self.subject(), stat="p99")
        if value.number is None and value.reason:
            legend.put(value.reason, "dim")
        return [*scaled([tuple(row) for row in chart], seconds(high), "0s", width), legend.done()]


class Traffic(ServicePane):
    """Requests per second; below, the shares that failed, by class."""

    _ERRORS = (("server", "5xx", "critical"), ("timeout", "timeouts", "warning"), ("client", "4xx", "chart4"))

    def head(self, view: View) -> tuple[str, str]:
        parts = [f"requests {view.text(view.snapshot.get('app.request.rate', service=self.subject()), '1/s')}"]
        errors = [
            f"{title} {view.text(view.snapshot.get(f'app.error.{id}', service=self.subject()), 'ratio')}"
            for id, title, _ in self._ERRORS
        ]
        return " ".join(parts), "  ".join(errors)

    def draw(self, view: View, width: int, height: int) -> Rows:
        line = self.line(view, width)
        key = series("app.request.rate", service=self.subject())
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
        """Shares of failed requests stacked by class: the worst at the bottom, each column in one colour a cell."""
        shares = [
            (line.points(series(f"app.error.{id}", service=self.subject())), role) for id, _, role in self._ERRORS
        ]
        tops = [
            sum(value for value in column if not isnan(value)) for column in zip(*(p for p, _ in shares), strict=True)
        ]
        high = max(0.05, nice_share(max(tops, default=0.0)))
        steps = len(view.glyphs.column) - 1
        drawn: list[Spans] = []
        for y in range(rows - 1, -1, -1):
            spans: list[tuple[str, str]] = []
            for column, top in enumerate(tops):
                filled = min(1.0, max(0.0, top / high * rows - y))
                base, role = 0.0, shares[0][1]
                for points, candidate in shares:
                    amount = points[column]
                    base += 0.0 if isnan(amount) else amount
                    role = candidate
                    if base / high * rows > y + filled / 2:
                        break
                at = 0 if top <= 0 else max(1 if y == 0 else 0, round(filled * steps))
                spans.append((view.glyphs.column[at], role))
            drawn.append(tuple(spans))
        return scaled(
            [_merge(spans) for spans in drawn],
            number(high, "ratio"),
            "errors" if rows > 1 else number(high, "ratio"),
            width,
        )


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


class Active(ServicePane):
    """Concurrency: requests in flight."""

    def head(self, view: View) -> tuple[str, str]:
        value = view.snapshot.get("app.request.active", service=self.subject())
        return f"in flight {view.text(value, '1')}", ""

    def draw(self, view: View, width: int, height: int) -> Rows:
        key = series("app.request.active", service=self.subject())
        value = view.snapshot.get(key.id, service=self.subject())
        if value.number is None and value.reason:
            return [Row(width).to(SCALE).put(value.reason, "dim").done()]
        points = self.line(view, width).points(key, 2)
        high = nice(top_of(points), "1")
        return scaled(
            [((text, "chart2"),) for text in area(points, height, high, view.glyphs)], number(high, "1"), "0", width
        )


class HeatMap(ServicePane):
    """How many requests took how long, over time: rows are latencies, shade is the number."""

    title = "latency heat map"

    def head(self, view: View) -> tuple[str, str]:
        return self.title, f"{view.glyphs.shades[1:]} few to many"

    def draw(self, view: View, width: int, height: int) -> Rows:
        keys = [key for key in view.snapshot.traced(BUCKET) if key.label("service") == self.subject()]
        keys.sort(key=lambda key: float(key.label("le")))
        line = self.line(view, width)
        if not keys or height < 3:
            return [Row(width).to(SCALE).put("its source tells no distribution", "dim").done()]
        columns = {key: [_sum(part) for part in _parts(line.values(key), line.ticks)] for key in keys}
        used = [at for at, key in enumerate(keys) if any(columns[key])]
        if not used:
            return [Row(width).to(SCALE).put("no request yet", "dim").done(), *[], _axis(line, width, view)]
        keys = keys[used[0] : used[-1] + 1]
        grouped = _group(keys, height - 1)
        most = max(sum(columns[key][x] for key in group) for group in grouped for x in range(line.columns)) or 1.0
        rows = []
        for group in reversed(grouped):
            cells = "".join(
                _shade(sum(columns[key][x] for key in group), most, view.glyphs.shades) for x in range(line.columns)
            )
            rows.append(Row(width).cell(_bound(group[-1]), SCALE - 1, "dim", ">").gap().put(cells, "chart1").done())
        return [*rows, _axis(line, width, view)]


def _axis(line: Timeline, width: int, view: View) -> Spans:
    text = line.axis(view.glyphs.rule)
    return Row(width).to(SCALE).put(text.replace("−", "-") if view.glyphs.ascii_only else text, "rule").done()


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
