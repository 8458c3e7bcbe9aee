"""The protocol of one handler. It blocks: it is called on a thread of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from perf_tui.engine.alerts.model import Alert, Level, Transition


@dataclass(frozen=True, slots=True)
class Batch:
    """What a handler is told at once."""

    lines: tuple[Transition, ...]
    """What has changed, oldest first."""
    more: int
    """Alerts that began in the same storm and are not among them."""
    active: tuple[Alert, ...]
    """All that fires and is neither silenced nor acknowledged nor suppressed."""
    host: str
    wall: float
    """Wall time, seconds since the epoch."""


class Handler(ABC):
    """Delivers batches; what it raises is told to people and tried again."""

    name: str
    kind: str
    least: Level = Level.INFO
    """Alerts below this level do not concern it."""
    every: float | None = None
    """Seconds after which it is called even where nothing has changed. Of such a handler only the newest
    batch is worth delivering: it tells what is, not what happened."""

    @abstractmethod
    def deliver(self, batch: Batch) -> None:
        """Returns when it has arrived. May raise any exception."""
