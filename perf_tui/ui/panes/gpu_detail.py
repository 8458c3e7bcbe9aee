"""One GPU in full: its meters, clocks and what holds them down, its link, its memory's errors, its driver's errors."""

from __future__ import annotations

from perf_tui.measures.model import Value
from perf_tui.measures.units import number
from perf_tui.text import clean
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.charts import Subject
from perf_tui.ui.panes.gpus import GpuRow, clock_text, gpu_rows, of_whole
from perf_tui.ui.panes.levels import bar_role
from perf_tui.ui.panes.scrolled import Scrolled, paragraph
from perf_tui.ui.view import Rows, View

_TITLE = 16
_METER = 24


def find(view: View, labels: dict[str, str]) -> GpuRow | None:
    """The row with these labels."""
    wanted = labels.get("gpu", ""), labels.get("name", "")
    return next((row for row in gpu_rows(view.snapshot) if row.key == wanted), None)


class GpuFacts(Scrolled):
    """All that is known of it besides its history and its processes."""

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject

    def head(self, view: View) -> tuple[str, str]:
        labels = self.subject()
        row = find(view, dict(labels))
        told = row.gpu.exporter or row.gpu.source if row is not None else ""
        return f"GPU {labels.get('gpu', '')} {labels.get('name', '')}".rstrip(), f"by {told}" if told else ""

    def lines(self, view: View, width: int) -> Rows:
        row = find(view, dict(self.subject()))
        if row is None:
            return [Row(width).gap().put("it is not there any more", "dim").done()]
        return [
            *self._trouble(row, view, width),
            self._meter("utilization", row.busy, "gpu.utilization", view, width),
            self._meter("memory", row.full, "gpu.memory.utilization", view, width, of_whole(row.used, row.total, view)),
            self._meter("memory busy", row.gpu.memory_busy, "", view, width),
            self._meter("power", _share(row.power, row.limit), "", view, width, self._watts(row, view)),
            _line("temperature", row.temperature, "Cel", view, width),
            _line("fan", row.gpu.fan, "ratio", view, width),
            self._clock("clock", row, row.gpu.clock, row.gpu.clock_max, view, width),
            self._clock("memory clock", row, row.gpu.memory_clock, row.gpu.memory_clock_max, view, width),
            *self._throttle(row, view, width),
            self._link(row, view, width),
            _line("from it", row.gpu.pcie.transmit, "By/s", view, width),
            _line("to it", row.gpu.pcie.receive, "By/s", view, width),
            _line("ECC since boot", row.gpu.ecc_boot, "1", view, width),
            _line("ECC in its life", row.gpu.ecc_life, "1", view, width),
            *self._xids(row, width),
            *([_words("UUID", row.gpu.uuid, width)] if row.gpu.uuid else []),
            *([_words("part of", f"GPU {row.gpu.parent}", width)] if row.gpu.parent else []),
        ]

    def _trouble(self, row: GpuRow, view: View, width: int) -> Rows:
        rows: Rows = []
        if row.gpu.problem:
            rows += paragraph(
                clean(row.gpu.problem), width, "critical", f"{view.glyphs.marks['critical']} ", "critical"
            )
        for notice in row.gpu.notices:
            rows += paragraph(clean(notice), width, "text", f"{view.glyphs.marks['info']} ", "info")
        return rows

    def _meter(self, title: str, value: Value, id: str, view: View, width: int, words: str = "") -> Spans:
        line = Row(width).gap().cell(title, _TITLE, "dim")
        if value.number is None:
            return line.put(view.text(value, "ratio"), "dim").gap(2).put(clean(value.reason or ""), "dim").done()
        role = bar_role(id, value) if id else "chart1"
        line.extend(meter(value.number, max(8, min(_METER, width - 50)), role, view.glyphs)).gap()
        return line.put(f"{view.text(value, 'ratio')}  ", "strong").put(words, "text").done()

    def _watts(self, row: GpuRow, view: View) -> str:
        words = view.text(row.power, "W")
        return f"{words} of {view.text(row.limit, 'W')}" if row.limit.number is not None else words

    def _clock(self, title: str, row: GpuRow, now: Value, most: Value, view: View, width: int) -> Spans:
        line = Row(width).gap().cell(title, _TITLE, "dim").put(clock_text(row, now, view), "strong")
        if most.number is not None:
            line.put(f" of {most.number / 1e6:.0f}MHz", "dim")
        elif now.number is None and now.reason:
            line.gap(2).put(clean(now.reason), "dim")
        return line.done()

    def _throttle(self, row: GpuRow, view: View, width: int) -> Rows:
        if row.gpu.throttle is None:
            return [_words("throttling", "its source does not tell it", width, "dim")]
        if not row.gpu.throttle:
            return [_words("throttling", "nothing holds the clocks down", width, "ok")]
        return [
            _words(
                "throttling" if first else "",
                f"{view.glyphs.marks.get(each.level, '')} {each.words}",
                width,
                each.level,
            )
            for first, each in zip((True, *([False] * 64)), row.gpu.throttle, strict=False)
        ]

    def _link(self, row: GpuRow, view: View, width: int) -> Spans:
        link = row.gpu.pcie
        if link.generation.number is None or link.width.number is None:
            return _words("link", clean(link.generation.reason or "not told"), width, "dim")
        words = f"PCIe {link.generation.number:.0f} x{link.width.number:.0f}"
        if link.generation_max.number is not None and link.width_max.number is not None:
            words += f" of {link.generation_max.number:.0f} x{link.width_max.number:.0f}"
        return _words("link", words, width)

    def _xids(self, row: GpuRow, width: int) -> Rows:
        """Those that there were stand among the notices."""
        if row.gpu.xids:
            return []
        words = "not told" if row.gpu.xids is None else "none since the program started"
        return [_words("Xid errors", words, width, "dim")]


def _share(part: Value, whole: Value) -> Value:
    if part.number is None or not whole.number:
        return part._replace(number=None)
    return Value(part.number / whole.number)


def _line(title: str, value: Value, unit: str, view: View, width: int) -> Spans:
    line = Row(width).gap().cell(title, _TITLE, "dim")
    if value.number is None:
        return line.put(view.text(value, unit), "dim").gap(2).put(clean(value.reason or ""), "dim").done()
    return line.put(number(value.number, unit), "strong").done()


def _words(title: str, words: str, width: int, role: str = "text") -> Spans:
    return Row(width).gap().cell(title, _TITLE, "dim").put(words, role).done()
