"""What a pane is given to draw from: one moment, and how the person wants it drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from perf_tui.config.schema import Config
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.model import Value
from perf_tui.measures.units import show
from perf_tui.ui.draw.glyphs import UNICODE, Glyphs
from perf_tui.ui.draw.row import Spans

SMALLEST = (80, 24)
"""Columns and rows below which a screen says so instead of drawing."""


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot and the settings of the screen."""

    snapshot: Snapshot
    config: Config = field(default_factory=Config)
    glyphs: Glyphs = UNICODE
    paused: bool = False
    alive: bool = True
    """Whether the collector runs."""
    badge: str = ""
    """A word that the header never leaves out: that this is a demo."""

    def text(self, value: Value, unit: str) -> str:
        """A value as this screen writes it."""
        return show(value, unit, self.glyphs.ascii_only)


Rows = list[Spans]
