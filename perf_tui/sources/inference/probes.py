"""Asks the JSON endpoints beside a target's metrics: as bounded as a scrape, and never a reason to fail it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from perf_tui.engine.source import SourceError
from perf_tui.sources.inference.adapters import Endpoint
from perf_tui.sources.inference.reading import decoded
from perf_tui.sources.inference.told import Told, joined, line
from perf_tui.sources.scrape.fetch import Fetcher, TargetOptions

RARELY = 30
"""Scrapes between two questions for settings."""
SOON = 3
"""Scrapes until one that has not answered at all is asked for them again."""
SHORT = 2.0
"""Seconds for an answer."""
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer."""


@dataclass(slots=True)
class _Asked:
    """One endpoint and what it told the last time."""

    endpoint: Endpoint
    path: int = 0
    due: int = 0
    """Scrapes until it is asked again."""
    told: Told = field(default_factory=Told)


class Probes:
    """The endpoints of one server."""

    def __init__(
        self,
        fetcher: Fetcher,
        options: TargetOptions,
        endpoints: Sequence[Endpoint],
        paths: Sequence[str] = ("/metrics",),
        max_batch: int | None = None,
    ) -> None:
        """`options` are those of the metrics, found under one of `paths` below the server's root.

        `max_batch` is what the configuration says; what the server says of it then does not count.
        """
        self._fetcher = fetcher
        self._options = replace(options, timeout=min(options.timeout, SHORT), max_body=min(options.max_body, LARGEST))
        self._root = root(options.url, paths)
        self._asked = [_Asked(endpoint) for endpoint in endpoints]
        self._max_batch = max_batch

    def waits(self) -> bool:
        """Whether nothing is to be asked with this scrape; each call is one."""
        if any(asked.due <= 0 for asked in self._asked):
            return False
        for asked in self._asked:
            asked.due -= 1
        return True

    async def ask(self) -> Told:
        """What the server tells now; settings as they were told the last time. Never raises for what it does."""
        await asyncio.gather(*(self._ask(each) for each in self._asked))
        told = joined(each.told for each in self._asked)
        if self._max_batch is None:
            return told
        kept = tuple(each for each in told.lines if not each.startswith("probe:max_batch"))
        return told._replace(lines=(*kept, line("probe:max_batch", float(self._max_batch))))

    def renew(self) -> None:
        """Ask for the settings again."""
        for asked in self._asked:
            asked.due = 0

    async def _ask(self, asked: _Asked) -> None:
        if asked.due > 0:
            asked.due -= 1
            return
        asked.due = 0 if asked.endpoint.always else RARELY
        path = asked.endpoint.paths[asked.path]
        try:
            response = await self._fetcher.request(replace(self._options, url=beside(self._root, path)))
        except SourceError:
            if asked.endpoint.always:  # what stood there a moment ago does not stand there now
                asked.told = Told()
            elif not asked.told.lines:
                asked.due = SOON  # it was too busy to say what it is
            return
        if response.status == 200:
            asked.told = asked.endpoint.tell(decoded(response.body))
        elif asked.path + 1 < len(asked.endpoint.paths):
            asked.path, asked.due = asked.path + 1, 0
        else:
            asked.told = Told()
            asked.due = RARELY  # switched off, or not of this server


def root(url: str, paths: Sequence[str]) -> str:
    """The address of the server whose metrics are at `url`, with its query: routers choose the model by it."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    for each in sorted(paths, key=len, reverse=True):
        if path.endswith(each.rstrip("/")):
            path = path.removesuffix(each.rstrip("/"))
            break
    else:
        path = ""
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def beside(root: str, path: str) -> str:
    """The address of `path` below the root of a server."""
    parts = urlsplit(root)
    return urlunsplit((parts.scheme, parts.netloc, parts.path + path, parts.query, ""))
