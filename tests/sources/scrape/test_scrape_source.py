"""A target from the socket to its measures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakes import Clock
from hostile import Answer, Request, Writer, page, routes, serve
from scraping import CAPTURES, PROFILES

from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.config.schema import Target
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Derived, SourceError
from perf_tui.measures.model import Status, series
from perf_tui.measures.services import Service
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import ScrapeSource
from perf_tui.sources.scrape.targets import check_profiles


@asynccontextmanager
async def watched(answer: Answer, clock: Clock | None = None, **settings: Any) -> AsyncIterator[ScrapeSource]:
    """An open source of a server that answers so."""
    time = clock or Clock()
    async with serve(answer) as server:
        target = Target(name="shop", url=server.url(), **settings)
        source = ScrapeSource(target, PROFILES, Fetcher(), 60.0, 2.0, monotonic=time, wall=time.wall)
        await source.open()
        try:
            yield source
        finally:
            await source.close()


async def once(source: ScrapeSource) -> Derived:
    reading = await source.read()
    return source.derive(reading, reading.at)


def number(derived: Derived, measure: str, **labels: str) -> float | None:
    return dict(derived.samples)[series(measure, service="shop", **labels)].number


def notices(derived: Derived) -> str:
    rows = derived.tables["services"]
    assert isinstance(rows, tuple)
    row = rows[0]
    assert isinstance(row, Service)
    return " | ".join(row.notices)


async def test_two_scrapes_make_rates_and_latencies(clock: Clock) -> None:
    text = (CAPTURES / "py_instrumentator.prom").read_text()
    later = text.replace('status="2xx"} 5.0', 'status="2xx"} 25.0').replace(
        "_highr_seconds_count 9.0", "_highr_seconds_count 29.0"
    )
    later = later.replace('"} 9.0', '"} 29.0')
    pages = [text, later]

    async def answer(request: Request, writer: Writer) -> None:
        await page(pages.pop(0))(request, writer)

    async with watched(answer, clock) as source:
        first = await once(source)
        assert dict(first.samples)[series("app.request.rate", service="shop")].status is Status.PENDING
        assert source.recognised.startswith("prometheus-fastapi-instrumentator")
        clock.advance(4.0)
        second = await once(source)
    assert number(second, "app.request.rate") == pytest.approx(5.0, rel=0.05)  # the answer itself takes a moment
    assert number(second, "app.request.duration", stat="p50") == pytest.approx(0.005)
    assert number(second, "app.error.total") == 0.0


async def test_what_is_no_metric_at_all_is_refused_with_its_first_line() -> None:
    async with watched(page("# a page in Markdown\n\nHello *there*\n")) as source:
        with pytest.raises(SourceError, match=r"nothing in its answer is a metric; the first line: Hello \*there\*"):
            await source.read()


async def test_metrics_that_turn_into_something_else_are_refused() -> None:
    pages = [
        "# TYPE flask_http_request_total counter\nflask_http_request_total 1\n",
        "# out of order\n\nCome back later\n",
    ]

    async def answer(request: Request, writer: Writer) -> None:
        await page(pages.pop(0))(request, writer)

    async with watched(answer) as source:
        await source.read()
        with pytest.raises(SourceError, match="Come back later"):
            await source.read()


async def test_an_endpoint_with_nothing_to_say_yet_is_well() -> None:
    async with watched(page("")) as source:
        assert "no profile recognises" in notices(await once(source))


async def test_bytes_that_are_not_utf8_are_said() -> None:
    body = b'flask_exporter_info{version="\xff"} 1\nflask_http_request_total{method="GET",status="200"} 1\n'
    async with watched(page(body)) as source:
        assert "it is not UTF-8" in notices(await once(source))


async def test_the_content_type_decides_how_it_is_read() -> None:
    body = 'flask_exporter_info{version="1"} 1\nflask_http_request_total{method="GET",status="200"} 1 # {} 0.5\n'
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    async with watched(page(body + "# EOF\n", content_type=kind)) as source:
        assert "reject" not in notices(await once(source))
    async with watched(page(body, content_type="text/plain; version=0.0.4")) as source:
        assert "an exemplar, which only OpenMetrics has" in notices(await once(source))


async def test_a_large_body_lets_others_have_their_turn() -> None:
    body = "".join(f'flask_http_request_total{{method="GET",status="{code}"}} 1\n' for code in range(15_000))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with watched(page('flask_exporter_info{version="1"} 1\n' + body)) as source:
        task = asyncio.create_task(other())
        reading = await source.read()
        task.cancel()
    assert reading.scrape.lines == 15_001
    assert turns >= 4


async def test_a_target_may_be_asked_less_often_and_with_another_path() -> None:
    async with watched(routes(metrics=page()), interval=10.0, timeout=3.0) as source:
        assert source.every == 5
        assert source.deadline > 3.0


async def test_services_of_several_targets_stand_in_one_table() -> None:
    body = (CAPTURES / "nginx_exporter_0.11.0.prom").read_text()
    async with serve(page(body)) as server:
        fetcher = Fetcher()
        targets = [Target(name=name, url=server.url()) for name in ("a", "b")]
        engine = Engine([ScrapeSource(target, PROFILES, fetcher, 60.0, 2.0) for target in targets], interval=0.1)
        async with asyncio.timeout(20):
            names: set[str] = set()
            while names != {"a", "b"}:
                snapshot = await engine.tick()
                rows = snapshot.tables.get("services", ())
                assert isinstance(rows, tuple)
                names = {row.name for row in rows}
                await asyncio.sleep(0)
        engine.stop()
        await engine.run()


def test_a_profile_that_there_is_not_is_a_mistake_in_the_configuration() -> None:
    config = parse({"targets": [{"name": "a", "url": "http://x", "profile": "cady"}]}, "file")
    with pytest.raises(
        ConfigError, match=r"file: targets\[0\].profile: there is no profile 'cady'; the nearest is caddy"
    ):
        check_profiles(config, load_all(), "file")
