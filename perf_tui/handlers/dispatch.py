"""Hands alerts to handlers: each has a thread and a bounded queue, so none delays a tick or another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perf_tui.engine.alerts.model import Alert, State, Transition
from perf_tui.engine.alerts.outlet import Outlet
from perf_tui.engine.snapshot import SourceState
from perf_tui.engine.source import failure
from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.ledger import Ledger
from perf_tui.measures.model import Status

TOGETHER = 5.0
"""Seconds within which changes go out together, after the first of them went out at once."""
MOST_WAITING = 100
ATTEMPTS = 6
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
ENDING = 1.0
"""Seconds that all handlers together have to deliver what is waiting when the program ends."""


class Dispatcher(Outlet):
    """All handlers."""

    def __init__(self, handlers: Sequence[Handler], host: str, folder: Path | None = None) -> None:
        """`folder` is where it is remembered how far each has come; without one, nothing is."""
        self._posts = [_Post(handler, folder) for handler in handlers]
        self._host = host
        self._waiting: list[Transition] = []
        self._more = 0
        self._sent: float | None = None

    def tick(self, lines: Sequence[Transition], active: Sequence[Alert], at: float, wall: float) -> None:
        """Queue what has changed, and what handlers want to hear from time to time."""
        self._waiting += [line for line in lines if not line.quiet]
        self._more += sum(line.quiet == "storm" for line in lines)
        ready = bool(self._waiting or self._more) and (self._sent is None or at - self._sent >= TOGETHER)
        batch = Batch(
            tuple(self._waiting) if ready else (),
            self._more if ready else 0,
            tuple(
                alert for alert in active if alert.firing and alert.state not in (State.SILENCED, State.ACKNOWLEDGED)
            ),
            self._host,
            wall,
        )
        if ready:
            self._waiting.clear()
            self._more, self._sent = 0, at
        for post in self._posts:
            post.offer(batch, at)

    def resume(self, log: Sequence[Transition]) -> None:
        """Deliver what was in the log when the program ended, and had not gone out."""
        for post in self._posts:
            post.resume(log, self._host)

    def troubles(self) -> tuple[SourceState, ...]:
        """Handlers that fail."""
        return tuple(post.trouble for post in self._posts if post.trouble is not None)

    def failures(self) -> dict[str, int]:
        """How often each handler has failed since it was well."""
        return {post.name: post.failed for post in self._posts}

    def close(self) -> None:
        """Give the handlers a moment for what is waiting."""
        for post in self._posts:
            post.end()
        for post in self._posts:
            post.join(ENDING / len(self._posts))


class _Post:
    """One handler with its queue and thread."""

    def __init__(self, handler: Handler, folder: Path | None) -> None:
        self._handler = handler
        # One that tells what is, and not what happened, does so again anyway.
        self._ledger = Ledger(folder, handler.name) if folder is not None and handler.every is None else None
        self._remembered: Batch | None = None
        """What is in the log from before; None where the log and its numbers are not kept."""
        self._queue: deque[Batch] = deque()
        self._news = threading.Condition()
        self._ending = False
        self._called: float | None = None
        self._thread: threading.Thread | None = None
        self._lost = 0
        self.name = handler.name
        self.failed = 0
        """Deliveries that failed since one arrived."""
        self.trouble: SourceState | None = None

    def resume(self, log: Sequence[Transition], host: str) -> None:
        """Look on the handler's own thread for what it has not delivered."""
        if self._ledger is None:
            return
        with self._news:
            self._remembered = Batch(tuple(log), 0, (), host, log[-1].time if log else 0.0)
            self._start()

    def offer(self, batch: Batch, at: float) -> None:
        """Queue a batch, if there is anything in it for this handler."""
        least, every = self._handler.least, self._handler.every
        lines = tuple(line for line in batch.lines if line.level >= least)
        if every is not None:
            if not lines and self._called is not None and at - self._called < every:
                return
        elif not lines and not batch.more:
            return
        self._called = at
        active = tuple(alert for alert in batch.active if alert.level >= least)
        with self._news:
            if every is not None:
                self._queue.clear()
            elif len(self._queue) >= MOST_WAITING:
                self._queue.popleft()
                self._lost += 1
            self._queue.append(replace(batch, lines=lines, active=active))
            self._start()
            self._news.notify()

    def _start(self) -> None:
        if self._thread is None:
            name = f"perf-tui handler {self._handler.name}"
            self._thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """No more pauses: what is waiting is tried once."""
        with self._news:
            self._ending = True
            self._news.notify()

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        with self._news:
            before = self._remembered
        if before is not None:
            self._catch_up(before)
        while True:
            with self._news:
                while not self._queue and not self._ending:
                    self._news.wait()
                if not self._queue:
                    return
                batch = self._queue.popleft()
            self._deliver(batch)

    def _catch_up(self, before: Batch) -> None:
        assert self._ledger is not None
        done = self._ledger.read()
        newest = before.lines[-1].number if before.lines else 0
        if done is None or done > newest:  # it has not been here before, or the log is another
            self._ledger.write(newest)
            return
        lines = [line for line in before.lines if line.number > done and not line.quiet]
        lines = [line for line in lines if line.level >= self._handler.least]
        if lines:
            self._deliver(replace(before, lines=tuple(lines[-MOST_WAITING:])))

    def _hand(self, number: int | None, *, sync: bool = False) -> None:
        """Remember that all up to this line has gone out."""
        if self._ledger is not None and self._remembered is not None and number is not None:
            self._ledger.write(number, sync=sync)

    def _deliver(self, batch: Batch) -> None:
        pause = FIRST_PAUSE
        number = max((line.number for line in batch.lines), default=None)
        before = min((line.number for line in batch.lines), default=1) - 1
        for attempt in range(ATTEMPTS):
            self._hand(number)
            try:
                self._handler.deliver(batch)
            except Exception as error:
                self._hand(before if number is not None else None)
                self._say(error)
            else:
                self._hand(number, sync=True)
                self.trouble, self.failed = None, 0
                return
            with self._news:
                newer = self._handler.every is not None and bool(self._queue)
                if self._ending or newer:
                    break
                if attempt == ATTEMPTS - 1:
                    self._hand(number)
                    break
                self._news.wait_for(lambda: self._ending, pause)
            pause = min(LONGEST_PAUSE, 2 * pause)
        self._lost += 1

    def _say(self, error: Exception) -> None:
        status, reason = failure(error)
        self.failed += 1
        if self._lost:
            reason = f"{reason}; {self._lost} not delivered"
        status = Status.DENIED if status is Status.DENIED else Status.ERROR
        self.trouble = SourceState(f"handler {self._handler.name}", "handler", status, None, reason)
