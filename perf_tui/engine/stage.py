"""The protocol of a stage: what is known of several sources together, worked out once in each tick.

A stage comes after the sources of a tick and sees their tables, and those of the stages before it.
It does no I/O and knows no clock but the moment that it is given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from perf_tui.engine.source import Derived


class Moment(NamedTuple):
    """When a tick is."""

    at: float
    """Monotonic seconds; the times of readings are on the same clock."""
    wall: float
    """Seconds since the epoch."""
    interval: float
    """Seconds between two ticks."""


class Stage(ABC):
    """Derives tables and samples from tables. What it raises ages what it gave before, and is told to people."""

    name: str
    """Unique among sources and stages."""

    @abstractmethod
    def derive(self, tables: Mapping[str, object], moment: Moment) -> Derived:
        """What `tables`, by their names, amount to at this moment; tuples in it join tables of the same name."""
