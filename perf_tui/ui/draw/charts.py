"""Charts of one or several rows: sparks of eighths, filled braille areas, braille lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from math import floor, isfinite, isnan, log10
from sys import float_info

from perf_tui.ui.draw.glyphs import Glyphs

# Braille dots of a cell's left and right column, from the bottom up.
_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_FILL_LEFT = (0x00, 0x40, 0x44, 0x46, 0x47)
_FILL_RIGHT = (0x00, 0x80, 0xA0, 0xB0, 0xB8)


def nice(top: float, unit: str) -> float:
    """The top of a scale: 100 % of a ratio up to there, else the least of 1, 2, 5 · 10^n not below `top`, so that
    it changes seldom. Bytes are counted in steps of 1024.

    >>> nice(0.3, "ratio"), nice(42, "1"), nice(0.12, "s"), nice(3000, "By")
    (1.0, 50.0, 0.2, 5120.0)
    """
    if not isfinite(top):
        top = 0.0
    factor = 1.0
    if unit.startswith("By"):
        while top > 1000 * factor:
            factor *= 1024
    top = max(top / factor, 1.0 if factor > 1 else _LEAST.get(unit, 1.0))
    size = 10.0 ** floor(log10(top))
    found = factor * next(step * size for step in (1.0, 2.0, 5.0, 10.0) if step * size >= top * 0.999999)
    return min(found, float_info.max)


_LEAST = {"s": 0.001, "By": 10.0, "By/s": 10.0}
"""No scale is finer than this: noise in nothing is no mountain."""


def top_of(values: Sequence[float]) -> float:
    """The highest finite number; 0 where there is none."""
    return max(filter(isfinite, values), default=0.0)


def spark(values: Sequence[float], high: float, glyphs: Glyphs) -> str:
    """One row, one cell a value, from 0 to `high`; a gap is blank, a small number is still seen."""
    steps = len(glyphs.column) - 1
    scale = steps / high if high > 0 else 0.0
    # Bounded before it is rounded: an infinite number is a full cell and no error.
    return "".join(" " if isnan(value) else glyphs.column[round(min(steps, max(1, value * scale)))] for value in values)


def area(values: Sequence[float], rows: int, high: float, glyphs: Glyphs) -> list[str]:
    """`rows` rows from the top, filled from below. Two values a cell, in ASCII the higher of the two."""
    scale = 1 / high if high > 0 else 0.0
    if glyphs.ascii_only:
        pairs = [_pair(values[at], values[at + 1]) for at in range(0, len(values) - 1, 2)]
        heights = [None if isnan(value) else max(0.15, value * scale * rows) for value in pairs]
        return [
            "".join(" " if h is None or h <= level + 0.1 else ("#" if h >= level + 0.6 else ":") for h in heights)
            for level in range(rows - 1, -1, -1)
        ]
    dots = [0 if isnan(value) else round(min(rows * 4, max(1, value * scale * rows * 4))) for value in values]
    lines = []
    for level in range(rows - 1, -1, -1):
        base = level * 4
        lines.append(
            "".join(
                chr(
                    0x2800
                    + _FILL_LEFT[min(4, max(0, dots[at] - base))]
                    + _FILL_RIGHT[min(4, max(0, dots[at + 1] - base))]
                )
                for at in range(0, len(dots) - 1, 2)
            ).replace("\u2800", " ")
        )
    return lines


def line(values: Sequence[float], rows: int, high: float, glyphs: Glyphs) -> list[list[int]]:
    """Braille dots of a line, two values a cell: a row of dot masks for each row from the top."""
    cells = len(values) // 2
    grid = [[0] * cells for _ in range(rows)]
    height = rows * 4 - 1
    scale = height / high if high > 0 else 0.0
    before: int | None = None
    for at, value in enumerate(values[: cells * 2]):
        if isnan(value):
            before = None
            continue
        level = round(min(height, max(0, value * scale)))
        low, top = (level, level) if before is None else (min(before, level), max(before, level))
        # Steep steps are drawn as an upright in the newer column, so that the line has no holes.
        if before is not None and before != level:
            low, top = (before + 1, level) if level > before else (level, before - 1)
        for dot in range(low, top + 1):
            mask = _RIGHT if at % 2 else _LEFT
            grid[rows - 1 - dot // 4][at // 2] |= mask[dot % 4]
        before = level
    return grid


def overlay(
    series: Sequence[tuple[Sequence[float], str]], rows: int, high: float, glyphs: Glyphs
) -> list[list[tuple[str, str]]]:
    """Several lines on one chart, each with its role; where they meet, the later one has the cell's colour."""
    cells = max((len(values) // 2 for values, _ in series), default=0)
    if glyphs.ascii_only:
        return _ascii_lines(series, rows, high, cells)
    masks = [[0] * cells for _ in range(rows)]
    roles = [["chart1"] * cells for _ in range(rows)]
    for values, role in series:
        for y, row in enumerate(line(values, rows, high, glyphs)):
            for x, dots in enumerate(row):
                if dots:
                    masks[y][x] |= dots
                    roles[y][x] = role
    return [_runs([chr(0x2800 + dots) if dots else " " for dots in masks[y]], roles[y]) for y in range(rows)]


def _ascii_lines(
    series: Sequence[tuple[Sequence[float], str]], rows: int, high: float, cells: int
) -> list[list[tuple[str, str]]]:
    text = [[" "] * cells for _ in range(rows)]
    roles = [["chart1"] * cells for _ in range(rows)]
    for (values, role), char in zip(series, cycle("*o+x#@"), strict=False):
        for x in range(len(values) // 2):
            value = _pair(values[2 * x], values[2 * x + 1])
            if not isnan(value):
                y = rows - 1 - round(min(rows - 1, max(0, value / high * (rows - 1) if high > 0 else 0)))
                text[y][x], roles[y][x] = char, role
    return [_runs(text[y], roles[y]) for y in range(rows)]


def _runs(chars: list[str], roles: list[str]) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for char, role in zip(chars, roles, strict=True):
        if runs and (runs[-1][1] == role or char == " "):
            runs[-1] = (runs[-1][0] + char, runs[-1][1])
        else:
            runs.append((char, role))
    return runs


def _pair(one: float, two: float) -> float:
    if isnan(one):
        return two
    return one if isnan(two) else max(one, two)
