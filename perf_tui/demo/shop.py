"""`python -m perf_tui.demo.shop PORT --pricing URL [--model URL] [--log FILE]`: a web shop.

It asks the pricing service for prices and the model server for words. Its own levers are `delay` and
`failing`; what is wrong with those that it asks becomes its own trouble by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from perf_tui.demo.chat import body_of
from perf_tui.demo.web import Service

ITEMS = 500
"""Items that there are; others are not found."""
DEADLINE = 5.0
"""Seconds for those that it asks."""
_SLOW, _BROKEN = 0.004, 0.001
"""Shares of requests that are slow, or fail, on a good day."""


class Shop:
    """The routes."""

    def __init__(self, service: Service, pricing: str, model: str | None) -> None:
        self._levers = service.levers
        self._pricing, self._model = pricing, model
        self._session: aiohttp.ClientSession | None = None
        service.app.cleanup_ctx.append(self._asking)
        router = service.app.router
        router.add_get("/", self.home)
        router.add_get("/items/{item}", self.item)
        router.add_get("/search", self.search)
        router.add_post("/cart", self.cart)
        if model:
            router.add_post("/ask", self.ask)

    async def _asking(self, app: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=DEADLINE)
        async with aiohttp.ClientSession(timeout=timeout) as self._session:
            yield

    async def home(self, request: web.Request) -> web.Response:
        """Asks nobody."""
        await self._as_usual()
        return web.Response(text="welcome")

    async def item(self, request: web.Request) -> web.Response:
        """One item with its price; 404 for one that there is not."""
        await self._as_usual()
        number = request.match_info["item"]
        if not number.isdecimal() or int(number) >= ITEMS:
            raise web.HTTPNotFound(text="no such item")
        return web.json_response(await self._price(number))

    async def search(self, request: web.Request) -> web.Response:
        """Finds items by going through all of them."""
        await self._as_usual()
        wanted = request.query.get("q", "")
        found = [n for n in range(ITEMS) if hashlib.sha256(f"item {n}".encode()).hexdigest().startswith(wanted)]
        return web.json_response(found[:20])

    async def cart(self, request: web.Request) -> web.Response:
        """Two prices, one after the other."""
        await self._as_usual()
        first, second = [await self._price(str(random.randrange(ITEMS))) for _ in range(2)]
        return web.json_response([first, second])

    async def ask(self, request: web.Request) -> web.Response:
        """A question to the model."""
        await self._as_usual()
        assert self._session is not None
        question = (await request.text())[:200]
        try:
            async with self._session.post(
                f"{self._model}/v1/chat/completions", json=body_of("SHOP", [question], 60)
            ) as answer:
                told = await answer.json()
                return web.json_response(told["choices"][0]["message"]["content"])
        except TimeoutError:
            raise web.HTTPGatewayTimeout(text="the model takes too long") from None
        except (aiohttp.ClientError, KeyError):
            raise web.HTTPBadGateway(text="the model does not answer") from None

    async def _price(self, item: str) -> object:
        assert self._session is not None
        try:
            async with self._session.get(f"{self._pricing}/prices/{item}") as answer:
                if answer.status != 200:
                    raise web.HTTPBadGateway(text="no price")
                return await answer.json()
        except TimeoutError:
            raise web.HTTPGatewayTimeout(text="the price takes too long") from None
        except aiohttp.ClientError:
            raise web.HTTPBadGateway(text="nobody knows the price") from None

    async def _as_usual(self) -> None:
        """What befalls any request: a few are slow and fewer fail, more of both by the levers."""
        await asyncio.sleep(random.expovariate(1 / 0.003) + self._levers.delay)
        if random.random() < _SLOW:
            await asyncio.sleep(random.uniform(0.2, 0.6))
        if random.random() < _BROKEN or self._levers.fails():
            raise web.HTTPInternalServerError(text="it broke")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--pricing", required=True, metavar="URL")
    parser.add_argument("--model", metavar="URL")
    parser.add_argument("--log", metavar="FILE", help="its access log")
    chosen = parser.parse_args()
    service = Service(chosen.log)
    Shop(service, chosen.pricing, chosen.model)
    service.run(chosen.port)


if __name__ == "__main__":
    main()
