"""Screens of layers that no source feeds yet: what was looked for, and what brings it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from perf_tui.ui.panes.invitation import Invitation
from perf_tui.ui.panes.oneclock import OneClock
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.view import View
from perf_tui.ui.widgets.board import Plan
from perf_tui.ui.widgets.pane import Pane

_WORDS = {
    "workers": ("workers", "no worker is watched", "this version watches the system and its applications"),
}


class Missing(LiveScreen):
    """The invitation, and below it what there is."""

    words: tuple[str, str, str] = ("", "", "")

    def panes(self) -> Sequence[Pane]:
        return (Invitation("missing", *self.words), OneClock("clock"))

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        return {
            "missing": Region(0, top, width, 3),
            "clock": Region(0, top + 3, width, height - 3),
        }


def missing(name: str) -> Missing:
    """The screen of a layer without sources."""
    screen = Missing()
    screen.name_of = name
    screen.words = _WORDS.get(name, (name, "nothing is watched here", ""))
    return screen
