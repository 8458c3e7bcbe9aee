"""The roles that values and their past are drawn in, by their measure's own limits."""

from __future__ import annotations

from collections.abc import Sequence

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Value
from perf_tui.ui.draw.row import Spans


def level_role(id: str, value: Value) -> str:
    """The role of a measure's value: its level where it has limits."""
    return "text" if value.number is None else {"ok": "text"}.get(level := CATALOGUE[id].level(value.number), level)


def bar_role(id: str, value: Value) -> str:
    """The role of a meter: calm until a limit is passed."""
    role = level_role(id, value)
    return "chart1" if role == "text" else role


def level_runs(points: Sequence[float], id: str, role: str = "chart1") -> list[tuple[int, str]]:
    """Columns of two points each as (length, role): where a limit was passed, and only there, its colour."""
    measure = CATALOGUE[id]
    runs: list[tuple[int, str]] = []
    for at in range(0, len(points) - 1, 2):
        level = max(measure.level(points[at]), measure.level(points[at + 1]), key=_RANK.__getitem__)
        found = role if level == "ok" else level
        if runs and runs[-1][1] == found:
            runs[-1] = (runs[-1][0] + 1, found)
        else:
            runs.append((1, found))
    return runs


_RANK = {"ok": 0, "warning": 1, "critical": 2}


def in_runs(text: str, runs: Sequence[tuple[int, str]]) -> Spans:
    """One row of a chart, cut into the runs of its columns."""
    spans, begin = [], 0
    for length, role in runs:
        spans.append((text[begin : begin + length], role))
        begin += length
    return tuple(spans)
