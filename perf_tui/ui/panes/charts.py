"""Charts of one thing over time, all on the axis that they share: lines, and filled areas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.measures.units import number
from perf_tui.ui.draw.charts import area, nice, overlay, top_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

SCALE = 9
"""Cells at the left in which the scale stands, the same in all charts, so that their columns align."""

Subject = Callable[[], Mapping[str, str]]
"""The labels of what the charts of a screen are about; empty while nothing is selected."""


class ChartPane(Pane):
    """A pane about the thing whose labels a function gives."""

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject

    def line(self, view: View, width: int) -> Timeline:
        """The time axis that all of them share."""
        return Timeline(view.snapshot, max(4, width - SCALE - 1))

    def key(self, id: str, **labels: str) -> Series:
        """The series of a measure of the subject."""
        return series(id, **self.subject(), **labels)

    def value(self, view: View, id: str, **labels: str) -> Value:
        """The newest value of a measure of the subject."""
        return view.snapshot.get(id, **self.subject(), **labels)


def scaled(rows: Sequence[Spans], high: str, low: str, width: int) -> Rows:
    """Chart rows with the top and the bottom of their scale at the left."""
    drawn = []
    for y, spans in enumerate(rows):
        label = high if y == 0 else (low if y == len(rows) - 1 else "")
        drawn.append(Row(width).cell(label, SCALE - 1, "dim", ">").gap().extend(spans).done())
    return drawn


def axis(line: Timeline, width: int, view: View) -> Spans:
    """The time axis below charts with a scale."""
    return Row(width).to(SCALE).put(line.axis(view.glyphs.rule), "rule").done()


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart."""

    name: str
    role: str
    id: str
    labels: Mapping[str, str] = field(default_factory=dict)


class Lines(ChartPane):
    """Several measures of one unit as lines; the later ones are drawn over the earlier."""

    def __init__(self, id: str, title: str, curves: Sequence[Curve], subject: Subject, named: bool = False) -> None:
        super().__init__(id, subject)
        self.title = title
        self._curves = curves
        self._named = named
        self._unit = CATALOGUE[curves[0].id].unit

    def head(self, view: View) -> tuple[str, str]:
        words = [f"{curve.name} {view.text(self._value(curve, view), self._unit)}" for curve in self._curves]
        name = " ".join(filter(None, self.subject().values())) if self._named else ""
        return f"{self.title} {name}".strip(), "  ".join(words)

    def known(self, view: View) -> bool:
        """Whether there is any number, now or in what the chart shows."""
        return any(
            self._value(curve, view).status is not Status.ABSENT
            or top_of(view.snapshot.past(self.key(curve.id, **curve.labels), 300)) > 0
            for curve in self._curves
        )

    def _value(self, curve: Curve, view: View) -> Value:
        return self.value(view, curve.id, **curve.labels)

    def draw(self, view: View, width: int, height: int) -> Rows:
        line = self.line(view, width)
        lines = [(line.points(self.key(curve.id, **curve.labels), 2), curve.role) for curve in self._curves]
        high = nice(max(top_of(points) for points, _ in lines), self._unit)
        legend = Row(width).to(SCALE)
        for curve in self._curves:
            legend.put(f"{view.glyphs.rule * 2} {curve.name}  ", curve.role)
        last = self._value(self._curves[-1], view)
        if last.number is None and last.reason:
            legend.put(last.reason, "dim")
        if height == 1:
            return [legend.done()]
        chart = overlay(lines, height - 1, high, view.glyphs)
        low = number(0.0, self._unit)
        return [*scaled([tuple(row) for row in chart], number(high, self._unit), low, width), legend.done()]


class Filled(ChartPane):
    """One measure as a filled area."""

    def __init__(self, id: str, title: str, measure: str, role: str, subject: Subject) -> None:
        super().__init__(id, subject)
        self.title = title
        self._measure = measure
        self._role = role

    def head(self, view: View) -> tuple[str, str]:
        return f"{self.title} {view.text(self.value(view, self._measure), CATALOGUE[self._measure].unit)}", ""

    def draw(self, view: View, width: int, height: int) -> Rows:
        value = self.value(view, self._measure)
        if value.number is None and value.reason:
            return [Row(width).to(SCALE).put(value.reason, "dim").done()]
        unit = CATALOGUE[self._measure].unit
        points = self.line(view, width).points(self.key(self._measure), 2)
        high = nice(top_of(points), unit)
        rows = [((text, self._role),) for text in area(points, height, high, view.glyphs)]
        return scaled(rows, number(high, unit), number(0.0, unit), width)
