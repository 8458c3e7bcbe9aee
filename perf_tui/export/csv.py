"""CSV: one row for each measure, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from io import StringIO

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export.values import exported, iso
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.text import clean

COLUMNS = ("time", "id", "labels", "value", "unit", "status", "reason")

# A spreadsheet runs a cell that begins with one of these, in some languages in their wide form. A
# semicolon begins a new cell where the comma is the decimal mark.
_FORMULA = re.compile("(^|;)(?=[=+\\-@\t\r＝＋－＠])")


def render(snapshot: Snapshot) -> str:
    """The snapshot's measures; labels as `name=value;name=value`, an empty cell where there is no number."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    time = iso(snapshot.time)
    for key, raw in snapshot.values.items():
        value = exported(raw)
        writer.writerow(
            (
                time,
                _cell(key.id),
                _cell(_labels(key)),
                "" if value.number is None else repr(value.number),
                CATALOGUE[key.id].unit,
                str(value.status),
                _cell(value.reason or ""),
            )
        )
    return out.getvalue()


def _labels(key: Series) -> str:
    # A semicolon or backslash in a value is written after a backslash, so that labels can be told apart.
    return ";".join(f"{name}={_escape(value)}" for name, value in key.labels)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;")


def _cell(text: str) -> str:
    return _FORMULA.sub("\\1'", clean(text))
