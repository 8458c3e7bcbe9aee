"""One inference server in full: what it is, every number with its status' reason, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterator

from perf_tui.engine.diagnosis import diagnose
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.engines import DETAILS, find
from perf_tui.measures.model import Status, Value
from perf_tui.measures.units import count, seconds
from perf_tui.text import clean
from perf_tui.ui.draw.row import Row
from perf_tui.ui.panes.charts import ChartPane, Subject
from perf_tui.ui.panes.scrolled import Scrolled, paragraph
from perf_tui.ui.view import Rows, View

_TITLE = 24


class EngineFacts(Scrolled):
    """Its source and profile, its measures and details, why requests ended, its notices."""

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject

    def head(self, view: View) -> tuple[str, str]:
        labels = self.subject()
        engine = find(view.snapshot.tables, labels.get("engine", ""), labels.get("model", ""))
        return labels.get("engine", ""), f"seen as {engine.profile}" if engine is not None else ""

    def lines(self, view: View, width: int) -> Rows:
        labels = self.subject()
        engine = find(view.snapshot.tables, labels.get("engine", ""), labels.get("model", ""))
        rows: Rows = []
        if engine is not None:
            rows += self._who(view, width, engine.source, engine.model, engine.address)
            for notice in engine.notices:
                rows += paragraph(clean(notice), width, "text", f"{view.glyphs.marks['info']} ", "info")
        for title, value, unit in self._numbers(view):
            row = Row(width).gap().cell(title, _TITLE, "dim").cell(view.text(value, unit), 9, "strong", ">").gap(2)
            if value.status is not Status.OK:
                row.put(clean(value.reason or value.status.value), "dim")
            rows.append(row.done())
        if engine is not None and engine.finish:
            row = Row(width).gap().cell("requests ended by", _TITLE, "dim").gap()
            for reason in engine.finish:
                row.whole((f"{reason.reason} ", "text"), (f"{count(reason.requests)}  ", "strong"))
            rows.append(row.done())
        return rows

    def _who(self, view: View, width: int, source: str, model: str, address: str) -> Rows:
        state = next((each for each in view.snapshot.sources if each.name == source), None)
        row = Row(width).gap().put(model or "a model that it does not name", "strong")
        row.whole((f"  {address}", "dim"))
        rows = [row.done()]
        if state is not None:
            role = "text" if state.status is Status.OK else "warning"
            words = f"{state.kind} {state.name}: {state.status.value}"
            words += f", read in {seconds(state.duration)}" if state.duration is not None else ""
            rows.append(Row(width).gap().put(f"{words} {state.error or ''}".rstrip(), role).done())
        return rows

    def _numbers(self, view: View) -> Iterator[tuple[str, Value, str]]:
        labels = self.subject()
        for id, measure in CATALOGUE.items():
            if not id.startswith("ai.") or "name" in measure.labels:
                continue
            if "stat" not in measure.labels:
                yield measure.title, view.snapshot.get(id, **labels), measure.unit
                continue
            stats = {stat: view.snapshot.get(id, stat=stat, **labels) for stat in ("mean", "p50", "p95", "p99")}
            if all(value.number is None for value in stats.values()):
                yield measure.title, stats["mean"], measure.unit
                continue
            for stat, value in stats.items():
                if value.number is not None or stat in ("mean", "p95"):
                    yield f"{measure.title} {stat}", value, measure.unit
        engine = find(view.snapshot.tables, labels.get("engine", ""), labels.get("model", ""))
        for name, value in engine.details if engine is not None else ():
            yield DETAILS[name].title, value, DETAILS[name].unit


class Remedies(ChartPane):
    """The diagnosis with its evidence, what to do and where the limits are from, all of it."""

    title = "diagnosis"

    def count(self, view: View, width: int) -> int:
        """How many rows it has."""
        return len(self.draw(view, width, 1000))

    def draw(self, view: View, width: int, height: int) -> Rows:
        labels = self.subject()
        rows: Rows = []
        for finding in diagnose(view.snapshot, labels.get("engine", ""), labels.get("model", "")):
            level = finding.level.word
            rows += paragraph(finding.title, width, level, f"{view.glyphs.marks[level]} ", level)
            rows += paragraph(finding.evidence, width, "text", "  ")
            rows += paragraph(finding.remedy, width, "accent", "  ")
            rows += paragraph(f"limits: {finding.source}", width, "dim", "  ")
        if not rows:
            row = Row(width).gap().put(f"{view.glyphs.marks['ok']} ", "ok").put("nothing holds it back", "dim")
            rows.append(row.done())
        return rows[:height]
