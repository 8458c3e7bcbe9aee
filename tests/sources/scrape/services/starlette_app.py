"""A Starlette service with starlette_exporter: `python starlette_app.py PORT`."""

import asyncio
import sys
import time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette_exporter import PrometheusMiddleware, handle_metrics

released = asyncio.Event()


async def wait(request: Request) -> Response:
    began = time.monotonic()
    await asyncio.sleep(int(request.path_params["milliseconds"]) / 1000)
    return Response(headers={"X-Took": str(time.monotonic() - began)})


async def status(request: Request) -> Response:
    return Response(status_code=int(request.path_params["code"]))


async def hold(request: Request) -> Response:
    await released.wait()
    return Response()


async def release(request: Request) -> Response:
    released.set()
    return Response()


app = Starlette(
    routes=[
        Route("/wait/{milliseconds}", wait),
        Route("/status/{code}", status),
        Route("/hold", hold),
        Route("/release", release),
        Route("/metrics", handle_metrics),
    ]
)
app.add_middleware(PrometheusMiddleware)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
