"""Workers of arq, by the health check that they leave in Redis. arq itself is not imported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from perf_tui.engine.source import Derived, Source
from perf_tui.measures.workers import SIGHTINGS, Sighting, Work, state_of
from perf_tui.sources.workers.link import RedisLink
from perf_tui.text import clean, cut, decode

SUFFIX = ":health-check"
MOST_QUEUES = 100
_COUNTS = re.compile(r"\b(j_complete|j_failed|j_retried|j_ongoing|queued)=(\d{1,15})\b")


class Check(NamedTuple):
    """The health check of one queue."""

    queue: str
    text: str
    """Empty where there is none any more."""
    seconds: float | None
    """For which it still holds."""
    waiting: int | None
    """Jobs in the queue now."""


class ArqSource(Source[list[Check]]):
    """One worker a queue: of several on one queue arq keeps the newest check alone."""

    kind = "workers"

    def __init__(self, group: str, link: RedisLink, queues: Sequence[str] = (), forget: float = 600.0) -> None:
        """`group` is the name in the configuration. Queues that are not named are found by their checks."""
        self._group = clean(group)
        self.name = f"workers {self._group}"
        self._link, self._queues, self._forget = link, tuple(queues), forget
        self._ended: dict[str, float] = {}
        self._last: dict[str, Sighting] = {}

    async def open(self) -> None:
        self._link.open()

    async def read(self) -> list[Check]:
        with self._link.asking() as client:
            keys = {f"{queue}{SUFFIX}" for queue in (*self._queues, *self._last)}
            if not self._queues:
                async for raw in client.scan_iter(match=f"*{SUFFIX}", count=1000):
                    keys.add(decode(raw))
                    if len(keys) >= MOST_QUEUES:
                        break
            checks = []
            for key in sorted(keys):
                queue = key.removesuffix(SUFFIX)
                pipe = client.pipeline(transaction=False)
                pipe.get(key)
                pipe.pttl(key)
                pipe.zcard(queue)
                text, left, waiting = await pipe.execute(raise_on_error=False)
                checks.append(
                    Check(
                        queue,
                        decode(text[:500]) if isinstance(text, bytes) else "",
                        left / 1000 if isinstance(left, int) and left >= 0 else None,
                        waiting if isinstance(waiting, int) else None,
                    )
                )
        return checks

    def derive(self, reading: list[Check], at: float) -> Derived:
        given = {}
        for check in reading:
            last = self._last.get(check.queue)
            if check.text:
                self._ended.pop(check.queue, None)
                given[check.queue] = self._sighting(check, at)
            elif last is not None:
                ended = self._ended.setdefault(check.queue, at)
                if at - ended <= self._forget:
                    work = last.work._replace(running=0) if last.work else None
                    state = state_of("arq", "absent")
                    given[check.queue] = last._replace(word="absent", state=state, heard=at, ended=ended, work=work)
        self._last = given
        self._ended = {queue: ended for queue, ended in self._ended.items() if queue in given}
        return Derived((), {SIGHTINGS: tuple(given.values())})

    def _sighting(self, check: Check, at: float) -> Sighting:
        counts = {name: float(number) for name, number in _COUNTS.findall(check.text)}
        running = int(counts.get("j_ongoing", 0))
        facts = [("queued", str(check.waiting if check.waiting is not None else int(counts.get("queued", 0))))]
        if check.seconds is not None:
            facts.append(("next check", f"within {check.seconds:.0f} s"))
        return Sighting(
            system="arq",
            source=self.name,
            name=cut(clean(check.queue), 80),
            kind="arq",
            word="healthy",
            state=state_of("arq", "healthy", running > 0),
            heard=at,
            group=self._group,
            work=Work(
                running=running,
                done=counts.get("j_complete"),
                failed=counts.get("j_failed"),
                retried=counts.get("j_retried"),
            ),
            facts=tuple(facts),
        )

    async def close(self) -> None:
        await self._link.close()
