"""Large plots by plotext, for the screen of a service and for exports: the one module that knows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import isnan
from types import ModuleType
from typing import NamedTuple

_RUN = re.compile(r"\x1b\[(?:38;5;(\d+)|0)?m")


Run = tuple[str, int | None]
"""Text, and the place of the curve that it belongs to; None for what stands around them."""


class PlotLine(NamedTuple):
    """One line of a plot; NaN is a gap."""

    name: str
    values: Sequence[float]


def plot(
    curves: Sequence[PlotLine], width: int, height: int, high: float, ticks: Sequence[tuple[int, str]],
    heights: Sequence[tuple[float, str]], ascii_only: bool = False,
) -> list[list[Run]]:  # fmt: skip
    """At most `height` rows of `width` cells. `ticks` label places of the x axis, `heights` those of the y axis."""
    plt = _plotext()
    plt.clear_figure()
    plt.theme("clear")
    plt.limit_size(False, False)  # not by the size of a terminal, which an export does not have
    plt.plotsize(width, height)
    plt.ylim(0, 1)
    plt.xlim(0, max((len(curve.values) for curve in curves), default=1) - 1)
    for number, curve in enumerate(curves, 1):
        named = curve.name or None
        # plotext draws through missing values: each stretch without a gap is a line of its own.
        for begin, stretch in _stretches(curve.values, high):
            places = list(range(begin, begin + len(stretch)))
            plt.plot(places, stretch, color=number, marker="*" if ascii_only else "braille", label=named)
            named = None
    plt.xticks([place for place, _ in ticks], [label for _, label in ticks])
    plt.yticks([place / high for place, _ in heights], [label for _, label in heights])
    return [list(_runs(text, ascii_only)) for text in plt.build().split("\n")][:height]


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


def _runs(text: str, ascii_only: bool) -> Iterator[Run]:
    at, curve = 0, None
    for match in _RUN.finditer(text):
        yield _plain(text[at : match.start()], ascii_only), curve
        at, curve = match.end(), int(match[1]) - 1 if match[1] else None
    yield _plain(text[at:], ascii_only), curve


def _plain(text: str, ascii_only: bool) -> str:
    return text.translate(_PLAIN).encode("ascii", "replace").decode() if ascii_only else text
