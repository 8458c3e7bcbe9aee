"""A FastAPI service with the instrumentator: `python fastapi_app.py PORT`."""

import asyncio
import sys
import time

import uvicorn
from fastapi import FastAPI, Response
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
released = asyncio.Event()


@app.get("/wait/{milliseconds}")
async def wait(milliseconds: int, response: Response) -> None:
    began = time.monotonic()
    await asyncio.sleep(milliseconds / 1000)
    response.headers["X-Took"] = str(time.monotonic() - began)


@app.get("/block/{milliseconds}")
async def block(milliseconds: int) -> None:
    time.sleep(milliseconds / 1000)  # noqa: ASYNC251  (nobody else is to be served)


@app.get("/status/{code}")
async def status(code: int) -> Response:
    return Response(status_code=code)


@app.get("/hold")
async def hold() -> None:
    await released.wait()


@app.get("/release")
async def release() -> None:
    released.set()


Instrumentator(should_group_status_codes=False, should_instrument_requests_inprogress=True).instrument(app).expose(app)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
