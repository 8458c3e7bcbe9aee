"""Blocking calls (psutil, NVML, file systems) under a deadline, on a thread that may be lost.

A call that hangs in the kernel cannot be cancelled. Its thread is a daemon, so it never keeps the
program from ending; until it returns, further calls fail at once instead of piling up behind it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from perf_tui.engine.source import SourceError

T = TypeVar("T")

_Job: TypeAlias = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]
_Jobs: TypeAlias = "SimpleQueue[_Job | None]"


class Blocking:
    """A daemon thread that runs one blocking call at a time; it begins with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: _Jobs | None = None
        self._busy = False

    async def call(self, function: Callable[[], T]) -> T:
        """The function's result, or what it raised. Raises SourceError while an earlier call hangs."""
        if self._busy:
            raise SourceError("the call before has not returned")
        if self._jobs is None:
            self._jobs = SimpleQueue()
            threading.Thread(target=self._run, args=(self._jobs,), name=f"perf-tui {self._name}", daemon=True).start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._busy = True
        self._jobs.put((function, loop, future))
        return await future

    def close(self) -> None:
        """Let the thread end once its call returns; a later call begins another."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None

    def _run(self, jobs: _Jobs) -> None:
        while (job := jobs.get()) is not None:
            function, loop, future = job
            result: Any = None
            error: Exception | None = None
            try:
                result = function()
            except StopIteration as raised:  # the one exception that a future does not take
                error = RuntimeError(repr(raised))
            except Exception as raised:
                error = raised
            except BaseException as raised:  # SystemExit would end this thread, or the engine's loop
                error = SourceError(repr(raised))
            self._busy = False
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, future, result, error)
            # A thread that waits for its next call keeps nothing of the last one.
            del job, function, loop, future, result, error


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():  # given up on at the deadline
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
