"""The document as Markdown, with tables as GitHub and GitLab read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from perf_tui.export.document import Block, Cell, Column, Document, Facts, Plot, Table

# Whatever Markdown or the HTML within it could act on, in a line that does not begin with it.
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render(document: Document) -> str:
    """The document as Markdown."""
    return "".join(f"{line}\n" for line in _lines(document))


def escape(text: str) -> str:
    """Text that Markdown shows as it is."""
    for character, entity in _ENTITIES.items():
        text = text.replace(character, entity)
    return _SPECIAL.sub(r"\\\1", text)


def _lines(document: Document) -> Iterator[str]:
    yield "# " + document.dot.join(map(escape, document.title))
    yield ""
    for finding in document.findings:
        yield f"- **{_cell(finding, document)}**"
    for section in document.sections:
        yield ""
        yield f"## {escape(section.title)}"
        for block in section.blocks:
            yield ""
            yield from _block(block, document)
    if document.legend:
        yield ""
        yield document.dot.join(map(escape, document.legend))


def _block(block: Block, document: Document) -> Iterator[str]:
    match block:
        case Facts():
            yield from _facts(block, document)
        case Table():
            yield from _table(block, document)
        case Plot():
            yield escape(block.title)
            yield ""
            yield "```text"
            yield from block.rows
            yield "```"


def _facts(facts: Facts, document: Document) -> Iterator[str]:
    rows = []
    for name, items in facts.rows:
        values = (f"{escape(word)} {_cell(cell, document)}".strip() for word, cell in items)
        rows.append((escape(name), document.dot.join(values)))
    yield from _grid((Column("what"), Column("values")), rows)


def _table(table: Table, document: Document) -> Iterator[str]:
    yield from _grid(table.columns, [[_cell(cell, document) for cell in row] for row in table.rows])


def _grid(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(escape(column.title) for column in columns) + " |"
    yield "| " + " | ".join("---:" if column.numeric else "---" for column in columns) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _cell(cell: Cell, document: Document) -> str:
    return escape(document.marked(cell))
