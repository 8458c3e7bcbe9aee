"""The role that a value is drawn in, by its measure's own limits."""

from __future__ import annotations

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Value


def level_role(id: str, value: Value) -> str:
    """The role of a measure's value: its level where it has limits."""
    return "text" if value.number is None else {"ok": "text"}.get(level := CATALOGUE[id].level(value.number), level)


def bar_role(id: str, value: Value) -> str:
    """The role of a meter: calm until a limit is passed."""
    role = level_role(id, value)
    return "chart1" if role == "text" else role
