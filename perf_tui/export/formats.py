"""The one table of formats, by the suffix of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export import csv, html, json, markdown, prometheus, text
from perf_tui.export.document import Document
from perf_tui.export.report import build

_FOR_PROGRAMS: dict[str, Callable[[Snapshot], str]] = {
    "json": json.render,
    "csv": csv.render,
    "prom": prometheus.render,
}
_FOR_PEOPLE: dict[str, Callable[[Document], str]] = {
    "txt": text.render,
    "md": markdown.render,
    "html": html.render,
}
PICTURE = "svg"
"""A picture of a screen: drawn by the interface, which nothing here knows of."""
FORMATS = ("json", "csv", "txt", "md", "html", PICTURE, "prom")
SUFFIXES = tuple(f".{name}" for name in FORMATS)


def of(path: PurePath) -> str:
    """The format of a file by its suffix. Raises ValueError with those that there are."""
    name = path.suffix.removeprefix(".").lower()
    if name not in FORMATS:
        raise ValueError(f"'{path.name}' has no suffix of a format; allowed: {' '.join(SUFFIXES)}")
    return name


def render(snapshot: Snapshot, name: str, *, ascii_only: bool = False) -> str:
    """The snapshot in a format of FORMATS other than PICTURE; `ascii_only` concerns those for people."""
    if name in _FOR_PROGRAMS:
        return _FOR_PROGRAMS[name](snapshot)
    return _FOR_PEOPLE[name](build(snapshot, ascii_only))
