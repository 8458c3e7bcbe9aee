"""An emulated screen as stretches of equal looks, with the colours that a terminal of today gives them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wcwidth import wcwidth

BACKGROUND, FOREGROUND = "#101216", "#d3d7cf"
_SIXTEEN = {
    "black": "#2e3436", "red": "#cc0000", "green": "#4e9a06", "brown": "#c4a000", "blue": "#3465a4",
    "magenta": "#75507b", "cyan": "#06989a", "white": "#d3d7cf", "brightblack": "#555753", "brightred": "#ef2929",
    "brightgreen": "#8ae234", "brightbrown": "#fce94f", "brightblue": "#729fcf", "brightmagenta": "#ad7fa8",
    "bfightmagenta": "#ad7fa8", "brightcyan": "#34e2e2", "brightwhite": "#eeeeec",
}  # fmt: skip
_HEX = re.compile("[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring cells of one look; a character of two cells is a run of its own."""

    row: int
    column: int
    cells: int
    chars: tuple[str, ...]
    """One for each cell, with what combines with it; of a wide run, the only one."""
    fore: str
    back: str
    bold: bool
    underlined: bool


def runs(screen: Any) -> Iterator[Run]:
    """The runs of a pyte screen, row by row. Blank cells belong to them."""
    for row in range(screen.lines):
        line = screen.buffer[row]
        column = 0
        while column < screen.columns:
            first = line[column]
            look = _look(first)
            begin, chars = column, [first.data]
            column += _cells(first.data)
            if column - begin == 1:
                while column < screen.columns and _look(line[column]) == look and _cells(line[column].data) == 1:
                    chars.append(line[column].data)
                    column += 1
            yield Run(row, begin, column - begin, tuple(chars), *look)


def ground(found: Iterable[Run]) -> str:
    """The colour that lies behind most of the runs' cells."""
    areas: Counter[str] = Counter()
    for run in found:
        areas[run.back] += run.cells
    return areas.most_common(1)[0][0] if areas else BACKGROUND


def _cells(text: str) -> int:
    return 2 if text and wcwidth(text[0]) == 2 else 1


def _look(cell: Any) -> tuple[str, str, bool, bool]:
    fore, back = _colour(cell.fg, FOREGROUND), _colour(cell.bg, BACKGROUND)
    if cell.reverse:
        fore, back = back, fore
    return fore, back, cell.bold, cell.underscore


def _colour(name: str, default: str) -> str:
    return _SIXTEEN.get(name) or (f"#{name}" if _HEX.fullmatch(name) else default)
