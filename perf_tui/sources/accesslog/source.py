"""The source that watches one access log."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.sources.accesslog.model import ServiceModel
from perf_tui.sources.accesslog.reader import Reader, Reading
from perf_tui.text import clean


class AccessLogSource(Source[Reading]):
    """Requests of one service, from its log. Lines are counted as they are read: they are too many to keep.

    A log that is missing or may not be read is no failure of this source: its values say so with the
    reason, and it is looked for again on each tick.
    """

    kind = "accesslog"

    def __init__(
        self,
        service: str,
        path: str,
        format: str = "auto",
        window: float = 60.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`format` is a word of the configuration; `window` seconds are what latency and errors are taken over."""
        service = clean(service)
        self.name = f"access log {service}"
        self._path, self._format, self._clock = path, format, clock
        self._blocking = Blocking(self.name)
        self._reader: Reader | None = None
        self._model = ServiceModel(service, self.name, window)

    async def open(self) -> None:
        self._reader = Reader(self._path, self._format, clock=self._clock)

    async def read(self) -> Reading:
        assert self._reader is not None  # the engine opens first
        return await self._blocking.call(self._reader.read)

    def derive(self, reading: Reading, at: float) -> Derived:
        samples, row = self._model.derive(reading, at)
        return Derived(samples, {"services": (row,)})

    async def close(self) -> None:
        # On its own thread, as closing may block too; a reading that hangs keeps its file.
        if self._reader is not None:
            with suppress(SourceError):
                await self._blocking.call(self._reader.close)
        self._blocking.close()
