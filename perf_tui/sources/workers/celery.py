"""Workers of Celery, through their broker in Redis. Celery itself is not imported."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import uuid4

from perf_tui.engine.source import Derived, Source
from perf_tui.measures.workers import SIGHTINGS
from perf_tui.sources.workers import celery_wire as wire
from perf_tui.sources.workers.celery_state import CeleryState
from perf_tui.sources.workers.link import RedisLink
from perf_tui.text import clean, cut

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

FIRST_PATIENCE, PATIENCE = 0.5, 0.2
"""Seconds that answers are waited for: of the first call to all, and of those who have answered before."""
MOST_EVENTS = 20_000
"""Messages that one reading takes at most; the rest waits for the next."""
EVENTS_TIME = 0.5
"""Seconds for that."""
ASK_ALL = 200
"""Up to so many workers all are asked what they do; of more only those that say that they do something."""
STATS_EVERY = 30.0
"""Seconds between two questions for what changes rarely."""
STAYS = 60
"""Seconds after which answers that nobody takes are gone from Redis."""


class Reading(NamedTuple):
    """What came since the last reading."""

    events: list[Mapping[str, Any]]
    answers: list[tuple[str, object]]


class CelerySource(Source[Reading]):
    """Listens to events, and asks each worker by its name.

    A question without a name would have to wait for those who do not answer; and those whose only
    process is busy never do. So nobody is waited for who did not answer the last time.
    """

    kind = "workers"

    def __init__(
        self,
        group: str,
        link: RedisLink,
        hosts: Collection[str],
        forget: float = 600.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`group` is the name in the configuration, `hosts` are this machine's names."""
        group = clean(group)
        self.name = f"workers {group}"
        self._group, self._link, self._hosts, self._forget = group, link, hosts, forget
        self._clock, self._wall = clock, wall
        self._asker = str(uuid4())
        self._events: PubSub | None = None
        self._state: CeleryState | None = None
        self._greeted = False
        self._mute: set[str] = set()
        """Workers that did not answer the last question."""
        self._stats_due = 0.0
        self._owed = False
        """Whether the last question is not answered by all."""

    async def open(self) -> None:
        client = self._link.open()
        if self._state is None:
            self._state = CeleryState(self.name, self._group, self._hosts, self._link.near, self._forget)
        with self._link.asking():
            self._events = client.pubsub()
            pattern, channel = wire.events_channels(self._link.database)
            await self._events.psubscribe(pattern)
            await self._events.subscribe(channel)

    async def read(self) -> Reading:
        assert self._state is not None  # the engine opens first
        with self._link.asking() as client:
            events = await self._new_events()
            if not self._greeted:
                answers = await self._ask(client, "ping", None, ())
                self._greeted = True
                names = [name for name, _ in answers]
                answers += await self._ask(client, "stats", names, names) if names else []
                self._stats_due = self._clock() + STATS_EVERY
                return Reading(events, answers + (await self._ask(client, "active", names, names) if names else []))
            names = self._to_ask(events)
            answers = []
            if unsaid := self._to_describe(names):
                answers += await self._ask(client, "stats", unsaid, unsaid)
            if names:
                waited = [name for name in names if name not in self._mute]
                active = await self._ask(client, "active", names, waited)
                self._mute = set(names) - {name for name, _ in active}
                answers += active
        return Reading(events, answers)

    def _to_ask(self, events: list[Mapping[str, Any]]) -> list[str]:
        """The names of the workers that are asked."""
        assert self._state is not None
        workers = self._state.workers
        now = self._clock()
        known = [
            worker
            for worker in workers.values()
            if worker.offline is None and now - worker.heard < worker.lost_after
        ]  # fmt: skip
        if len(known) > ASK_ALL:
            return [worker.name for worker in known if worker.active]
        new = {str(event.get("hostname")) for event in events if str(event.get("type")).startswith("worker-")}
        return [*(worker.name for worker in known), *sorted(new - workers.keys())]

    def _to_describe(self, names: list[str]) -> list[str]:
        """Those of whom what changes rarely is not known or old. Who is mute is not asked."""
        assert self._state is not None
        due = self._clock() >= self._stats_due
        if due:
            self._stats_due = self._clock() + STATS_EVERY
        workers = self._state.workers
        return [
            name
            for name in names
            if name not in self._mute and (due or name not in workers or workers[name].uptime is None)
        ]

    async def _new_events(self) -> list[Mapping[str, Any]]:
        assert self._events is not None
        found: list[Mapping[str, Any]] = []
        until = self._clock() + EVENTS_TIME
        for _ in range(MOST_EVENTS):
            message = await self._events.get_message(timeout=0.0)
            if message is None:
                break
            if message["type"] in ("message", "pmessage"):
                try:
                    found += wire.contents(message["data"])
                except ValueError:
                    continue  # somebody else's
            if self._clock() >= until:
                break
        return found

    async def _ask(
        self, client: Redis, method: str, names: list[str] | None, waited: Collection[str]
    ) -> list[tuple[str, object]]:
        """The answers of workers; those of an earlier question may be among them."""
        key = wire.reply_list(self._asker)
        pipe = client.pipeline(transaction=False)
        pipe.sadd(wire.BINDINGS, wire.binding(self._asker))
        pipe.publish(
            wire.requests_channel(self._link.database),
            wire.request(method, names, self._asker, self._wall() + FIRST_PATIENCE),
        )
        await pipe.execute()
        left = set(waited)
        until = self._clock() + (FIRST_PATIENCE if names is None else PATIENCE)
        answers: list[tuple[str, object]] = []
        while (names is None or left) and (rest := until - self._clock()) > 0:
            popped = await client.brpop([key], timeout=max(0.01, rest))
            if popped is None:
                break
            answers += _answers(cast("list[bytes]", popped)[1])
            left.difference_update(name for name, _ in answers)
        pipe = client.pipeline(transaction=False)
        pipe.rpop(key, MOST_EVENTS)
        pipe.expire(key, STAYS)
        for raw in (await pipe.execute())[0] or ():
            answers += _answers(raw)
        self._owed = set(names or ()) != {name for name, _ in answers}
        return answers

    def derive(self, reading: Reading, at: float) -> Derived:
        assert self._state is not None
        for event in reading.events:
            self._state.event(event, at)
        for name, answer in reading.answers:
            self._state.answer(name, answer, at)
        return Derived((), {SIGHTINGS: tuple(self._state.sightings(at))})

    async def close(self) -> None:
        """Leave nothing behind: neither the list for answers nor its binding."""
        events, self._events = self._events, None
        try:
            if events is not None:
                await events.aclose()  # type: ignore[no-untyped-call]
                client = self._link.client
                await client.srem(wire.BINDINGS, wire.binding(self._asker))
                if self._owed:  # who has read the binding before may be about to write its answer
                    await asyncio.sleep(PATIENCE)
                await client.delete(wire.reply_list(self._asker))
        except Exception:
            self._greeted = False  # the connection is lost; there is no other way to clean up
        finally:
            await self._link.close()


def _answers(message: bytes) -> list[tuple[str, object]]:
    """The workers' names, as they are shown, and what they say."""
    try:
        return [(cut(clean(str(name)), 80), said) for each in wire.contents(message) for name, said in each.items()]
    except ValueError:
        return []
