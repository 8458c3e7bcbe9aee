"""One worker's own screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region
from textual.screen import Screen

from perf_tui.engine.alerts.model import Alert
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.workers import HERE, Usage, Worker, rows
from perf_tui.sources.workers.closeup import Target
from perf_tui.ui.panes.worker import Charts, Identity, Task, charted
from perf_tui.ui.panes.worker_links import Alerts, Link, Links
from perf_tui.ui.panes.worker_text import Events, LogTail
from perf_tui.ui.panes.workers import worst_first
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.screens.service import ServiceScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane

SIDE_BY_SIDE = 150
"""From this width on, what it says stands beside its charts."""


class WorkerScreen(LiveScreen):
    """Everything about one worker; `n` and `N` go through the list that it was opened from, Esc goes back to it."""

    name_of = "workers"
    first_focus = "events"
    log_rows = (2, 3, 3)

    def __init__(
        self, worker: str, among: Sequence[str] = (), went_to: Callable[[str], None] = lambda worker: None
    ) -> None:
        """`among` are the ids of its neighbours in their order, without any all workers, the worst first; `went_to` is
        told each that is shown instead."""
        super().__init__()
        self.worker = worker
        self._among = list(among)
        self._went_to = went_to
        self._found: tuple[Snapshot | None, Worker | None] = (None, None)
        self._target = Target()

    def subject(self, view: View) -> Worker | None:
        """The worker as it is now; once it is dropped, as it was last known while this screen was open."""
        snapshot, worker = self._found
        if snapshot is not view.snapshot or worker is None or worker.id != self.worker:
            before = worker if worker is not None and worker.id == self.worker else None
            now = next((each for each in rows(view.snapshot.tables) if each.id == self.worker), None)
            self._found = (view.snapshot, now or before)
        return self._found[1]

    def panes(self) -> Sequence[Pane]:
        return (
            Identity("who", self.subject),
            Task("task", self.subject),
            Alerts("alerts", self.subject),
            Charts("charts", self.subject),
            Events("events", self.subject),
            LogTail("tail", self.subject),
            Links("links", self.subject),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        worker = self.subject(view)
        used = worker is not None and worker.usage != Usage()
        told = worker is not None and bool(worker.events)
        logs = worker is not None and bool(worker.log)
        count = len(charted(self.worker, view))
        wide = width >= SIDE_BY_SIDE and count > 0
        left = width * 11 // 20 if wide else width
        alerts = sum(each.series.label("worker") == self.worker for each in view.snapshot.alerts)
        links = self.query_one("#links", Links)
        belongs = len(links.rows(view))
        first = [
            ("who", 3, 5, 9),
            ("task", 4 + used, (5 if height < 36 else 6) + used, 10),
            *([("alerts", 3, 2 + min(4, alerts), 8)] if alerts else []),
            ("charts", 4, height if wide else max(4, min(2 + 2 * count, height * 2 // 5)), 7)
            if count
            else ("charts", 2, 2, 3),
        ]
        then = [
            ("events", 3, height if not logs else height // 2 if wide else 8, 6) if told else ("events", 2, 2, 6),
            ("tail", 3, height, 5) if logs else ("tail", 2, 2, 2),
            *([("links", 3, 2 + min(4, belongs), 4)] if belongs else []),
        ]
        if not wide:
            return {id: Region(0, y, width, tall) for id, (y, tall) in stack(top, height, [*first, *then]).items()}
        plan = {id: Region(0, y, left, tall) for id, (y, tall) in stack(top, height, first).items()}
        for id, (y, tall) in stack(top, height, then).items():
            plan[id] = Region(left + 1, y, width - left - 1, tall)
        return plan

    # -- what is read of it beyond what is read of all

    def paint(self) -> None:
        worker = self.subject(self.perf.view)
        if worker is not None and self.is_current:
            here = worker.host in (HERE, "")
            target = Target(worker.id, worker.pid if worker.host == HERE else None, worker.log if here else "")
            if target != self._target:
                self._target = target
                self.perf.look_closer(target)
        super().paint()

    def on_screen_suspend(self) -> None:
        self._look_away()

    def on_unmount(self) -> None:
        self._look_away()
        self._found = (None, None)

    def _look_away(self) -> None:
        self.perf.look_away(self._target)
        self._target = Target()

    # -- where keys lead

    def opened(self) -> Screen[None] | None:
        links = self.query_one("#links", Links)
        return _screen(links.current) if self.focused is links and links.current is not None else None

    def alert(self) -> Alert | None:
        alerts = self.query_one("#alerts", Alerts)
        return alerts.current if self.focused is alerts else None

    def neighbour(self, step: int) -> None:
        """Show the next worker, or the one before: of the list as it was when this screen was opened from it."""
        workers = rows(self.perf.view.snapshot.tables)
        known = {each.id for each in workers}
        among = self._among or [each.id for each in worst_first(workers)]
        at = among.index(self.worker) if self.worker in among else 0
        turned = [*among[at + 1 :], *among[:at]][:: 1 if step > 0 else -1]
        chosen = next((each for each in turned if each in known), None)
        if chosen is None:
            return
        self.worker = chosen
        self._went_to(chosen)
        for pane in (self.query_one(Events), self.query_one(LogTail)):
            pane.home()
        self.paint()


def _screen(link: Link) -> Screen[None]:
    """The screen that a link leads to."""
    if link.what == "service":
        return ServiceScreen(link.name)
    if link.what == "engine":
        from perf_tui.ui.screens.engine import EngineScreen

        assert isinstance(link.target, tuple)  # an engine and its model
        return EngineScreen(link.target)
    from perf_tui.ui.screens.workers import Workers  # it leads here itself

    return Workers(str(link.target))
