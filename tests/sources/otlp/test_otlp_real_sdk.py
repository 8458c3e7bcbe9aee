"""The real OpenTelemetry SDK pushes, in both temporalities; the oracle is what was handed to it."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk.metrics", reason="the OpenTelemetry SDK is not installed")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="its OTLP exporter is not installed")

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, UpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

from perf_tui.measures.model import Value
from perf_tui.measures.workers import sightings
from perf_tui.sources.otlp.source import Options, OtlpSource, Reading

RESOURCE = Resource({"service.name": "shop"})
NEVER = 1e9


@contextmanager
def receiving() -> Iterator[OtlpSource]:
    """A receiver on a thread of its own, as in the program."""
    source = OtlpSource(Options("127.0.0.1", 0))
    ready, over = Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        await source.open()
        ready.set()
        await over.wait()
        await source.close()

    thread = Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait(10)
    try:
        yield source
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def values(source: OtlpSource) -> dict[str, Value]:
    return {
        str(sample.series): sample.value for sample in source.derive(Reading(time.time()), time.monotonic()).samples
    }


def provider(source: OtlpSource, temporality: Any, *views: View) -> MeterProvider:
    exporter = OTLPMetricExporter(
        f"http://127.0.0.1:{source.port}/v1/metrics", compression=Compression.Gzip,
        preferred_temporality=dict.fromkeys((Counter, Histogram, UpDownCounter), temporality),
    )  # fmt: skip
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER)
    return MeterProvider([reader], RESOURCE, views=views, shutdown_on_exit=False)


TEMPORALITIES = [AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE]


@pytest.mark.parametrize("exponential", [False, True], ids=["explicit", "exponential"])
@pytest.mark.parametrize("temporality", TEMPORALITIES, ids=["delta", "cumulative"])
def test_requests_of_a_service(temporality: Any, exponential: bool) -> None:
    chance = random.Random(3)
    views = (
        [View(instrument_name="http.server.request*", aggregation=ExponentialBucketHistogramAggregation())]
        if exponential
        else []
    )
    every: list[float] = []
    with receiving() as source:
        meters = provider(source, temporality, *views)
        meter = meters.get_meter("shop")
        duration = meter.create_histogram(
            "http.server.request.duration", "s", explicit_bucket_boundaries_advisory=[0.01, 0.05, 0.1, 0.5, 1.0]
        )
        active = meter.create_up_down_counter("http.server.active_requests")
        for _ in range(5):
            for place in range(40):
                seconds = chance.lognormvariate(-3, 1)
                every.append(seconds)
                status = 500 if place % 10 == 0 else 200
                duration.record(seconds, {"http.route": "/a", "http.response.status_code": status})
            active.add(1, {"http.request.method": "GET"})
            assert meters.force_flush()
            values(source)
        found = values(source)
        meters.shutdown()
    assert found["app.request.duration{service=shop, stat=mean}"].number == pytest.approx(statistics.fmean(every))
    assert found["app.error.server{service=shop}"].number == pytest.approx(0.1)
    if exponential:
        median = found["app.request.duration{service=shop, stat=p50}"].number
        assert median == pytest.approx(statistics.median(every), rel=0.1)  # 160 buckets over all of them
    in_flight = found["app.request.active{service=shop}"].number
    # In delta temporality the SDK sends up-down counters as it is told here, too.
    assert in_flight == 5.0


@pytest.mark.parametrize("temporality", TEMPORALITIES, ids=["delta", "cumulative"])
def test_tokens_of_an_agent_over_a_restart(temporality: Any) -> None:
    total = 0
    with receiving() as source:
        for run in range(2):
            meters = provider(source, temporality)
            counter = meters.get_meter("com.anthropic.claude_code").create_counter("claude_code.token.usage")
            for step in range(5):
                counter.add(100 * run + step, {"type": "output", "session.id": "s1", "user.id": "somebody"})
                total += 100 * run + step
                assert meters.force_flush()
            meters.shutdown()
        (worker,) = sightings(source.derive(Reading(time.time()), time.monotonic()).tables)
    assert worker.usage is not None
    assert worker.usage.output == total


def test_events() -> None:
    with receiving() as source:
        exporter = OTLPLogExporter(f"http://127.0.0.1:{source.port}/v1/logs")
        logs = LoggerProvider(RESOURCE, shutdown_on_exit=False)
        logs.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        logger = logs.get_logger("judge")
        for score in (0.25, 0.75):
            logger.emit(
                event_name="gen_ai.evaluation.result",
                attributes={"gen_ai.evaluation.name": "right", "gen_ai.evaluation.score.value": score},
            )
        logger.emit(event_name="claude_code.user_prompt", attributes={"session.id": "s1"})
        logs.shutdown()
        derived = source.derive(Reading(time.time()), time.monotonic())
    (row,) = derived.tables["quality"]  # type: ignore[misc]
    assert (row.engine, row.drift.baseline.n, row.drift.baseline.mean) == ("shop", 2, 0.5)
    assert [worker.word for worker in sightings(derived.tables)] == ["user_prompt"]
