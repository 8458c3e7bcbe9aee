"""The engine: one thread with its own asyncio loop that reads, derives, judges and publishes on one clock.

Nothing in it knows of a terminal: when a frozen SSH session blocks the interface, collection and
alerts go on.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.own import OwnCost
from perf_tui.engine.runner import Runner
from perf_tui.engine.snapshot import TICK_TIME, Snapshot
from perf_tui.engine.source import Source
from perf_tui.engine.store import Store
from perf_tui.measures.model import Series, Status
from perf_tui.measures.ring import History

HISTORY_TICKS = 1800
"""Ticks kept in memory: an hour at 2 s."""
LATE_AFTER = 2.5
"""A source is late when its newest reading is older than this many of its periods."""


class Engine:
    """Runs sources and publishes snapshots; `start` gives it a thread, `tick` does one step of it.

    `traces` says what of a source's tables belongs into the history, beside the measures.
    """

    def __init__(
        self,
        sources: Sequence[Source[Any]],
        alerts: AlertEngine | None = None,
        interval: float = 2.0,
        *,
        traces: Callable[[Mapping[str, object]], Iterable[tuple[Series, float]]] = lambda tables: (),
        host: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.store = Store()
        self.interval = interval
        self.alerts = alerts or AlertEngine([])
        self._traces = traces
        self.history = History(HISTORY_TICKS)
        self._host = host if host is not None else socket.gethostname()
        self._monotonic = monotonic
        self._wall = wall
        self._runners = [Runner(source, monotonic) for source in sources]
        self._own = OwnCost(monotonic)
        self._tick = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None
        """What ended the engine's thread, if anything but `stop` did."""

    # -- from any thread

    def start(self) -> None:
        """Run on a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._main, name="perf-tui engine", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """End the thread; returns when it has ended, or after `timeout` seconds."""
        self._stopping = True
        self._wake_up()
        if self._thread is not None:
            self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def set_interval(self, seconds: float) -> None:
        """Change the period; the next tick comes one new period after the last."""
        self.interval = seconds
        self._wake_up()

    def _wake_up(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._wake.set)

    # -- on the engine's own loop

    def _main(self) -> None:
        try:
            asyncio.run(self.run())
        except BaseException as error:
            self.failure = error

    async def run(self, ticks: int | None = None) -> None:
        """Tick at the interval until `stop`, or `ticks` times. Late ticks are skipped, not made up for."""
        self._loop = asyncio.get_running_loop()
        due = self._monotonic()
        done = 0
        try:
            while not self._stopping:
                await self.tick()
                done += 1
                if ticks is not None and done >= ticks:
                    return
                due = await self._pause(due)
        finally:
            for runner in self._runners:
                await runner.close()

    async def _pause(self, due: float) -> float:
        """Sleep until one interval after `due`; returns when the next tick is due."""
        while not self._stopping:
            left = due + self.interval - self._monotonic()
            if left <= 0:
                break
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), left)
        missed = max(0, int((self._monotonic() - due) / self.interval) - 1)
        self._tick += missed
        return due + (1 + missed) * self.interval

    async def tick(self) -> Snapshot:
        """Read every source that is due, derive, record, judge, publish."""
        began, wall = self._monotonic(), self._wall()
        tasks = [runner.start() for runner in self._runners if runner.due(self._tick)]
        if tasks:
            # A source that has not answered by then is shown with the next tick: it delays nobody.
            await asyncio.wait(tasks, timeout=self.interval / 4)
        traced = self._take()
        samples = self._own.samples([runner.state for runner in self._runners], began)
        self.store.put("perf-tui", samples, {}, began)
        values = self.store.values()
        self.history.record(
            self._tick,
            ((key, value.number) for key, value in values.items() if value.status is Status.OK),
        )
        self.history.record(self._tick, [(TICK_TIME, wall), *traced])
        if self._tick % 64 == 0:
            self.history.forget(self._tick)
        self.alerts.evaluate(values, began, wall)
        snapshot = self._publish(began, wall)
        self._tick += 1
        return snapshot

    def _take(self) -> list[tuple[Series, float]]:
        """Move what the sources have brought into the store; age what failed or is late.

        Returns what of their tables belongs into the history.
        """
        now = self._monotonic()
        traced: list[tuple[Series, float]] = []
        for runner in self._runners:
            name = runner.source.name
            if runner.result is not None:
                self.store.put(name, runner.result.samples, runner.result.tables, runner.read_at)
                traced.extend(self._traces(runner.result.tables))
                runner.result = None
            elif runner.state.status in (Status.ERROR, Status.DENIED) or self._late(runner, now):
                self.store.age(name)
        return traced

    def _late(self, runner: Runner, now: float) -> bool:
        return runner.reading and now - runner.read_at > LATE_AFTER * self.interval * runner.source.every

    def _publish(self, at: float, wall: float) -> Snapshot:
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
            sources=tuple(runner.state for runner in self._runners),
            history=self.history,
        )
        self.store.publish(snapshot)
        return snapshot
