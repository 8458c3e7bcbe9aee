"""Workers that an endpoint tells of, by the metrics of docs/workers.md.

`worker_info{worker,kind,pid,host}`, `worker_status{worker,state}` (1 for the state that it is in),
`worker_tasks_total{worker,result}` and `worker_task_started_timestamp_seconds{worker,task}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from perf_tui.measures.workers import Sighting, Work, state_of
from perf_tui.sources.scrape.ledger import at
from perf_tui.text import clean, cut

INFO, STATUS, TASKS, STARTED = (
    "worker_info",
    "worker_status",
    "worker_tasks_total",
    "worker_task_started_timestamp_seconds",
)
MOST_WORKERS = 20_000
_DONE = frozenset(("done", "success", "succeeded", "completed", "ok"))
_FAILED = frozenset(("failed", "failure", "error", "exception"))
_RETRIED = frozenset(("retried", "retry"))
_NAME = 80


class Wanted(NamedTuple):
    """One series."""

    worker: str
    family: str
    labels: Mapping[str, str]


class Crew:
    """The workers of one endpoint, by the slots of their series."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._slots: dict[int, Wanted] = {}
        self._by_worker: dict[str, list[int]] = {}
        self._last: dict[str, Sighting] = {}

    def attach(self, slot: int, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a series that is new is about a worker."""
        if name not in (INFO, STATUS, TASKS, STARTED) or not labels.get("worker"):
            return False
        worker = cut(clean(labels["worker"]), _NAME)
        if worker not in self._by_worker and len(self._by_worker) >= MOST_WORKERS:
            return False
        self._slots[slot] = Wanted(worker, name, labels)
        self._by_worker.setdefault(worker, []).append(slot)
        return True

    def release(self, slot: int) -> None:
        """The series is gone."""
        wanted = self._slots.pop(slot, None)
        if wanted is not None:
            left = self._by_worker[wanted.worker]
            left.remove(slot)
            if not left:
                del self._by_worker[wanted.worker]
                self._last.pop(wanted.worker, None)

    def rows(self, values: Sequence[float | None], moment: float, period: float) -> Iterator[Sighting]:
        """What a scrape at `moment` says, `period` seconds after the one before. Who is missing in it grows old."""
        for worker, slots in self._by_worker.items():
            told = [(self._slots[slot], number) for slot in slots if (number := at(values, slot)) is not None]
            if told:
                self._last[worker] = self._sighting(worker, told, moment, period)
            if worker in self._last:
                yield self._last[worker]

    def _sighting(self, worker: str, told: Sequence[tuple[Wanted, float]], moment: float, period: float) -> Sighting:
        info = next((series.labels for series, _ in told if series.family == INFO), {})
        started = [(number, series.labels) for series, number in told if series.family == STARTED and number > 0]
        since, labels = max(started, key=lambda each: each[0], default=(None, {}))
        has_status = any(series.family == STATUS for series, _ in told)
        words = [series.labels.get("state", "") for series, number in told if series.family == STATUS and number == 1]
        word = cut(clean(words[0] if words else "unknown" if has_status else "active"), _NAME)
        pid = info.get("pid", "")
        return Sighting(
            system="heartbeat",
            source=self._source,
            name=worker,
            kind=cut(clean(info.get("kind") or self._source), _NAME),
            word=word,
            state=state_of("heartbeat", word, since is not None),
            heard=moment,
            period=period,
            host=cut(clean(info.get("host", "")), _NAME),
            pid=int(pid) if pid.isdecimal() and len(pid) < 11 and int(pid) > 0 else None,
            work=Work(
                task=cut(clean(labels.get("task", "")), _NAME),
                since=since,
                running=int(since is not None),
                done=_sum(told, _DONE),
                failed=_sum(told, _FAILED),
                retried=_sum(told, _RETRIED),
            ),
        )


def _sum(told: Sequence[tuple[Wanted, float]], results: frozenset[str]) -> float | None:
    """Tasks with one of these results; None where none is told."""
    found = [
        number
        for series, number in told
        if series.family == TASKS and series.labels.get("result", "done").lower() in results and number >= 0
    ]
    return sum(found) if found else None
