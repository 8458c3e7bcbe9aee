"""What is known of Celery's workers from their events and answers. Pure: times are given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any

from perf_tui.measures.workers import Body, Sighting, Work, state_of
from perf_tui.sources.workers.recent import Recent
from perf_tui.text import clean, cut

MOST_WORKERS = 20_000
MOST_NAMES = 20_000
"""Tasks whose names are remembered until they end."""
MOST_RUNNING = 10_000
"""Tasks of one worker that are remembered as running."""
USUAL_PERIOD = 2.0
"""Seconds between heartbeats, where they do not say."""
LOST_AFTER = 15
"""Heartbeats that are missing when a worker is given up."""
LEAST_LOST = 30.0
"""Seconds before which none is given up."""
_NAME = 80


class CeleryWorker:
    """One worker, by its name."""

    __slots__ = (
        "active", "done", "facts", "failed", "heard", "name", "offline", "period", "pid", "recent", "retried", "tasks",
        "told", "uptime",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid: int | None = None
        self.heard = 0.0
        self.period = USUAL_PERIOD
        self.active: int | None = None
        self.done: float | None = None
        self.failed = 0.0
        self.retried = 0.0
        self.told = False
        """Whether it sends events about tasks: else nobody knows what failed."""
        self.offline: float | None = None
        self.tasks: dict[str, tuple[str, float]] = {}
        """The tasks that it has: their names, and when they began."""
        self.recent = Recent()
        self.facts: dict[str, str] = {}
        self.uptime: tuple[float, float] | None = None
        """Seconds, and when that was said."""

    @property
    def lost_after(self) -> float:
        """Seconds of silence after which it is given up."""
        return max(LEAST_LOST, LOST_AFTER * self.period)


class CeleryState:
    """Told of events and answers in the order in which they came."""

    def __init__(self, source: str, group: str, hosts: Collection[str], near: bool, forget: float) -> None:
        """`hosts` are this machine's names. With `near`, the broker is on this machine, and so may be every worker."""
        self._source, self._group, self._forget = source, group, forget
        self._hosts, self._near = hosts, near
        self._names: OrderedDict[str, str] = OrderedDict()
        self.workers: dict[str, CeleryWorker] = {}

    def event(self, event: Mapping[str, Any], at: float) -> None:
        """Something that a worker, or somebody who gives it tasks, has published."""
        kind, host = event.get("type"), event.get("hostname")
        if not isinstance(kind, str) or not isinstance(host, str) or kind == "task-sent":
            return
        worker = self._heard(host, at)
        if kind.startswith("worker-"):
            self._beat(worker, kind, event, at)
        elif kind.startswith("task-"):
            worker.told = True
            self._task(worker, kind, event)

    def _heard(self, host: str, at: float) -> CeleryWorker:
        name = cut(clean(host), _NAME)
        worker = self.workers.get(name)
        if worker is None:
            worker = self.workers[name] = CeleryWorker(name)
        worker.heard, worker.offline = at, None
        return worker

    def _beat(self, worker: CeleryWorker, kind: str, event: Mapping[str, Any], at: float) -> None:
        pid = _count(event.get("pid"))
        if pid is not None and worker.pid is not None and int(pid) != worker.pid:
            worker.failed = worker.retried = 0.0  # it was started again: its counters begin anew
            worker.done = None
            worker.tasks.clear()
        worker.pid = int(pid) if pid is not None else worker.pid
        worker.period = min(max(_count(event.get("freq")) or USUAL_PERIOD, 0.1), 300.0)
        if (active := _count(event.get("active"))) is not None:
            worker.active = int(active)
            if not active:
                worker.tasks.clear()
            if (processed := _count(event.get("processed"))) is not None:
                # They count a task when it begins. Its end may be told before or after the heartbeat that knows of it.
                worker.done = max(worker.done or 0.0, processed - active - worker.failed)
        if isinstance(version := event.get("sw_ver"), str):
            worker.facts["version"] = cut(clean(version), _NAME)
        if kind == "worker-offline":
            worker.offline = at
            worker.tasks.clear()

    def _task(self, worker: CeleryWorker, kind: str, event: Mapping[str, Any]) -> None:
        id, when = str(event.get("uuid")), _count(event.get("timestamp")) or 0.0
        if isinstance(named := event.get("name"), str):
            self._names[id] = cut(clean(named), _NAME)
            while len(self._names) > MOST_NAMES:
                self._names.popitem(last=False)
        if kind == "task-started":
            if len(worker.tasks) < MOST_RUNNING:
                worker.tasks[id] = (self._names.get(id, ""), when)
            return
        if kind == "task-received":
            return
        began = worker.tasks.pop(id, None)
        task = self._names.pop(id, began[0] if began else "")
        if kind == "task-succeeded":
            seconds = _count(event.get("runtime"))
            if seconds is None and began:
                seconds = when - began[1]
            if seconds is not None:
                worker.recent.finished(task, seconds)
        elif kind == "task-failed":
            worker.failed += 1
            if began:
                worker.recent.finished(task, when - began[1])
            worker.recent.tell(when, f"{task or 'a task'}: {event.get('exception', 'failed')}", True)
        elif kind == "task-retried":
            worker.retried += 1
            worker.recent.tell(when, f"{task or 'a task'}: retried after {event.get('exception', 'a failure')}")
        elif kind in ("task-revoked", "task-rejected"):
            worker.recent.tell(when, f"{task or 'a task'}: {kind.removeprefix('task-')}")

    def answer(self, host: str, answer: object, at: float) -> None:
        """A worker's answer to `active` (a list), `stats` (a table) or `ping`."""
        worker = self._heard(host, at)
        if isinstance(answer, list):
            tasks = [each for each in answer[:MOST_RUNNING] if isinstance(each, dict)]
            worker.tasks = {
                str(each.get("id")): (
                    cut(clean(str(each.get("name") or "")), _NAME),
                    _count(each.get("time_start")) or 0.0,
                )
                for each in tasks
            }
            worker.active = len(worker.tasks)
        elif isinstance(answer, dict) and isinstance(answer.get("pool"), dict):
            self._stats(worker, answer, at)

    @staticmethod
    def _stats(worker: CeleryWorker, stats: Mapping[str, Any], at: float) -> None:
        if (pid := _count(stats.get("pid"))) is not None:
            worker.pid = int(pid)
        if (uptime := _count(stats.get("uptime"))) is not None:
            worker.uptime = (uptime, at)
        pool: Mapping[str, Any] = stats["pool"]
        implementation = str(pool.get("implementation", "")).partition(":")[0].rpartition(".")[2]
        if implementation:
            worker.facts["pool"] = cut(clean(f"{implementation}, {pool.get('max-concurrency', '?')} at once"), _NAME)
        if stats.get("prefetch_count") is not None:
            worker.facts["prefetch"] = cut(clean(str(stats["prefetch_count"])), _NAME)

    def sightings(self, at: float) -> Iterator[Sighting]:
        """All workers, without those that are forgotten."""
        for name in [name for name, each in self.workers.items() if at - each.heard > self._forget + each.lost_after]:
            del self.workers[name]
        while len(self.workers) > MOST_WORKERS:
            del self.workers[next(iter(self.workers))]
        for worker in self.workers.values():
            yield self._sighting(worker, at)

    def _sighting(self, worker: CeleryWorker, at: float) -> Sighting:
        word, ended = "online", worker.offline
        if ended is not None:
            word = "offline"
        elif at - worker.heard > worker.lost_after:
            word, ended = "lost", worker.heard + worker.lost_after
        work = self._work(worker)
        return Sighting(
            system="celery",
            source=self._source,
            name=worker.name,
            kind="celery",
            word=word,
            state=state_of("celery", word, bool(work.running)),
            heard=worker.heard,
            period=worker.period,
            group=self._group,
            host=self._host(worker.name),
            pid=worker.pid,
            work=work,
            body=Body(uptime=worker.uptime[0] + at - worker.uptime[1]) if worker.uptime else None,
            events=worker.recent.events,
            facts=tuple(worker.facts.items()),
            ended=ended,
        )

    def _host(self, name: str) -> str:
        host = name.rpartition("@")[2]
        # People give nodes names of their own. With a broker on this machine it may well be this one.
        return host if host in self._hosts or not self._near else ""

    @staticmethod
    def _work(worker: CeleryWorker) -> Work:
        running = max(len(worker.tasks), worker.active or 0)
        task, since = min(worker.tasks.values(), key=lambda each: each[1], default=("", 0.0))
        usual = worker.recent.usual(task)
        return Work(
            task=task,
            since=since or None,
            running=running,
            done=worker.done,
            failed=worker.failed if worker.told else None,
            retried=worker.retried if worker.told else None,
            p50=usual[0] if usual else None,
            p95=usual[1] if usual else None,
        )


def _count(value: object) -> float | None:
    """A number that is not negative, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if isfinite(value) and 0 <= value < 2**53 else None
