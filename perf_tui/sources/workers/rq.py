"""Workers of RQ, as they stand in Redis. RQ itself is not imported."""

from __future__ import annotations

import time
import zlib
from base64 import b64decode
from binascii import Error as BadBase64
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast

from perf_tui.engine.source import Derived, Source
from perf_tui.measures.workers import SIGHTINGS, Body, Sighting, State, Work, state_of
from perf_tui.sources.workers.link import CHUNK, RedisLink
from perf_tui.sources.workers.recent import Recent
from perf_tui.text import clean, cut, decode

MOST_WORKERS = 20_000
RECENT_JOBS = 50
"""Jobs of each queue whose end is looked at in one reading, the newest."""
MOST_QUEUES = 50
REMEMBERED = 5_000
"""Jobs whose end has been told."""
BUSY_PERIOD, IDLE_PERIOD = 45.0, 210.0
"""Seconds between signs of life: one that has a job gives one each 30 s, one that waits each 405 s at the latest."""
LARGEST_TEXT = 256 * 1024
"""Bytes of a traceback, uncompressed; of a longer one the end is not looked at."""
_FIELDS = (
    "state", "pid", "hostname", "last_heartbeat", "birth", "death", "queues", "version", "successful_job_count",
    "failed_job_count", "current_job",
)  # fmt: skip
_JOB_FIELDS = ("description", "started_at", "ended_at", "worker_name", "exc_info")
_PREFIX = "rq:worker:"


class RawWorker(NamedTuple):
    """A worker's hash, and what it works on."""

    name: str
    fields: dict[str, str]
    member: bool
    """Whether it is in the set of workers."""
    job: RawJob | None


class RawJob(NamedTuple):
    """A job's hash, without its arguments."""

    id: str
    fields: dict[str, str]
    failed: bool = False
    error: str = ""
    """The last line of its traceback."""


class Reading(NamedTuple):
    """One look into Redis."""

    workers: list[RawWorker]
    ended: list[RawJob]
    wall: float


class RqSource(Source[Reading]):
    """Asks for all workers at once; a thousand take a few milliseconds."""

    kind = "workers"

    def __init__(
        self, group: str, link: RedisLink, forget: float = 600.0, *, wall: Callable[[], float] = time.time
    ) -> None:
        """`group` is the name in the configuration; workers that are gone are told for `forget` seconds."""
        self._group = clean(group)
        self.name = f"workers {self._group}"
        self._link, self._forget, self._wall = link, forget, wall
        self._told: OrderedDict[str, None] = OrderedDict()
        self._recent: dict[str, Recent] = {}
        self._ended: dict[str, float] = {}
        self._last: dict[str, Sighting] = {}

    async def open(self) -> None:
        self._link.open()

    async def read(self) -> Reading:
        with self._link.asking() as client:
            listed = cast("set[bytes]", await client.smembers("rq:workers"))
            members = sorted(key for raw in listed if (key := decode(raw)).startswith(_PREFIX))[:MOST_WORKERS]
            there = set(members)
            known = [key for name in self._last if (key := f"{_PREFIX}{name}") not in there]
            keys = [*members, *known]
            hashes = [_texts(_FIELDS, row) for row in await self._link.hashes(keys, _FIELDS)]
            current = await self._current(keys, hashes)
            queues = {queue for fields in hashes for queue in fields["queues"].split(",") if queue}
            ended = await self._ends(sorted(queues)[:MOST_QUEUES])
        workers = [
            RawWorker(key.removeprefix(_PREFIX), fields, place < len(members), current.get(key))
            for place, (key, fields) in enumerate(zip(keys, hashes, strict=True))
        ]
        return Reading(workers, ended, self._wall())

    async def _current(self, keys: Sequence[str], hashes: Sequence[dict[str, str]]) -> dict[str, RawJob]:
        """The jobs that busy workers work on."""
        busy = [(key, fields) for key, fields in zip(keys, hashes, strict=True) if fields["state"] == "busy"]
        found: dict[str, str] = {}
        for start in range(0, len(busy), CHUNK):
            pipe = self._link.client.pipeline(transaction=False)
            for key, _ in busy[start : start + CHUNK]:
                pipe.srandmember(f"{key}:executions")
            for (key, fields), execution in zip(busy[start : start + CHUNK], await pipe.execute(), strict=True):
                # `job:execution`; older versions have the job in the worker's hash.
                job = decode(execution).partition(":")[0] if execution else fields["current_job"]
                if job:
                    found[key] = job
        rows = await self._link.hashes([f"rq:job:{job}" for job in found.values()], _JOB_FIELDS)
        return {
            key: RawJob(job, _texts(_JOB_FIELDS, row)) for (key, job), row in zip(found.items(), rows, strict=True)
        }  # fmt: skip

    async def _ends(self, queues: Sequence[str]) -> list[RawJob]:
        """Jobs that have ended since the last reading, the longest ago first."""
        pipe = self._link.client.pipeline(transaction=False)
        lists = [(queue, registry) for queue in queues for registry in ("finished", "failed")]
        if not lists:
            return []
        for queue, registry in lists:
            pipe.zrevrange(f"rq:{registry}:{queue}", 0, RECENT_JOBS - 1)
        fresh: dict[str, bool] = {}
        for (_, registry), ids in zip(lists, await pipe.execute(), strict=True):
            for raw in reversed(ids):
                job = decode(raw).partition(":")[0]
                if job not in self._told:
                    fresh[job] = registry == "failed"
        rows = await self._link.hashes([f"rq:job:{job}" for job in fresh], _JOB_FIELDS)
        errors = await self._errors([job for job, failed in fresh.items() if failed])
        jobs = []
        for (job, failed), row in zip(fresh.items(), rows, strict=True):
            fields = _texts(_JOB_FIELDS, row, {"exc_info": _last_line})
            jobs.append(RawJob(job, fields, failed, errors.get(job) or fields["exc_info"]))
        return jobs

    async def _errors(self, failed: Sequence[str]) -> dict[str, str]:
        """The last lines of tracebacks of jobs that failed."""
        if not failed:
            return {}
        pipe = self._link.client.pipeline(transaction=False)
        for job in failed:
            pipe.xrevrange(f"rq:results:{job}", count=1)
        found = {}
        for job, entries in zip(failed, await pipe.execute(), strict=True):
            if entries:
                found[job] = _last_line(entries[0][1].get(b"exc_string", b""))
        return found

    def derive(self, reading: Reading, at: float) -> Derived:
        for job in reading.ended:
            self._note(job, reading.wall)
        given = {worker.name: self._sighting(worker, reading.wall, at) for worker in reading.workers}
        self._ended = {name: each.ended for name, each in given.items() if each.ended is not None}
        old = {name for name, ended in self._ended.items() if at - ended > self._forget}
        members = {worker.name for worker in reading.workers if worker.member}
        # Redis may list one that is dead for longer than anybody wants to see it.
        self._last = {name: each for name, each in given.items() if name in members or name not in old}
        self._recent = {name: recent for name, recent in self._recent.items() if name in self._last}
        return Derived((), {SIGHTINGS: tuple(each for name, each in given.items() if name not in old)})

    def _note(self, job: RawJob, wall: float) -> None:
        self._told[job.id] = None
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        worker = job.fields["worker_name"]
        if not worker:
            return
        recent = self._recent.setdefault(worker, Recent())
        started, ended = _moment(job.fields["started_at"]), _moment(job.fields["ended_at"])
        if started is not None and ended is not None:
            recent.finished(_function(job.fields["description"]), ended - started)
        if job.failed:
            words = f"{_function(job.fields['description'])}: {job.error or 'failed'}"
            recent.tell(ended if ended is not None else wall, words, True)

    def _sighting(self, raw: RawWorker, wall: float, at: float) -> Sighting:
        fields = raw.fields
        pid = int(fields["pid"]) if fields["pid"].isdecimal() and len(fields["pid"]) < 11 else None
        beat, born = _moment(fields["last_heartbeat"]), _moment(fields["birth"])
        last = self._last.get(raw.name)
        ended = self._ended.get(raw.name, at)
        if not fields["state"] and last is not None:
            return last._replace(word="absent", state=state_of("rq", "absent"), ended=ended, work=_idle(last.work))
        # A worker that was shut down keeps its hash for a while: idle, with the time of its death.
        gone = not (raw.member and fields["state"])
        word = "death" if fields["death"] else "absent" if gone else fields["state"]
        state = state_of("rq", word)
        recent = self._recent.get(raw.name)
        work = self._work(raw, recent)
        return Sighting(
            system="rq",
            source=self.name,
            name=raw.name,
            kind="rq",
            word=word,
            state=state,
            heard=at if beat is None else at - max(0.0, wall - beat),
            period=BUSY_PERIOD if state is State.PROCESSING else IDLE_PERIOD,
            group=self._group,
            host=fields["hostname"],
            pid=pid,
            work=_idle(work) if state is State.ERROR else work,
            body=Body(uptime=None if born is None else max(0.0, wall - born)),
            events=recent.events if recent else (),
            facts=tuple(_facts(fields)),
            ended=ended if state is State.ERROR else None,
        )

    @staticmethod
    def _work(raw: RawWorker, recent: Recent | None) -> Work:
        task = _function(raw.job.fields["description"]) if raw.job else ""
        usual = recent.usual(task) if recent else None
        return Work(
            task=task,
            since=_moment(raw.job.fields["started_at"]) if raw.job else None,
            running=1 if raw.job else 0,
            done=_count(raw.fields["successful_job_count"]),
            failed=_count(raw.fields["failed_job_count"]),
            p50=usual[0] if usual else None,
            p95=usual[1] if usual else None,
        )

    async def close(self) -> None:
        await self._link.close()


def _texts(
    names: Sequence[str],
    row: Sequence[bytes | None],
    ways: dict[str, Callable[[bytes], str]] | None = None,
) -> dict[str, str]:
    """The fields of a hash as safe text, empty where it has none."""
    texts = {}
    for name, raw in zip(names, row, strict=True):
        way = (ways or {}).get(name)
        texts[name] = way(raw or b"") if way else cut(decode((raw or b"")[:2000]), 200)
    return texts


def _facts(fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    if fields["queues"]:
        yield "queues", fields["queues"].replace(",", ", ")
    if fields["version"]:
        yield "version", fields["version"]


def _idle(work: Work | None) -> Work | None:
    """One that has ended works on nothing."""
    return work._replace(task="", since=None, running=0) if work else None


def _function(description: str) -> str:
    """The name of what a job calls. Its arguments are left away: they may be personal."""
    return cut(description.partition("(")[0], 80)


def _count(text: str) -> float:
    # Redis has the field from the first job on.
    return float(text) if text.isdecimal() and len(text) < 16 else 0.0


def _moment(text: str) -> float | None:
    try:
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _last_line(packed: bytes) -> str:
    """What a traceback ends with. It is compressed, and in results in base 64 as well."""
    raw = packed
    if raw[:1] not in (b"x", b""):
        try:
            raw = b64decode(raw, validate=True)
        except (BadBase64, ValueError):
            raw = packed
    try:
        machine = zlib.decompressobj()
        raw = machine.decompress(raw, LARGEST_TEXT)
    except zlib.error:
        raw = raw[:LARGEST_TEXT]
    lines = raw.strip().splitlines()
    return cut(decode(lines[-1].strip()), 300) if lines else ""
