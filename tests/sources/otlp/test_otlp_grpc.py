"""The receiver over gRPC, with a real client."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

grpc = pytest.importorskip("grpc", reason="the extra otlp-grpc is not installed")

from grpc import aio  # noqa: E402
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse  # noqa: E402
from otlp_play import DELTA, counter, logs, metrics, number  # noqa: E402

from perf_tui.engine.source import SourceError  # noqa: E402
from perf_tui.measures.workers import sightings  # noqa: E402
from perf_tui.sources.otlp.limits import Limits  # noqa: E402
from perf_tui.sources.otlp.source import Options, OtlpSource  # noqa: E402
from perf_tui.sources.scrape.credentials import Credentials  # noqa: E402

SENDER = {"service.name": "claude-code"}
POINT = number({"session.id": "s1", "type": "output"}, 5)
REQUEST = metrics(SENDER, counter("claude_code.token.usage", [POINT], DELTA)).SerializeToString()
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@asynccontextmanager
async def receiving(limits: Limits | None = None, **options: Any) -> AsyncIterator[tuple[OtlpSource, Any]]:
    source = OtlpSource(
        Options("127.0.0.1", 0, grpc=("127.0.0.1", 0), limits=limits or Limits(), **options), monotonic=lambda: 1000.0
    )
    await source.open()
    try:
        async with aio.insecure_channel(f"127.0.0.1:{source.grpc_port}") as channel:
            yield source, channel
    finally:
        await source.close()


async def code(call: Any) -> Any:
    with pytest.raises(aio.AioRpcError) as raised:
        await call
    return raised.value.code(), raised.value.details()


async def test_all_three_signals() -> None:
    async with receiving() as (source, channel):
        assert await channel.unary_unary(METRICS)(REQUEST) == b""
        event = {"event.name": "user_prompt", "session.id": "s1"}
        path = METRICS.replace("metrics", "logs").replace("Metrics", "Logs")
        assert await channel.unary_unary(path)(logs(SENDER, event).SerializeToString()) == b""
        path = METRICS.replace("metrics", "trace").replace("Metrics", "Trace")
        assert await channel.unary_unary(path)(b"") == b""
        (worker,) = sightings(source.derive(await source.read(), 1000.0).tables)
        assert worker.usage is not None
        assert (worker.word, worker.usage.output) == ("user_prompt", 5.0)


async def test_gzip_and_partial_success() -> None:
    bad = metrics({}, counter("claude_code.token.usage", [POINT], 0)).SerializeToString()
    async with receiving() as (_, channel):
        answer = await channel.unary_unary(METRICS)(bad, compression=grpc.Compression.Gzip)
        assert ExportMetricsServiceResponse.FromString(answer).partial_success.rejected_data_points == 1


async def test_refusals() -> None:
    async with receiving(Limits(body=10_000, requests=2.0)) as (_, channel):
        export = channel.unary_unary(METRICS)
        assert (await code(export(b"\xff" * 50)))[0] is grpc.StatusCode.INVALID_ARGUMENT
        assert (await code(export(bytes(20_000))))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
        bomb = export(bytes(5_000_000), compression=grpc.Compression.Gzip)
        assert (await code(bomb))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await code(channel.unary_unary("/some.Other/Method")(b"")))[0] is grpc.StatusCode.UNIMPLEMENTED
        for _ in range(3):
            await export(REQUEST)
        status, words = await code(export(REQUEST))
        assert status is grpc.StatusCode.UNAVAILABLE
        assert "2 requests per second" in words


async def test_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTLP_TEST_TOKEN", "hunter2")
    async with receiving(credentials=Credentials(bearer_token_env="OTLP_TEST_TOKEN")) as (_, channel):
        export = channel.unary_unary(METRICS)
        assert (await code(export(REQUEST)))[0] is grpc.StatusCode.UNAUTHENTICATED
        assert await export(REQUEST, metadata=(("authorization", "Bearer hunter2"),)) == b""


async def test_a_port_that_is_taken() -> None:
    async with receiving() as (source, _):
        assert source.grpc_port is not None
        second = OtlpSource(Options("127.0.0.1", 0, grpc=("127.0.0.1", source.grpc_port)))
        with pytest.raises(SourceError, match="for gRPC"):
            await second.open()
        await second.close()


async def test_http_goes_on_without_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc.aio", None)
    source = OtlpSource(Options("127.0.0.1", 0, grpc=("127.0.0.1", 0)))
    await source.open()
    assert source.grpc_port is None
    assert source.port
    await source.close()
