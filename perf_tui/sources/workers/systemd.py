"""Units of systemd, as `systemctl show` tells them: one call for all of them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from perf_tui.engine.source import Derived, Source, SourceAbsent, SourceError
from perf_tui.measures.counters import increase
from perf_tui.measures.workers import HERE, SIGHTINGS, Body, Event, Sighting, state_of
from perf_tui.text import clean, cut, decode

LARGEST = 8 * 1024 * 1024
_PROPERTIES = (
    "Id", "LoadState", "ActiveState", "SubState", "Type", "MainPID", "NRestarts", "Result", "CPUUsageNSec",
    "MemoryCurrent", "ActiveEnterTimestampMonotonic", "StateChangeTimestampMonotonic", "Description", "User",
)  # fmt: skip
_UNSET = 2**64 - 1
"""What systemd says for a number that it does not have."""


class Reading(NamedTuple):
    """What systemd says of each unit, and when."""

    units: list[Mapping[str, str]]
    wall: float
    monotonic: float
    """On the clock of systemd's own times."""


class SystemdSource(Source[Reading]):
    """Runs `systemctl show` for the units that the configuration names."""

    kind = "workers"

    def __init__(
        self,
        group: str,
        units: Sequence[str],
        *,
        program: str = "systemctl",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`group` is the name in the configuration; `units` are names or patterns."""
        self._group = clean(group)
        self.name = f"workers {self._group}"
        self._command = [program, "show", "--no-pager", f"--property={','.join(_PROPERTIES)}", "--", *units]
        self._clock, self._wall = clock, wall
        self._running: asyncio.subprocess.Process | None = None
        self._before: dict[str, tuple[float, float]] = {}

    async def read(self) -> Reading:
        environment = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
        try:
            self._running = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, env=environment, limit=LARGEST,
            )  # fmt: skip
        except FileNotFoundError:
            raise SourceAbsent("there is no systemctl: this system has no systemd") from None
        try:
            out, problem = await self._running.communicate()
        finally:
            self._end()
        if not out.strip():
            words = decode(problem[:500].partition(b"\n")[0])
            raise SourceError(f"systemctl says: {words}" if words else "systemctl knows none of these units")
        blocks = out[:LARGEST].split(b"\n\n")
        return Reading([_properties(block) for block in blocks if block.strip()], self._wall(), self._clock())

    def _end(self) -> None:
        """A program that is still there, because its time was over, goes."""
        if self._running is not None and self._running.returncode is None:
            with suppress(ProcessLookupError):
                self._running.kill()
        self._running = None

    def derive(self, reading: Reading, at: float) -> Derived:
        before, self._before = self._before, {}
        return Derived((), {SIGHTINGS: tuple(self._sighting(unit, reading, before, at) for unit in reading.units)})

    def _sighting(
        self, unit: Mapping[str, str], reading: Reading, before: Mapping[str, tuple[float, float]], at: float
    ) -> Sighting:
        name = cut(unit.get("Id", "?"), 80)
        state, sub = unit.get("ActiveState", ""), unit.get("SubState", "")
        missing = unit.get("LoadState", "loaded") != "loaded"
        well = unit.get("Result", "success") == "success"
        # A unit that runs once and has run well is not dead.
        once = state == "inactive" and unit.get("Type") == "oneshot" and well and not missing
        word = "done" if once else state
        entered, changed = (
            _number(unit, "ActiveEnterTimestampMonotonic"),
            _number(unit, "StateChangeTimestampMonotonic"),
        )
        pid, restarts = _number(unit, "MainPID"), _number(unit, "NRestarts")
        when = reading.wall - (reading.monotonic - changed / 1e6 if changed else 0.0)
        trouble = unit["LoadState"] if missing else "" if well else f"{state} ({sub}): {unit['Result']}"
        return Sighting(
            system="systemd",
            source=self.name,
            name=name,
            kind="systemd",
            word=word,
            state=state_of("systemd", word),
            heard=at,
            group=self._group,
            host=HERE if pid else "",
            pid=int(pid) if pid else None,
            body=Body(
                user=unit.get("User", ""),
                cpu=self._cpu(name, _number(unit, "CPUUsageNSec"), before.get(name), at),
                memory=_number(unit, "MemoryCurrent"),
                uptime=max(0.0, reading.monotonic - entered / 1e6) if entered and state == "active" else None,
                restarts=int(restarts) if restarts is not None else None,
            ),
            events=(Event(when, cut(trouble, 200), True),) if trouble else (),
            facts=tuple(
                (key, unit[name]) for key, name in (("state", "SubState"), ("unit", "Description")) if name in unit
            ),
        )

    def _cpu(self, name: str, used: float | None, before: tuple[float, float] | None, at: float) -> float | None:
        """CPU time of the last interval, of one core, from nanoseconds in all."""
        if used is None:
            return None
        self._before[name] = (at, used)
        return increase(before[1], used) / 1e9 / (at - before[0]) if before and at > before[0] else None

    async def close(self) -> None:
        self._end()


def _properties(block: bytes) -> dict[str, str]:
    pairs = (decode(line).partition("=") for line in block.splitlines())
    return {key: value for key, _, value in pairs}


def _number(unit: Mapping[str, str], key: str) -> float | None:
    text = unit.get(key, "")
    return float(text) if text.isdecimal() and len(text) <= 20 and int(text) < _UNSET else None
