"""Workers that are processes of this machine, out of the table `processes`: nothing is read a second time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import psutil

from perf_tui.engine.source import Derived
from perf_tui.engine.stage import Moment, Stage
from perf_tui.measures.gpus import memory_by_pid
from perf_tui.measures.gpus import rows as gpus
from perf_tui.measures.workers import HERE, SIGHTINGS, Body, Sighting, sightings, state_of
from perf_tui.sources.system.host import LINUX
from perf_tui.sources.system.processes import Process
from perf_tui.sources.workers.kinds import Recogniser, Tag
from perf_tui.sources.workers.lives import Ident, Life, Lives, Seen
from perf_tui.sources.workers.tree import owners, selected, tagged

IDLE_CPU = 0.03
"""An agent that takes less CPU time than this, of one core, waits for its person or its model."""
IDLE_AFTER = 5.0
"""Seconds for which it must take so little: between two answers it rests for a moment as well."""
ORPHAN = 60.0
"""Seconds for which a part that was left alone is not taken for a worker of its own."""
_WORDS = {
    "R": "running", "S": "sleeping", "D": "disk-sleep", "I": "sleeping", "T": "stopped", "t": "traced",
}  # fmt: skip
_ENDED = frozenset("ZX")
"""States of processes of which only the entry in the table is left."""


def since_boot() -> float:
    """Seconds since the machine was started, as the start of processes is counted."""
    if LINUX:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - psutil.boot_time()


class _Sum:
    """What a worker and the processes that belong to it take together."""

    __slots__ = ("cpu", "gpu", "memory", "read", "threads", "write")

    def __init__(self) -> None:
        self.cpu: float | None = None
        self.memory = 0
        self.gpu: float | None = None
        self.threads = 0
        self.read: float | None = None
        self.write: float | None = None

    def add(self, row: Process) -> None:
        self.memory += row.memory
        self.threads += row.threads
        if row.cpu is not None:
            self.cpu = (self.cpu or 0.0) + row.cpu
        if row.read is not None:
            self.read = (self.read or 0.0) + row.read
        if row.write is not None:
            self.write = (self.write or 0.0) + row.write


class ProcessWorkers(Stage):
    """Adds to the table of sightings: processes that are workers, and what the kernel knows of others' workers."""

    name = "worker processes"

    def __init__(
        self,
        recogniser: Recogniser,
        hosts: Collection[str],
        own: int,
        forget: float = 600.0,
        *,
        boot: Callable[[], float] = since_boot,
    ) -> None:
        """`hosts` are this machine's names, `own` is this program's pid; who is gone is told for `forget` seconds."""
        self._recogniser = recogniser
        self._hosts = frozenset((*hosts, HERE))
        self._own = own
        self._lives = Lives(forget)
        self._boot = boot
        self._rows: object = None
        self._given: tuple[Sighting, ...] = ()
        self._before: Mapping[int, Process] = {}
        self._parts: dict[Ident, float] = {}
        """Processes of a worker's kind that are none themselves, and when they last belonged to one."""
        self._busy: dict[Ident, float] = {}
        """When an agent last took CPU time."""
        self._missing: dict[int, float] = {}
        """Pids that others give and the kernel does not know, since when."""

    def derive(self, tables: Mapping[str, object], moment: Moment) -> Derived:
        rows: Sequence[Process] = tables.get("processes", ())  # type: ignore[assignment]
        if rows is self._rows or not rows:
            return Derived((), {SIGHTINGS: self._given})  # no news: they grow old
        self._rows = rows
        zombies = {row.pid for row in rows if row.state in _ENDED}
        if zombies:
            rows = [row for row in rows if row.state not in _ENDED]
        by_pid = {row.pid: row for row in rows}
        others = self._local(sightings(tables))
        self._recogniser.turn()
        tags = tagged(rows, self._recogniser.tag, self._own)
        workers = selected(tags, by_pid) if tags else []
        workers = self._promoted(workers, tags, by_pid, moment.at)
        present = {Ident(pid, by_pid[pid].started): _seen(by_pid[pid], tags, by_pid) for pid in workers}
        before, self._before = self._before, by_pid
        self._lives.update(
            present,
            moment.at,
            others,
            lives=lambda ident: _there(ident, by_pid),
            lived=lambda ident: _there(ident, before),
        )
        gone = [life for life in self._lives.gone() if life.ident not in present]
        taken = {*tags, *(life.ident.pid for life in gone)}
        extra = [pid for pid in others if pid in by_pid and pid not in taken]
        sums = self._sums([*workers, *extra], by_pid, memory_by_pid(gpus(tables)))
        self._given = (
            *self._alive(present, by_pid, sums, moment.at),
            *self._known_to_others(extra, others, by_pid, sums, moment.at),
            *(_end(self.name, life, moment.at, life.ident.pid in zombies) for life in gone),
            *self._lost(others, taken, by_pid, zombies, moment.at),
        )
        return Derived((), {SIGHTINGS: self._given})

    def _local(self, given: Sequence[Sighting]) -> dict[int, Sighting]:
        """What others say of processes of this machine, by pid."""
        return {each.pid: each for each in given if each.pid is not None and each.host in self._hosts}

    def _promoted(
        self, workers: Sequence[int], tags: Mapping[int, Tag], by_pid: Mapping[int, Process], at: float
    ) -> list[int]:
        """The workers without parts that others left behind: a pool's process after its worker was killed, a master
        between two generations of workers."""
        chosen = set(workers)
        parts = {Ident(pid, by_pid[pid].started): at for pid in tags if pid not in chosen}
        for pid in workers:
            ident = Ident(pid, by_pid[pid].started)
            since = self._parts.get(ident)
            if since is not None and at - since < ORPHAN:
                parts[ident] = since
                chosen.remove(pid)
        self._parts = parts
        return [pid for pid in workers if pid in chosen]

    @staticmethod
    def _sums(workers: Sequence[int], by_pid: Mapping[int, Process], gpu: Mapping[int, float]) -> dict[int, _Sum]:
        sums = {pid: _Sum() for pid in workers}
        for pid, owner in owners(workers, by_pid).items() if sums else ():
            sums[owner].add(by_pid[pid])
            if pid in gpu:
                sums[owner].gpu = (sums[owner].gpu or 0.0) + gpu[pid]
        return sums

    def _alive(
        self,
        present: Mapping[Ident, Seen],
        by_pid: Mapping[int, Process],
        sums: Mapping[int, _Sum],
        at: float,
    ) -> Iterator[Sighting]:
        up = self._boot()
        busy: dict[Ident, float] = {}
        for ident, seen in present.items():
            tag = seen.tag
            row, total = by_pid[ident.pid], sums[ident.pid]
            word = _WORDS.get(row.state, "running")
            if tag.agent and word in ("running", "sleeping", "disk-sleep"):
                last = at if (total.cpu or 0.0) >= IDLE_CPU else self._busy.get(ident, at)
                busy[ident] = last
                word = "idle" if at - last > IDLE_AFTER else "busy"
            body = _body(row, total, up, self._lives.restarts(ident))
            # By position: there may be thousands.
            yield Sighting(
                "process", self.name, f"{tag.group or tag.kind}:{row.pid}", tag.kind, word, state_of("process", word),
                at, 0.0, tag.group, HERE, row.pid, None, body, (), tag.log,
            )  # fmt: skip
        self._busy = busy

    def _known_to_others(
        self,
        pids: Sequence[int],
        others: Mapping[int, Sighting],
        by_pid: Mapping[int, Process],
        sums: Mapping[int, _Sum],
        at: float,
    ) -> Iterator[Sighting]:
        """Processes that are workers because others say so: what they take, as the kernel knows it."""
        up = self._boot() if pids else 0.0
        for pid in pids:
            other, row = others[pid], by_pid[pid]
            word = _WORDS.get(row.state, "running")
            yield Sighting(
                system="process",
                source=self.name,
                name=other.name,
                kind=other.kind,
                word=word,
                state=state_of("process", word),
                heard=at,
                host=HERE,
                pid=pid,
                body=_body(row, sums[pid], up, None),
            )

    def _lost(
        self,
        others: Mapping[int, Sighting],
        taken: Collection[int],
        by_pid: Mapping[int, Process],
        zombies: Collection[int],
        at: float,
    ) -> Iterator[Sighting]:
        """Workers that others still believe in and the kernel does not know."""
        missing: dict[int, float] = {}
        # Where pid 1 is not to be seen, /proc hides the processes of other users: nobody is missed then.
        for pid, other in others.items() if 1 in by_pid else ():
            if pid in by_pid or pid in taken:
                continue
            missing[pid] = since = self._missing.get(pid, at)
            if since < at:  # one that has just come may not have been there when processes were read
                word = "zombie" if pid in zombies else "gone"
                yield Sighting(
                    "process",
                    self.name,
                    other.name,
                    other.kind,
                    word,
                    state_of("process", word),
                    at,
                    host=HERE,
                    pid=pid,
                    ended=since,
                )
        self._missing = missing


def _there(ident: Ident, by_pid: Mapping[int, Process]) -> bool:
    row = by_pid.get(ident.pid)
    return row is not None and row.started == ident.started


def _seen(row: Process, tags: Mapping[int, Tag], by_pid: Mapping[int, Process]) -> Seen:
    tag, above = tags[row.pid], tags.get(row.parent)
    alike = above is not None and above.key == tag.key
    return Seen(tag, row.command, by_pid[row.parent].command if alike else "")


def _body(row: Process, total: _Sum, up: float, restarts: int | None) -> Body:
    return Body(
        row.parent, row.command, row.user, total.cpu, float(total.memory), total.gpu, total.threads, total.read,
        total.write, max(0.0, up - row.started), restarts,
    )  # fmt: skip


def _end(source: str, life: Life, at: float, zombie: bool) -> Sighting:
    word = "zombie" if zombie else "gone"
    return Sighting(
        system="process",
        source=source,
        name=f"{life.tag.group or life.tag.kind}:{life.ident.pid}",
        kind=life.tag.kind,
        word=word,
        state=state_of("process", word),
        heard=at,
        group=life.tag.group,
        host=HERE,
        pid=life.ident.pid,
        body=Body(command=life.command, restarts=life.restarts),
        log=life.tag.log,
        ended=life.ended,
        left=life.replaced,
    )
