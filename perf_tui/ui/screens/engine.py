"""One inference server's own screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region

from perf_tui.engine.alerts.model import Alert
from perf_tui.measures.model import Series
from perf_tui.ui.panes.alerts import ItsAlerts
from perf_tui.ui.panes.charts import Lines
from perf_tui.ui.panes.engine_detail import EngineFacts, Remedies
from perf_tui.ui.panes.engine_parts import Parts
from perf_tui.ui.panes.engines import CACHE, QUEUE, TOKENS, engine_rows, quantiles
from perf_tui.ui.panes.phases import Phases
from perf_tui.ui.panes.quality import QualityPane
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan, stack
from perf_tui.ui.widgets.pane import Pane

Key = tuple[str, str]
"""An engine and its model."""
_CHARTS = {"tokens": 9, "queue": 8, "ttft": 7, "itl": 6, "e2e": 3, "cache": 5}
"""Each with how much it matters where there is no room for all."""
SIDE_BY_SIDE = 120
"""From this width on, what it is stands beside its charts."""


class EngineScreen(LiveScreen):
    """Everything about one server; `n` and `N` go to its neighbours in the list, Esc goes back to the row."""

    name_of = "ai"
    first_focus = "facts"
    log_rows = (2, 3, 3)

    def __init__(
        self, engine: Key, among: Sequence[Key] = (), went_to: Callable[[Key], None] = lambda engine: None
    ) -> None:
        """`among` are the rows of the list that it was opened from; `went_to` is told each that is shown instead."""
        super().__init__()
        self.engine = engine
        self._among = list(among) or [engine]
        self._went_to = went_to

    def subject(self) -> dict[str, str]:
        """The labels of its measures."""
        return {"engine": self.engine[0], "model": self.engine[1]}

    def _about(self, key: Series) -> bool:
        """Whether a series is about it."""
        return self.engine == (key.label("engine"), key.label("model") or self.engine[1])

    def panes(self) -> Sequence[Pane]:
        subject = self.subject
        return (
            Lines("tokens", "tokens per second", TOKENS, subject, named=True),
            Lines("queue", "requests", QUEUE, subject),
            Lines("ttft", "time to first token", quantiles("ai.latency.ttft"), subject),
            Lines("itl", "time between tokens", quantiles("ai.latency.itl"), subject),
            Lines("e2e", "time of a whole request", quantiles("ai.latency.e2e"), subject),
            Lines("cache", "caches", CACHE, subject),
            Phases("phases", subject),
            Remedies("remedies", subject),
            Parts("parts", subject),
            QualityPane("quality", subject),
            ItsAlerts("alerts", self._about),
            EngineFacts("facts", subject),
        )

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        wide = width >= SIDE_BY_SIDE
        left = width * 11 // 20 if wide else width
        right = width - left - 1 if wide else width
        known = sum(self.query_one(f"#{id}", Lines).known(view) for id in _CHARTS)
        most = max(5, height // max(2, known))
        charts = [self._wish(view, id, most, importance) for id, importance in _CHARTS.items()]
        parts = self.query_one("#parts", Parts).count(view)
        scores = self.query_one("#quality", QualityPane).count(view)
        remedies = self.query_one("#remedies", Remedies).count(view, right)
        tall = self.query_one("#phases", Phases).height(view)
        alerts = self.query_one("#alerts", ItsAlerts).wish(view, 9)
        told = [
            ("remedies", 1 + min(4, remedies), 1 + remedies, 10),
            *alerts,
            *([("parts", 1 + min(2, parts), 1 + min(16, parts), 8)] if parts else []),
            ("phases", tall, tall, 6 if tall > 2 else 0),
            *([("quality", 2, 1 + min(6, scores), 5)] if scores else []),
            ("facts", 4, height, 4),
        ]
        if not wide:
            # The numbers that the charts show need no list of their own where there is hardly room for the charts.
            rows = stack(top, height, [*told[:-1], *charts, told[-1]])
            return {id: Region(0, y, width, tall) for id, (y, tall) in rows.items()}
        plan = {id: Region(0, y, left, tall) for id, (y, tall) in stack(top, height, charts).items()}
        for id, (y, tall) in stack(top, height, told).items():
            plan[id] = Region(left + 1, y, right, tall)
        return plan

    def _wish(self, view: View, id: str, most: int, importance: int) -> tuple[str, int, int, int]:
        """The room that a chart asks for: two rows where its engine has none of its measures."""
        chart = self.query_one(f"#{id}", Lines)
        return (id, 4, most, importance) if chart.known(view) else (id, 2, 2, 1)

    def alert(self) -> Alert | None:
        """The worst of its alerts."""
        return next(iter(self.query_one("#alerts", ItsAlerts).alerts(self.perf.view)), None)

    def neighbour(self, step: int) -> None:
        """Show the next engine, or the one before, of the list as it was when this screen was opened."""
        known = {(row.engine, row.model) for row in engine_rows(self.perf.view.snapshot)}
        at = self._among.index(self.engine) if self.engine in self._among else 0
        turned = [*self._among[at + 1 :], *self._among[:at]][:: 1 if step > 0 else -1]
        chosen = next((each for each in turned if each in known), None)
        if chosen is not None:
            self.engine = chosen
            self._went_to(chosen)
            self.query_one(EngineFacts).home()
            self.paint()
