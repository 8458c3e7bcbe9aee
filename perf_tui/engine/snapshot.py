"""What the engine publishes: an immutable picture of one moment, with the way back into the recent past."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from perf_tui.engine.alerts.model import Alert, Transition
from perf_tui.measures.model import PENDING, Series, Status, Value, absent, series
from perf_tui.measures.ring import History

TICK_TIME = series("tick.time")
"""The pseudo-series under which the history keeps each tick's wall time."""

NOT_READ = frozenset(("handler", "alerts"))
"""Kinds of what is listed with the sources and reads nothing."""
_UNKNOWN = absent("no source gives it")


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing, or a subscriber or the collector itself that failed."""

    name: str
    kind: str
    status: Status
    duration: float | None = None
    """Seconds that the last reading took."""
    error: str | None = None

    @property
    def trouble(self) -> str | None:
        """What is wrong with it, in words; None where nothing is."""
        if self.status not in (Status.ERROR, Status.DENIED):
            return None
        verb = "" if self.kind in NOT_READ else " cannot be read"
        return f"{self.name}{verb}: {self.error}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known at one tick. Screens, exports and commands are drawn from this alone."""

    host: str = ""
    time: float = 0.0
    """Wall time of the tick, seconds since the epoch."""
    at: float = 0.0
    """Monotonic time of the tick, never before that of a value."""
    tick: int = 0
    interval: float = 2.0
    values: Mapping[Series, Value] = field(default_factory=dict)
    index: Mapping[str, tuple[Series, ...]] = field(default_factory=dict)
    """Every series by its measure's id, in a stable order."""
    tables: Mapping[str, object] = field(default_factory=dict)
    """Rows that are not measures, by name: `processes`."""
    alerts: tuple[Alert, ...] = ()
    """Alerts that are pending or firing, worst first."""
    log: tuple[Transition, ...] = ()
    """The newest transitions, oldest first."""
    sources: tuple[SourceState, ...] = ()
    history: History = field(default_factory=lambda: History(1))

    def get(self, id: str, /, **labels: str) -> Value:
        """The value of one series; `absent` where nothing gives it, `pending` while some source has yet to begin."""
        value = self.values.get(series(id, **labels))
        if value is not None:
            return value
        return PENDING if any(source.status is Status.PENDING for source in self.sources) else _UNKNOWN

    def all(self, id: str) -> Iterator[tuple[Series, Value]]:
        """Every series of a measure with its value."""
        for key in self.index.get(id, ()):
            yield key, self.values[key]

    def past(self, key: Series, count: int) -> array[float]:
        """The last `count` values of a series, oldest first; NaN where it had none."""
        return self.history.window(key, self.tick, count)

    def traced(self, id: str) -> list[Series]:
        """Every series of a measure, or pseudo-measure, that the history knows."""
        return self.history.keys(id)

    def frozen(self) -> Snapshot:
        """This snapshot with a copy of its history, which stands still while collection goes on."""
        return replace(self, history=self.history.copy())
