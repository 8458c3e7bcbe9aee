"""Workers that came and went: which one took whose place, how often it was restarted, and which are gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from perf_tui.sources.workers.kinds import Tag

PATIENCE = 30.0
"""Seconds within which one that came replaces one that went afterwards: a graceful reload starts the new ones first."""
MOST_GONE = 10_000
"""Workers that are gone and remembered; the longest ago are forgotten first."""
_VARYING = re.compile(r"\b(\w*(?:fd|handle|pid))=\d+")
"""What differs between the command lines of processes that are started alike."""


class Ident(NamedTuple):
    """A process for certain: its pid may be another's later."""

    pid: int
    started: float


class Seen(NamedTuple):
    """A worker as one reading shows it."""

    tag: Tag
    command: str
    above: str = ""
    """The command line of its parent, where that is of the same kind: workers of one server are alike."""


class Trait(NamedTuple):
    """What a worker and the one that takes its place have in common."""

    key: str
    command: str
    above: str


@dataclass(slots=True)
class Life:
    """One worker's process."""

    ident: Ident
    tag: Tag
    command: str
    above: str
    came: float
    """Monotonic seconds at which it was first seen."""
    restarts: int = 0
    spare: bool = False
    """It came as a new process, and has taken nobody's place."""
    ended: float | None = None
    replaced: bool = False

    @property
    def trait(self) -> Trait:
        """By which its replacement is known."""
        return Trait(self.tag.key, _VARYING.sub(r"\1", self.command), self.above)


class Lives:
    """Told which workers there are at each reading."""

    def __init__(self, forget: float) -> None:
        """Those that are gone are remembered for `forget` seconds."""
        self._forget = forget
        self._alive: dict[Ident, Life] = {}
        self._gone: dict[Ident, Life] = {}
        self._begun = False

    def update(
        self,
        present: Mapping[Ident, Seen],
        at: float,
        mentioned: Collection[int],
        *,
        lives: Callable[[Ident], bool],
        lived: Callable[[Ident], bool],
    ) -> None:
        """The workers of a reading; which processes live at all, and did at the reading before.

        One that is gone is not forgotten while others still mention its pid.
        """
        alive: dict[Ident, Life] = {}
        for ident, seen in present.items():
            life = self._alive.get(ident)
            if life is None:
                life = Life(ident, seen.tag, seen.command, seen.above, at, spare=self._begun and not lived(ident))
            elif life.tag is not seen.tag:  # it has called exec, or given itself a title
                life.tag, life.command = seen.tag, seen.command
            alive[ident] = life
        for ident, life in self._alive.items():
            # Whoever works with an agent ends it: that is no failure.
            if ident not in alive and not life.tag.agent and not lives(ident):
                life.ended = at
                self._gone[ident] = life
        self._alive, self._begun = alive, True
        self._match()
        self._clear(at, mentioned)

    def _match(self) -> None:
        """Find for each that is gone one of the same kind and command that came since."""
        vacant: dict[Trait, list[Life]] = {}
        for life in self._gone.values():
            if not life.replaced:
                vacant.setdefault(life.trait, []).append(life)
        if not vacant:
            return
        for life in self._alive.values():
            if not life.spare:
                continue
            for before in vacant.get(life.trait, ()):
                if not before.replaced and before.ended is not None and before.ended < life.came + PATIENCE:
                    before.replaced, life.spare = True, False
                    life.restarts = before.restarts + 1
                    break

    def _clear(self, at: float, mentioned: Collection[int]) -> None:
        old = [
            ident
            for ident, life in self._gone.items()
            if life.ended is not None and at - life.ended > self._forget and ident.pid not in mentioned
        ]
        for ident in (*old, *list(self._gone)[: max(0, len(self._gone) - MOST_GONE)]):
            self._gone.pop(ident, None)

    def restarts(self, ident: Ident) -> int:
        """How often the place of this worker was taken anew, as far as was seen."""
        life = self._alive.get(ident)
        return life.restarts if life else 0

    def gone(self) -> Iterator[Life]:
        """Workers that have ended, the longest ago first; those that were replaced among them."""
        yield from self._gone.values()
