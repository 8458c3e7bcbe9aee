"""What is read of the one worker that somebody looks at: the end of its log, and how many files it has open."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import psutil

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.measures.workers import CLOSEUP, Closeup
from perf_tui.sources.accesslog.tail import Budget, Tail, TailError
from perf_tui.text import cut, decode

LINES = 300
"""Lines that are kept of a log."""
LONGEST = 2_000
"""Cells of a line that are shown at most."""
MOST = 1024 * 1024
"""Bytes of new lines that one reading takes. Of a log that grows faster than that only the newest are shown."""
SECONDS = 0.2


class Target(NamedTuple):
    """Whom to look at."""

    worker: str = ""
    """Its id; empty: nobody."""
    pid: int | None = None
    """Its process on this machine."""
    log: str = ""
    """The path of its log on this machine, as its source told it."""


class CloseupSource(Source[Closeup]):
    """Looks at its `target`. A log that cannot be read is no failure: its row says why."""

    name = "worker on show"
    kind = "workers"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.target = self._seen = Target()
        """Set from any thread; the next reading looks there."""
        self._tail: Tail | None = None
        self._lines: deque[str] = deque(maxlen=LINES)
        self._blocking = Blocking(self.name)

    async def read(self) -> Closeup:
        target = self.target
        if not target.worker and self._tail is None:
            return Closeup("")
        return await self._blocking.call(lambda: self._look(target))

    def _look(self, target: Target) -> Closeup:
        if (target.worker, target.log) != (self._seen.worker, self._seen.log):
            self._let_go()
            self._tail = Tail(target.log) if target.log else None
        self._seen = target
        reason = self._follow_log(self._tail) if self._tail is not None else ""
        return Closeup(target.worker, _open_files(target.pid), target.log, tuple(self._lines), reason)

    def _follow_log(self, tail: Tail) -> str:
        """Take in the new lines; returns why there are no more of them."""
        new: list[bytes] = []
        reason = ""
        try:
            for block in tail.blocks(Budget(MOST, SECONDS, self._clock)):
                new += block.splitlines()[-LINES:]
        except TailError as error:
            reason = error.reason
        else:
            if tail.begun:
                self._lines.clear()
                new[:0] = tail.before.splitlines()[-LINES:]
            if tail.behind > MOST:
                tail.close()  # it begins again at the end
        new += tail.take_dropped()
        self._lines.extend(cut(decode(line.expandtabs(4)), LONGEST) for line in new[-LINES:])
        return reason

    def derive(self, reading: Closeup, at: float) -> Derived:
        return Derived((), {CLOSEUP: reading})

    def _let_go(self) -> None:
        self._lines.clear()
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    async def close(self) -> None:
        with suppress(SourceError):
            await self._blocking.call(self._let_go)
        self._blocking.close()


def _open_files(pid: int | None) -> int | None:
    """How many; None where it has ended, or its owner alone may know."""
    if pid is None:
        return None
    try:
        return int(psutil.Process(pid).num_fds())
    except (psutil.Error, OSError, ValueError, AttributeError):
        return None
