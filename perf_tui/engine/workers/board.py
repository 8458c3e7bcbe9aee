"""The stage that makes the table `workers` and its measures of what sources said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import merge as merged_in_order
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from perf_tui.engine.source import Derived
from perf_tui.engine.stage import Moment, Stage
from perf_tui.engine.workers.measures import WorkerSeries, counts, samples
from perf_tui.engine.workers.merge import MOST_EVENTS, body_of, grouped, usage_of, verdict, work_of
from perf_tui.engine.workers.pace import Pace
from perf_tui.measures.model import Sample
from perf_tui.measures.workers import (
    ALIVE,
    HERE,
    SUMMARY,
    WORKERS,
    Closeup,
    Event,
    Group,
    Sighting,
    State,
    Summary,
    Usage,
    Worker,
    closeup,
    counted,
    sightings,
)

MEASURED = 250
"""Workers that have measures of their own, the first that came: each takes up to 14 rings of the history, of 14 kB
each once they are full. Whoever is looked at has them as well, for as long."""


class Expected(NamedTuple):
    """A group of the configuration, and how many workers of it there should be."""

    name: str
    workers: int | None = None


class _Known:
    """What is remembered of a worker between ticks."""

    __slots__ = ("pace", "series", "since", "state", "tokens")

    def __init__(self, state: State, at: float) -> None:
        self.state, self.since = state, at
        self.pace = Pace()
        self.tokens: Pace | None = None
        self.series: WorkerSeries | None = None


class Board(Stage):
    """Merges sightings, judges their states, and drops workers of which nothing was heard for `forget` seconds."""

    name = "workers"

    def __init__(
        self,
        hosts: Collection[str],
        groups: Sequence[Expected] = (),
        *,
        forget: float = 600.0,
        window: float = 60.0,
        measured: int = MEASURED,
    ) -> None:
        """`hosts` are this machine's names; `window` seconds are what rates are taken over."""
        self._hosts = frozenset((*hosts, HERE))
        self._groups = tuple(groups)
        self._forget = forget
        self._window = window
        self._most = measured
        self._known: dict[str, _Known] = {}
        self._measured = 0
        self._extra = ""
        """The worker that has measures beyond that number, because somebody looks at it."""
        self._ever = bool(groups)

    def derive(self, tables: Mapping[str, object], moment: Moment) -> Derived:
        before, self._known = self._known, {}
        looked_at = closeup(tables)
        if self._extra != looked_at.worker:
            if self._extra in before:
                before[self._extra].series = None
            self._extra = ""
        self._measured = sum(known.series is not None for known in before.values())
        workers = [
            self._worker(each, before, moment, looked_at)
            for each in grouped(sightings(tables), self._hosts)
            if not self._over(each, moment.at)
        ]
        # Sources tell them in any order, and rows that are alike must not change places.
        workers.sort(key=_id)
        self._measured = sum(known.series is not None for known in self._known.values())
        self._ever = self._ever or bool(workers)
        summary = self._summary(workers)
        return Derived(list(self._samples(workers, summary, moment)), {WORKERS: tuple(workers), SUMMARY: summary})

    def _over(self, each: Sequence[Sighting], at: float) -> bool:
        """Whether this is no worker any more."""
        heard, ended = each[0].heard, None
        for sighting in each:
            if sighting.left:
                return True
            if sighting.heard > heard:
                heard = sighting.heard
            if sighting.ended is not None and (ended is None or sighting.ended < ended):
                ended = sighting.ended
        return at - (heard if ended is None else ended) > self._forget

    def _worker(
        self, each: Sequence[Sighting], before: Mapping[str, _Known], moment: Moment, looked_at: Closeup
    ) -> Worker:
        best = each[0]
        id = self._free(best)
        found = verdict(each, moment.at, moment.interval)
        known = before.get(id)
        if known is None:
            known = _Known(found.state, moment.at)
        elif known.state is not found.state:
            known.state, known.since = found.state, moment.at
        if known.series is None and (self._measured < self._most or id == looked_at.worker):
            if self._measured >= self._most:
                self._extra = id
            known.series = WorkerSeries.of(id)
            self._measured += 1
        self._known[id] = known
        work = work_of(each)
        rate = None
        if work.done is not None or work.failed is not None:
            rate = known.pace.rate((work.done or 0.0) + (work.failed or 0.0), best.heard, self._window)
        usage = usage_of(each)
        if usage.rate is None and usage.output is not None:
            if known.tokens is None:
                known.tokens = Pace()
            rate_out = known.tokens.rate(usage.output, best.heard, self._window)
            usage = Usage(*usage[:5], rate_out, *usage[6:])
        body = body_of(each)
        if id == looked_at.worker and looked_at.files is not None:
            body = body._replace(files=looked_at.files)
        group, log, pid, host = best.group, best.log, best.pid, best.host
        facts = best.facts
        for sighting in each[1:]:
            group, log, facts = group or sighting.group, log or sighting.log, facts + sighting.facts
            pid = sighting.pid if pid is None else pid
            host = host if host in self._hosts else sighting.host or host
        # By position: with thousands of workers the names of the fields would take a tenth of the time.
        return Worker(
            id, best.kind, found.state, found.word, group,
            HERE if host in self._hosts else host, pid, tuple([sighting.source for sighting in each]), work,
            body, None if work.since is None else max(0.0, moment.wall - work.since), rate, found.silent,
            moment.at - known.since, _events(each), log, facts, usage,
        )  # fmt: skip

    def _free(self, best: Sighting) -> str:
        """A name that no other worker of this tick has."""
        id, number = best.name, 2
        if id in self._known and best.pid is not None:
            id = f"{best.name}:{best.pid}"
        while id in self._known:
            id, number = f"{best.name}#{number}", number + 1
        return id

    def _summary(self, workers: Sequence[Worker]) -> Summary:
        alive: dict[str, int] = {}
        total: dict[str, int] = {}
        for worker in workers:
            total[worker.group] = total.get(worker.group, 0) + 1
            alive[worker.group] = alive.get(worker.group, 0) + (worker.state in ALIVE)
        groups = tuple(
            Group(group.name, alive.get(group.name, 0), total.get(group.name, 0), group.workers)
            for group in self._groups
        )  # fmt: skip
        return Summary(counted(worker.state for worker in workers), groups, len(workers) - self._measured)

    def _samples(self, workers: Sequence[Worker], summary: Summary, moment: Moment) -> Iterator[Sample]:
        yield from counts(summary, self._ever)
        for worker in workers:
            known = self._known[worker.id]
            if known.series is not None:
                yield from samples(known.series, worker, moment.at)


_id = itemgetter(0)


def _events(each: Sequence[Sighting]) -> tuple[Event, ...]:
    lists = [sighting.events for sighting in each if sighting.events]
    if len(lists) < 2:
        return lists[0][-MOST_EVENTS:] if lists else ()
    newest = merged_in_order(*(reversed(events) for events in lists), key=lambda event: -event.time)
    return tuple(reversed(list(islice(newest, MOST_EVENTS))))
