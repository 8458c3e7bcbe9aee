"""The protocol of a source: an async worker that reads one thing of the outside world.

A source *reads* (I/O, raw counters, no arithmetic) and *derives* (arithmetic, no I/O, no clock but
the reading's own times). The engine gives it a period, a deadline, back-off and a place in the list
of sources; a source only says what went wrong, by raising.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from perf_tui.measures.model import Sample

R = TypeVar("R")


class SourceError(Exception):
    """A source could not be read; the text is the reason that a person sees."""


class SourceDenied(SourceError):
    """It may not be read; the text says what would give permission."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What one reading amounts to: samples, and named tables of rows (such as `processes`)."""

    samples: Iterable[Sample] = ()
    tables: Mapping[str, object] = field(default_factory=dict)


class Source(ABC, Generic[R]):
    """One thing that is watched. `R` is the type of its raw reading."""

    name: str
    """Unique among the sources, shown to people."""
    kind: str
    """What sort of source, as in exports: system, processes, scrape…"""
    every: int = 1
    """Read on each n-th tick of the engine."""
    deadline: float = 5.0
    """Seconds after which a reading counts as failed."""

    async def open(self) -> None:
        """Acquire what `read` needs; called again after a failure. May raise SourceError."""

    @abstractmethod
    async def read(self) -> R:
        """One raw reading. May raise SourceError or any exception; cancelled at the deadline."""

    @abstractmethod
    def derive(self, reading: R, at: float) -> Derived:
        """Samples from this reading and those before; `at` is the reading's monotonic time in seconds."""

    async def close(self) -> None:
        """Release what `open` acquired; never raises."""
