"""The model that text, Markdown and HTML are rendered from: sections of facts and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

MARKS = {"critical": "✖", "warning": "▲", "info": "◆", "ok": "●"}
ASCII_MARKS = {"critical": "!", "warning": "^", "info": "i", "ok": "."}
"""The shape of each level: meaning is never carried by colour alone."""


class Cell(NamedTuple):
    """Clean text, with the level (`critical`, `warning`, `info`, `ok`) that it is marked and coloured by."""

    text: str
    level: str = ""


class Column(NamedTuple):
    """A table's column."""

    title: str
    numeric: bool = False
    """Aligned to the right."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Named lines of named values: `memory  utilization 38%  total 32GiB`."""

    rows: tuple[tuple[str, tuple[tuple[str, Cell], ...]], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart drawn in characters of one width, under its title."""

    title: str
    rows: tuple[str, ...]


Block: TypeAlias = Facts | Table | Plot


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One snapshot for people."""

    title: tuple[str, ...]
    """The program, the host, the time and the interval."""
    findings: tuple[Cell, ...]
    """What is wrong, worst first; one cell that says `well` where nothing is."""
    sections: tuple[Section, ...]
    legend: tuple[str, ...] = ()
    """What the marks mean that stand in place of numbers."""
    ascii_only: bool = False

    @property
    def dot(self) -> str:
        """What separates words on a line."""
        return " - " if self.ascii_only else " · "

    def marked(self, cell: Cell) -> str:
        """The cell's text after the mark of its level."""
        marks = ASCII_MARKS if self.ascii_only else MARKS
        return f"{marks[cell.level]} {cell.text}" if cell.level else cell.text
