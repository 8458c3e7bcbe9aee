"""What ten vLLM endpoints cost at 2 s: fetched over HTTP from another process, read, and turned into measures."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.options import keep
from perf_tui.config.schema import Target
from perf_tui.engine.engine import Engine
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import ScrapeSource

CAPTURE = Path(__file__).parents[1] / "tests" / "data" / "ai" / "vllm_v1_0.32.0_cpu_busy.prom"
INTERVAL = 2.0
VARIANTS = 50
"""Different bodies, each with every counter higher than in the one before."""


def bodies() -> list[bytes]:
    """The captured busy server at later and later moments."""
    lines = CAPTURE.read_text(encoding="utf-8").splitlines()
    kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    found = []
    for moment in range(VARIANTS):
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


def serve(answers: Connection) -> None:
    """Answer /NUMBER/metrics until the parent ends."""
    from aiohttp import web

    prepared = bodies()
    turns: dict[str, count[int]] = {}

    async def metrics(request: web.Request) -> web.Response:
        turn = next(turns.setdefault(request.path, count()))
        # after the last variant the first: the server was restarted
        return web.Response(body=prepared[turn % VARIANTS], content_type="text/plain")

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "tiny-random-llama", "max_model_len": 1024}]})

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{number}/metrics", metrics)
        app.router.add_get("/{number}/v1/models", models)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        answers.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


async def cost(port: int, endpoints: int, ticks: int) -> float:
    """Seconds of CPU of a tick of an engine with so many endpoints and nothing else."""
    fetcher, profiles = Fetcher(), load_all()
    sources = [
        ScrapeSource(
            Target(name=f"vllm {number}", url=f"http://127.0.0.1:{port}/{number}/metrics", max_batch=4),
            profiles, fetcher, 60.0, INTERVAL,
        )
        for number in range(endpoints)
    ]  # fmt: skip
    engine = Engine(sources, interval=INTERVAL)
    done = 0
    began = 0.0
    while done < ticks + VARIANTS:
        await engine.tick()
        await asyncio.sleep(0.02)  # what was late comes with the next tick, as it would
        done += 1
        if done == VARIANTS:  # recognised, connected, and with a window that is full of numbers
            began = time.process_time()
    spent = time.process_time() - began
    bad = [state for state in engine.store.snapshot.sources if state.error]
    assert not bad, bad
    for source in sources:
        await source.close()
    return spent / ticks


def main() -> int:
    """Print the share of a core."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks engines", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=10)
    parser.add_argument("--ticks", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as well")
    options, _ = parser.parse_known_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        port = here.recv()
        empty = asyncio.run(cost(port, 0, options.ticks))
        tick = asyncio.run(cost(port, options.endpoints, options.ticks))
    finally:
        server.kill()
        server.join()
    size = len(bodies()[0]) / 1000
    share = tick / INTERVAL
    print(f"{options.endpoints} vLLM endpoints of {size:.0f} kB every {INTERVAL:g} s")
    print(f"  a tick of the engine          {tick * 1000:8.2f} ms of CPU, {empty * 1000:.2f} ms of it without any")
    print(f"  an endpoint                   {(tick - empty) / max(1, options.endpoints) * 1000:8.2f} ms")
    print(f"  share of a core               {share:8.2%}")
    keep(options.json, "engines", {"tick_seconds": tick, "share": share, "endpoints": options.endpoints})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
