"""Where a worker's screen leads: the model server that it speaks with or is, its service, its queue, its group."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from perf_tui.engine.alerts.model import Alert
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.workers import Worker, rows
from perf_tui.ui.panes.alerts import Active
from perf_tui.ui.panes.engines import engine_rows
from perf_tui.ui.panes.services import service_rows
from perf_tui.ui.panes.worker import Subject
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go to."""

    what: str
    """engine, service, queue or group."""
    name: str
    words: str
    target: Hashable
    """What is selected there: an engine's identity, a service's name, a filter of the board."""


def links(worker: Worker, view: View) -> Iterator[Link]:
    """What of this is watched, and belongs to the worker."""
    names = {worker.id, worker.group, worker.kind, *(words for _, words in worker.facts)} - {""}
    for engine in engine_rows(view.snapshot):
        if engine.model == worker.usage.model != "" or engine.engine in names:
            yield Link("engine", engine.engine, engine.model, (engine.engine, engine.model))
    for service in service_rows(view.snapshot):
        if service.service.name in names:
            yield Link("service", service.service.name, service.service.profile, service.service.name)
    workers = rows(view.snapshot.tables)
    for name, words in worker.facts:
        if name in ("queue", "queues"):
            alike = sum((name, words) in each.facts for each in workers)
            yield Link("queue", words, f"{alike} worker{'s' if alike != 1 else ''}", f'queue:"{words}"')
    if worker.group:
        alike = sum(each.group == worker.group for each in workers)
        yield Link("group", worker.group, f"{alike} worker{'s' if alike != 1 else ''}", f'group="{worker.group}"')


class Links(TablePane[Link]):
    """One row each; Enter opens it."""

    title = "belongs to"
    columns = (
        Column("what", 8, lambda row, view: row.what, lambda row: row.what, lambda row: "dim", "<", False, 3),
        Column("name", 24, lambda row, view: row.name, lambda row: row.name, lambda row: "strong", "<", False, 9),
        Column("", 12, lambda row, view: row.words, lambda row: row.words, lambda row: "dim", "<", False, 1),
    )

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject
        self._known: tuple[Snapshot | None, Worker | None, tuple[Link, ...]] = (None, None, ())

    def head(self, view: View) -> tuple[str, str]:
        return self.title, f"{self.perf.keys['open']} opens"

    def rows(self, view: View) -> Sequence[Link]:
        worker = self.subject(view)
        if self._known[0] is not view.snapshot or self._known[1] is not worker:
            self._known = (view.snapshot, worker, tuple(links(worker, view)) if worker is not None else ())
        return self._known[2]

    def on_unmount(self) -> None:
        self._known = (None, None, ())

    def identity(self, row: Link) -> Hashable:
        return row.what, row.name

    def haystack(self, row: Link) -> str:
        return f"{row.what} {row.name} {row.words}"

    def empty(self, view: View) -> str:
        return "to no engine, service, queue or group that is watched"


class Alerts(Active):
    """Those on its own measures."""

    title = "its alerts"

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject

    def head(self, view: View) -> tuple[str, str]:
        return self.title, ""

    def rows(self, view: View) -> Sequence[Alert]:
        worker = self.subject(view)
        return tuple(each for each in view.snapshot.alerts if worker and each.series.label("worker") == worker.id)
