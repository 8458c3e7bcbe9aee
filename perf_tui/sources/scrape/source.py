"""A metrics endpoint as a source: fetched, read a step at a time, turned into measures."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from perf_tui.config.schema import Target
from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.sources.inference.adapters import ADAPTERS
from perf_tui.sources.inference.instead import as_metrics, switched_off
from perf_tui.sources.inference.probes import Probes
from perf_tui.sources.inference.told import Told
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher, Response, TargetOptions, judge, place
from perf_tui.sources.scrape.model import Model
from perf_tui.sources.scrape.reader import STEP, Pass, Scrape

READING_TIME = 10.0
"""Seconds beyond the answer's deadline for reading a body of the largest size."""
FRESH_AT_FIRST = 8
"""First scrapes after which the connection is not kept."""
FRESH_EVERY, FRESH_EVERY_TLS = 4, 16
"""Later, one in so many: a new connection costs little without TLS."""
FRESH_SOON = 64
"""Scrapes after which without TLS, too, it is as many as with it: hardly anybody else will answer any more."""
_NOT_UTF8 = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """One scrape, read and not yet compared with those before."""

    scrape: Scrape
    at: float
    """Monotonic seconds when the answer began: programs collect their numbers just before."""
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
        self._number = 0
        self._max_batch = target.max_batch
        self._probes: Probes | None = None
        path = urlsplit(target.url).path or "/"
        self._model = Model(target.name, profiles, window, path=path, address=place(target.url), forced=target.profile)

    @property
    def recognised(self) -> str:
        """The profile, its score and its runners-up in words, for `doctor`."""
        return self._model.recognised

    async def open(self) -> None:
        await self._fetcher.ready()  # the first reading's time must not hold what this takes
        self._fetcher.open()
        if self._probes is not None:
            self._probes.renew()  # it may have been restarted with other settings

    async def close(self) -> None:
        await self._fetcher.close()

    async def read(self) -> Reading:
        at, wall = self._monotonic(), self._wall()
        response = await self._get()
        text, openmetrics = self._model.beside.text + response.text, response.openmetrics
        scrape = await self._scrape(text, openmetrics)
        if self._model.settle():
            text = await self._meet() + response.text
            scrape = await self._scrape(text, openmetrics)
        if scrape.bad and not scrape.read:
            raise SourceError(f"nothing in its answer is a metric; the first line: {scrape.first_bad}")
        if not text.isascii() and _NOT_UTF8.search(text):
            scrape.objection = scrape.objection or "it is not UTF-8"
        return Reading(scrape, at + response.first, wall + response.first)

    async def _get(self) -> Response:
        """The metrics, and what is asked beside them.

        One after the other: a request that ends in between is then missing from both until the next scrape,
        and never counted as ended and as under way.
        """
        options = replace(self._options, fresh=self._fresh())
        response = await self._fetcher.request(options)
        if reason := await switched_off(self._fetcher, options, response.status):
            raise SourceError(reason)
        response = as_metrics(urlsplit(options.url).path, response)
        judge(response, options)
        if self._probes is not None and not self._probes.waits():
            self._model.beside = await self._probes.ask()
        return response

    async def _meet(self) -> str:
        """It has just been recognised: ask what there is to ask beside its metrics."""
        chosen = [each.profile for each in self._model.chosen]
        endpoints = [endpoint for profile in chosen for endpoint in ADAPTERS.get(profile.probe or "", ())]
        paths = [path for profile in chosen for path in profile.paths]
        self._probes, self._model.beside = None, Told()
        if endpoints or self._max_batch is not None:
            self._probes = Probes(self._fetcher, self._options, endpoints, paths, self._max_batch)
            self._model.beside = await self._probes.ask()
        return self._model.beside.text

    def _fresh(self) -> bool:
        """Whether to end the connection after this scrape.

        A connection that is kept leads to one worker of several for ever, whose counters look like
        those of the whole. So others are looked for at first and now and then, and where there are
        some, each scrape goes to whoever takes it.
        """
        number, self._number = self._number, self._number + 1
        rarely = number >= FRESH_SOON or self._options.url.lower().startswith("https:")
        every = FRESH_EVERY_TLS if rarely else FRESH_EVERY
        return self._model.joint or number < FRESH_AT_FIRST or number % every == 0

    async def _scrape(self, text: str, openmetrics: bool) -> Scrape:
        reading = Pass(self._model.reader, text, openmetrics)
        while reading.step(STEP):  # noqa: ASYNC110  (nothing is waited for)
            await asyncio.sleep(0)  # others get their turn
        return reading.scrape

    def derive(self, reading: Reading, at: float) -> Derived:
        return self._model.derive(reading.scrape, reading.at, reading.wall)
