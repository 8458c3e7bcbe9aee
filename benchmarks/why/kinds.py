"""What is broken on purpose, how, and which series are its true cause: laid down before any result was seen.

A true cause is what an operator would go and mend: the resource that is used up, the service that is slow
or fails, the queue that is full, the worker that is gone. What merely follows from it does not count.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.why.crowd import Crowd
from perf_tui.demo.roles import ROLES
from perf_tui.measures.model import Series

Mend = Callable[[], None]


@dataclass(frozen=True)
class Fault:
    """One that is ready to be induced."""

    words: str
    """Its magnitude and its target."""
    cause: Callable[[Series], bool]
    """Whether a series is the true cause."""
    begin: Callable[[], Mend]
    """Induces it; what it returns ends it."""


@dataclass(frozen=True)
class Kind:
    """One way in which things break."""

    name: str
    make: Callable[[random.Random, Crowd], Fault]


def _stress(*words: object, count: int = 1) -> Callable[[], Mend]:
    def begin() -> Mend:
        command = [sys.executable, "-m", "benchmarks.why.stress", *map(str, words)]
        processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(count)]

        def mend() -> None:
            for process in processes:
                process.kill()
            for process in processes:
                process.communicate()

        return mend

    return begin


def _cpu(dice: random.Random, crowd: Crowd) -> Fault:
    count = crowd.cores + dice.randint(1, 4)

    def cause(key: Series) -> bool:
        return (
            key.id in ("system.cpu.utilization", "system.cpu.idle", "system.cpu.core.utilization", "system.load")
            or (key.id == "system.pressure" and key.label("resource") == "cpu")
        )  # fmt: skip

    return Fault(f"{count} processes that compute", cause, _stress("burn", count=count))


def _memory(dice: random.Random, crowd: Crowd) -> Fault:
    size = dice.randint(1000, 2000)

    def cause(key: Series) -> bool:
        return key.id.startswith(("system.memory.", "system.swap.")) or (
            key.id == "system.pressure" and key.label("resource") == "memory"
        )

    return Fault(f"{size} MiB held", cause, _stress("hog", size))


def _disk(dice: random.Random, crowd: Crowd) -> Fault:
    rate = dice.randint(20, 80)

    def cause(key: Series) -> bool:
        return key.id.startswith("system.disk.") or key.id == "system.cpu.iowait" or (
            key.id == "system.pressure" and key.label("resource") == "io"
        )  # fmt: skip

    return Fault(f"{rate} MiB/s synced", cause, _stress("write", crowd.folder, 256, rate))


def _slow(dice: random.Random, crowd: Crowd) -> Fault:
    delay = round(dice.uniform(0.15, 0.8), 2)

    def begin() -> Mend:
        crowd.cast.pricing.tell(delay=delay)
        return lambda: crowd.cast.pricing.tell(delay=0.0)

    return Fault(
        f"pricing takes {delay:g} s longer",
        lambda key: key.id == "app.request.duration" and key.label("service") == "pricing",
        begin,
    )


def _failing(dice: random.Random, crowd: Crowd) -> Fault:
    share = round(dice.uniform(0.25, 0.9), 2)

    def begin() -> Mend:
        crowd.cast.pricing.tell(failing=share)
        return lambda: crowd.cast.pricing.tell(failing=0.0)

    return Fault(
        f"pricing fails {share:.0%} of its requests",
        lambda key: key.id in ("app.error.server", "app.error.total") and key.label("service") == "pricing",
        begin,
    )


def _flood(dice: random.Random, crowd: Crowd) -> Fault:
    clients = dice.randint(8, 24)

    def begin() -> Mend:
        crowd.load.tell(flood=clients)
        return lambda: crowd.load.tell(flood=0)

    told = ("ai.requests.waiting", "ai.requests.running", "ai.batch.size", "ai.batch.efficiency", "ai.latency.queue",
            "ai.kv_cache.utilization", "ai.context.utilization", "ai.tokens.prompt")  # fmt: skip
    return Fault(f"{clients} clients ask the model without a pause", lambda key: key.id in told, begin)


def _of_worker(name: str) -> Callable[[Series], bool]:
    return lambda key: key.id.startswith("worker.") and key.label("worker") == name


def _killed(dice: random.Random, crowd: Crowd) -> Fault:
    name = dice.choice(ROLES).name

    def begin() -> Mend:
        crowd.cast.crew.tell(kill=name, down=crowd.longest)
        return lambda: None

    return Fault(f"{name} is killed", _of_worker(name), begin)


def _stopped(dice: random.Random, crowd: Crowd) -> Fault:
    name = dice.choice(ROLES).name

    def begin() -> Mend:
        crowd.cast.crew.tell(stop=name)
        return lambda: crowd.cast.crew.tell(go=name)

    return Fault(f"{name} is stopped", _of_worker(name), begin)


def _busy(dice: random.Random, crowd: Crowd) -> Fault:
    name = dice.choice(ROLES).name

    def begin() -> Mend:
        crowd.cast.hand_out(role=name, name="compute: everything", spin=crowd.longest)
        return lambda: None

    return Fault(f"{name} computes without an end", _of_worker(name), begin)


def _network(dice: random.Random, crowd: Crowd) -> Fault:
    rate = dice.randint(50, 200)
    return Fault(
        f"{rate} MiB/s over loopback",
        lambda key: key.id in ("system.network.receive", "system.network.transmit", "system.network.utilization"),
        _stress("pour", rate),
    )


def _leak(dice: random.Random, crowd: Crowd) -> Fault:
    count = dice.randint(200, 800)
    return Fault(
        f"{count} connections to the shop left open",
        lambda key: key.id == "system.network.connections",
        _stress("hold", crowd.cast.plan.shop_port, count),
    )


KINDS = (
    Kind("CPU burner", _cpu),
    Kind("memory hog", _memory),
    Kind("disk writer", _disk),
    Kind("slow dependency", _slow),
    Kind("failing dependency", _failing),
    Kind("flooded model", _flood),
    Kind("killed worker", _killed),
    Kind("stopped worker", _stopped),
    Kind("busy worker", _busy),
    Kind("network flood", _network),
    Kind("connection leak", _leak),
)
