"""The recent past as plots: of what is wrong, or of the vital signs, on one axis of time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import isnan

from perf_tui.engine.snapshot import TICK_TIME, Snapshot
from perf_tui.export.choice import choose
from perf_tui.export.document import Plot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.units import number, show
from perf_tui.text import clean

MOST = 4
"""Plots."""
WIDTH, HEIGHT, SCALE = 100, 8, 9
"""Cells of a plot, and of the numbers at its left: the same for all, so that a spike is under the other's."""
TICKS = 300
"""The most that a plot shows."""
FEWEST = 10
"""Ticks below which there is nothing to see: a snapshot of two samples has no past."""


def plots(snapshot: Snapshot, ascii_only: bool) -> Iterator[Plot]:
    """What is worth a chart, the worst first; nothing where there is no past."""
    times = [each for each in snapshot.past(TICK_TIME, TICKS) if not isnan(each)]
    if len(times) < FEWEST:
        return
    for choice in choose(snapshot, MOST):
        if (drawn := _plot(choice.key, snapshot, len(times), ascii_only)) is not None:
            yield drawn


def _plot(key: Series, snapshot: Snapshot, count: int, ascii_only: bool) -> Plot | None:
    from perf_tui.export.plot import PlotLine, plot  # plotext, which few exports need

    values = snapshot.past(key, count)
    times = snapshot.past(TICK_TIME, count)
    known = [value for value in values if not isnan(value)]
    if not known:
        return None
    unit = CATALOGUE[key.id].unit
    high = max(known) or 1.0
    if unit == "ratio":
        high = max(high, 1.0)
    marks = [
        (place, time.strftime("%H:%M:%S", time.localtime(times[place])))
        for place in range(count // 8, count, max(1, count // 4))
        if not isnan(times[place])
    ]
    heights = [(high * part, f"{number(high * part, unit):>{SCALE}}") for part in (0.0, 0.5, 1.0)]
    rows = plot([PlotLine("", values)], WIDTH, HEIGHT, high, marks, heights, ascii_only)
    now = show(snapshot.get(key.id, **dict(key.labels)), unit, ascii_only)
    span = f"{number(min(known), unit)} to {number(max(known), unit)}"
    return Plot(f"{clean(str(key))} {now} ({span})", tuple("".join(text for text, _ in runs).rstrip() for runs in rows))
