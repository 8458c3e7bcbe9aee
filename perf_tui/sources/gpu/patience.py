"""Calls into a driver, which may hang in the kernel for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import SourceError

T = TypeVar("T")


class Patience:
    """A blocking thread whose calls have a deadline; while one hangs, further calls fail at once and say so."""

    def __init__(self, name: str, silent: str) -> None:
        self._blocking = Blocking(name)
        self._silent = silent
        self._hanging: threading.Event | None = None

    async def call(self, function: Callable[[], T], seconds: float) -> T:
        """The function's result, or what it raised. Raises SourceError with the words for a silent driver."""
        if self._hanging is not None and not self._hanging.is_set():
            raise SourceError(self._silent)
        ended = threading.Event()

        def run() -> T:
            try:
                return function()
            finally:
                ended.set()

        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self._blocking.call(run)
        except TimeoutError:
            if not limit.expired():
                raise
            self._hanging = ended
            raise SourceError(self._silent) from None

    def close(self) -> None:
        """Let the thread end once its call returns."""
        self._blocking.close()
