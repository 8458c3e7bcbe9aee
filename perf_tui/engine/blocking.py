"""Blocking calls (psutil, NVML, file systems) under a deadline, on a thread that may be lost.

A call that hangs in the kernel cannot be cancelled. Its thread is a daemon, so it never keeps the
program from ending; until it returns, further calls fail at once instead of piling up behind it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from perf_tui.engine.source import SourceError

T = TypeVar("T")

_Job = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Blocking:
    """One daemon thread that runs one blocking call at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._busy = False

    async def call(self, function: Callable[[], T]) -> T:
        """The function's result, or what it raised. Raises SourceError while an earlier call hangs."""
        if self._busy:
            raise SourceError("the call before has not returned")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"perf-tui {self._name}", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._busy = True
        self._jobs.put((function, loop, future))
        return await future

    def close(self) -> None:
        """Let the thread end once its call returns."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            function, loop, future = job
            result: Any = None
            error: BaseException | None = None
            try:
                result = function()
            except Exception as raised:
                error = raised
            self._busy = False
            try:
                loop.call_soon_threadsafe(_settle, future, result, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # given up on at the deadline
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
