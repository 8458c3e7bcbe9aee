"""`python -m perf_tui.demo.pricing PORT`: the service that the shop depends on. Levers: `delay` and `failing`."""

from __future__ import annotations

import argparse
import asyncio
import random

from aiohttp import web

from perf_tui.demo.web import Service

USUAL = 0.004
"""Seconds that a price takes, in the middle; some take several times as long."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    chosen = parser.parse_args()
    service = Service()

    async def price(request: web.Request) -> web.Response:
        await asyncio.sleep(random.lognormvariate(0, 0.5) * USUAL + service.levers.delay)
        if service.levers.fails():
            raise web.HTTPInternalServerError(text="no price today")
        return web.json_response({"item": request.match_info["item"], "price": random.randrange(100, 9900) / 100})

    service.app.router.add_get("/prices/{item}", price)
    service.run(chosen.port)


if __name__ == "__main__":
    main()
