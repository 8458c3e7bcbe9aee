"""Keeps the alerts' memory up to date without ever holding up a tick for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.log import LOG_LENGTH
from perf_tui.engine.alerts.memory import DatabaseError, InUseError, Memory
from perf_tui.engine.alerts.model import Silence, Transition
from perf_tui.engine.alerts.saved import Saved
from perf_tui.engine.blocking import Blocking
from perf_tui.engine.snapshot import SourceState
from perf_tui.engine.source import SourceError, failure
from perf_tui.measures.model import Status

T = TypeVar("T")
NAME = "alert memory"
OPENING, SAVING = 2.0, 0.5
"""Seconds that the first tick waits for the memory, and a tick for what it has to tell; a hung disk costs no more."""


class Keeper:
    """Restores alerts once, and saves what changed before it is shown. What fails is said, and tried again."""

    def __init__(self, path: Path) -> None:
        self._memory = Memory(path)
        self._blocking = Blocking(NAME)
        self._unsaved: dict[int, Transition] = {}
        self._saved: tuple[Sequence[Saved], Sequence[Silence]] = (), ()
        self._opened = False
        self._turn = asyncio.Lock()
        self.trouble: SourceState | None = None
        """Why nothing is remembered."""

    async def restore(self, alerts: AlertEngine, at: float, wall: float) -> list[Transition]:
        """Give the alerts back what they were, once, before they judge anything; returns what ended with that."""
        state = await self._call(partial(self._memory.open, LOG_LENGTH), OPENING)
        if state is None:
            return []
        self._opened = True
        self._saved = state.active, state.silences
        lines = alerts.restore(state, at, wall)
        await self.keep(alerts, lines)
        return lines

    async def keep(self, alerts: AlertEngine, lines: Sequence[Transition]) -> None:
        """Save what has changed; returns when it is on the disk, or cannot be for now."""
        if self._opened:
            async with self._turn:
                await self._keep(alerts, lines)

    async def _keep(self, alerts: AlertEngine, lines: Sequence[Transition]) -> None:
        self._unsaved.update((line.number, line) for line in lines)
        now = alerts.saved(), alerts.hush.silences()
        if not self._unsaved and _essence(*now) == _essence(*self._saved):
            return
        numbers = list(self._unsaved)
        save = partial(self._memory.save, list(self._unsaved.values()), *now)
        if await self._call(lambda: (save(), True)[1], SAVING):
            self._saved = now
            for number in numbers:
                self._unsaved.pop(number, None)

    async def close(self) -> None:
        """Let go of the file."""
        if self._opened:
            await self._call(self._memory.close, SAVING)
        self._blocking.close()

    async def _call(self, function: Callable[[], T], seconds: float) -> T | None:
        try:
            async with asyncio.timeout(seconds):
                result = await self._blocking.call(function)
        except InUseError:
            self._say(Status.ABSENT, "another perf-tui of this user has it: alerts here are not remembered")
        except TimeoutError:
            self._say(Status.ERROR, f"the disk has not answered for {seconds:g} s: alerts may be forgotten")
        except DatabaseError as error:
            self._say(Status.ERROR, f"alerts may be forgotten: {error}")
        except (OSError, SourceError) as error:
            self._say(*failure(error))
        else:
            self.trouble = None
            return result
        return None

    def _say(self, status: Status, reason: str) -> None:
        self.trouble = SourceState(NAME, "alerts", status, None, reason)


def _essence(saved: Sequence[Saved], silences: Sequence[Silence]) -> tuple[object, ...]:
    """What must not be lost; a value that moves is not worth a write at each tick."""
    alerts = [
        (each.rule.name, each.series, each.since, each.fired, each.told, each.acknowledged, each.quiet)
        for each in saved
    ]
    return alerts, silences
