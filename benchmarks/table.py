"""Figures of several candidates side by side: medians over rounds, and their ratios."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

Runs = Mapping[str, Sequence[Mapping[str, float]]]
"""For each candidate, the figures of each round; a figure that could not be taken is left out."""


def medians(runs: Runs) -> dict[str, dict[str, float]]:
    """The median of each figure over a candidate's rounds."""
    found: dict[str, dict[str, float]] = {}
    for name, rounds in runs.items():
        figures = {figure for each in rounds for figure in each}
        found[name] = {
            figure: statistics.median(each[figure] for each in rounds if figure in each) for figure in sorted(figures)
        }
    return found


def ratio(middle: Mapping[str, Mapping[str, float]], name: str, base: str, figure: str) -> float | None:
    """How many times the base's figure a candidate has; None where one of the two was not measured."""
    mine, theirs = middle.get(name, {}).get(figure), middle.get(base, {}).get(figure)
    return mine / theirs if mine is not None and theirs else None


def lines(runs: Runs, figures: Mapping[str, str], bases: Sequence[str] = ()) -> list[str]:
    """A table as text: a row for each candidate; for each figure its median, and its ratio to each base.

    `figures` gives each figure its heading.
    """
    middle = medians(runs)
    bases = [base for base in bases if base in runs]
    rows = [["", *(part for heading in figures.values() for part in (heading, *(f"/{base}" for base in bases)))]]
    for name in runs:
        row = [name]
        for figure in figures:
            value = middle[name].get(figure)
            row.append("-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:,.0f}")
            for base in bases:
                times = ratio(middle, name, base, figure)
                row.append("-" if times is None else f"{times:.2f}x")
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
