"""Real services in processes of their own, and a load of which everything is known."""

import asyncio
import contextlib
import importlib.util
import socket
import statistics
import sys
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from scraping import PROFILES

from perf_tui.config.schema import Target
from perf_tui.engine.source import Derived
from perf_tui.measures.model import Value, series
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import Reading, ScrapeSource

SERVICES = Path(__file__).parent / "services"
# 180 well: most in 20 ms, some in 80, few in 300; 20 not: half the client's fault, a quarter timeouts.
WAITS = [20] * 140 + [80] * 30 + [300] * 10
CODES = [404] * 10 + [500] * 5 + [504] * 5
REQUESTS = len(WAITS) + len(CODES)
AT_ONCE = 8


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skips a test with a clear word where a package is missing."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)} (dependency group real)")


@asynccontextmanager
async def service(*command: str) -> AsyncIterator[str]:
    """The address of a service that runs `python COMMAND PORT` until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(port) if word == "PORT" else word for word in (*command, *(() if "PORT" in command else ("PORT",)))]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=SERVICES, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            while process.returncode is None:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
            else:
                assert process.stderr is not None
                pytest.fail(f"the service ended: {(await process.stderr.read()).decode()[-2000:]}")
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[ScrapeSource]:
    """An open source of the service's metrics."""
    source = ScrapeSource(Target(name="shop", url=f"{url}/metrics"), PROFILES, Fetcher(), 60.0, 2.0)
    await source.open()
    try:
        yield source
    finally:
        await source.close()


async def scrape(source: ScrapeSource) -> tuple[Reading, Derived]:
    """A reading, and what it comes to."""
    reading = await source.read()
    return reading, source.derive(reading, reading.at)


def value(derived: Derived, measure: str, **labels: str) -> Value:
    """A value that must be there."""
    return dict(derived.samples)[series(measure, service="shop", **labels)]


async def drive(url: str) -> list[float]:
    """Send the load; returns how long each request took, in seconds, as its handler says."""
    paths = [f"/wait/{wait}" for wait in WAITS] + [f"/status/{code}" for code in CODES]
    # spread evenly, so that they do not come in blocks: 77 has no divisor in common with 200
    paths = [paths[number * 77 % REQUESTS] for number in range(REQUESTS)]
    took: list[float] = []
    async with aiohttp.ClientSession() as session:

        async def send(share: Sequence[str]) -> None:
            for path in share:
                async with session.get(url + path) as answer:
                    await answer.read()
                    took.append(float(answer.headers.get("X-Took", 0.0)))

        async with asyncio.timeout(60):
            await asyncio.gather(*(send(paths[number::AT_ONCE]) for number in range(AT_ONCE)))
    return took


def quantiles(took: Sequence[float]) -> dict[str, float]:
    """The true p50, p95 and p99."""
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def within_one_bucket(found: float, true: float, bounds: Sequence[float]) -> bool:
    """Whether two numbers lie in the same bucket or in neighbouring ones."""
    return abs(bisect_left(bounds, found) - bisect_left(bounds, true)) <= 1
