"""The stage that makes workers of inference servers: each server, its ranks or replicas, its slots."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple

from perf_tui.engine.source import Derived
from perf_tui.engine.stage import Moment, Stage
from perf_tui.measures.engines import Engine, Rank, Slot, rows
from perf_tui.measures.model import Value
from perf_tui.measures.workers import HERE, OWNERS, SIGHTINGS, Sighting, Usage, Work, state_of

SYSTEM = "inference"
_RUNNING, _WAITING = "ai.requests.running", "ai.requests.waiting"


class _Began(NamedTuple):
    """When a slot took up its request, and how far that was when it was seen last."""

    wall: float
    generated: float


class InferenceWorkers(Stage):
    """A server on this machine and its process become one worker, by the process that listens on its port."""

    name = "inference workers"

    def __init__(self) -> None:
        self._slots: dict[str, _Began] = {}

    def derive(self, tables: Mapping[str, object], moment: Moment) -> Derived:
        owners: Mapping[int, int] = tables.get(OWNERS, {})  # type: ignore[assignment]
        before, self._slots = self._slots, {}
        named: set[str] = set()
        found: list[Sighting] = []
        for engine in rows(tables):
            # A server with several models is one worker, as its first; what is behind a proxy is what works.
            if engine.engine not in named and engine.parts != "deployment":
                found.append(_server(engine, owners))
            named.add(engine.engine)
            found += (_rank(engine, rank) for rank in engine.ranks)
            found += (self._slot(engine, slot, before, moment) for slot in engine.slots)
        return Derived((), {SIGHTINGS: tuple(found)})

    def _slot(self, engine: Engine, slot: Slot, before: Mapping[str, _Began], moment: Moment) -> Sighting:
        name = f"{engine.engine} slot {slot.id}"
        busy = slot.state == "processing"
        work = Work()
        if busy:
            generated = slot.generated or 0.0
            began = before.get(name)
            if began is None or generated < began.generated:  # it has less than before: another request
                began = _Began(moment.wall, generated)
            self._slots[name] = began._replace(generated=generated)
            work = Work("request", began.wall, 1)
        usage = Usage(engine.model, context=slot.share if busy else None, context_limit=slot.limit)
        return _sighting(engine, name, "slot", "busy" if busy else "idle", work, usage)


def _server(engine: Engine, owners: Mapping[int, int]) -> Sighting:
    running, waiting = _number(engine, _RUNNING), _number(engine, _WAITING)
    host, port = _place(engine.address)
    usage = Usage(
        engine.model,
        rate=_number(engine, "ai.tokens.generation"),
        context=_number(engine, "ai.context.utilization"),
        context_limit=_number(engine, "ai.context.limit"),
    )
    word = engine.word if engine.word not in ("", "ready") else _word(running, waiting)
    work = Work(_requests(running), running=None if running is None else int(running))
    return _sighting(engine, engine.engine, engine.kind, word, work, usage)._replace(
        host=host, pid=owners.get(port) if host == HERE else None
    )


def _rank(engine: Engine, rank: Rank) -> Sighting:
    running, waiting = rank.running.number, rank.waiting.number
    word = rank.word if rank.word not in ("", "ready") else _word(running, waiting, rank.kv_cache.number)
    if word == "ready" and rank.word == "" and running is None and rank.kv_cache.number is not None:
        word = "idle"
    kind = "rank" if engine.parts == "rank" else f"{engine.kind} {engine.parts}"
    work = Work(_requests(running), running=None if running is None else int(running))
    return _sighting(engine, f"{engine.engine} {engine.parts} {rank.name}", kind, word, work, Usage(engine.model))


def _sighting(engine: Engine, name: str, kind: str, word: str, work: Work, usage: Usage) -> Sighting:
    return Sighting(
        system=SYSTEM,
        source=engine.source,
        name=name,
        kind=kind,
        word=word,
        state=state_of(SYSTEM, word),
        heard=engine.heard,
        period=engine.period,
        work=work,
        facts=(("engine", engine.engine),),
        usage=usage,
    )


def _word(running: float | None, waiting: float | None, held: float | None = None) -> str:
    """By how many requests run and wait; by the cache that is held where that is not told."""
    if running or (running is None and held):
        return "busy"
    if waiting:
        return "queued"
    return "ready" if running is None else "idle"


def _requests(running: float | None) -> str:
    return "" if not running else "1 request" if running == 1 else f"{running:.0f} requests"


def _number(engine: Engine, id: str) -> float | None:
    value: Value | None = engine.now.get(id)
    return None if value is None else value.number


def _place(address: str) -> tuple[str, int]:
    """The host, HERE where it is this machine, and the port of an address."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    return HERE if here else host, int(port) if port.isdecimal() else 0
