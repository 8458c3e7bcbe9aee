"""Prometheus text exposition 0.0.4, as the textfile collector and promtool read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export.values import exported
from perf_tui.measures.catalogue import CATALOGUE, Measure
from perf_tui.measures.model import Series
from perf_tui.text import clean

_SUFFIX = {
    "ratio": "_ratio", "By": "_bytes", "By/s": "_bytes_per_second", "1": "", "1/s": "_per_second",
    "s": "_seconds", "Cel": "_celsius", "W": "_watts",
}  # fmt: skip
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")


def render(snapshot: Snapshot) -> str:
    """Every measure that has a number, by family; without times, as a collector that reads a file wants it."""
    return "".join(f"{line}\n" for id in snapshot.index for line in _family(snapshot, CATALOGUE[id]))


def name(measure: Measure) -> str:
    """The metric's name: `perf_tui_system_cpu_utilization_ratio`."""
    return "perf_tui_" + measure.id.replace(".", "_") + _SUFFIX[measure.unit]


def _family(snapshot: Snapshot, measure: Measure) -> Iterator[str]:
    values = ((key, exported(value).number) for key, value in snapshot.all(measure.id))
    lines = [f"{name(measure)}{_labels(key)} {float(number)!r}" for key, number in values if number is not None]
    if lines:
        # Everything is a gauge: rates and ratios are taken here, and counters stay where they are counted.
        yield f"# HELP {name(measure)} {_help(measure.meaning)}"
        yield f"# TYPE {name(measure)} gauge"
        yield from lines


def _labels(key: Series) -> str:
    if not key.labels:
        return ""
    pairs = (f'{_label(label)}="{_value(value)}"' for label, value in key.labels)
    return "{" + ",".join(pairs) + "}"


def _label(label: str) -> str:
    safe = _NO_NAME.sub("_", label)
    return safe if safe[:1].isalpha() or safe.startswith("_") else f"_{safe}"


def _value(value: str) -> str:
    return clean(value).replace("\\", "\\\\").replace('"', '\\"')


def _help(text: str) -> str:
    return clean(text).replace("\\", "\\\\")
