"""Tells of alerts that begin or get worse in a corner of the screen, and with the terminal's bell."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from perf_tui.engine.alerts.model import Change, Level, Transition
from perf_tui.engine.snapshot import Snapshot
from perf_tui.ui.draw.row import plain
from perf_tui.ui.panes.alertlog import comparison, subject
from perf_tui.ui.view import View

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from perf_tui.ui.app import PerfApp

SHOWN = 8.0
"""Seconds that one is shown for."""
MOST = 3
"""Shown one by one at a time; more become one that counts them."""
BELL = 10.0
"""Seconds within which the bell rings once at most."""
_SEVERITIES: dict[Level, SeverityLevel] = {Level.CRITICAL: "error", Level.WARNING: "warning"}


class Toasts:
    """Follows the log that snapshots carry; what is in it at the beginning is no news."""

    def __init__(self, app: PerfApp) -> None:
        self._app = app
        self._last: int | None = None
        self._recent: deque[Transition] = deque()
        self._rang = -BELL
        """Monotonic time of the last bell, as snapshots have it."""

    def follow(self, view: View) -> None:
        """Tell of what is new, as far as the configuration wishes."""
        snapshot, wishes = self._app.engine.store.snapshot, self._app.config.alerting
        news = self._news(snapshot)
        if not news:
            return
        if wishes.toast:
            self._show(news, snapshot.time, view)
        if wishes.bell and snapshot.at - self._rang >= BELL:
            self._rang = snapshot.at
            self._app.bell()

    def _news(self, snapshot: Snapshot) -> list[Transition]:
        newest = snapshot.log[-1].number if snapshot.log else 0
        last, self._last = self._last, newest
        if last is None:
            return []
        return [
            line
            for line in snapshot.log
            if line.number > last and not line.quiet and line.change in (Change.RAISED, Change.ESCALATED)
        ]

    def _show(self, news: list[Transition], now: float, view: View) -> None:
        while self._recent and not now - SHOWN < self._recent[0].time <= now:
            self._recent.popleft()
        self._recent.extend(news)
        if len(self._recent) <= MOST:
            for line in news:
                self._tell(f"{line.level.word}: {line.rule.name}", _words(line, view), line.level, view)
            return
        self._app.clear_notifications()
        worst = sorted(self._recent, key=lambda line: -line.level)
        more = len(worst) - MOST + 1
        words = [*(_words(line, view) for line in worst[: MOST - 1]), f"+{more} more"]
        self._tell(f"{len(worst)} alerts", "\n".join(words), worst[0].level, view)

    def _tell(self, title: str, words: str, level: Level, view: View) -> None:
        if view.glyphs.ascii_only:
            title, words = (_plain(text) for text in (title, words))
        severity = _SEVERITIES.get(level, "information")
        self._app.notify(words, title=title, severity=severity, timeout=SHOWN, markup=False)


def _words(line: Transition, view: View) -> str:
    return f"{view.glyphs.marks[line.level.word]} {subject(line.series)} {comparison(line, view)}"


def _plain(text: str) -> str:
    return "\n".join("".join(part for part, _ in plain(((each, "text"),))) for each in text.split("\n"))
