"""The measures of workers: how many are in each state, and the numbers of each one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self

from perf_tui.measures.model import PENDING, Sample, Series, Status, Value, absent, ok, series
from perf_tui.measures.workers import State, Summary, Worker

_COUNTED = tuple(
    (state, series(f"workers.{state}"))
    for state in (State.ACTIVE, State.PROCESSING, State.WAITING, State.ERROR, State.STALE)
)
_NONE = absent("no worker is known here: [[workers]] in config.toml names some")


class WorkerSeries(NamedTuple):
    """The series of one worker, made once: there may be thousands of workers in each tick."""

    cpu: Series
    memory: Series
    gpu_memory: Series
    rate: Series
    completed: Series
    failed: Series
    uptime: Series
    threads: Series
    files: Series
    read: Series
    write: Series
    tokens: Series
    p50: Series
    p95: Series

    @classmethod
    def of(cls, worker: str) -> Self:
        """Those of the worker with this id."""
        return cls(
            series("worker.cpu", worker=worker),
            series("worker.memory", worker=worker),
            series("worker.gpu_memory", worker=worker),
            series("worker.tasks.rate", worker=worker),
            series("worker.tasks.completed", worker=worker),
            series("worker.tasks.failed", worker=worker),
            series("worker.uptime", worker=worker),
            series("worker.threads", worker=worker),
            series("worker.files", worker=worker),
            series("worker.io.read", worker=worker),
            series("worker.io.write", worker=worker),
            series("worker.tokens.rate", worker=worker),
            series("worker.tasks.duration", worker=worker, stat="p50"),
            series("worker.tasks.duration", worker=worker, stat="p95"),
        )


def counts(summary: Summary, ever: bool) -> Iterator[Sample]:
    """How many workers are in each state; absent where none was `ever` known or asked for."""
    for state, key in _COUNTED:
        yield Sample(key, ok(float(summary.counts[state])) if ever else _NONE)


def samples(keys: WorkerSeries, worker: Worker, at: float) -> Iterator[Sample]:
    """The numbers of a worker at `at`. What its sources do not tell has no series; what is old is stale."""
    body, work, usage = worker.body, worker.work, worker.usage
    if body.memory is not None:
        # A process that was just found has no CPU time of an interval yet.
        yield Sample(keys.cpu, PENDING if body.cpu is None else _value(body.cpu, worker, at))
        yield Sample(keys.memory, _value(body.memory, worker, at))
    for key, number in (
        (keys.gpu_memory, body.gpu_memory), (keys.uptime, body.uptime), (keys.threads, body.threads),
        (keys.files, body.files), (keys.read, body.read), (keys.write, body.write),
        (keys.completed, work.done), (keys.failed, work.failed), (keys.p50, work.p50), (keys.p95, work.p95),
    ):  # fmt: skip
        if number is not None:
            yield Sample(key, _value(number, worker, at))
    if usage.rate is not None:
        yield Sample(keys.tokens, _value(usage.rate, worker, at))
    elif usage.output is not None:
        yield Sample(keys.tokens, PENDING)
    if worker.rate is not None:
        yield Sample(keys.rate, _value(worker.rate, worker, at))
    elif work.done is not None or work.failed is not None:
        yield Sample(keys.rate, PENDING)


def _value(number: float, worker: Worker, at: float) -> Value:
    if worker.state is State.STALE:
        return Value(number, Status.STALE, f"{worker.id} is silent", at - worker.silent)
    return Value(number)
