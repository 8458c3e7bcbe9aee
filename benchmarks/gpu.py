"""What eight NVIDIA GPUs cost a tick, beyond the time of NVIDIA's own library, which is played."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from perf_tui.engine.engine import Engine
from perf_tui.sources.gpu.nvml import Nvidia
from perf_tui.sources.gpu.reading import DEAR_EVERY, PROCESSES_EVERY

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sources" / "gpu"))

TICKS = 500
PERIOD = DEAR_EVERY * PROCESSES_EVERY
"""Ticks after which the same is asked again."""


def cpu_per_tick(count: int, ticks: int = TICKS) -> tuple[float, float, float]:
    """Seconds of CPU for one reading of `count` GPUs with what is derived from it, the part of that which the played
    library takes for itself, and a whole tick."""
    import fake_nvml

    nvml = fake_nvml.many(count)
    source = Nvidia(library=lambda: nvml)

    async def read(times: int) -> float:
        began = time.process_time()
        for tick in range(times):
            reading = await source.read()
            list(source.derive(reading, float(tick)).samples)
        return (time.process_time() - began) / times

    async def both() -> tuple[float, float]:
        await source.open()
        await read(ticks // 10)
        whole = await read(ticks)
        calls = _record(nvml)
        await read(PERIOD)
        return whole, _replay(calls, ticks // PERIOD) / PERIOD

    async def tick() -> float:
        engine = Engine([Nvidia(library=lambda: nvml)])
        await engine.tick()
        began = time.process_time()
        for _ in range(ticks):
            await engine.tick()
        return (time.process_time() - began) / ticks

    return (*asyncio.run(both()), asyncio.run(tick()))


def _record(nvml: Any) -> list[Callable[[], object]]:
    """From now on, every call of the library."""
    calls: list[Callable[[], object]] = []

    def recording(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            calls.append(partial(function, *arguments))
            return function(*arguments)

        return call

    for name in dir(type(nvml)):
        if name.startswith("nvml"):
            setattr(nvml, name, recording(getattr(nvml, name)))
    return calls


def _replay(calls: list[Callable[[], object]], times: int) -> float:
    """Seconds of CPU that the calls take once."""
    calls = list(calls)
    began = time.process_time()
    for _ in range(times):
        for call in calls:
            with suppress(Exception):  # no event is there
                call()
    return (time.process_time() - began) / times


def absent_cost(ticks: int = 20_000) -> float:
    """Seconds of CPU for one tick of both sources on a machine without any GPU."""
    from perf_tui.engine.runner import Runner
    from perf_tui.sources.gpu.sysfs import SysfsGpus
    from perf_tui.sources.system.host import Host

    async def run() -> float:
        now = 0.0
        nowhere = Host("/nonexistent", "/nonexistent")
        runners = [
            Runner(Nvidia(monotonic=lambda: now), lambda: now),
            Runner(SysfsGpus(nowhere, monotonic=lambda: now), lambda: now),
        ]
        began = time.process_time()
        for tick in range(ticks):
            now += 2.0
            for runner in runners:
                if runner.due(tick):
                    await runner.start(tick)
        return (time.process_time() - began) / ticks

    return asyncio.run(run())


def main() -> None:
    """Print the figures."""
    for count in (1, 8):
        reading, library, tick = cpu_per_tick(count)
        name = f"{count} GPU{'s' if count > 1 else ''}"
        print(f"{name}: {reading * 1e3:.2f} ms a reading, of which the played library takes {library * 1e3:.2f} ms;")
        print(f"{'':{len(name)}}  {tick * 1e3:.2f} ms a tick in all")
    print(f"no GPU: {absent_cost() * 1e6:.1f} µs a tick")


if __name__ == "__main__":
    main()
