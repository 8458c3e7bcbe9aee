"""What workers cost: 5,000 of them, merged, judged, measured and published, a tick at a time."""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import time
from collections.abc import Mapping

from benchmarks import table
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Derived, Source
from perf_tui.engine.workers.board import Board
from perf_tui.measures.workers import HERE, SIGHTINGS, Body, Sighting, Work, state_of
from perf_tui.sources.system.processes import Process
from perf_tui.sources.workers.kinds import Recogniser
from perf_tui.sources.workers.processes import ProcessWorkers

WORKERS = 5_000
TICKS = 60
INTERVAL = 2.0
MOST = 25.0
"""Percent of a core that 5,000 workers may take."""


class Processes(Source[int]):
    """A process for each worker, some of which take CPU time."""

    name = kind = "processes"

    def __init__(self, count: int) -> None:
        self._count = count
        self._reads = 0

    async def read(self) -> int:
        self._reads += 1
        return self._reads

    def derive(self, reading: int, at: float) -> Derived:
        rows = [Process(1, 0, "root", "S", 0.0, 1000, None, None, 1, "init", "/sbin/init", 0.0)]
        for number in range(self._count):
            command = f"/venv/bin/python /venv/bin/rq worker --name w{number} default"
            rows.append(
                Process(
                    number + 1000, 1, "app", "S", (number + reading) % 7 / 10, 50_000_000 + number, 0.0, 0.0, 2,
                    "python", command, float(number),
                )
            )  # fmt: skip
        return Derived((), {"processes": tuple(rows)})


class Queue(Source[int]):
    """What a queue says of the same workers: every tenth has finished a task since the last reading."""

    name = kind = "queue"

    def __init__(self, count: int) -> None:
        self._count = count
        self._reads = 0

    async def read(self) -> int:
        self._reads += 1
        return self._reads

    def derive(self, reading: int, at: float) -> Derived:
        return Derived((), {SIGHTINGS: tuple(self._sighting(number, reading, at) for number in range(self._count))})

    @staticmethod
    def _sighting(number: int, reading: int, at: float) -> Sighting:
        busy = number % 3 == 0
        word = "busy" if busy else "idle"
        task = "resize" if busy else ""
        done = float((number + reading) // 10)
        return Sighting(
            "rq", "queue", f"w{number}", "rq", word, state_of("rq", word), at, group="mail", host=HERE,
            pid=number + 1000, work=Work(task, None, int(busy), done, 0.0), body=Body(uptime=at),
        )  # fmt: skip


async def _ticks(engine: Engine, count: int) -> list[float]:
    """Milliseconds of CPU that each tick took."""
    spent = []
    for _ in range(count):
        began = time.process_time()
        await engine.tick(INTERVAL)
        spent.append((time.process_time() - began) * 1000)
    return spent


def measure(workers: int, ticks: int = TICKS) -> Mapping[str, float]:
    """Milliseconds a tick with so many workers, with and without what plays the sources, and the memory at the end."""
    hosts = ("here",)
    sources = [Processes(workers), Queue(workers)]
    engine = Engine(sources, interval=INTERVAL, stages=[ProcessWorkers(Recogniser(), hosts, 0), Board(hosts)])
    spent = asyncio.run(_ticks(engine, ticks + 3))[3:]
    began = time.process_time()
    for source in sources:
        source.derive(1, 0.0)
    played = (time.process_time() - began) * 1000
    return {
        "tick": statistics.median(spent) - played,
        "worst": max(spent) - played,
        "core": (statistics.median(spent) - played) / INTERVAL / 10,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> int:
    """Print the table; 1 where 5,000 workers take more than a quarter of a core."""
    found = {f"{count} workers": [measure(count)] for count in (0, 500, WORKERS)}
    figures = {"tick": "ms/tick", "worst": "worst", "core": "% of a core", "memory": "MiB"}
    print("\n".join(table.lines(found, figures)))
    return int(found[f"{WORKERS} workers"][0]["core"] > MOST)


if __name__ == "__main__":
    sys.exit(main())
