"""A metrics endpoint as a source: fetched, read a step at a time, turned into measures."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from perf_tui.config.schema import Target
from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher, TargetOptions
from perf_tui.sources.scrape.model import Model
from perf_tui.sources.scrape.reader import STEP, Pass, Scrape

READING_TIME = 10.0
"""Seconds beyond the answer's deadline for reading a body of the largest size."""
_NOT_UTF8 = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """One scrape, read and not yet compared with those before."""

    scrape: Scrape
    at: float
    """Monotonic seconds when it was asked for: programs answer with the numbers of that moment."""
    wall: float
    """The same in seconds since the epoch."""


class ScrapeSource(Source[Reading]):
    """One target of the configuration, or one that was discovered."""

    kind = "scrape"

    def __init__(
        self,
        target: Target,
        profiles: Sequence[Profile],
        fetcher: Fetcher,
        window: float,
        interval: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`window` and `interval` are the engine's, in seconds; a target may be asked less often."""
        self.name = target.name
        self.every = max(1, round((target.interval or interval) / interval))
        self.deadline = target.timeout + READING_TIME
        self._options = TargetOptions.of(target)
        self._fetcher = fetcher
        self._monotonic, self._wall = monotonic, wall
        path = urlsplit(target.url).path or "/"
        self._model = Model(target.name, profiles, window, path=path, forced=target.profile)

    @property
    def recognised(self) -> str:
        """The profile, its score and its runners-up in words, for `doctor`."""
        return self._model.recognised

    async def open(self) -> None:
        await self._fetcher.ready()  # the first reading's time must not hold what this takes
        self._fetcher.open()

    async def close(self) -> None:
        await self._fetcher.close()

    async def read(self) -> Reading:
        at, wall = self._monotonic(), self._wall()
        response = await self._fetcher.get(self._options)
        text, openmetrics = response.text, response.openmetrics
        scrape = await self._scrape(text, openmetrics)
        if self._model.settle():
            scrape = await self._scrape(text, openmetrics)
        if scrape.bad and not scrape.read:
            raise SourceError(f"nothing in its answer is a metric; the first line: {scrape.first_bad}")
        if not text.isascii() and _NOT_UTF8.search(text):
            scrape.objection = scrape.objection or "it is not UTF-8"
        return Reading(scrape, at, wall)

    async def _scrape(self, text: str, openmetrics: bool) -> Scrape:
        reading = Pass(self._model.reader, text, openmetrics)
        while reading.step(STEP):  # noqa: ASYNC110  (nothing is waited for)
            await asyncio.sleep(0)  # others get their turn
        return reading.scrape

    def derive(self, reading: Reading, at: float) -> Derived:
        return self._model.derive(reading.scrape, reading.at, reading.wall)
