"""The protocol of a source: an async worker that reads one thing of the outside world.

A source *reads* (I/O, raw counters, no arithmetic) and *derives* (arithmetic, no I/O, no clock but
the reading's own times). The engine gives it a period, a deadline, back-off and a place in the list
of sources; a source only says what went wrong, by raising.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, NamedTuple, TypeVar

from perf_tui.measures.model import Sample, Series, Status
from perf_tui.text import clean

R = TypeVar("R")


class SourceError(Exception):
    """A source could not be read; the text is the reason that a person sees."""

    status: ClassVar[Status] = Status.ERROR


class SourceDenied(SourceError):  # noqa: N818  (a kind of SourceError, named for what it says)
    """It may not be read; the text says what would give permission."""

    status = Status.DENIED


class SourceAbsent(SourceError):  # noqa: N818
    """There is nothing of the kind here; the text says what is missing."""

    status = Status.ABSENT


class Failure(NamedTuple):
    """Why something could not be read, as people see it."""

    status: Status
    reason: str


def failure(error: BaseException) -> Failure:
    """The status and the words for what was raised while reading."""
    if isinstance(error, SourceError):
        return Failure(error.status, clean(str(error)) or type(error).__name__)
    if isinstance(error, PermissionError):
        return Failure(Status.DENIED, clean(f"no permission to read {error.filename or 'it'}; root has it"))
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return Failure(Status.ABSENT, clean(f"there is no {error.filename}"))
    if isinstance(error, NotImplementedError):
        return Failure(Status.ABSENT, clean(str(error)) or "this system does not give it")
    if isinstance(error, OSError) and error.strerror:
        what = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
        return Failure(Status.ERROR, clean(what))
    # The type says more than the text alone: the text of a KeyError is the key.
    return Failure(Status.ERROR, clean(f"{type(error).__name__}: {error}").removesuffix(": "))


@dataclass(frozen=True, slots=True)
class Derived:
    """What one reading amounts to: samples, and named tables of rows (such as `processes`)."""

    samples: Iterable[Sample] = ()
    tables: Mapping[str, object] = field(default_factory=dict)
    instead_of: frozenset[Series] = frozenset()
    """Series of others that are not given any more because of this; of a stage alone."""


class Source(ABC, Generic[R]):
    """One thing that is watched. `R` is the type of its raw reading."""

    name: str
    """Unique among the sources, shown to people."""
    kind: str
    """What sort of source, as in exports: system, processes, scrape…"""
    every: int = 1
    """Read on each n-th tick of the engine."""
    first: int = 0
    """The tick of its first reading."""
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
