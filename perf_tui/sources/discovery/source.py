"""Discovery while the engine runs: what begins to listen is asked once, and what exports metrics is watched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source
from perf_tui.measures.workers import OWNERS
from perf_tui.sources.discovery.listeners import Listener, Listeners
from perf_tui.sources.discovery.probe import Finding, probe_all
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher

EVERY = 15
"""Ticks between two looks."""
BUDGET = 4.0
"""Seconds after which no other listener is asked in this round; the rest has its turn in the next."""
TRIES = 4
"""How often one is asked that answers and has no metrics yet: some programs collect them now and then."""
GONE = 3
"""Rounds for which a listener must be away before its target goes: programs are restarted."""


class Watcher(Protocol):
    """What is done with what is found: the engine's side of discovery."""

    def appear(self, finding: Finding) -> str:
        """Watch it, and return the name of its source."""

    def vanish(self, name: str) -> None:
        """Watch it no longer."""


@dataclass(slots=True)
class _Known:
    """What is remembered of a listener."""

    finding: Finding
    tries: int = 0
    source: str | None = None
    """The name under which it is watched."""
    away: int = 0
    """Rounds for which nobody listens there."""


class Discovery(Source[tuple[Finding, ...]]):
    """Publishes the table `discovered`, a Finding for each listener that was asked, by port; and who listens where."""

    name, kind, every = "discovery", "discovery", EVERY
    deadline = 15.0

    def __init__(
        self,
        listeners: Listeners,
        profiles: Sequence[Profile],
        fetcher: Fetcher,
        watcher: Watcher,
        taken: Collection[int] = (),
    ) -> None:
        """`taken` are ports of this machine that the configuration names: they are not asked."""
        self._listeners, self._profiles, self._fetcher, self._watcher = listeners, profiles, fetcher, watcher
        self._taken = frozenset(taken)
        self._blocking = Blocking(self.name)
        self._known: dict[tuple[str, int, int], _Known] = {}
        self._owners: dict[int, int] = {}
        """Port on loopback → pid, also of those that the configuration names."""

    async def open(self) -> None:
        self._fetcher.open()

    async def read(self) -> tuple[Finding, ...]:
        heard = await self._blocking.call(self._listeners.read)
        self._owners = {each.port: each.pid for each in reversed(heard) if each.pid is not None}
        listeners = [each for each in heard if each.port not in self._taken]
        self._count_away({each.key for each in listeners})
        due = [each for each in listeners if self._due(each)]
        for finding in await probe_all(self._fetcher, due, self._profiles, budget=BUDGET):
            self._remember(finding)
        self._forget()
        return tuple(self._known[each.key].finding for each in listeners if each.key in self._known)

    def _count_away(self, here: Collection[tuple[str, int, int]]) -> None:
        for key, known in self._known.items():
            known.away = 0 if key in here else known.away + 1

    def _due(self, listener: Listener) -> bool:
        known = self._known.get(listener.key)
        return known is None or (known.finding.again and known.tries < TRIES)

    def _remember(self, finding: Finding) -> None:
        known = self._known.setdefault(finding.listener.key, _Known(finding))
        known.finding = finding
        known.tries += 1
        if finding.watchable:
            self._watch(known)

    def _watch(self, known: _Known) -> None:
        """One that was restarted takes the place of its predecessor, whose source goes on where it can."""
        place = known.finding.listener.key[:2]
        for other in self._known.values():
            if other.source is not None and other.finding.listener.key[:2] == place:
                if other.finding.url == known.finding.url:
                    known.source, other.source = other.source, None
                    return
                self._watcher.vanish(other.source)
                other.source = None
        known.source = self._watcher.appear(known.finding)

    def _forget(self) -> None:
        for key, known in list(self._known.items()):
            if known.away >= GONE:
                del self._known[key]
                if known.source is not None:
                    self._watcher.vanish(known.source)

    def derive(self, reading: tuple[Finding, ...], at: float) -> Derived:
        return Derived((), {"discovered": reading, OWNERS: self._owners})

    async def close(self) -> None:
        await self._fetcher.close()
        self._blocking.close()
