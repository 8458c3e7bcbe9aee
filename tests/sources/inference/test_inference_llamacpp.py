"""A real llama.cpp server under a load of which everything is known."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from serving import PROFILES

from perf_tui.config.schema import Target
from perf_tui.demo.model import missing
from perf_tui.engine.source import Derived, SourceError
from perf_tui.measures.engines import Engine
from perf_tui.measures.model import Status, Value, series
from perf_tui.sources.scrape.engines import EVERY
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import ScrapeSource

MISSING = missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
SLOTS, SLOT_CONTEXT = 2, 2048
REQUESTS, TOKENS = 4, 800
PROMPT = "the cache of it "


@asynccontextmanager
async def llamacpp(folder: Path, *options: str) -> AsyncIterator[str]:
    """The address of a server that has loaded its model."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "perf_tui.demo.model", str(folder), str(port), *options,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                assert process.returncode is None, "the server ended"
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{url}/health") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.1)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@asynccontextmanager
async def watching(url: str, path: str = "/metrics") -> AsyncIterator[ScrapeSource]:
    """An open source of its metrics."""
    source = ScrapeSource(Target(name="llm", url=url + path), PROFILES, Fetcher(), 60.0, 2.0)
    await source.open()
    try:
        yield source
    finally:
        await source.close()


@dataclass
class Client:
    """One request, whose tokens are counted as they arrive."""

    tokens: int = 0
    prompt: int = 0

    async def run(self, session: aiohttp.ClientSession, url: str) -> None:
        """Send it and read the answer to its end."""
        question = {
            "prompt": PROMPT, "n_predict": TOKENS, "ignore_eos": True, "stream": True, "timings_per_token": True,
        }  # fmt: skip
        async with session.post(f"{url}/completion", json=question) as answer:
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    piece = json.loads(line[6:])
                    self.tokens = max(self.tokens, piece.get("timings", {}).get("predicted_n", 0))
                    self.prompt = piece.get("tokens_evaluated", self.prompt)


@asynccontextmanager
async def ended(task: "asyncio.Future[list[None]]") -> AsyncIterator[None]:
    """The task does not outlive the block."""
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Watch:
    """Scrapes, and what the rates of tokens add up to."""

    def __init__(self, source: ScrapeSource) -> None:
        self.source = source
        self.derived = Derived()
        self.counted = 0.0
        self._at: float | None = None

    async def scrape(self) -> None:
        """One more."""
        reading = await self.source.read()
        self.derived = self.source.derive(reading, reading.at)
        self.derived = Derived(list(self.derived.samples), self.derived.tables)
        if self._at is not None:
            self.counted += (self.value("ai.tokens.generation").number or 0.0) * (reading.at - self._at)
        self._at = reading.at

    def value(self, measure: str, **labels: str) -> Value:
        """A measure of the only model."""
        return dict(self.derived.samples)[series(measure, engine="llm", model="tiny", **labels)]

    @property
    def engine(self) -> Engine:
        """Its row."""
        rows = self.derived.tables["engines"]
        assert isinstance(rows, tuple)
        assert isinstance(rows[0], Engine)
        return rows[0]


async def test_a_known_load_is_measured(tmp_path: Path) -> None:
    clients = [Client() for _ in range(REQUESTS)]
    async with llamacpp(tmp_path) as url, watching(url) as source, aiohttp.ClientSession() as session:
        watch = Watch(source)
        for _ in range(2):
            await watch.scrape()
        assert watch.value("ai.context.limit").number == SLOT_CONTEXT
        assert watch.value("ai.requests.running").number == 0.0
        assert watch.value("ai.context.utilization").status is Status.IDLE
        assert watch.value("ai.cache.hit").status is Status.IDLE

        load = asyncio.gather(*(client.run(session, url) for client in clients))
        states: set[tuple[float | None, float | None]] = set()
        slots = arrived = 0
        async with asyncio.timeout(60), ended(load):
            while not load.done():
                # A request that ends between counters and slots is told by neither until the next scrape.
                before, arrived = arrived, sum(client.tokens for client in clients)
                await watch.scrape()
                assert watch.counted >= 0.97 * before, "what has arrived was counted"
                running, waiting = (watch.value(f"ai.requests.{id}").number for id in ("running", "waiting"))
                states.add((running, waiting))
                slots += check_slots(watch)
                await asyncio.sleep(0.1)
            await load
            await watch.scrape()
            while watch.value("ai.requests.running").number:
                await watch.scrape()
            for _ in range(EVERY):  # until details are worked out again
                await watch.scrape()
        assert [client.tokens for client in clients] == [TOKENS] * REQUESTS
        assert watch.counted == pytest.approx(REQUESTS * TOKENS, rel=0.03)
        assert (SLOTS, REQUESTS - SLOTS) in states, "two run while two wait"
        assert all((running or 0) <= SLOTS for running, _ in states)
        assert slots, "slots were seen at work"
        prompts = sum(client.prompt for client in clients)
        assert watch.value("ai.cache.hit").status is Status.OK
        assert watch.engine.detail("kv_cache.capacity").number == SLOTS * SLOT_CONTEXT
        assert watch.engine.detail("batch.tokens").number == pytest.approx(SLOTS, rel=0.15)
        assert prompts == REQUESTS * clients[0].prompt
        assert (watch.engine.engine, watch.engine.model, watch.engine.profile) == ("llm", "tiny", "llama.cpp server")


def check_slots(watch: Watch) -> int:
    """Compare what slots hold with what they have generated; returns how many are at work."""
    slots = watch.engine.slots
    assert [slot.id for slot in slots] == ["0", "1"]
    assert {slot.limit for slot in slots} == {float(SLOT_CONTEXT)}
    busy = [slot for slot in slots if slot.state == "processing" and slot.generated]
    for slot in busy:
        assert slot.used is not None
        assert slot.generated is not None
        assert 0 < slot.used - slot.generated < 40, "the prompt and what was generated"
        assert slot.remaining == TOKENS - slot.generated
    if busy:
        shares = [slot.share for slot in slots if slot.state == "processing" and slot.share is not None]
        assert watch.value("ai.context.utilization").number == pytest.approx(max(shares))
        held = sum(slot.used or 0.0 for slot in slots if slot.state == "processing")
        assert watch.value("ai.kv_cache.utilization").number == pytest.approx(held / (SLOTS * SLOT_CONTEXT))
        running = watch.value("ai.requests.running").number or 0.0
        assert watch.value("ai.batch.efficiency").number == running / SLOTS
    return len(busy)


async def test_metrics_that_are_off_are_said_with_what_switches_them_on(tmp_path: Path) -> None:
    async with llamacpp(tmp_path, "--no-metrics") as url, watching(url) as source:
        with pytest.raises(SourceError, match="--metrics switches them on"):
            await source.read()
