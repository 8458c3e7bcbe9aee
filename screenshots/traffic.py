"""Requests for the pictures: `python -m screenshots.traffic shop|search|chat PORT SECONDS`, on loopback alone.

shop and search ask a web service of the tests, mostly quickly, sometimes slowly or in vain; chat asks a model
server with prompts that begin alike. Each ends after SECONDS.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time

import aiohttp

_AT_ONCE = {"shop": 6, "search": 3, "chat": 4}


async def ask(session: aiohttp.ClientSession, base: str, kind: str) -> None:
    """One request after the other; errors are answers like any other."""
    trouble = (time.time() % 60) > 40 and kind == "shop"
    if kind == "chat":
        prompt = "It is of the tone of the a " * random.randint(2, 12) + str(random.random())
        body = {"prompt": prompt, "n_predict": random.randint(20, 80), "cache_prompt": True}
        async with session.post(f"{base}/completion", json=body) as answer:
            await answer.read()
        return
    path = random.choices(
        [f"/wait/{int(random.lognormvariate(2.4 + trouble, 0.7))}", "/status/404", "/status/500", "/status/504"],
        [100, 1, 12 if trouble else 0.1, 6 if trouble else 0],
    )[0]
    async with session.get(base + path) as answer:
        await answer.read()
    await asyncio.sleep(random.uniform(0.0, 0.12))


async def drive(kind: str, port: int, seconds: float) -> None:
    """Keep several requests under way."""
    end = time.monotonic() + seconds

    async def one(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < end:
            try:
                await ask(session, f"http://127.0.0.1:{port}", kind)
            except aiohttp.ClientError:
                await asyncio.sleep(0.5)  # it is still starting

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session) for _ in range(_AT_ONCE[kind])))


if __name__ == "__main__":
    asyncio.run(drive(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
