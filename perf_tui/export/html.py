"""The document as one HTML page: no scripts, nothing from elsewhere, in the reader's light or dark."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from perf_tui.export.document import Block, Cell, Document, Facts, Plot, Table

_STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --line: #d1d9e0; --page: #ffffff;
  --critical: #b3261e; --warning: #8a5a00; --info: #0b57d0; --ok: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --dim: #9198a1; --line: #3d444d; --page: #0d1117;
  --critical: #ff7b72; --warning: #e3b341; --info: #79c0ff; --ok: #56d364; } }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin-top: 2rem; }
ul.findings { list-style: none; padding: 0; font-weight: 600; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 500; }
td { font-family: ui-monospace, monospace; font-size: 13px; }
td.number, th.number { text-align: right; }
span.word { color: var(--dim); } span.fact { display: inline-block; margin-right: 1.2rem; }
.critical { color: var(--critical); } .warning { color: var(--warning); }
.info { color: var(--info); } .ok { color: var(--ok); }
pre { font: 13px/1.25 ui-monospace, monospace; }
footer { color: var(--dim); margin-top: 2rem; }
""".strip()


def render(document: Document) -> str:
    """The document as a page that can be mailed."""
    return "".join(f"{line}\n" for line in _lines(document))


def _lines(document: Document) -> Iterator[str]:
    title = escape(document.dot.join(document.title))
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    # Whatever a process name or label may hold, the page can load nothing and run nothing.
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>"
    yield f"<style>\n{_STYLE}\n</style>"
    yield "</head>"
    yield "<body>"
    yield f"<h1>{title}</h1>"
    yield '<ul class="findings">'
    for finding in document.findings:
        yield f'<li class="{finding.level}">{escape(document.marked(finding))}</li>'
    yield "</ul>"
    for section in document.sections:
        yield f"<h2>{escape(section.title)}</h2>"
        for block in section.blocks:
            yield from _block(block, document)
    if document.legend:
        yield f"<footer>{escape(document.dot.join(document.legend))}</footer>"
    yield "</body>"
    yield "</html>"


def _block(block: Block, document: Document) -> Iterator[str]:
    yield '<div class="wide">'
    match block:
        case Facts():
            yield from ("<table>", *_facts(block, document), "</table>")
        case Table():
            yield from ("<table>", *_table(block, document), "</table>")
        case Plot():
            yield f"<p>{escape(block.title)}</p>"
            yield f"<pre>{escape(chr(10).join(block.rows))}</pre>"
    yield "</div>"


def _facts(facts: Facts, document: Document) -> Iterator[str]:
    for name, items in facts.rows:
        values = "".join(
            f'<span class="fact"><span class="word">{escape(word)}</span> {_marked(cell, document)}</span>'
            for word, cell in items
        )
        yield f'<tr><th scope="row">{escape(name)}</th><td>{values}</td></tr>'


def _table(table: Table, document: Document) -> Iterator[str]:
    kinds = [' class="number"' if column.numeric else "" for column in table.columns]
    heads = (
        f'<th scope="col"{kind}>{escape(column.title)}</th>' for kind, column in zip(kinds, table.columns, strict=True)
    )
    yield f"<tr>{''.join(heads)}</tr>"
    for row in table.rows:
        cells = (f"<td{kind}>{_marked(cell, document)}</td>" for kind, cell in zip(kinds, row, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"


def _marked(cell: Cell, document: Document) -> str:
    text = escape(document.marked(cell))
    return f'<span class="{cell.level}">{text}</span>' if cell.level else text
