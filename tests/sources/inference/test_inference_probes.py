"""The JSON endpoints beside metrics: asked now and then, bounded, and never a reason to fail a scrape."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from serving import PROFILES, captured

from perf_tui.config.schema import Target
from perf_tui.engine.source import Derived, SourceError
from perf_tui.measures.engines import Engine
from perf_tui.measures.model import Status, Value, series
from perf_tui.sources.discovery.listeners import Listener
from perf_tui.sources.discovery.probe import probe
from perf_tui.sources.inference.adapters import ADAPTERS, openai_models, sglang_info
from perf_tui.sources.inference.probes import RARELY, beside, root
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import ScrapeSource


class Server:
    """Answers by path; counts how often each was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str | bytes]] = {}
        self.asked: dict[str, int] = {}
        self.queries: list[str] = []
        self.hang: set[str] = set()
        self._over = asyncio.Event()

    async def _handle(self, request: web.Request) -> web.Response:
        self.asked[request.path] = self.asked.get(request.path, 0) + 1
        self.queries.append(request.query_string)
        if request.path in self.hang:
            await self._over.wait()
        status, body = self.answers.get(request.path, (404, "not found"))
        kind = "text/plain" if request.path.endswith("/metrics") else "application/json"
        raw = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=raw, headers={"Content-Type": kind})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            assert runner.addresses
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            self._over.set()
            await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    """A server that answers as it is told, and its address."""
    made = Server()
    async with made.running() as url:
        yield made, url


@asynccontextmanager
async def watching(url: str, **options: Any) -> AsyncIterator[ScrapeSource]:
    """An open source."""
    source = ScrapeSource(Target(name="llm", url=url, **options), PROFILES, Fetcher(), 60.0, 2.0)
    await source.open()
    try:
        yield source
    finally:
        await source.close()


async def read(source: ScrapeSource) -> Derived:
    """One scrape."""
    reading = await source.read()
    derived = source.derive(reading, reading.at)
    return Derived(list(derived.samples), derived.tables)


def value(derived: Derived, measure: str, model: str) -> Value:
    """A value that must be there."""
    return dict(derived.samples)[series(measure, engine="llm", model=model)]


def vllm(made: Server) -> None:
    """It answers as vLLM does."""
    made.answers["/metrics"] = (200, captured("vllm_v1_0.32.0_cpu_busy.prom"))
    made.answers["/v1/models"] = (200, captured("vllm_v1_0.32.0_models.json"))


async def test_settings_are_asked_once_in_a_while_and_after_a_failure(server: tuple[Server, str]) -> None:
    made, url = server
    vllm(made)
    async with watching(f"{url}/metrics") as source:
        for _ in range(5):
            derived = await read(source)
        assert value(derived, "ai.context.limit", "tiny-random-llama").number == 1024.0
        assert made.asked["/v1/models"] == 1
        for _ in range(RARELY):
            await read(source)
        assert made.asked["/v1/models"] == 2
        await source.close()
        await source.open()  # as after a failure: it may have been started with other settings
        await read(source)
        assert made.asked["/v1/models"] == 3


async def test_max_batch_of_the_configuration_goes_before_what_a_server_says(server: tuple[Server, str]) -> None:
    made, url = server
    vllm(made)
    async with watching(f"{url}/metrics", max_batch=16) as source:
        derived = await read(source)
        assert value(derived, "ai.batch.efficiency", "tiny-random-llama").number == 0.25
    made.answers["/metrics"] = (200, captured("llamacpp_b11549_busy.prom"))
    made.answers["/props"] = (200, captured("llamacpp_b11549_props.json"))
    async with watching(f"{url}/metrics", max_batch=8) as source:
        assert value(await read(source), "ai.batch.efficiency", "tiny").number == 0.25


@pytest.mark.parametrize(
    "answer",
    [
        (404, "{}"), (500, "boom"), (401, "{}"), (200, "no json"), (200, ""), (200, "[]"), (200, "null"),
        (200, '{"data": 7}'), (200, '{"data": [{"max_model_len": "1024"}]}'), (200, '{"data":[{"max_model_len":-1}]}'),
        (200, "[" * 100_000), (200, b"\xff" * 100),
    ],
)  # fmt: skip
async def test_whatever_is_answered_the_metrics_are_read(server: tuple[Server, str], answer: tuple[int, Any]) -> None:
    made, url = server
    vllm(made)
    made.answers["/v1/models"] = answer
    async with watching(f"{url}/metrics") as source:
        derived = await read(source)
        assert value(derived, "ai.requests.running", "tiny-random-llama").number == 4.0
        limit = value(derived, "ai.context.limit", "tiny-random-llama")
        assert limit.status is Status.ABSENT
        assert "/v1/models" in str(limit.reason)


async def test_one_that_hangs_costs_its_short_time_once(
    server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perf_tui.sources.inference.probes.SHORT", 0.2)
    made, url = server
    vllm(made)
    made.hang.add("/v1/models")
    async with watching(f"{url}/metrics") as source:
        for _ in range(3):
            derived = await read(source)
        assert made.asked["/v1/models"] == 1
        assert value(derived, "ai.requests.running", "tiny-random-llama").number == 4.0


async def test_slots_are_asked_with_each_scrape_and_props_are_not(server: tuple[Server, str]) -> None:
    made, url = server
    made.answers["/metrics"] = (200, captured("llamacpp_b11549_busy.prom"))
    made.answers["/slots"] = (200, captured("llamacpp_b11549_slots_busy.json"))
    made.answers["/props"] = (200, captured("llamacpp_b11549_props.json"))
    async with watching(f"{url}/metrics?model=tiny") as source:
        for _ in range(4):
            derived = await read(source)
    assert (made.asked["/slots"], made.asked["/props"]) == (4, 1)
    assert set(made.queries) == {"model=tiny"}, "a router chooses by it"
    (engine,) = derived.tables["engines"]  # type: ignore[misc]
    assert isinstance(engine, Engine)
    assert [slot.used for slot in engine.slots] == [443.0, 444.0]
    assert (engine.model, value(derived, "ai.context.utilization", "tiny").number) == ("tiny", 444 / 2048)


async def test_slots_that_are_switched_off_are_said(server: tuple[Server, str]) -> None:
    made, url = server
    made.answers["/metrics"] = (200, captured("llamacpp_b11549_busy.prom"))
    made.answers["/slots"] = (501, '{"error":{"code":501}}')
    made.answers["/props"] = (200, captured("llamacpp_b11549_props.json"))
    async with watching(f"{url}/metrics") as source:
        for _ in range(3):
            derived = await read(source)
    assert made.asked["/slots"] == 1, "not with each scrape when it is not there"
    assert "--no-slots" in str(value(derived, "ai.kv_cache.utilization", "tiny").reason)
    assert value(derived, "ai.context.limit", "tiny").number == 2048.0, "of /props"


async def test_an_older_sglang_answers_under_the_older_path(server: tuple[Server, str]) -> None:
    made, url = server
    labels = '{model_name="m"}'
    made.answers["/metrics"] = (200, f"sglang:num_running_reqs{labels} 8\nsglang:token_usage{labels} 0.5\n")
    made.answers["/get_server_info"] = (200, '{"max_running_requests": 32, "context_length": 4096}')
    async with watching(f"{url}/metrics") as source:
        await read(source)
        derived = await read(source)
        await read(source)
    assert value(derived, "ai.batch.efficiency", "m").number == 0.25
    assert value(derived, "ai.context.limit", "m").number == 4096.0
    assert (made.asked["/server_info"], made.asked["/get_server_info"]) == (1, 1)


@pytest.mark.parametrize(
    ("status", "answers", "said"),
    [
        (501, {"/props": {"total_slots": 2}}, "llama.cpp runs here with its metrics off: --metrics"),
        (404, {"/get_model_info": {"model_path": "m"}}, "SGLang runs here with its metrics off: --enable-metrics"),
        (404, {"/v1/models": {"data": [{"owned_by": "lmdeploy"}]}}, "LMDeploy runs here with its metrics off"),
        (503, {"/health": {"error": {"message": "Loading model"}}}, "llama.cpp is loading its model"),
        (404, {}, "answered 404 Not Found: there is nothing at /metrics"),
        (503, {}, "answered 503 Service Unavailable"),
    ],
)
async def test_metrics_that_are_off_are_said(
    server: tuple[Server, str], status: int, answers: dict[str, Any], said: str
) -> None:
    made, url = server
    made.answers = {path: (200, json.dumps(answer)) for path, answer in answers.items()}
    made.answers["/metrics"] = (status, "{}")
    async with watching(f"{url}/metrics") as source:
        with pytest.raises(SourceError) as raised:
            await source.read()
    assert said in str(raised.value)


async def test_ollama_is_read_from_its_list_of_models(server: tuple[Server, str]) -> None:
    made, url = server
    models = [{"name": "llama3:8b", "size": 4, "size_vram": 3, "context_length": 8192}]
    made.answers["/api/ps"] = (200, json.dumps({"models": models}))
    async with watching(f"{url}/api/ps") as source:
        derived = await read(source)
        assert value(derived, "ai.context.limit", "llama3:8b").number == 8192.0
        made.answers["/api/ps"] = (200, json.dumps({"models": []}))
        assert "engines" in (await read(source)).tables
        made.answers["/api/ps"] = (200, json.dumps({"error": "no"}))
        with pytest.raises(SourceError, match="answered JSON, not metrics"):
            await source.read()


@pytest.mark.parametrize(
    ("url", "paths", "expected"),
    [
        ("http://h:1/metrics", ("/metrics",), "http://h:1/v1/models"),
        ("http://h:1/metrics/", ("/metrics",), "http://h:1/v1/models"),
        ("http://h:1/prometheus/metrics", ("/metrics", "/prometheus/metrics"), "http://h:1/v1/models"),
        ("http://h:1/llm/metrics?model=a", ("/metrics",), "http://h:1/llm/v1/models?model=a"),
        ("http://h:1/elsewhere", ("/metrics",), "http://h:1/v1/models"),
    ],
)
def test_where_the_server_is(url: str, paths: tuple[str, ...], expected: str) -> None:
    assert beside(root(url, paths), "/v1/models") == expected


def test_of_several_names_the_longest_context_counts() -> None:
    told = openai_models({"data": [{"max_model_len": 10}, {"max_model_len": 20.0}, {"max_model_len": True}, 7]})
    assert told.lines == ("probe:context_limit 20.0",)
    assert sglang_info({"internal_states": "none", "max_running_requests": None}).lines == ()


def test_no_answer_is_too_strange() -> None:
    """Whatever JSON comes, something is told or nothing; nothing is raised, and nothing breaks a line."""
    numbers = random.Random(5)
    leaves: list[Any] = [None, True, -1, 1e308, 2**70, float("nan"), "", 'a\n"b\\', "\x1b[31m", [], {}]
    keys = [
        "data", "max_model_len", "internal_states", "max_running_requests", "model_id", "total_slots", "id", "n_ctx",
        "next_token", "n_decoded", "is_processing", "n_prompt_tokens", "model_alias", "default_generation_settings",
    ]  # fmt: skip

    def made(depth: int) -> Any:
        if depth == 0 or numbers.random() < 0.2:
            return numbers.choice(leaves)
        if numbers.random() < 0.4:
            return [made(depth - 1) for _ in range(numbers.randrange(4))]
        return {numbers.choice(keys): made(depth - 1) for _ in range(numbers.randrange(5))}

    for _ in range(3000):
        answer = made(4)
        for endpoints in ADAPTERS.values():
            for endpoint in endpoints:
                told = endpoint.tell(answer)
                assert all("\n" not in line for line in told.lines)


@pytest.mark.parametrize(
    ("answers", "url", "said"),
    [
        ({"/api/ps": (200, '{"models":[]}')}, "/api/ps", "Ollama"),
        ({"/metrics": (501, "{}"), "/props": (200, '{"total_slots":1}')}, None, "--metrics switches them on"),
        ({"/prometheus/metrics": (200, "trtllm_num_requests_running 1\n")}, "/prometheus/metrics", "TensorRT-LLM"),
    ],
)
async def test_discovery_knows_their_paths(
    server: tuple[Server, str], answers: dict[str, tuple[int, str]], url: str | None, said: str
) -> None:
    made, address = server
    made.answers.update(answers)
    port = int(address.rpartition(":")[2])
    fetcher = Fetcher()
    fetcher.open()
    try:
        finding = await probe(fetcher, Listener("127.0.0.1", port, 1, "server", 1), PROFILES, 5.0)
    finally:
        await fetcher.close()
    assert said in finding.reason
    assert finding.url == (None if url is None else address + url)
    assert finding.watchable is (url is not None)
