"""The protocol of what carries alerts to people who do not look at the screen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from perf_tui.engine.alerts.model import Alert, Transition
from perf_tui.engine.snapshot import SourceState


class Outlet(ABC):
    """Told of each tick after it has been remembered; it returns at once, whatever it has to do."""

    @abstractmethod
    def tick(self, lines: Sequence[Transition], active: Sequence[Alert], at: float, wall: float) -> None:
        """The lines of this tick, quiet ones too, and all that is active; `at` is monotonic."""

    @abstractmethod
    def resume(self, log: Sequence[Transition]) -> None:
        """Called once, before the first tick: what is remembered from before. Deliver what was not any more."""

    @abstractmethod
    def troubles(self) -> tuple[SourceState, ...]:
        """What could not be delivered, and why."""

    @abstractmethod
    def failures(self) -> Mapping[str, int]:
        """How many deliveries of each handler have failed one after the other; 0 while it is well."""

    @abstractmethod
    def close(self) -> None:
        """Deliver what is waiting, if that takes no time, and end."""
