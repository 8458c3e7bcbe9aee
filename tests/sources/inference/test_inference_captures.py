"""Captured inference servers: the right profile, and numbers worked out by hand from the files.

Each capture is given as the answer 10 s after nothing had been counted.
"""

import json

import pytest
from serving import Server, begun, captured

from perf_tui.measures.engines import Slot
from perf_tui.measures.model import Status
from perf_tui.sources.inference.adapters import llamacpp_props, llamacpp_slots, openai_models
from perf_tui.sources.inference.told import Told, joined

VLLM = "tiny-random-llama"


def vllm(name: str = "busy") -> Server:
    """vLLM with what its /v1/models tells."""
    models = openai_models(json.loads(captured("vllm_v1_0.32.0_models.json")))
    return begun(captured(f"vllm_v1_0.32.0_cpu_{name}.prom"), models)


def llamacpp(name: str) -> Server:
    """llama.cpp with what its /props and /slots tell."""
    slots = llamacpp_slots(json.loads(captured(f"llamacpp_b11549_slots_{'idle' if name == 'after' else name}.json")))
    props = llamacpp_props(json.loads(captured("llamacpp_b11549_props.json")))
    return begun(captured(f"llamacpp_b11549_{name}.prom"), joined([slots, props]))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("ai.requests.running", 4),
        ("ai.requests.waiting", 3),
        ("ai.requests.preempted", 1 / 10),
        ("ai.requests.failed", 2 / 10),  # two answers with 4xx on /v1/completions
        ("ai.tokens.generation", 2788 / 10),
        ("ai.tokens.prompt", 536 / 10),
        ("ai.batch.size", 4),
        ("ai.kv_cache.utilization", 42 / 47),  # the file's 0.8936170212765957
        ("ai.cache.hit", 384 / 536),
        ("ai.context.limit", 1024),
        ("ai.context.utilization", (268 / 4 + 1600 / 4) / 1024),
    ],
)
def test_a_busy_vllm(measure: str, expected: float) -> None:
    assert vllm().value(measure, VLLM).number == pytest.approx(expected)


# TTFT: 4 up to 0.1 s, none up to 2.5 s, 8 up to 5 s. ITL: 2407 of 2780 up to 10 ms, 2759 up to 25 ms.
@pytest.mark.parametrize(
    ("measure", "stat", "expected"),
    [
        ("ai.latency.ttft", "mean", 8.454474449157715 / 8),
        ("ai.latency.ttft", "p50", 0.1),
        ("ai.latency.ttft", "p95", 2.5 + 2.5 * (0.95 * 8 - 5) / 3),
        ("ai.latency.itl", "mean", 21.57244270699948 / 2780),
        ("ai.latency.itl", "p50", 0.01 * 0.5 * 2780 / 2407),
        ("ai.latency.e2e", "mean", 10.652716875076294 / 4),
        ("ai.latency.queue", "mean", 0.00010437399964757788 / 4),
    ],
)
def test_a_busy_vllms_latencies(measure: str, stat: str, expected: float) -> None:
    assert vllm().value(measure, VLLM, stat=stat).number == pytest.approx(expected)


def test_what_vllm_tells_beyond_measures() -> None:
    server = vllm()
    assert server.profile == "vllm"
    engine = server.engines[VLLM]
    phases = [phase.number for phase in engine.phases]
    assert phases == pytest.approx([0.00010437399964757788 / 4, 0.11667873400051576 / 4, 10.361094344999856 / 4])
    assert [(reason.reason, reason.requests) for reason in engine.finish] == [("length", 4.0)]
    assert engine.requests == 4.0
    assert engine.detail("kv_cache.capacity").number == 1536.0
    assert engine.detail("batch.tokens").number == pytest.approx(2940 / 718)
    assert engine.detail("latency.tpot").number == pytest.approx(0.02596765499999964 / 4)
    assert engine.ranks == (), "there is one alone"
    assert engine.detail("lora.running").status is Status.ABSENT


def test_vllm_says_how_batch_efficiency_comes_and_the_configuration_brings_it() -> None:
    value = vllm().value("ai.batch.efficiency", VLLM)
    assert value.status is Status.ABSENT
    assert "max_batch" in str(value.reason)
    told = Told(("probe:max_batch 8.0",))
    server = begun(captured("vllm_v1_0.32.0_cpu_busy.prom"), told)
    assert server.value("ai.batch.efficiency", VLLM).number == 0.5


def test_an_idle_vllm_has_no_latencies_and_no_hit_rate() -> None:
    server = vllm("idle")
    assert server.value("ai.requests.running", VLLM).number == 0.0
    assert server.value("ai.tokens.generation", VLLM).number == 0.0
    assert server.value("ai.cache.hit", VLLM).status is Status.IDLE
    assert server.value("ai.latency.ttft", VLLM, stat="p95").status is Status.IDLE
    assert server.engines[VLLM].finish == ()


def test_vllms_web_framework_is_a_service_beside_it() -> None:
    server = vllm()
    assert [fit.profile.name for fit in server.model.chosen] == ["vllm", "fastapi-instrumentator"]
    assert "services" in server.derived.tables


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("ai.requests.running", 2),
        ("ai.requests.waiting", 2),
        ("ai.tokens.generation", 1600 / 10),
        ("ai.tokens.prompt", (569 + 1093) / 10),
        ("ai.cache.hit", 1093 / (569 + 1093)),
        ("ai.batch.size", 2),
        ("ai.batch.efficiency", 2 / 2),
        ("ai.context.limit", 2048),
        ("ai.context.utilization", 444 / 2048),
        ("ai.kv_cache.utilization", (443 + 444) / 4096),
    ],
)
def test_a_busy_llamacpp(measure: str, expected: float) -> None:
    server = llamacpp("busy")
    assert server.profile == "llamacpp"
    assert server.value(measure, "tiny").number == pytest.approx(expected)


def test_llamacpp_has_a_mean_between_tokens_and_says_what_it_lacks() -> None:
    server = llamacpp("busy")
    assert server.value("ai.latency.itl", "tiny", stat="mean").number == pytest.approx(1.8383 / 1600)
    assert server.value("ai.latency.itl", "tiny", stat="p95").status is Status.ABSENT
    assert "time to the first token" in str(server.value("ai.latency.ttft", "tiny", stat="mean").reason)
    assert server.value("ai.spec.acceptance", "tiny").status is Status.IDLE
    engine = server.engines["tiny"]
    assert engine.slots == (
        Slot("0", "processing", 443.0, 2048.0, 166.0, 234.0),
        Slot("1", "processing", 444.0, 2048.0, 167.0, 233.0),
    )
    assert engine.detail("kv_cache.capacity").number == 4096.0
    assert engine.detail("batch.tokens").number == pytest.approx((1600 + 569) / 958)


def test_tokens_under_way_count_once_and_when_they_are_written() -> None:
    """Between the two captures the server wrote 1600 tokens more, 333 of which were under way at the first."""
    server = llamacpp("busy")
    before = server.model.beside
    assert "probe:tokens_under_way 333.0" in before.lines
    idle = llamacpp_slots(json.loads(captured("llamacpp_b11549_slots_idle.json")))
    server.scrape(captured("llamacpp_b11549_after.prom"), 12.0, joined([idle, llamacpp_props({"model_alias": "tiny"})]))
    assert server.value("ai.tokens.generation", "tiny").number == pytest.approx((3200 - 1600 - 333) / 2)
    assert server.value("ai.context.utilization", "tiny").status is Status.IDLE, "no slot has a request"
    assert server.value("ai.kv_cache.utilization", "tiny").number == 0.0
    assert [slot.state for slot in server.engines["tiny"].slots] == ["idle", "idle"]


@pytest.mark.parametrize(
    "seen",
    [
        # tokens of requests that ended, and of those under way, as read at each moment
        [(0, 0), (0, 100), (150, 140), (150, 0), (150, 160), (320, 0)],  # an end that is counted while it is under way
        [(0, 0), (0, 100), (0, 0), (150, 10), (150, 160), (320, 0)],  # one that is neither for a while
        [(0, 0), (0, 100), (150, 140), (150, 100), (250, 100), (250, 0), (250, 160), (420, 0)],  # again and again
    ],
)
def test_counters_and_slots_of_different_moments_count_nothing_twice(seen: list[tuple[int, int]]) -> None:
    server = Server()
    counted = 0.0
    for moment, (ended, under_way) in enumerate(seen):
        body = f"llamacpp:requests_processing 1\nllamacpp:tokens_predicted_total {ended}\n"
        server.scrape(body, 2.0 * moment, Told((f"probe:tokens_under_way {under_way}.0",)))
        if moment:
            counted += 2.0 * (server.value("ai.tokens.generation").number or 0.0)
            assert counted <= ended + under_way + 170, "at most one end too early"
    assert counted == pytest.approx(seen[-1][0])


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("ai.requests.running", 0),  # 14 active, all of which wait for their first token
        ("ai.requests.waiting", 14),
        ("ai.batch.efficiency", 0),
        ("ai.kv_cache.utilization", (6 + 5) / 2 / 96),
        ("ai.context.limit", 1024),
    ],
)
def test_a_dynamo_frontend_with_two_workers(measure: str, expected: float) -> None:
    server = begun(captured("dynamo_1.6.1_frontend_busy.prom"))
    assert server.profile == "dynamo"
    assert server.value(measure, VLLM).number == pytest.approx(expected)


def test_a_dynamo_frontends_workers() -> None:
    server = begun(captured("dynamo_1.6.1_frontend_busy.prom"))
    assert list(server.engines) == [VLLM], "what names no model is of the only one"
    ranks = {rank.name: rank.kv_cache.number for rank in server.engines[VLLM].ranks}
    assert ranks == pytest.approx({"3893698349122058352": 6 / 96, "461423018049703229": 5 / 96})
    assert server.engines[VLLM].detail("kv_cache.capacity").number == 96 * 16
