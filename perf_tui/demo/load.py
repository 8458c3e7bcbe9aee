"""`python -m perf_tui.demo.load --shop URL [--tasks URL] [--model URL]`: who uses the shop, and who hands out tasks.

Requests come as they like, whatever became of those before, in slow waves. The levers: `rate` (requests
per second, in the middle) and `flood` (so many clients keep asking the model server with prompts that fill
its slots).
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp

from perf_tui.demo import leash
from perf_tui.demo.chat import body_of
from perf_tui.demo.roles import ROLES

MOST = 60
"""Requests under way at a time; those beyond are not made, as by a proxy with that many connections."""
PATIENCE = 10.0
"""Seconds after which somebody who waits for the shop goes away."""
_WAVES = ((97.0, 0.25), (31.0, 0.12))
"""Periods in seconds, and how far the rate goes up and down in them."""
_FLOOD_PROMPT, _FLOOD_TOKENS = 660, 200
"""Bytes, which are tokens here, of a prompt of the flood, and tokens of its answer: together nearly a whole slot."""


class Load:
    """What runs."""

    def __init__(self, shop: str, tasks: str | None, model: str | None, rate: float, tasks_rate: float) -> None:
        self._shop, self._tasks, self._model = shop, tasks, model
        self._rate, self._tasks_rate = rate, tasks_rate
        self._flood = 0
        self._flooding: set[asyncio.Task[None]] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def pull(self, levers: Mapping[str, Any]) -> None:
        """Move the levers that are named; from any thread."""
        self._rate = float(levers.get("rate", self._rate))
        if "flood" in levers and self._loop is not None:
            self._flood = int(levers["flood"])
            self._loop.call_soon_threadsafe(self._drown)

    async def run(self) -> None:
        """For ever."""
        self._loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as self._session:
            jobs = [self._arrive(self._visit, lambda: self._rate)]
            if self._tasks:
                jobs.append(self._arrive(self._hand_out, lambda: self._tasks_rate))
            await asyncio.gather(*jobs)

    async def _arrive(self, begin: Any, rate: Any) -> None:
        began = time.monotonic()
        while True:
            wave = 1 + sum(
                size * math.sin(2 * math.pi * (time.monotonic() - began) / period) for period, size in _WAVES
            )
            await asyncio.sleep(random.expovariate(max(0.01, rate() * wave)))
            if len(self._under_way) < MOST:
                task = asyncio.create_task(begin())
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _visit(self) -> None:
        """One request to the shop."""
        kind = random.random()
        if kind < 0.15:
            await self._ask("GET", "/")
        elif kind < 0.70:
            await self._ask("GET", f"/items/{random.randrange(503)}")  # the last three do not exist
        elif kind < 0.85:
            await self._ask("GET", f"/search?q={random.choice('0123456789abcdef')}")
        elif kind < 0.98 or not self._model:
            await self._ask("POST", "/cart")
        else:
            await self._ask("POST", "/ask", f"What is item {random.randrange(500)} good for?")

    async def _ask(self, method: str, path: str, words: str = "") -> None:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.request(method, self._shop + path, data=words or None) as answer:
                await answer.read()

    async def _hand_out(self) -> None:
        """One task for a worker; now and then one that nobody can read."""
        role = random.choice(ROLES)
        task = {"role": role.name, "name": random.choice(role.tasks), "turns": random.randint(2, 5)}
        if random.random() < 0.01:
            del task["turns"]
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.post(f"{self._tasks}/tasks", json=task) as answer:
                await answer.read()

    def _drown(self) -> None:
        if not self._model:
            return
        while len(self._flooding) < self._flood:
            task = asyncio.create_task(self._pour())
            self._flooding.add(task)
            task.add_done_callback(self._flooding.discard)
        for task in list(self._flooding)[self._flood :]:
            task.cancel()

    async def _pour(self) -> None:
        """Ask the model server again and again for as long as it can."""
        while True:
            prompt = "".join(random.choices("aeotn ", k=_FLOOD_PROMPT))
            body = body_of("SHOP", [prompt], _FLOOD_TOKENS, to_the_end=True)
            try:
                async with self._session.post(
                    f"{self._model}/v1/chat/completions", json=body, timeout=aiohttp.ClientTimeout(total=60)
                ) as answer:
                    await answer.read()
                    well = answer.status == 200
            except (aiohttp.ClientError, TimeoutError):
                well = False
            if not well:
                await asyncio.sleep(1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", required=True, metavar="URL")
    parser.add_argument("--tasks", metavar="URL", help="the queue")
    parser.add_argument("--model", metavar="URL")
    parser.add_argument("--rate", type=float, default=25.0, help="requests to the shop per second (default 25)")
    parser.add_argument("--tasks-rate", type=float, default=1.0, help="tasks per second (default 1)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    random.seed(chosen.seed)
    load = Load(chosen.shop, chosen.tasks, chosen.model, chosen.rate, chosen.tasks_rate)
    leash.hold(load.pull)
    asyncio.run(load.run())


if __name__ == "__main__":
    main()
