"""What becomes of requests: points and events go to services, engines, scores and sessions. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from perf_tui.engine.source import Derived
from perf_tui.measures.model import Sample
from perf_tui.measures.workers import SIGHTINGS
from perf_tui.sources.otlp import engines, evaluations, services
from perf_tui.sources.otlp.agents import METRICS
from perf_tui.sources.otlp.decode import Signal
from perf_tui.sources.otlp.engines import Engines
from perf_tui.sources.otlp.evaluations import Evaluations
from perf_tui.sources.otlp.model import Event, Metric, Peer, Point
from perf_tui.sources.otlp.read import MOST_RECORDS, Read, Reader, ReadLogs, spans
from perf_tui.sources.otlp.series import Full, Series
from perf_tui.sources.otlp.services import Services
from perf_tui.sources.otlp.sessions import Sessions

NAMES = services.NAMES | engines.NAMES | METRICS
"""Metrics that something is made of."""
MOST_SEEN = 20_000
"""Events that are recognised when they come a second time: the newest."""


class Outcome(NamedTuple):
    """What is answered."""

    rejected: int = 0
    """Points or records that were not taken in."""
    reason: str = ""
    """Why the first of them was not."""


class Intake:
    """Everything that has been pushed, as far as it is remembered."""

    def __init__(
        self,
        name: str,
        window: float,
        forget: float,
        since: float,
        *,
        most_series: int = 10_000,
        most_sessions: int = 1_000,
        personal: bool = False,
    ) -> None:
        """`window` and `forget` in seconds; `since` is when listening began, in seconds since the epoch."""
        self._name = name
        self._reader = Reader(NAMES.__contains__, personal=personal)
        self._ledger = Series(most_series, since)
        self._services = Services(window, forget)
        self._engines = Engines(window, forget)
        self._evaluations = Evaluations(name)
        self.sessions = Sessions(most_sessions, self._engines)
        self._seen: dict[int, None] = {}
        self._rejected = 0
        self._why = ""
        self.trouble = ""
        """What went wrong last, for people."""
        self.received = dict.fromkeys(Signal, 0)
        """Points, records and spans since the beginning."""

    def read(self, signal: Signal, request: Any, peer: Peer | None = None) -> Read | ReadLogs | int:
        """What a request holds; changes nothing, and may run on any thread. Raises BadBody."""
        if signal is Signal.METRICS:
            return self._reader.metrics(request, peer)
        return self._reader.logs(request, peer) if signal is Signal.LOGS else spans(request)

    def announce(self, read: Read | ReadLogs | int, at: float) -> None:
        """A request is about to be taken in: what concerns all of it, before the first piece."""
        if isinstance(read, Read):
            for metric in read.metrics:
                self._services.announce(metric, at)

    def take(self, read: Read | ReadLogs | int, at: float, wall: float) -> Outcome:
        """Take in what was read, or a piece of it. `at` is monotonic, `wall` in seconds since the epoch."""
        if isinstance(read, int):
            self.received[Signal.TRACES] += read
            return Outcome()
        outcome = self._metrics(read, at, wall) if isinstance(read, Read) else self._logs(read, at, wall)
        if outcome.rejected:
            self._rejected += outcome.rejected
            self._why = outcome.reason
        return outcome

    def _metrics(self, read: Read, at: float, wall: float) -> Outcome:
        self.received[Signal.METRICS] += read.points
        rejected, reason = read.rejected, read.reason
        for metric in read.metrics:
            for point in metric.points:
                try:
                    self._point(metric, point, at, wall)
                except Full as problem:
                    rejected += 1
                    reason = reason or str(problem)
        return Outcome(rejected, reason)

    def _point(self, metric: Metric, point: Point, at: float, wall: float) -> None:
        if metric.name == services.ACTIVE:
            level = self._ledger.level(metric, point, at)
            if level is not None:
                self._services.active(metric, *level, at)
            return
        increase = None if metric.gauge else self._ledger.increase(metric, point, at)
        if increase is None:
            return
        if metric.name in services.NAMES:
            self._services.point(metric, point, increase, at)
            return
        self.sessions.point(metric, point, increase, at, wall)
        if metric.name in engines.NAMES:
            self._engines.point(metric, point, increase, at)

    def _logs(self, read: ReadLogs, at: float, wall: float) -> Outcome:
        self.received[Signal.LOGS] += read.records
        rejected, reason = read.rejected, ""
        if rejected:
            reason = f"a request may have {MOST_RECORDS} log records"
        for event in read.events:
            if self._repeated(event):
                continue
            if event.name == evaluations.NAME:
                if not self._evaluations.take(event):
                    rejected += 1
                    reason = reason or "more streams of scores are pushed than are followed"
            else:
                self.sessions.event(event, at, wall)
        return Outcome(rejected, reason)

    def _repeated(self, event: Event) -> bool:
        """Whether it has come before: what was not answered in time is sent again."""
        if not event.identity:
            return False
        if event.identity in self._seen:
            return True
        if len(self._seen) >= MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[event.identity] = None
        return False

    def note(self, trouble: str) -> None:
        """Something went wrong that people should know."""
        self.trouble = trouble

    def derive(self, at: float, wall: float) -> Derived:
        """Measures and rows at this moment."""
        self._ledger.expire(at)
        notices = [self.trouble] if self.trouble else []
        if self._rejected:
            notices.append(f"{self._rejected} points or records were not taken in: {self._why}")
        if self.sessions.evicted:
            notices.append(f"{self.sessions.evicted} silent sessions had to make room for new ones")
        samples: list[Sample] = []
        tables: dict[str, object] = {}
        parts: Mapping[str, tuple[list[Sample], tuple[object, ...]]] = {
            "services": self._services.derive(at, notices),
            "engines": self._engines.derive(at, notices),
            "quality": self._evaluations.derive(),
        }
        for table, (found, rows) in parts.items():
            samples += found
            if rows:
                tables[table] = rows
        if sightings := self.sessions.derive(self._name, at, wall):
            tables[SIGHTINGS] = sightings
        return Derived(samples, tables)

    def sizes(self) -> tuple[int, int]:
        """How many series and sessions are remembered."""
        return len(self._ledger), len(self.sessions)
