"""The measures of a layer as facts and tables, laid out by the catalogue: by their ids and labels.

Measures without labels become facts (`memory  utilization 38%  total 32GiB`). Measures that share
labels share a table, one row for each device, interface or service. Labels that tell several numbers of
one thing apart (a quantile, a period, a state) become columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export.document import Block, Cell, Column, Facts, Table
from perf_tui.measures.catalogue import CATALOGUE, Measure
from perf_tui.measures.model import Series, Value
from perf_tui.measures.units import show
from perf_tui.text import clean

LAYERS = {
    "app": "Application",
    "system": "System",
    "ai": "AI",
    "workers": "Workers",
    "self": "perf-tui itself",
}
"""The headings, in the order from what users feel to what causes it."""

_ACROSS = frozenset(("stat", "period", "state"))
"""Labels whose values stand beside each other instead of below."""

_Found = list[tuple[Measure, Series, Value]]


def layer(snapshot: Snapshot, name: str, ascii_only: bool = False) -> tuple[Block, ...]:
    """The blocks of a layer; none where nothing gives it."""
    subjects: dict[tuple[str, ...], _Found] = {}
    for measure in CATALOGUE.values():
        if measure.layer == name:
            down = tuple(label for label in measure.labels if label not in _ACROSS)
            found = [(measure, key, value) for key, value in snapshot.all(measure.id)]
            # A part that could not be read gives its measures without their labels, only with the reason.
            found = [each for each in found if {label for label, _ in each[1].labels}.issuperset(down)]
            if found:
                subjects.setdefault(down, []).extend(found)
    facts = _facts(subjects.pop((), []), ascii_only)
    tables: list[Block] = []
    for down, found in subjects.items():
        if len(down) == 1 and len({(measure.id, _across(key)) for measure, key, _ in found}) == 1:
            items = tuple(
                (clean(key.label(down[0])), _cell(measure, value, ascii_only)) for measure, key, value in found
            )
            facts.append((found[0][0].title, items))
        else:
            tables.append(_table(down, found, ascii_only))
    return (*([Facts(tuple(facts))] if facts else []), *tables)


def _facts(found: _Found, ascii_only: bool) -> list[tuple[str, tuple[tuple[str, Cell], ...]]]:
    rows: dict[str, list[tuple[str, Cell]]] = {}
    for measure, key, value in found:
        row, word = _place(measure, key)
        items = rows.setdefault(row, [])
        item = (word, _cell(measure, value, ascii_only))
        if word == "utilization":
            items.insert(0, item)
        else:
            items.append(item)
    return [(row, tuple(items)) for row, items in rows.items()]


def _place(measure: Measure, key: Series) -> tuple[str, str]:
    """The row and the word of a value, from its id: `system.memory.used` is `used` of `memory`."""
    words = measure.id.split(".")
    if across := _across(key):
        return words[-1], across
    if len(words) == 2:
        return words[0], words[1]
    return words[1], " ".join(words[2:]).replace("_", " ")


def _table(down: tuple[str, ...], found: _Found, ascii_only: bool) -> Table:
    titles: dict[str, None] = {}  # a set that keeps its order
    rows: dict[tuple[str, ...], dict[str, Cell]] = {}
    for measure, key, value in found:
        title = " ".join(filter(None, (measure.title, _across(key))))
        titles[title] = None
        row = rows.setdefault(tuple(clean(key.label(label)) for label in down), {})
        row[title] = _cell(measure, value, ascii_only)
    columns = (*map(Column, down), *(Column(title, numeric=True) for title in titles))
    return Table(
        columns,
        tuple(
            (*map(Cell, labels), *(cells.get(title, Cell("")) for title in titles)) for labels, cells in rows.items()
        ),
    )


def _across(key: Series) -> str:
    return " ".join(_across_values(key))


def _across_values(key: Series) -> Iterator[str]:
    return (clean(value) for name, value in key.labels if name in _ACROSS)


def _cell(measure: Measure, value: Value, ascii_only: bool) -> Cell:
    level = measure.level(value.number) if value.number is not None else "ok"
    return Cell(clean(show(value, measure.unit, ascii_only)), "" if level == "ok" else level)
