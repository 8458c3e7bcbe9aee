"""The life of one source: open, read under a deadline, fail, back off, recover. It never delays another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from perf_tui.engine.snapshot import SourceState
from perf_tui.engine.source import Derived, Failure, Source, failure
from perf_tui.measures.model import Status

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
LATE_AFTER = 2.5
"""A source is late when its newest reading is older than this many of its periods."""
CLOSING = 1.0
"""Seconds that a source has to end a reading that was cancelled, and to close."""


class Runner:
    """Drives one source; the engine asks `due`, calls `start`, and takes what was derived when it is done."""

    def __init__(self, source: Source[Any], monotonic: Callable[[], float]) -> None:
        self.source = source
        self.state = SourceState(source.name, source.kind, Status.PENDING)
        self.task: asyncio.Task[None] | None = None
        self.read_at = 0.0
        """Monotonic time of the newest good reading."""
        self.took = 0.0
        """Seconds that the last reading took, also one that failed."""
        self._result: Derived | None = None
        self._monotonic = monotonic
        self._opened = False
        self._closing = False
        self._started: int | None = None
        self._began = 0.0
        self._good = False
        self._failures = 0
        self._not_before = 0.0

    @property
    def reading(self) -> bool:
        """Whether a reading is under way."""
        return self.task is not None and not self.task.done()

    @property
    def failed(self) -> bool:
        """Whether the last reading failed."""
        return self._failures > 0

    def due(self, tick: int) -> bool:
        """Whether to read on this tick. A source that is backing off or still reading is not due."""
        if self.reading:
            return False
        if self.failed:
            return self._monotonic() >= self._not_before
        if self._started is None:
            return tick >= self.source.first
        return tick - self._started >= self.source.every

    def late(self, interval: float) -> bool:
        """Whether a reading is under way while the numbers of the one before it are old; the state then says so."""
        now = self._monotonic()
        periods = LATE_AFTER * self.source.every
        if not (
            self.reading and self._good and now - self._began > interval and now - self.read_at > periods * interval
        ):
            return False
        self.state = replace(self.state, status=Status.STALE, error=f"no answer for {now - self._began:.0f} s")
        return True

    def start(self, tick: int) -> asyncio.Task[None]:
        """Begin a reading; the task ends when it succeeded or failed, and never raises."""
        self._started = tick
        self._began = self._monotonic()
        self.task = asyncio.create_task(self._read(), name=f"read {self.source.name}")
        return self.task

    def take(self) -> Derived | None:
        """What the newest finished reading came to, once."""
        result, self._result = self._result, None
        return result

    async def _read(self) -> None:
        limit = asyncio.timeout(self.source.deadline)
        try:
            async with limit:
                if not self._opened:
                    await self.source.open()
                    self._opened = True
                reading = await self.source.read()
            at = self._monotonic()
            derived = self.source.derive(reading, at)
            # Samples may come from a generator: what goes wrong in it is this source's failure, not the engine's.
            self._result = Derived(list(derived.samples), derived.tables)
        except TimeoutError as error:
            late = Failure(Status.ERROR, f"no answer within {self.source.deadline:g} s")
            await self._failed(late if limit.expired() else failure(error))
        except asyncio.CancelledError as error:
            if self._closing:
                raise
            await self._failed(failure(error))  # of the source's own making
        except (Exception, SystemExit) as error:
            await self._failed(failure(error))
        else:
            self.read_at = at
            self.took = at - self._began
            self._good = True
            self._failures = 0
            self.state = SourceState(self.source.name, self.source.kind, Status.OK, self.took)

    async def _failed(self, why: Failure) -> None:
        now = self._monotonic()
        self.took = now - self._began
        self._not_before = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self.state = SourceState(self.source.name, self.source.kind, why.status, None, why.reason)
        await self._release()

    async def _release(self) -> None:
        if self._opened:
            self._opened = False
            with suppress(Exception):  # a source that cannot even close must not stop the others' closing
                async with asyncio.timeout(CLOSING):
                    await self.source.close()

    async def close(self) -> None:
        """End the reading under way, if any, and release the source."""
        self._closing = True
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task], timeout=CLOSING)
        await self._release()
