"""Real services under a known load: counts exact, rates within 2 %, quantiles within one bucket of the truth."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp
import pytest
from real import CODES, REQUESTS, drive, needs, quantiles, scrape, service, value, watching, within_one_bucket

from perf_tui.engine.source import Derived
from perf_tui.measures.model import Status
from perf_tui.measures.services import Service
from perf_tui.sources.scrape.source import Reading, ScrapeSource

FASTAPI = pytest.param(
    "fastapi_app.py",
    "prometheus-fastapi-instrumentator",
    marks=needs("fastapi", "uvicorn", "prometheus_fastapi_instrumentator"),
    id="fastapi",
)
STARLETTE = pytest.param(
    "starlette_app.py", "starlette_exporter", marks=needs("starlette", "uvicorn", "starlette_exporter"), id="starlette"
)
FLASK = pytest.param(
    "flask_app.py", "prometheus-flask-exporter", marks=needs("flask", "prometheus_flask_exporter"), id="flask"
)


def row_of(derived: Derived) -> Service:
    """The service's row."""
    rows = derived.tables["services"]
    assert isinstance(rows, tuple)
    assert isinstance(rows[0], Service)
    return rows[0]


@pytest.mark.parametrize(("app", "title"), [FASTAPI, STARLETTE, FLASK])
async def test_a_known_load_is_measured(app: str, title: str) -> None:
    async with service(app) as url, watching(url) as source:
        await scrape(source)
        # The first request of each kind is slower: imports, thread pools. It is not part of the load.
        async with aiohttp.ClientSession() as session:
            for path in ("/wait/1", "/status/404", "/status/500", "/status/504"):
                await (await session.get(url + path)).read()
        clock = [time.monotonic()]
        before, _ = await scrape(source)
        clock.append(time.monotonic())
        took = await drive(url)
        clock.append(time.monotonic())
        after, derived = await scrape(source)
        clock.append(time.monotonic())

    assert source.recognised.startswith(title)
    rate = value(derived, "app.request.rate").number
    assert rate is not None
    assert rate * (after.at - before.at) == pytest.approx(REQUESTS), "counted exactly"
    # Each scrape was answered at some moment between two readings of this clock.
    least, most = REQUESTS / (clock[3] - clock[0]), REQUESTS / (clock[2] - clock[1])
    assert least * 0.98 < rate < most * 1.02

    # The window holds the load and the four requests before it.
    whole = REQUESTS + 4
    shares = {
        "client": (CODES.count(404) + 1) / whole,
        "server": (CODES.count(500) + CODES.count(504) + 2) / whole,
        "timeout": (CODES.count(504) + 1) / whole,
        "total": (len(CODES) + 3) / whole,
    }
    assert {kind: value(derived, f"app.error.{kind}").number for kind in shares} == pytest.approx(shares)

    row = row_of(derived)
    assert row.buckets is not None
    for stat, true in quantiles(took).items():
        found = value(derived, "app.request.duration", stat=stat)
        assert found.number is not None
        assert within_one_bucket(found.number, true, row.buckets.bounds), (stat, found, true)
    mean = value(derived, "app.request.duration", stat="mean").number
    assert mean == pytest.approx(sum(took) / len(took), rel=0.25), (
        "the exporter measures a little more than the handler"
    )

    routes = {route.name.replace("<int:", "{").replace(">", "}"): route for route in row.routes}
    assert routes["GET /wait/{milliseconds}"].errors.number == 0.0
    assert routes["GET /status/{code}"].errors.number == 1.0
    assert next(iter(routes)) == "GET /wait/{milliseconds}", "it took the most time"
    assert not [name for name in routes if "metrics" in name]


@pytest.mark.parametrize(("app", "title"), [FASTAPI, STARLETTE])
async def test_requests_in_flight(app: str, title: str) -> None:
    async with service(app) as url, watching(url) as source, aiohttp.ClientSession() as session:
        await (await session.get(url + "/wait/1")).read()
        _, derived = await scrape(source)
        assert value(derived, "app.request.active").number == 0.0, "the scrape itself does not count"
        held = [asyncio.create_task(session.get(url + "/hold")) for _ in range(3)]
        async with asyncio.timeout(20):
            active = 0.0
            while active < 3:  # until the three have arrived
                _, derived = await scrape(source)
                active = value(derived, "app.request.active").number or 0.0
        assert active == 3.0
        await (await session.get(url + "/release")).read()
        for task in held:
            (await task).release()
        _, derived = await scrape(source)
        assert value(derived, "app.request.active").number == 0.0


@needs("flask", "prometheus_flask_exporter")
async def test_before_the_first_request_nothing_is_counted_and_nothing_is_wrong() -> None:
    async with service("flask_app.py") as url, watching(url) as source:
        _, derived = await scrape(source)
        assert source.recognised.startswith("prometheus-flask-exporter")
        assert value(derived, "app.request.rate").status is Status.IDLE
        assert value(derived, "app.request.active").status is Status.ABSENT


async def both(url: str, source: ScrapeSource) -> AsyncGenerator[tuple[Reading, Derived], None]:
    """Scrapes of two workers: while one is blocked, the other answers; a connection is kept for some scrapes."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        for _ in range(24):
            blocked = asyncio.create_task(session.get(url + "/block/800"))
            try:
                await asyncio.sleep(0.1)
                for _ in range(3):  # workers that were asked as often as each other may look alike
                    await (await session.get(url + "/release")).read()
                for _ in range(4):
                    yield await scrape(source)
            finally:
                (await blocked).release()
            for _ in range(4):
                yield await scrape(source)


@needs("fastapi", "uvicorn", "prometheus_fastapi_instrumentator")
async def test_two_workers_that_answer_in_turn_are_counted_together() -> None:
    command = ("-m", "uvicorn", "fastapi_app:app", "--workers", "2", "--host", "127.0.0.1", "--port", "PORT")
    async with service(*command) as url, watching(url) as source, asyncio.timeout(90):
        began, notices = 0.0, ""
        async with aclosing(both(url, source)) as scrapes:
            async for reading, derived in scrapes:
                before, notices = notices, " ".join(row_of(derived).notices)
                if "several worker processes" in notices and "several" not in before:
                    began = reading.at  # the window begins anew
                if "(2 so far)" in notices:
                    break
            else:
                pytest.skip("the kernel gave nearly every connection to the same worker")
        await drive(url)
        async with aclosing(both(url, source)) as scrapes:
            async for reading, derived in scrapes:
                counted = {
                    route.name: (route.rate.number or 0.0) * (reading.at - began)
                    for route in row_of(derived).routes
                    if route.name.startswith(("GET /wait", "GET /status"))
                }
                if sum(counted.values()) > REQUESTS - 0.5:
                    break
    assert sum(counted.values()) == pytest.approx(REQUESTS), "each once"
    assert counted["GET /status/{code}"] == pytest.approx(len(CODES))
