"""A part of the system source: one subject, read and derived by itself, so that one that fails fails alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from perf_tui.measures.model import Sample

R = TypeVar("R")


class Part(ABC, Generic[R]):
    """Reads raw values of type R; derives samples from two of them."""

    measures: ClassVar[tuple[str, ...]]
    """The ids that it gives; they carry the reason when it fails."""
    none: ClassVar[str] = "this machine has none"
    """The reason for a measure of which a good reading holds no series."""

    @abstractmethod
    def read(self) -> R:
        """Raw values now. Raises OSError or another exception where the system does not give them."""

    @abstractmethod
    def derive(self, before: R | None, now: R, seconds: float) -> Iterable[Sample]:
        """Samples from a reading and the one before it, `seconds` earlier; None for the first."""
