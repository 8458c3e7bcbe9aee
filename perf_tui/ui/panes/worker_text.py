"""What a worker says: its events and errors in full, and the end of its log."""

from __future__ import annotations

from collections.abc import Sequence

from perf_tui.measures.workers import HERE, closeup
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.header import clock
from perf_tui.ui.panes.scrolled import Scrolled, paragraph
from perf_tui.ui.panes.worker import Subject
from perf_tui.ui.view import Rows, View


class Events(Scrolled):
    """The newest first, none of them cut."""

    title = "events"

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject

    def head(self, view: View) -> tuple[str, str]:
        worker = self.subject(view)
        errors = sum(event.error for event in worker.events) if worker is not None else 0
        return self.title, f"{errors} error{'s' if errors != 1 else ''}" if errors else ""

    def lines(self, view: View, width: int) -> Sequence[Spans]:
        worker = self.subject(view)
        if worker is None or not worker.events:
            return [Row(width).gap().put("none was told", "dim").done()]
        rows: Rows = []
        for event in reversed(worker.events):
            mark = view.glyphs.marks["critical" if event.error else "ok"]
            roles = ("critical", "critical") if event.error else ("text", "dim")
            rows += paragraph(event.words, width, roles[0], f"{clock(event.time)} {mark} ", roles[1])
        return rows


class LogTail(Scrolled):
    """The newest last; it follows the log as it grows."""

    title = "log"
    follows = True

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject

    def head(self, view: View) -> tuple[str, str]:
        worker = self.subject(view)
        return self.title, worker.log if worker is not None else ""

    def lines(self, view: View, width: int) -> Sequence[Spans]:
        worker, read = self.subject(view), closeup(view.snapshot.tables)
        if worker is None or not worker.log:
            return paragraph("no source tells where its log is; log = … of its group in [[workers]] does", width, "dim")
        if worker.host not in (HERE, ""):
            return paragraph(f"it is on {worker.host}, where perf-tui does not look", width, "dim")
        if read.worker != worker.id or read.log != worker.log:
            words = "paused: it is not read" if view.paused else f"it is being read {view.glyphs.more}"
            return paragraph(words, width, "dim")
        rows = [row for line in read.lines for row in paragraph(line, width)]
        if read.reason:
            rows += paragraph(read.reason, width, "warning")
        return rows or paragraph("there is nothing in it yet", width, "dim")
