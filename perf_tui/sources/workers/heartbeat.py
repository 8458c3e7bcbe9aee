"""Workers that write heartbeats into a file: a line of JSON each, as docs/workers.md describes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source, SourceDenied, SourceError
from perf_tui.measures.model import Status
from perf_tui.measures.workers import SIGHTINGS, Sighting, Usage, Work, state_of
from perf_tui.sources.accesslog.tail import Budget, Tail, TailError
from perf_tui.sources.workers.recent import Recent
from perf_tui.text import clean, cut, decode

LARGEST = 16 * 1024 * 1024
"""Bytes that one reading takes at most; the rest waits for the next."""
SECONDS = 0.3
MOST_WORKERS = 20_000
"""Workers that are remembered; the one not heard of for longest is forgotten first."""
LONGEST_PERIOD = 300.0
"""Seconds between heartbeats that are believed at most, where no line tells its interval."""
NAME, TEXT = 80, 300
"""Cells of names and of other text."""
LEFT = frozenset(("left", "exited", "stopped", "bye"))
"""States with which a worker says that it ends as it should."""
_USED = frozenset(("model", "tokens_in", "tokens_out", "cache_reads", "cost", "context", "context_limit"))
_NOTHING_USED = Usage()
_FACTS = ("queue", "version", "role")


class Beats(NamedTuple):
    """One reading."""

    lines: list[Mapping[str, Any]]
    wall: float
    bad: int
    first_bad: str


class _Worker:
    """What is remembered of one worker between readings."""

    __slots__ = ("gaps", "heard", "newest", "recent", "sighting", "task", "total")

    def __init__(self) -> None:
        self.recent = Recent()
        self.sighting: Sighting | None = None
        self.task: tuple[str, float] | None = None
        self.total = 0.0
        self.newest = 0.0
        self.heard = 0.0
        self.gaps: tuple[float, ...] = ()


class HeartbeatSource(Source[Beats]):
    """Follows the file from where it stands, with its last lines."""

    kind = "workers"

    def __init__(
        self,
        group: str,
        path: str,
        log: str = "",
        forget: float = 600.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`group` is the name in the configuration; silent workers are forgotten after `forget` seconds."""
        self._group = clean(group)
        self.name = f"workers {self._group}"
        self._path, self._log, self._forget = path, clean(log), forget
        self._clock, self._wall = clock, wall
        self._blocking = Blocking(self.name)
        self._tail: Tail | None = None
        self._workers: dict[str, _Worker] = {}

    async def open(self) -> None:
        self._tail = Tail(self._path)

    async def read(self) -> Beats:
        assert self._tail is not None  # the engine opens first
        tail = self._tail
        return await self._blocking.call(lambda: self._read(tail))

    def _read(self, tail: Tail) -> Beats:
        beats: list[Mapping[str, Any]] = []
        bad: list[bytes] = []
        try:
            for block in tail.blocks(Budget(LARGEST, SECONDS, self._clock)):
                _decode(block, beats, bad)
        except TailError as error:
            if not beats:
                raise (SourceDenied if error.status is Status.DENIED else SourceError)(error.reason) from None
        if tail.begun:
            earlier: list[Mapping[str, Any]] = []
            _decode(tail.before, earlier, [])
            beats[:0] = earlier
        bad += tail.take_dropped()
        return Beats(beats, self._wall(), len(bad), cut(decode(bad[0]), 100) if bad else "")

    def derive(self, reading: Beats, at: float) -> Derived:
        for fields in reading.lines:
            self._note(fields, at, reading.wall)
        self._clear(at)
        if reading.bad and not self._workers:
            raise SourceError(f"no line is a heartbeat; the first is {reading.first_bad}")
        return Derived((), {SIGHTINGS: tuple(self._sightings())})

    def _note(self, fields: Mapping[str, Any], at: float, wall: float) -> None:
        # There may be thousands of workers: this is called for each of their lines.
        name = _text(fields, "worker")
        worker = self._workers.pop(name, None) or _Worker()
        self._workers[name] = worker  # the newest last
        told = _moment(fields.get("time"))
        when = min(told, wall) if told is not None else wall
        if when < worker.newest:
            return  # lines of several writers may come in another order
        heard = at - (wall - when)
        if worker.newest:
            worker.gaps = (*worker.gaps[-3:], when - worker.newest)
        worker.newest, worker.heard = when, heard
        work = self._work(worker, fields, when)
        if error := fields.get("error"):
            worker.recent.tell(when, str(error), True)
        if event := fields.get("event"):
            worker.recent.tell(when, str(event))
        word = _text(fields, "state") or ("processing" if work.task else "active")
        interval = _number(fields.get("interval"))
        pid = _number(fields.get("pid"))
        # By position, as fields by name would take twice the time.
        worker.sighting = Sighting(
            "heartbeat",
            self.name,
            name,
            _text(fields, "kind") or self._group,
            word,
            state_of("heartbeat", word, bool(work.task)),
            heard,
            interval if interval is not None else min(max(worker.gaps, default=0.0), LONGEST_PERIOD),
            self._group,
            _text(fields, "host"),
            int(pid) if pid is not None and 0 < pid < 2**31 else None,
            work,
            None,
            worker.recent.events,
            _text(fields, "log", TEXT) or self._log,
            tuple([(key, _text(fields, key, TEXT)) for key in _FACTS if fields.get(key)]),
            None,
            word.lower() in LEFT,
            _usage(fields),
        )

    @staticmethod
    def _work(worker: _Worker, fields: Mapping[str, Any], when: float) -> Work:
        task = _text(fields, "task")
        done, failed = _number(fields.get("done")), _number(fields.get("failed"))
        total = (done or 0.0) + (failed or 0.0)
        before, started = worker.task, _moment(fields.get("task_started"))
        if before is not None and total > worker.total:
            worker.recent.finished(before[0], when - before[1])
            before = None
        worker.total = total
        since: float | None = None
        if task:
            since = started if started is not None else before[1] if before and before[0] == task else when
        worker.task = (task, since) if since is not None else None
        usual = worker.recent.usual(task)
        p50, p95 = usual if usual else (None, None)
        return Work(task, since, 1 if task else 0, done, failed, _number(fields.get("retried")), p50, p95)

    def _sightings(self) -> Iterator[Sighting]:
        for worker in self._workers.values():
            if worker.sighting is not None:
                yield worker.sighting

    def _clear(self, at: float) -> None:
        for name in [name for name, worker in self._workers.items() if at - worker.heard > self._forget]:
            del self._workers[name]
        while len(self._workers) > MOST_WORKERS:
            del self._workers[next(iter(self._workers))]

    async def close(self) -> None:
        if self._tail is not None:
            with suppress(SourceError):
                await self._blocking.call(self._tail.close)
        self._blocking.close()


def _decode(block: bytes, beats: list[Mapping[str, Any]], bad: list[bytes]) -> None:
    """Append the lines of a block that are heartbeats, and those that are not."""
    for line in block.splitlines():
        if not line.strip(b" \t\0"):
            continue
        try:
            fields = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            bad.append(line)
            continue
        if isinstance(fields, dict) and fields.get("worker"):
            beats.append(fields)
        else:
            bad.append(line)


def _usage(fields: Mapping[str, Any]) -> Usage | None:
    """What it uses of models, where it tells anything of that."""
    if _USED.isdisjoint(fields):
        return None
    context = _number(fields.get("context"))
    usage = Usage(
        _text(fields, "model"),
        _number(fields.get("tokens_in")),
        _number(fields.get("tokens_out")),
        _number(fields.get("cache_reads")),
        _number(fields.get("cost")),
        None,
        context if context is not None and 0 <= context <= 1 else None,
        _number(fields.get("context_limit")),
    )
    return None if usage == _NOTHING_USED else usage


def _text(fields: Mapping[str, Any], key: str, cells: int = NAME) -> str:
    """A field as a text that is safe to show; empty where it is not told."""
    value = fields.get(key)
    if not value:
        return ""
    text = value if type(value) is str else str(value)
    return _safe(text, cells) if len(text) <= NAME else cut(clean(text), cells)


@lru_cache(maxsize=1 << 15)
def _safe(text: str, cells: int) -> str:
    # Workers say the same words with each heartbeat.
    return cut(clean(text), cells)


def _number(value: object) -> float | None:
    if type(value) is float:
        return value if isfinite(value) else None
    if type(value) is not int:
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond any float
        return None


def _moment(value: object) -> float | None:
    """Seconds since the epoch, from a number or from text as in 2026-11-22T10:00:00Z (UTC where no zone is told)."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return _number(value)
