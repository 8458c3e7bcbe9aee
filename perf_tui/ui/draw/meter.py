"""Meters: a ratio as a bar with a tick where its warning begins."""

from __future__ import annotations

from perf_tui.ui.draw.glyphs import Glyphs
from perf_tui.ui.draw.row import Spans


def meter(ratio: float | None, cells: int, role: str, glyphs: Glyphs, warning: float | None = None) -> Spans:
    """A bar of exactly `cells` cells; of no number only the track is drawn."""
    if cells <= 0:
        return ()
    steps = len(glyphs.bar) - 1
    filled = round(min(1.0, max(0.0, ratio or 0.0)) * cells * steps)
    whole, part = divmod(filled, steps)
    bar = glyphs.bar[-1] * whole + (glyphs.bar[part] if part and whole < cells else "")
    track = list(glyphs.track * cells)
    if warning is not None and 0 < warning < 1:
        track[min(cells - 1, round(warning * cells))] = glyphs.limit
    rest = "".join(track[len(bar) :])
    return tuple(span for span in ((bar, role), (rest, "track")) if span[0])


def stacked(parts: list[tuple[float, str]], cells: int, glyphs: Glyphs) -> Spans:
    """Shares of one whole side by side, each in its role; what they leave is track."""
    spans: list[tuple[str, str]] = []
    used, total = 0, 0.0
    for share, role in parts:
        total += max(0.0, share)
        upto = round(min(1.0, total) * cells)
        if upto > used:
            spans.append((glyphs.bar[-1] * (upto - used), role))
            used = upto
    if used < cells:
        spans.append((glyphs.track * (cells - used), "track"))
    return tuple(spans)
