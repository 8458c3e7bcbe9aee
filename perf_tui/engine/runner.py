"""The life of one source: open, read under a deadline, fail, back off, recover. It never delays another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from perf_tui.engine.snapshot import SourceState
from perf_tui.engine.source import Derived, Source, SourceDenied
from perf_tui.measures.model import Status

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0


class Runner:
    """Drives one source; the engine asks `due`, calls `start`, and takes `result` when the task is done."""

    def __init__(self, source: Source[Any], monotonic: Callable[[], float]) -> None:
        self.source = source
        self.state = SourceState(source.name, source.kind, Status.PENDING)
        self.task: asyncio.Task[None] | None = None
        self.result: Derived | None = None
        """What the newest finished reading came to, until the engine took it."""
        self.read_at = 0.0
        """Monotonic time of the newest good reading; 0 before the first."""
        self._monotonic = monotonic
        self._opened = False
        self._failures = 0
        self._not_before = 0.0

    @property
    def reading(self) -> bool:
        """Whether a reading is under way."""
        return self.task is not None and not self.task.done()

    def due(self, tick: int) -> bool:
        """Whether to read on this tick. A source that is backing off or still reading is not due."""
        if self.reading:
            return False
        if self._monotonic() < self._not_before:
            return False
        return tick % self.source.every == 0 or self.read_at == 0.0 or self._failures > 0

    def start(self) -> asyncio.Task[None]:
        """Begin a reading; the task ends when it succeeded or failed, and never raises."""
        self.task = asyncio.create_task(self._read(), name=f"read {self.source.name}")
        return self.task

    async def _read(self) -> None:
        began = self._monotonic()
        try:
            async with asyncio.timeout(self.source.deadline):
                if not self._opened:
                    await self.source.open()
                    self._opened = True
                reading = await self.source.read()
            at = self._monotonic()
            self.result = self.source.derive(reading, at)
        except TimeoutError:
            await self._failed(Status.ERROR, f"no answer within {self.source.deadline:g} s")
        except SourceDenied as error:
            await self._failed(Status.DENIED, str(error))
        except Exception as error:
            await self._failed(Status.ERROR, str(error) or type(error).__name__)
        else:
            self.read_at = at
            self._failures = 0
            self.state = SourceState(self.source.name, self.source.kind, Status.OK, at - began)

    async def _failed(self, status: Status, reason: str) -> None:
        if self._opened:
            self._opened = False
            await self.source.close()
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._not_before = self._monotonic() + pause
        self.state = SourceState(self.source.name, self.source.kind, status, None, reason)

    async def close(self) -> None:
        """End the reading under way, if any, and release the source."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task], timeout=1.0)
        if self._opened:
            self._opened = False
            await self.source.close()
