"""The document as plain text, in columns that line up in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from perf_tui.export.document import Block, Document, Facts, Plot, Table
from perf_tui.text import fit, width

WIDTH = 120
"""Cells in which facts are wrapped."""


def render(document: Document) -> str:
    """The document as text."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(document))


def _lines(document: Document) -> Iterator[str]:
    yield document.dot.join(document.title)
    yield from (document.marked(finding) for finding in document.findings)
    for section in document.sections:
        yield ""
        yield section.title.upper()
        for number, block in enumerate(section.blocks):
            if number:
                yield ""
            yield from _block(block, document)
    if document.legend:
        yield ""
        yield document.dot.join(document.legend)


def _block(block: Block, document: Document) -> Iterator[str]:
    match block:
        case Facts():
            yield from _facts(block, document)
        case Table():
            yield from _table(block, document)
        case Plot():
            yield block.title
            yield from block.rows


def _facts(facts: Facts, document: Document) -> Iterator[str]:
    indent = max((width(name) for name, _ in facts.rows), default=0) + 2
    for name, items in facts.rows:
        line = fit(name, indent)
        used = False
        for word, cell in items:
            item = f"{word} {document.marked(cell)}".strip() + "   "
            if used and width(line) + width(item.rstrip()) > WIDTH:
                yield line
                line = " " * indent
            line += item
            used = True
        yield line


def _table(table: Table, document: Document) -> Iterator[str]:
    texts = [[document.marked(cell) for cell in row] for row in table.rows]
    widths = [
        max([width(column.title), *(width(row[place]) for row in texts)]) for place, column in enumerate(table.columns)
    ]
    for row in [[column.title for column in table.columns], *texts]:
        yield "  ".join(
            fit(text, cells, ">" if column.numeric else "<")
            for text, cells, column in zip(row, widths, table.columns, strict=True)
        )
