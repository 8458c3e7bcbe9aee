"""The receiver over a real socket: what is answered to whom."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from otlp_play import CODEX, DELTA, GEMINI, as_json, counter, logs, metrics, number

from perf_tui.engine.source import SourceError
from perf_tui.measures.workers import Sighting, sightings
from perf_tui.sources.otlp import decode
from perf_tui.sources.otlp.door import Door, Refused
from perf_tui.sources.otlp.intake import Intake
from perf_tui.sources.otlp.limits import Bucket, Limits
from perf_tui.sources.otlp.source import Options, OtlpSource, Reading
from perf_tui.sources.scrape.credentials import Credentials

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
REQUEST = metrics(
    {"service.name": "claude-code"},
    counter("claude_code.token.usage", [number({"session.id": "s1", "type": "output"}, 5)], DELTA),
)
BODY = REQUEST.SerializeToString()


class Client:
    def __init__(self, source: OtlpSource, session: aiohttp.ClientSession) -> None:
        self.source, self.session = source, session

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.source.port}{path}"

    async def post(self, body: Any, path: str = "/v1/metrics", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        async with self.session.post(self.url(path), data=body, headers=headers) as response:
            return response.status, await response.read(), dict(response.headers)

    def workers(self) -> tuple[Sighting, ...]:
        return sightings(self.source.derive(Reading(1.8e9), 1000.0).tables)


@asynccontextmanager
async def receiving(limits: Limits | None = None, **options: Any) -> AsyncIterator[Client]:
    source = OtlpSource(Options("127.0.0.1", 0, limits=limits or Limits(), **options), monotonic=lambda: 1000.0)
    await source.open()
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(source, session)
    finally:
        await source.close()


def said(body: bytes) -> str:
    found: dict[str, Any] = json.loads(body)
    return str(found["message"])


class TestBodies:
    async def test_protobuf(self) -> None:
        async with receiving() as client:
            status, body, headers = await client.post(BODY, **PROTOBUF)
            assert (status, body, headers["Content-Type"]) == (200, b"", "application/x-protobuf")
            (worker,) = client.workers()
            assert worker.usage is not None
            assert worker.usage.output == 5.0

    async def test_json(self) -> None:
        async with receiving() as client:
            status, body, headers = await client.post(json.dumps(as_json(REQUEST)), **JSON)
            assert (status, body, headers["Content-Type"]) == (200, b"{}", "application/json")
            assert len(client.workers()) == 1

    async def test_what_the_real_agents_send(self) -> None:
        async with receiving() as client:
            assert (await client.post(CODEX.read_bytes(), "/v1/logs", **JSON))[0] == 200
            assert (await client.post(GEMINI.read_bytes(), **JSON))[0] == 200
            assert sorted(worker.kind for worker in client.workers()) == ["codex", "gemini"]

    @pytest.mark.parametrize("headers", [JSON, PROTOBUF])
    async def test_gzip_and_chunks(self, headers: dict[str, str]) -> None:
        body = BODY if headers is PROTOBUF else json.dumps(as_json(REQUEST)).encode()
        zipped = gzip.compress(body[:20]) + gzip.compress(body[20:])  # two members are one content

        async def pieces() -> AsyncIterator[bytes]:
            for place in range(0, len(zipped), 7):
                yield zipped[place : place + 7]

        async with receiving() as client:
            assert (await client.post(pieces(), **headers, **{"Content-Encoding": "gzip"}))[0] == 200
            assert len(client.workers()) == 1

    async def test_content_types_may_have_parameters(self) -> None:
        async with receiving() as client:
            headers = {"Content-Type": "Application/JSON; charset=utf-8"}
            assert (await client.post(json.dumps(as_json(REQUEST)), **headers))[0] == 200

    async def test_json_is_read_without_protobuf(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(signal: object) -> None:
            raise ImportError("opentelemetry")

        monkeypatch.setattr(decode, "_protobuf", missing)
        async with receiving() as client:
            assert (await client.post(json.dumps(as_json(REQUEST)), **JSON))[0] == 200
            status, body, _ = await client.post(BODY, **PROTOBUF)
            assert status == 415
            assert b"pip install perf-tui[otlp]" in body

    async def test_a_partial_success_in_both_encodings(self) -> None:
        bad = metrics({"service.name": "claude-code"}, counter("claude_code.token.usage", [number({}, 5)], 0))
        async with receiving() as client:
            status, body, _ = await client.post(bad.SerializeToString(), **PROTOBUF)
            answer = ExportMetricsServiceResponse.FromString(body)
            assert (status, answer.partial_success.rejected_data_points) == (200, 1)
            assert "temporality" in answer.partial_success.error_message
            status, body, _ = await client.post(json.dumps(as_json(bad)), **JSON)
            partial = json.loads(body)["partialSuccess"]
            assert (status, partial["rejectedDataPoints"]) == (200, "1")
            assert partial["errorMessage"] == answer.partial_success.error_message

    async def test_spans_are_counted(self) -> None:
        spans = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}, {"name": "b"}]}]}]}
        async with receiving() as client:
            assert (await client.post(json.dumps(spans), "/v1/traces", **JSON))[:2] == (200, b"{}")
            assert client.source.intake.received["traces"] == 2  # type: ignore[index]


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "headers", "status", "words"),
        [
            (b"{", JSON, 400, "not JSON"),
            (b"[1]", JSON, 400, "Expected `object`"),
            (b'{"resourceMetrics": 5}', JSON, 400, "resourceMetrics"),
            (b"\xff\xfe", JSON, 400, "not JSON"),
            (b"[" * 100_000, JSON, 400, ""),
            (b"\xff" * 50, PROTOBUF, 400, "no protobuf message"),
            (b"plain", JSON | {"Content-Encoding": "gzip"}, 400, "not gzip"),
            (gzip.compress(b"{}")[:-9], JSON | {"Content-Encoding": "gzip"}, 400, "too early"),
            (b"x", JSON | {"Content-Encoding": "br"}, 415, "gzip"),
            (b"x", {"Content-Type": "text/plain"}, 415, "application/x-protobuf"),
            (b"x", {}, 415, "application/json"),
        ],
    )
    async def test_a_bad_body(self, body: bytes, headers: dict[str, str], status: int, words: str) -> None:
        async with receiving() as client:
            found, answer, told = await client.post(body, **headers)
            assert found == status
            if told["Content-Type"] == "application/json":
                assert words in said(answer)
            else:
                assert words.encode() in answer
            assert (await client.post(BODY, **PROTOBUF))[0] == 200

    async def test_paths_and_methods(self) -> None:
        async with receiving() as client:
            assert (await client.post(BODY, "/v1/profiles", **PROTOBUF))[0] == 404
            assert (await client.post(BODY, "/", **PROTOBUF))[0] == 404
            async with client.session.get(client.url("/v1/metrics")) as response:
                assert (response.status, response.headers["Allow"]) == (405, "POST")
            async with client.session.options(client.url("/v1/metrics")) as response:
                assert response.status == 405
                assert "Access-Control-Allow-Origin" not in response.headers  # no page of a browser may push

    @pytest.mark.parametrize("told", [True, False])
    async def test_too_large(self, told: bool) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield bytes(1000)

        async with receiving(Limits(body=2000)) as client:
            status, body, _ = await client.post(bytes(100_000) if told else pieces(), **JSON)
            assert status == 413
            assert "2000 bytes" in said(body)

    async def test_a_bomb(self) -> None:
        bomb = gzip.compress(bytes(50_000_000))
        packed = zlib.compressobj(wbits=31)
        nothing = b"".join([packed.compress(b""), packed.flush()]) * 1000
        async with receiving(Limits(body=1_000_000)) as client:
            status, body, _ = await client.post(bomb, **JSON, **{"Content-Encoding": "gzip"})
            assert status == 413
            assert "1000000 bytes" in said(body)
            assert (await client.post(nothing, **JSON, **{"Content-Encoding": "gzip"}))[0] == 400

    async def test_too_many_requests(self) -> None:
        async with receiving(Limits(requests=2.0)) as client:
            answers = [await client.post(BODY, **PROTOBUF) for _ in range(6)]
            assert [status for status, _, _ in answers] == [200, 200, 200, 200, 429, 429]
            assert answers[-1][2]["Retry-After"] == "1"
            assert b"2 requests per second" in answers[-1][1]

    async def test_a_body_that_does_not_come(self) -> None:
        async with receiving(Limits(seconds=0.05)) as client:
            reader, writer = await asyncio.open_connection("127.0.0.1", client.source.port)
            writer.write(
                b"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
            )
            answer = await asyncio.wait_for(reader.read(), 5)
            assert answer.startswith(b"HTTP/1.1 408 ")
            writer.close()

    async def test_no_more_at_once_than_are_allowed(self) -> None:
        door = Door(Intake("otlp", 60.0, 600.0, 0.0), Limits(at_once=2))
        with door, door, pytest.raises(Refused, match="2 requests are being read"), door:
            pass
        with door:
            pass

    async def test_more_sets_of_labels_than_are_followed(self) -> None:
        def request(place: int) -> bytes:
            points = [number({"session.id": "s1", "type": "output", "n": place * 10 + each}, 1) for each in range(10)]
            return metrics({}, counter("claude_code.token.usage", points, DELTA)).SerializeToString()

        async with receiving(Limits(series=25)) as client:
            answers = [await client.post(request(place), **PROTOBUF) for place in range(4)]
            partial = [ExportMetricsServiceResponse.FromString(body).partial_success for _, body, _ in answers]
            assert [each.rejected_data_points for each in partial] == [0, 0, 5, 10]
            assert partial[2].error_message == "more than 25 sets of labels are pushed"

    @pytest.mark.parametrize(
        "body",
        [
            b"Content-Length: 100\r\n\r\n{",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        ],
    )
    async def test_senders_that_break_off_are_no_fault_of_its_own(self, body: bytes) -> None:
        async with receiving() as client:
            reader, writer = await asyncio.open_connection("127.0.0.1", client.source.port)
            writer.write(b"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + body)
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), 5)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
            writer.close()
            assert (await client.post(BODY, **PROTOBUF))[0] == 200
            assert client.source.intake.trouble == ""


class TestToken:
    async def test_who_has_none_is_sent_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OTLP_TEST_TOKEN", "hunter2")
        async with receiving(credentials=Credentials(bearer_token_env="OTLP_TEST_TOKEN")) as client:
            for header in ({}, {"Authorization": "Bearer hunter3"}, {"Authorization": "Basic hunter2"}):
                status, body, headers = await client.post(BODY, **PROTOBUF, **header)
                assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
                assert b"hunter2" not in body
            assert (await client.post(BODY, **PROTOBUF, Authorization="Bearer hunter2"))[0] == 200
            assert (await client.post(BODY, **PROTOBUF, Authorization="bearer  hunter2"))[0] == 200

    async def test_nobody_is_let_in_while_it_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OTLP_TEST_TOKEN", raising=False)
        async with receiving(credentials=Credentials(bearer_token_env="OTLP_TEST_TOKEN")) as client:
            status, body, _ = await client.post(BODY, **JSON, Authorization="Bearer ")
            assert status == 503
            assert "OTLP_TEST_TOKEN is not set" in said(body)


class TestLife:
    async def test_a_port_that_is_taken(self) -> None:
        async with receiving() as client:
            second = OtlpSource(Options("127.0.0.1", client.source.port))
            with pytest.raises(SourceError, match=f"cannot listen on 127.0.0.1:{client.source.port}"):
                await second.open()
            await second.close()

    async def test_it_remembers_over_a_failure_of_its_own(self) -> None:
        source = OtlpSource(Options("127.0.0.1", 0))
        for _ in range(2):
            await source.open()
            async with aiohttp.ClientSession() as session:
                event = logs({}, {"event.name": "claude_code.user_prompt"})
                await Client(source, session).post(event.SerializeToString(), "/v1/logs", **PROTOBUF)
            await source.close()
        assert len(sightings(source.derive(await source.read(), 0.0).tables)) == 1

    async def test_it_closes_while_somebody_sends(self) -> None:
        source = OtlpSource(Options("127.0.0.1", 0))
        await source.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", source.port)
        writer.write(
            b"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        )
        await writer.drain()
        await asyncio.wait_for(source.close(), 5)
        writer.close()
        assert isinstance(await reader.read(), bytes)


def test_the_rate_allows_bursts_and_recovers() -> None:
    bucket = Bucket(10.0)
    waits: Callable[[float, int], list[float]] = lambda at, times: [bucket.wait(at) for _ in range(times)]  # noqa: E731
    assert waits(0.0, 20) == [0.0] * 20
    assert waits(0.0, 1) == [pytest.approx(0.1)]
    assert waits(0.5, 6) == [0.0] * 5 + [pytest.approx(0.1)]
