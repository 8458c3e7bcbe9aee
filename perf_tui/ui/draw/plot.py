"""The large detail plot, by plotext: the one module that knows it. Drawn when a screen shows it, not before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isnan
from types import ModuleType
from typing import NamedTuple

from perf_tui.ui.draw.row import Row, Spans

_RUN = re.compile(r"\x1b\[(?:38;5;(\d+)|0)?m")


class PlotLine(NamedTuple):
    """One line of a plot; NaN is a gap."""

    name: str
    values: Sequence[float]
    role: str


def plot(
    curves: Sequence[PlotLine], width: int, height: int, high: float, ticks: Sequence[tuple[int, str]],
    heights: Sequence[tuple[float, str]], ascii_only: bool = False,
) -> list[Spans]:  # fmt: skip
    """`height` rows of `width` cells. `ticks` label places of the x axis, `heights` those of the y axis."""
    plt = _plotext()
    plt.clear_figure()
    plt.theme("clear")
    plt.plotsize(width, height)
    plt.ylim(0, 1)
    plt.xlim(0, max((len(curve.values) for curve in curves), default=1) - 1)
    for number, curve in enumerate(curves, 1):
        named = curve.name
        # plotext draws through missing values: each stretch without a gap is a line of its own.
        for begin, stretch in _stretches(curve.values, high):
            places = list(range(begin, begin + len(stretch)))
            plt.plot(places, stretch, color=number, marker="*" if ascii_only else "braille", label=named)
            named = None  # type: ignore[assignment]
    plt.xticks([place for place, _ in ticks], [label for _, label in ticks])
    plt.yticks([place / high for place, _ in heights], [label for _, label in heights])
    roles = {str(number): curve.role for number, curve in enumerate(curves, 1)}
    rows = [_spans(text, roles, width, ascii_only) for text in plt.build().split("\n")]
    return rows[:height]


def _plotext() -> ModuleType:
    import plotext

    return plotext  # type: ignore[no-any-return]


def _stretches(values: Sequence[float], high: float) -> list[tuple[int, list[float]]]:
    """Runs without a gap with where they begin, as shares of `high`.

    Within 0..1, because what lies beyond the scale plotext draws all the same, dot by dot, in memory.
    """
    found: list[tuple[int, list[float]]] = []
    open_ = False
    for place, value in enumerate(values):
        if isnan(value):
            open_ = False
            continue
        share = min(1.0, max(0.0, value / high))
        if open_:
            found[-1][1].append(share)
        else:
            found.append((place, [share]))
            open_ = True
    return found


_PLAIN = str.maketrans("┌┐└┘─│┤┬├┴┼▞▚⢕", "++++-||+|++**:")


def _spans(text: str, roles: dict[str, str], width: int, ascii_only: bool) -> Spans:
    row = Row(width)
    at, role = 0, "dim"
    for match in _RUN.finditer(text):
        _put(row, text[at : match.start()], role, ascii_only)
        at, role = match.end(), roles.get(match[1] or "", "dim")
    _put(row, text[at:], role, ascii_only)
    return row.done()


def _put(row: Row, text: str, role: str, ascii_only: bool) -> None:
    if text:
        row.put(text.translate(_PLAIN).encode("ascii", "replace").decode() if ascii_only else text, role)
