"""The engine: one thread with its own asyncio loop that reads, derives, judges and publishes on one clock.

Nothing in it knows of a terminal: when a frozen SSH session blocks the interface, collection and
alerts go on.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Alert, Rule, Silence, Transition, compared
from perf_tui.engine.own import OwnCost
from perf_tui.engine.runner import Runner
from perf_tui.engine.snapshot import TICK_TIME, Snapshot, SourceState
from perf_tui.engine.source import Derived, Source, failure
from perf_tui.engine.stage import Moment, Stage
from perf_tui.engine.store import Store
from perf_tui.engine.why.explainer import Explainer
from perf_tui.measures.model import Series, Status
from perf_tui.measures.ring import History
from perf_tui.text import clean

if TYPE_CHECKING:  # SQLite is loaded where something is remembered
    from perf_tui.engine.alerts.keeper import Keeper
    from perf_tui.engine.alerts.outlet import Outlet

HISTORY_TICKS = 1800
"""Ticks kept in memory: an hour at 2 s."""
PATIENCE = 0.5
"""Seconds for which a tick waits for its sources, and at most a quarter of the interval."""
FAILED = (Status.ERROR, Status.DENIED)
OWN = "perf-tui"
"""The name under which the engine stores what the monitor costs."""


class Engine:
    """Runs sources and publishes snapshots; `start` gives it a thread, `tick` does one step of it.

    `stages` work on the tables of each tick, one after the other. `traces` says what of a source's or
    a stage's tables belongs into the history, beside the measures.
    """

    def __init__(
        self,
        sources: Sequence[Source[Any]],
        alerts: AlertEngine | None = None,
        interval: float = 2.0,
        *,
        stages: Sequence[Stage] = (),
        keeper: Keeper | None = None,
        outlet: Outlet | None = None,
        traces: Callable[[Mapping[str, object]], Iterable[tuple[Series, float]]] = lambda tables: (),
        host: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.store = Store()
        self.interval = interval
        self.alerts = alerts or AlertEngine([])
        self._keeper = keeper
        self._outlet = outlet
        self._traces = traces
        self._stages = tuple(stages)
        self._stage_failures: tuple[SourceState, ...] = ()
        self.history = History(HISTORY_TICKS)
        self._why = Explainer(self.history)
        self._unheard: list[Transition] = []
        """Lines that handlers hear of with the next tick: of alerts that ended with a restart, or with their rule."""
        self._host = clean(host if host is not None else socket.gethostname())
        self._monotonic = monotonic
        self._wall = wall
        self._names = {OWN, *(stage.name for stage in self._stages)}
        self._changing = threading.Lock()
        self._changes: deque[Runner | str] = deque()
        """Runners that come with the next tick, and the names of those that go, in this order."""
        self._runners: list[Runner] = []
        self._leaving: set[asyncio.Task[None]] = set()
        for source in sources:
            self.add_source(source)
        self._change()
        self._own = OwnCost(monotonic)
        self._tick = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None
        """What went wrong in the newest tick, or ended the thread; not a source's or subscriber's failure."""
        self.store.snapshot = Snapshot(host=self._host, interval=interval, sources=self._states(), history=self.history)

    # -- from any thread

    def start(self) -> None:
        """Run on a thread of its own until `stop`; an engine runs once."""
        self._thread = threading.Thread(target=self._main, name="perf-tui engine", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """End the thread; returns when it has ended, or after `timeout` seconds."""
        self._stopping = True
        self._wake_up()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def set_interval(self, seconds: float) -> None:
        """Change the period; the next tick comes one new period after the last."""
        self.interval = seconds
        self._wake_up()

    def add_source(self, source: Source[Any]) -> None:
        """Watch one more from the next tick on. Raises ValueError where its name is taken."""
        with self._changing:
            if source.name in self._names:
                raise ValueError(f"names of sources must be unique: {source.name}")
            self._names.add(source.name)
            self._changes.append(Runner(source, self._monotonic))

    def remove_source(self, name: str) -> None:
        """Close a source with the next tick and forget what it gave; its name is free at once.

        Raises ValueError where there is none of this name.
        """
        with self._changing:
            if name not in self._names - {OWN, *(stage.name for stage in self._stages)}:
                raise ValueError(f"there is no source {name}")
            self._names.remove(name)
            self._changes.append(name)

    def hurry(self, name: str) -> None:
        """Read a source now, between two ticks, and publish its tables: somebody waits for what it says."""
        self._call(lambda: self._begin(self._read_now(name), f"read {name} now"))

    def acknowledge(self, alert: Alert) -> None:
        """Say that somebody knows of an alert: no more is told of it until it gets worse or ends."""
        self.alerts.acknowledge(alert)
        self._call(self._begin_attending)

    def silence(self, seconds: float, rule: str = "", labels: tuple[tuple[str, str], ...] = ()) -> None:
        """For so long, tell nobody of alerts of a rule, of series with these labels, or both."""
        self.alerts.silence(Silence(self._wall() + seconds, rule, labels))
        self._call(self._begin_attending)

    def lift(self, rule: str, key: Series | None = None) -> None:
        """End the silences that cover an alert; without a series, all those of the rule."""
        self.alerts.lift(rule, key)
        self._call(self._begin_attending)

    def change_rules(self, rules: Sequence[Rule]) -> None:
        """Judge by these rules from now on; what is as it was goes on as it was."""
        self.alerts.change(rules)
        self._call(self._begin_attending)

    def _wake_up(self) -> None:
        self._call(self._wake.set)

    def _call(self, function: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(function)

    # -- on the engine's own loop

    def _main(self) -> None:
        try:
            asyncio.run(self.run())
        except BaseException as error:
            self._fail(error)

    async def run(self, ticks: int | None = None) -> None:
        """Tick at the interval until `stop`, or `ticks` times. Late ticks are skipped, not made up for.

        Where the ticks are counted, each waits for slow sources: nobody is there to see the next one.
        """
        self._loop = asyncio.get_running_loop()
        if self._keeper is not None:
            self._unheard = await self._keeper.restore(self.alerts, self._monotonic(), self._wall())
            if self._outlet is not None and self._keeper.trouble is None:
                new = {line.number for line in self._unheard}
                self._outlet.resume([line for line in self.alerts.log() if line.number not in new])
        due = self._monotonic()
        done = 0
        try:
            while not self._stopping:
                interval = self.interval
                try:
                    await self.tick(self._patience() if ticks is None else interval)
                except Exception as error:  # the next tick tries again
                    self._fail(error)
                done += 1
                if ticks is not None and done >= ticks:
                    return
                due = await self._pause(due, interval)
        finally:
            await asyncio.gather(*(runner.close() for runner in self._runners), *self._leaving)
            if self._keeper is not None:
                await self._keeper.close()
            if self._outlet is not None:
                self._outlet.close()

    async def _pause(self, due: float, interval: float) -> float:
        """Sleep until one interval after `due`; returns when the next tick is due. Missed ticks leave gaps."""
        while not self._stopping:
            if interval != self.interval:
                # Ticks of a shorter interval that were never due were not missed.
                interval = self.interval
                due = max(due, self._monotonic() - interval)
            left = due + interval - self._monotonic()
            if left <= 0:
                break
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), left)
        missed = max(0, int((self._monotonic() - due) / interval) - 1)
        self._tick += missed
        return due + (1 + missed) * interval

    def _patience(self) -> float:
        """Seconds that a tick waits for its sources."""
        return min(PATIENCE, self.interval / 4)

    async def tick(self, patience: float | None = None) -> Snapshot:
        """Read every source that is due, derive, record, judge, publish."""
        self._tick += 1
        began = self._monotonic()
        self._change()
        await self._read(self._patience() if patience is None else patience)
        traced = self._take()
        at, wall = self._monotonic(), self._wall()
        traced += self._work_out(Moment(at, wall, self.interval))
        states = [runner.state for runner in self._runners]
        undelivered = self._outlet.failures() if self._outlet is not None else {}
        self.store.put(OWN, self._own.samples(states, began, undelivered), {}, at)
        values = self.store.values()
        numbers = [(key, value.number) for key, value in values.items() if value.status is Status.OK]
        self.history.record(self._tick, [(TICK_TIME, wall), *numbers, *traced])
        if self._tick % 64 == 0:
            self.history.forget(self._tick)
        failed = {runner.source.name for runner in self._runners if runner.failed}
        changes = self.alerts.evaluate(values, at, wall, self.interval, failed)
        self.history.record(self._tick, [(compared(rule), number) for rule, number in self.alerts.compared()])
        if self._outlet is not None:
            changes += self.alerts.report(
                {each.name: each.error or "" for each in self._outlet.troubles() if each.status in FAILED}
            )
        self._why.follow(changes, values, self._tick, self.interval)
        explained: list[Transition] = []
        for question, why in self._why.answers():
            explained += self.alerts.explain(question.rule, question.series, question.since, why)
        if self._keeper is not None:
            await self._keeper.keep(self.alerts, [*changes, *explained])
        if self._outlet is not None:
            self._outlet.tick([*self._unheard, *changes], self.alerts.active(), at, wall)
            self._unheard.clear()
        self.failure = None
        return self._publish(at, wall)

    def _change(self) -> None:
        """Take in sources that were added and let go of those that were removed."""
        while self._changes:
            change = self._changes.popleft()
            if isinstance(change, Runner):
                self._runners.append(change)
                continue
            runner = next(each for each in self._runners if each.source.name == change)
            self._runners.remove(runner)
            self.store.drop(change)
            # Not waited for: one that hangs while it closes must not delay the tick.
            self._begin(runner.close(), f"close {change}")

    async def _read(self, patience: float) -> None:
        """Start what is due, and wait for it a little: what is not there by then comes with the next tick."""
        waited = []
        for runner in self._runners:
            if runner.due(self._tick):
                task = runner.start(self._tick)
                # One that took longer the last time is not waited for at all.
                if runner.took <= patience:
                    waited.append(task)
        if waited:
            await asyncio.wait(waited, timeout=patience)

    def _take(self) -> list[tuple[Series, float]]:
        """Move what the sources have brought into the store; age what failed or is late.

        Returns what of their tables belongs into the history.
        """
        traced: list[tuple[Series, float]] = []
        for runner in self._runners:
            name = runner.source.name
            if (derived := runner.take()) is not None:
                self.store.put(name, derived.samples, derived.tables, runner.read_at)
                traced.extend(self._traces(derived.tables))
            elif runner.failed or runner.late(self.interval):
                self.store.age(name, runner.state.error)
        return traced

    def _work_out(self, moment: Moment) -> list[tuple[Series, float]]:
        """Run the stages on what the store has. Returns what of their tables belongs into the history."""
        traced: list[tuple[Series, float]] = []
        failures = []
        for stage in self._stages:
            try:
                derived = stage.derive(self.store.tables(without=stage.name), moment)
                derived = Derived(list(derived.samples), derived.tables, derived.instead_of)
                traced.extend(self._traces(derived.tables))
            except Exception as error:
                status, reason = failure(error)
                failures.append(SourceState(stage.name, "stage", status, None, reason))
                self.store.age(stage.name, reason)
            else:
                self.store.put(stage.name, derived.samples, derived.tables, moment.at, derived.instead_of)
        self._stage_failures = tuple(failures)
        return traced

    def _states(self) -> tuple[SourceState, ...]:
        forgetful = self._keeper.trouble if self._keeper is not None else None
        undelivered = self._outlet.troubles() if self._outlet is not None else ()
        troubles = *self._stage_failures, *((forgetful,) if forgetful else ()), *undelivered, *self.store.troubles
        return (*(runner.state for runner in self._runners), *troubles)

    def _publish(self, at: float, wall: float) -> Snapshot:
        states = self._states()
        if self.failure is not None:
            status, reason = failure(self.failure)
            states = (SourceState(OWN, "collector", status, None, reason), *states)
        snapshot = Snapshot(
            host=self._host,
            time=wall,
            at=at,
            tick=self._tick,
            interval=self.interval,
            values=self.store.values(),
            index=self.store.index(),
            tables=self.store.tables(),
            alerts=self.alerts.active(),
            log=self.alerts.log(),
            sources=states,
            history=self.history,
        )
        self.store.publish(snapshot)
        return snapshot

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside the ticks."""
        task = asyncio.create_task(work, name=name)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _begin_attending(self) -> None:
        self._begin(self._attend(), "attend to alerts")

    async def _read_now(self, name: str) -> None:
        self._change()
        runner = next((each for each in self._runners if each.source.name == name), None)
        if runner is None or runner.reading:
            return
        await runner.start(self._tick)
        if (derived := runner.take()) is not None:  # else a tick was faster
            self.store.put(name, derived.samples, derived.tables, runner.read_at)
            tables = {**self.store.snapshot.tables, **derived.tables}
            self.store.publish(replace(self.store.snapshot, tables=tables))

    async def _attend(self) -> None:
        """Show at once what came of a wish about alerts; should no loop run, the next tick does."""
        lines = self.alerts.attend(self._monotonic(), self._wall())
        if self._outlet is not None:
            self._unheard += lines
        if self._keeper is not None:
            await self._keeper.keep(self.alerts, lines)
        alerts, log = self.alerts.active(), self.alerts.log()
        self.store.publish(replace(self.store.snapshot, alerts=alerts, log=log))

    def _fail(self, error: BaseException) -> None:
        """A tick failed by a fault of the engine's own: what is known becomes stale, and people are told."""
        self.failure = error
        with suppress(Exception):
            sources = (runner.source.name for runner in self._runners)
            for name in (OWN, *sources, *(stage.name for stage in self._stages)):
                self.store.age(name, failure(error).reason)
            self._publish(self._monotonic(), self._wall())
