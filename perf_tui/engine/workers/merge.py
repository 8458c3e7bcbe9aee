"""Which sightings are of one worker, and what they say of it together. Pure: no clock, no memory."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import NamedTuple

from perf_tui.measures.workers import HERE, Body, Sighting, State, Usage, Work

SYSTEMS = (
    "celery", "rq", "arq", "heartbeat", "inference", "claude", "codex", "gemini", "opencode", "copilot",
    "gunicorn", "supervisord", "systemd", "process",
)  # fmt: skip
"""Who knows a worker best: what gives it its tasks, then what it says itself, what supervises it, the kernel."""
_RANK = {system: rank for rank, system in enumerate(SYSTEMS)}

LATE = 2.0
"""Periods without news after which a worker is stale."""
SLACK = 0.1
"""Seconds by which ticks may be late without that."""
MOST_EVENTS = 20
"""Events that are kept of a worker."""

_NO_WORK, _NO_BODY, _NO_USAGE = Work(), Body(), Usage()


class Verdict(NamedTuple):
    """A worker's state, the word for it, and how long it has been silent."""

    state: State
    word: str
    silent: float


def grouped(sightings: Iterable[Sighting], hosts: Collection[str]) -> list[list[Sighting]]:
    """Sightings by worker, each list with the one that knows best first.

    `hosts` are this machine's names. Two sources mean the same worker when they give the same process
    of the same host, or the same kind and process where the host is not known, or the same kind and
    name. One source never gives one worker twice.
    """
    groups: list[list[Sighting]] = []
    sources: list[list[str]] = []
    places: dict[Hashable, int] = {}
    # In the order of rank, so that what knows least finds its place among what knows more.
    for sighting in sorted(sightings, key=_rank):
        keys = _keys(sighting, hosts)
        place = None
        for key in keys:
            if (place := places.get(key)) is not None:
                break
        if place is None or sighting.source in sources[place]:
            place = len(groups)
            groups.append([])
            sources.append([])
        groups[place].append(sighting)
        sources[place].append(sighting.source)
        for key in keys:
            places.setdefault(key, place)
    return groups


def _rank(sighting: Sighting) -> int:
    return _RANK.get(sighting.system, 0)


def _keys(sighting: Sighting, hosts: Collection[str]) -> list[Hashable]:
    keys: list[Hashable] = []
    if sighting.pid is not None:
        host = HERE if sighting.host in hosts else sighting.host
        if host:
            keys.append((host, sighting.pid))
        if host in ("", HERE):
            keys.append((sighting.kind, sighting.pid))
    keys.append((sighting.kind, sighting.name))
    return keys


def verdict(sightings: Sequence[Sighting], at: float, interval: float) -> Verdict:
    """What a worker's sightings, best first, amount to at `at`.

    That it ended goes before everything, and what is wrong before what is well. Of a worker whose best
    source is silent, others still knowing a living process, only that it is silent is certain.
    """
    best = sightings[0]
    heard = best.heard
    wrong = None
    for sighting in sightings:
        if sighting.heard > heard:
            heard = sighting.heard
        if sighting.ended is not None:
            wrong = sighting
            break
        if wrong is None and sighting.state is State.ERROR and not late(sighting, at, interval):
            wrong = sighting
    silent = max(0.0, at - heard)
    if wrong is not None:
        return Verdict(State.ERROR, wrong.word, silent)
    if late(best, at, interval):
        return Verdict(State.STALE, best.word, max(0.0, at - best.heard))
    for sighting in sightings:
        if sighting.state is not State.UNKNOWN:
            return Verdict(sighting.state, sighting.word, silent)
    return Verdict(State.UNKNOWN, best.word, silent)


def late(sighting: Sighting, at: float, interval: float) -> bool:
    """Whether there was no news for two intervals."""
    return at - sighting.heard > LATE * max(interval, sighting.period) + SLACK


def work_of(sightings: Sequence[Sighting]) -> Work:
    """What it does: the best source's, completed by the others'."""
    work = None
    for sighting in sightings:
        if sighting.work is not None:
            work = sighting.work if work is None else Work._make(_filled(work, sighting.work))
    return work or _NO_WORK


def body_of(sightings: Sequence[Sighting]) -> Body:
    """Its process: as the kernel tells it, completed by others."""
    body = None
    for sighting in reversed(sightings):
        if sighting.body is not None:
            body = sighting.body if body is None else Body._make(_filled(body, sighting.body))
    return body or _NO_BODY


def usage_of(sightings: Sequence[Sighting]) -> Usage:
    """What it uses of models: the best source's, completed by the others'."""
    usage = None
    for sighting in sightings:
        if sighting.usage is not None:
            usage = sighting.usage if usage is None else Usage._make(_filled(usage, sighting.usage))
    return usage or _NO_USAGE


def _filled(row: tuple[object, ...], other: tuple[object, ...]) -> list[object]:
    """A row with the other's fields where it has None or nothing."""
    return [mine if mine is not None and mine != "" else its for mine, its in zip(row, other, strict=True)]
