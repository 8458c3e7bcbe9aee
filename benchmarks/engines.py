"""What the AI layer costs at 2 s: ten vLLM endpoints over HTTP from another process, and eight GPUs, in one engine."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.options import keep
from perf_tui.config.schema import Target
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Source
from perf_tui.sources.gpu.nvml import Nvidia
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import ScrapeSource

CAPTURE = Path(__file__).parents[1] / "tests" / "data" / "ai" / "vllm_v1_0.32.0_cpu_busy.prom"
INTERVAL = 2.0
WARM = 70
"""Ticks before it is measured: recognised, connected for good, and with a window that is full of numbers."""

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sources" / "gpu"))


def bodies(variants: int) -> list[bytes]:
    """The captured busy server at later and later moments, each with every counter higher than before."""
    lines = CAPTURE.read_text(encoding="utf-8").splitlines()
    kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    found = []
    for moment in range(variants):
        made = []
        for line in lines:
            series, _, number = line.rpartition(" ")
            name = series.partition("{")[0]
            base = name
            for suffix in ("_bucket", "_count", "_sum", "_total"):
                base = base.removesuffix(suffix)
            rises = kinds.get(base) == "histogram" or kinds.get(name) == "counter" or kinds.get(base) == "counter"
            made.append(
                f"{series} {float(number) * (1 + moment / 10)!r}" if rises and not line.startswith("#") else line
            )
        found.append(("\n".join(made) + "\n").encode())
    return found


class Answers(asyncio.Protocol):
    """HTTP as a server does it that costs next to nothing: both share the machine's cores."""

    def __init__(self, prepared: list[bytes], turns: dict[bytes, int]) -> None:
        self._prepared, self._turns = prepared, turns

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1]
        if path.endswith(b"/v1/models"):
            self._send(b"application/json", b'{"data":[{"id":"tiny-random-llama","max_model_len":1024}]}')
        else:
            turn = self._turns[path] = self._turns.get(path, -1) + 1
            # Never from the beginning again: counters that come back look like those of several processes in turn.
            self._send(b"text/plain", self._prepared[min(turn, len(self._prepared) - 1)])
        if b"Connection: close" in data:
            self._transport.close()

    def _send(self, kind: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
        self._transport.write(head + body)


def serve(answers: Connection, variants: int) -> None:
    """Answer /ROUND-NUMBER/metrics until the parent ends."""
    prepared = bodies(variants)
    turns: dict[bytes, int] = {}

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Answers(prepared, turns), "127.0.0.1", 0)
        answers.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    asyncio.run(run())


async def cost(port: int, endpoints: int, gpus: int, ticks: int, number: int) -> float:
    """Seconds of CPU of a tick of an engine with so many endpoints and GPUs and nothing else, in round `number`."""
    import fake_nvml

    skipped = 0.0

    def clock() -> float:
        """Seconds as if nobody had cut the pauses between ticks short: the windows hold what they would."""
        return time.monotonic() + skipped

    fetcher, profiles = Fetcher(), load_all()
    sources: list[Source[Any]] = [
        ScrapeSource(
            Target(name=f"vllm {each}", url=f"http://127.0.0.1:{port}/{number}-{each}/metrics", max_batch=4),
            profiles, fetcher, 60.0, INTERVAL, monotonic=clock,
        )
        for each in range(endpoints)
    ]  # fmt: skip
    if gpus:
        nvml = fake_nvml.many(gpus)
        sources.append(Nvidia(library=lambda: nvml, monotonic=clock))
    engine = Engine(sources, interval=INTERVAL, monotonic=clock)
    began = 0.0
    for done in range(ticks + WARM):
        if done == WARM:
            began = time.process_time()
        due = clock() + INTERVAL
        await engine.tick()
        await asyncio.sleep(0.02)  # what was late comes with the next tick, as it would
        skipped += max(0.0, due - clock())
    spent = time.process_time() - began
    bad = [state for state in engine.store.snapshot.sources if state.error]
    assert not bad, bad
    for source in sources:
        await source.close()
    return spent / ticks


def main() -> int:
    """Print the share of a core: the best round, and the one in the middle."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks engines", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=10)
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--ticks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as well")
    options, _ = parser.parse_known_args()
    kinds = {
        "nothing": (0, 0),
        "GPUs": (0, options.gpus),
        "endpoints": (options.endpoints, 0),
        "both": (options.endpoints, options.gpus),
    }
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    here, there = multiprocessing.Pipe()
    variants = WARM + options.ticks + 10
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, variants), daemon=True)
    server.start()
    try:
        port = here.recv()
        number = 0
        for _ in range(options.rounds):
            for kind, (endpoints, gpus) in kinds.items():
                number += 1
                found[kind].append(asyncio.run(cost(port, endpoints, gpus, options.ticks, number)))
    finally:
        server.kill()
        server.join()
    size = len(bodies(1)[0]) / 1000
    print(f"{options.endpoints} vLLM endpoints of {size:.0f} kB and {options.gpus} GPUs every {INTERVAL:g} s")
    print(f"  {'':12} {'best':>10} {'median':>10}   of a core: best, median of {options.rounds}")
    figures = {}
    for kind, seconds in found.items():
        best, middle = min(seconds), statistics.median(seconds)
        print(
            f"  {kind:12} {best * 1e3:7.2f} ms {middle * 1e3:7.2f} ms   {best / INTERVAL:6.2%} {middle / INTERVAL:6.2%}"
        )
        figures[kind] = {"best_seconds": best, "median_seconds": middle, "share": middle / INTERVAL}
    keep(options.json, "engines", {**figures, "endpoints": options.endpoints, "gpus": options.gpus})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
