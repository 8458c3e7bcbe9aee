"""Engines of which no capture may be kept: bodies written here, with the names that they export."""

import json

import pytest
from serving import Server, begun

from perf_tui.measures.model import Status
from perf_tui.sources.inference.adapters import sglang_info, tgi_info
from perf_tui.sources.inference.instead import ollama
from perf_tui.sources.inference.told import Told


def histogram(name: str, labels: str, counts: dict[str, int], total: float) -> str:
    """A histogram's lines; `counts` are cumulated, the last is of +Inf."""
    comma = "," if labels else ""
    lines = [f'{name}_bucket{{{labels}{comma}le="{bound}"}} {count}' for bound, count in counts.items()]
    return "\n".join(
        [*lines, f"{name}_sum{{{labels}}} {total}", f"{name}_count{{{labels}}} {[*counts.values()][-1]}\n"]
    )


# -- vLLM


V0 = """\
vllm:num_requests_running{model_name="m"} 3
vllm:num_requests_waiting{model_name="m"} 2
vllm:gpu_cache_usage_perc{model_name="m"} 0.4
vllm:gpu_prefix_cache_hit_rate{model_name="m"} -1
vllm:avg_generation_throughput_toks_per_s{model_name="m"} 17.5
vllm:avg_prompt_throughput_toks_per_s{model_name="m"} 0
""" + histogram("vllm:time_per_output_token_seconds", 'model_name="m"', {"0.1": 8, "+Inf": 8}, 0.4)


@pytest.mark.parametrize("prefix", ["vllm:", "vllm_", "ray_vllm:", "ray_vllm_"])
def test_vllm_v0_under_any_prefix(prefix: str) -> None:
    server = begun(V0.replace("vllm:", prefix))
    assert server.profile == "vllm"
    assert server.value("ai.requests.running", "m").number == 3.0
    assert server.value("ai.tokens.generation", "m").number == 17.5
    assert server.value("ai.kv_cache.utilization", "m").number == 0.4
    assert server.value("ai.latency.itl", "m", stat="mean").number == pytest.approx(0.05)
    hit = server.value("ai.cache.hit", "m")
    assert hit.status is Status.ABSENT, "-1 is no rate"
    assert "--enable-prefix-caching" in str(hit.reason)


def test_ranks_of_vllm_are_added_up_and_ratios_are_not() -> None:
    body = ""
    for rank, (running, kv, queries, hits) in enumerate([(4, 0.9, 100, 90), (2, 0.3, 300, 30)]):
        labels = f'engine="{rank}",model_name="m"'
        body += f"vllm:num_requests_running{{{labels}}} {running}\nvllm:num_requests_waiting{{{labels}}} {rank}\n"
        body += f"vllm:kv_cache_usage_perc{{{labels}}} {kv}\n"
        body += (
            f"vllm:prefix_cache_queries_total{{{labels}}} {queries}\nvllm:prefix_cache_hits_total{{{labels}}} {hits}\n"
        )
    server = begun("# TYPE vllm:prefix_cache_queries counter\n" + body, Told(("probe:max_batch 8.0",)))
    assert server.value("ai.requests.running", "m").number == 6.0
    assert server.value("ai.requests.waiting", "m").number == 1.0
    assert server.value("ai.kv_cache.utilization", "m").number == 0.9, "the fullest"
    assert server.value("ai.cache.hit", "m").number == pytest.approx(120 / 400), "of all tokens, not of rates"
    assert server.value("ai.batch.efficiency", "m").number == pytest.approx(6 / 16), "--max-num-seqs is for one rank"
    ranks = server.engines["m"].ranks
    assert [(rank.name, rank.running.number, rank.kv_cache.number) for rank in ranks] == [
        ("0", 4.0, 0.9),
        ("1", 2.0, 0.3),
    ]


# -- SGLang


def sglang(tensor: int, data: int, decoded: int) -> str:
    """Every scheduler reports: tensor ranks the same, data-parallel ranks each their own."""
    body = ""
    for dp in range(data):
        for tp in range(tensor):
            labels = f'dp_rank="{dp}",engine_type="unified",model_name="m",tp_rank="{tp}"'
            body += f"sglang:num_running_reqs{{{labels}}} {10 + dp}\n"
            body += f"sglang:num_queue_reqs{{{labels}}} 2\nsglang:num_grammar_queue_reqs{{{labels}}} 1\n"
            body += f"sglang:token_usage{{{labels}}} {0.5 + dp / 10}\n"
            body += f"sglang:max_total_num_tokens{{{labels}}} 1000\nsglang:context_len{{{labels}}} 4096\n"
            body += f'sglang:realtime_tokens_total{{mode="decode",{labels}}} {decoded}\n'
            body += f'sglang:realtime_tokens_total{{mode="prefill_cache",{labels}}} 50\n'
            body += f"sglang:spec_accept_rate{{{labels}}} 0\nsglang:fwd_occupancy{{{labels}}} NaN\n"
    tokens = 'engine_type="unified",model_name="m"'
    body += f"sglang:prompt_tokens_total{{{tokens}}} 999\nsglang:generation_tokens_total{{{tokens}}} 999\n"
    return body + f'sglang:cached_tokens_total{{cache_source="device",{tokens}}} 333\n'


def test_tensor_ranks_of_sglang_are_one_and_data_ranks_are_added_up() -> None:
    info = {"internal_states": [{"effective_max_running_requests_per_dp": 16}] * 2, "max_running_requests": 64}
    server = Server(beside=sglang_info(info)).scrape(sglang(4, 2, 0), 0.0).scrape(sglang(4, 2, 600), 10.0)
    assert server.profile == "sglang"
    assert server.value("ai.requests.running", "m").number == 21.0
    assert server.value("ai.requests.waiting", "m").number == 6.0
    assert server.value("ai.kv_cache.utilization", "m").number == 0.6
    assert server.value("ai.tokens.generation", "m").number == pytest.approx(2 * 600 / 10), (
        "not once for each tensor rank"
    )
    assert server.value("ai.batch.efficiency", "m").number == pytest.approx(21 / 32)
    assert server.value("ai.context.limit", "m").number == 4096.0
    assert server.value("ai.spec.acceptance", "m").status is Status.ABSENT
    engine = server.engines["m"]
    assert [(rank.name, rank.running.number, rank.kv_cache.number) for rank in engine.ranks] == [
        ("0", 10.0, 0.5), ("1", 11.0, 0.6),
    ]  # fmt: skip
    assert engine.detail("kv_cache.capacity").number == 2000.0


@pytest.mark.parametrize("prefix", ["sglang_", "ray_sglang_", "ray_sglang:"])
def test_sglang_under_other_prefixes(prefix: str) -> None:
    server = Server().scrape(sglang(1, 1, 0).replace("sglang:", prefix), 0.0)
    server.scrape(sglang(1, 1, 600).replace("sglang:", prefix), 10.0)
    assert server.profile == "sglang"
    assert server.value("ai.requests.running", "m").number == 10.0
    assert server.value("ai.tokens.generation", "m").number == 60.0


def test_an_old_sglang_with_its_labels() -> None:
    body = (
        'sglang:num_running_reqs{model_name="m"} 7\nsglang:num_queue_reqs{model_name="m"} 3\n'
        'sglang:token_usage{model_name="m"} 0.28\nsglang:cache_hit_rate{model_name="m"} 0.01\n'
        'sglang:prompt_tokens_total{model_name="m"} 500\nsglang:generation_tokens_total{model_name="m"} 100\n'
    ) + histogram("sglang:time_per_output_token_seconds", 'model_name="m"', {"0.1": 4, "+Inf": 4}, 0.2)
    server = begun(body)
    assert server.value("ai.tokens.generation", "m").number == 10.0
    assert server.value("ai.cache.hit", "m").number == 0.01
    assert server.value("ai.latency.itl", "m", stat="mean").number == pytest.approx(0.05)
    assert server.value("ai.requests.waiting", "m").number == 3.0


# -- TGI, Triton, TensorRT-LLM, LMDeploy


def test_tgi_with_its_info() -> None:
    body = (
        "tgi_queue_size 5\ntgi_batch_current_size 3\ntgi_batch_max_total_tokens 16000\ntgi_request_count 20\n"
        'tgi_request_failure{err="overloaded"} 2\ntgi_request_failure{err="validation"} 1\n'
    )
    body += histogram("tgi_request_generated_tokens", "", {"100": 10, "+Inf": 10}, 500)
    body += histogram("tgi_request_input_length", "", {"1000": 10, "+Inf": 10}, 1000)
    body += histogram("tgi_request_queue_duration", "", {"1": 10, "+Inf": 10}, 2)
    body += histogram("tgi_batch_inference_duration", 'method="prefill"', {"1": 10, "+Inf": 10}, 3)
    body += histogram("tgi_batch_inference_duration", 'method="decode"', {"1": 50, "+Inf": 50}, 1)
    body += histogram("tgi_request_mean_time_per_token_duration", "", {"0.05": 10, "+Inf": 10}, 0.2)
    info = {"model_id": "org/model", "max_total_tokens": 2000, "max_batch_size": None}
    server = begun(body, tgi_info(info))
    assert server.profile == "tgi"
    assert server.value("ai.tokens.generation", "org/model").number == 50.0
    assert server.value("ai.requests.failed", "org/model").number == pytest.approx(0.3)
    assert server.value("ai.latency.ttft", "org/model", stat="mean").number == pytest.approx(0.5)
    assert server.value("ai.latency.ttft", "org/model", stat="p95").status is Status.ABSENT
    assert server.value("ai.latency.itl", "org/model", stat="p95").number == pytest.approx(0.0475)
    assert server.value("ai.context.utilization", "org/model").number == pytest.approx(150 / 2000)
    assert server.value("ai.batch.efficiency", "org/model").status is Status.ABSENT
    server.scrape(body, 12.0, tgi_info({**info, "max_batch_size": 12}))
    assert server.value("ai.batch.efficiency", "org/model").number == 0.25


def test_triton_with_its_tensorrt_llm_backend() -> None:
    labels = 'model="llm",version="1"'
    body = "".join(
        f'nv_trt_llm_request_metrics{{{labels},request_type="{kind}"}} {count}\n'
        for kind, count in (("waiting", 4), ("active", 9), ("scheduled", 8), ("max", 32))
    )
    body += "".join(
        f'nv_trt_llm_kv_cache_block_metrics{{{labels},kv_cache_block_type="{kind}"}} {count}\n'
        for kind, count in (("max", 1000), ("used", 250), ("free", 750), ("tokens_per", 64))
    )
    body += f"nv_inference_request_success{{{labels}}} 10\nnv_inference_request_failure{{{labels}}} 1\n"
    body += (
        f"nv_inference_request_duration_us{{{labels}}} 5000000\nnv_inference_queue_duration_us{{{labels}}} 1000000\n"
    )
    server = begun(body)
    assert server.profile == "triton-trtllm"
    assert server.value("ai.requests.running", "llm").number == 9.0
    assert server.value("ai.requests.waiting", "llm").number == 4.0
    assert server.value("ai.batch.efficiency", "llm").number == 0.25
    assert server.value("ai.kv_cache.utilization", "llm").number == 0.25
    assert server.value("ai.latency.e2e", "llm", stat="mean").number == pytest.approx(0.5)
    assert server.value("ai.latency.queue", "llm", stat="mean").number == pytest.approx(0.1)
    assert server.engines["llm"].detail("kv_cache.capacity").number == 64000.0


def test_plain_triton_has_the_mean_of_its_batches() -> None:
    body = "".join(
        f'{name}{{model="{model}",version="1"}} {count}\n'
        for model in ("a", "b")
        for name, count in (
            ("nv_inference_request_success", 30), ("nv_inference_count", 60), ("nv_inference_exec_count", 20),
            ("nv_inference_pending_request_count", 2), ("nv_inference_request_duration_us", 600_000),
        )
    )  # fmt: skip
    server = begun(body)
    assert set(server.engines) == {"a", "b"}
    assert server.value("ai.batch.size", "a").number == 3.0
    assert server.value("ai.latency.e2e", "b", stat="mean").number == pytest.approx(0.02)
    assert "TensorRT-LLM backend" in str(server.value("ai.tokens.generation", "a").reason)


@pytest.mark.parametrize("prefix", ["trtllm_", "trtllm:"])
def test_trtllm_serve_of_any_age(prefix: str) -> None:
    labels = 'engine_type="trtllm",model_name="m"'
    body = f"{prefix}kv_cache_utilization{{{labels}}} 0.6\n"
    body += histogram(f"{prefix}e2e_request_latency_seconds", labels, {"1": 4, "+Inf": 4}, 2)
    server = begun(body)
    assert server.profile == "trtllm-serve"
    assert server.value("ai.kv_cache.utilization", "m").number == 0.6
    assert "return_perf_metrics" in str(server.value("ai.requests.running", "m").reason)
    body += f"{prefix}num_scheduled_requests{{{labels}}} 8\n{prefix}max_batch_size_runtime{{{labels}}} 32\n"
    body += f"{prefix}kv_cache_max_blocks{{{labels}}} 100\n{prefix}kv_cache_tokens_per_block{{{labels}}} 32\n"
    body += f'{prefix}request_success_total{{finished_reason="stop",{labels}}} 5\n'
    server.scrape(body, 20.0)
    assert server.value("ai.batch.efficiency", "m").number == 0.25
    assert server.engines["m"].detail("kv_cache.capacity").number == 3200.0
    assert [reason.reason for reason in server.engines["m"].finish] == ["stop"]


def test_lmdeploy() -> None:
    labels = 'engine="0",model_name="m"'
    body = (
        f"lmdeploy:num_requests_running{{{labels}}} 14\nlmdeploy:num_requests_waiting{{{labels}}} 3\n"
        f"lmdeploy:num_api_requests_waiting{{{labels}}} 103\nlmdeploy:gpu_cache_usage_perc{{{labels}}} 0.437\n"
        f"lmdeploy:num_requests_failed{{{labels}}} 5\nlmdeploy:generation_tokens_total{{{labels}}} 70\n"
        f"lmdeploy:prompt_tokens_total{{{labels}}} 200\nlmdeploy:cached_tokens_total{{{labels}}} 50\n"
        f'lmdeploy:request_success_total{{finished_reason="ResponseType.FINISH",{labels}}} 9\n'
    )
    server = begun("# TYPE lmdeploy:num_requests_running gauge\n" + body)
    assert server.profile == "lmdeploy"
    assert server.value("ai.requests.waiting", "m").number == 106.0
    assert server.value("ai.cache.hit", "m").number == 0.25
    assert server.value("ai.requests.failed", "m").number == pytest.approx(0.5)
    assert server.engines["m"].finish[0].reason == "finish", "the enumeration's name is no part of the reason"


# -- gateways


LITELLM = """\
litellm_proxy_total_requests_metric_total{end_user="e1",hashed_api_key="88dc28d0f030c55ed4ab77ed8faf098196cb1c05",requested_model="m",status_code="200",user="u1",user_email="ada@example.org"} 9
litellm_proxy_failed_requests_metric_total{api_key_alias="ada-key",requested_model="m",user_email="ada@example.org"} 2
litellm_output_tokens_metric_total{requested_model="m",user_email="ada@example.org"} 300
litellm_output_tokens_metric_total{requested_model="m",user_email="bob@example.org"} 100
litellm_input_tokens_metric_total{requested_model="m",user_email="ada@example.org"} 1000
"""  # noqa: E501


def test_litellm_without_the_people() -> None:
    body = LITELLM
    for who, total in (("ada@example.org", 3.0), ("bob@example.org", 1.0)):
        labels = f'requested_model="m",user_email="{who}"'
        body += histogram("litellm_request_total_latency_metric", labels, {"1.0": 2, "+Inf": 2}, total)
    server = begun(body)
    assert server.profile == "litellm"
    assert server.value("ai.tokens.generation", "m").number == 40.0, "of all people together"
    assert server.value("ai.requests.failed", "m").number == pytest.approx(0.2)
    assert server.value("ai.latency.e2e", "m", stat="mean").number == pytest.approx(1.0), "each keeps its own histogram"
    survey = server.model.survey
    kept = [value for labels in survey.samples.values() for values in labels.values() for value in values]
    shown = json.dumps([str(server.derived), kept])
    for secret in ("example.org", "88dc28d0", "ada-key", '"u1"', '"e1"'):
        assert secret not in shown


def test_a_line_that_cannot_be_read_is_shown_without_the_people() -> None:
    server = begun(LITELLM + 'litellm_spend{user_email="ada@example.org",end_user="e1"} broken\n')
    (notice,) = [notice for notice in server.engines["m"].notices if "could not be read" in notice]
    assert "ada@" not in notice
    assert 'user_email="…"' in notice


def test_an_endpoint_pickers_pool_and_models() -> None:
    body = (
        'inference_pool_average_kv_cache_utilization{name="pool"} 0.5\ninference_pool_ready_pods{name="pool"} 4\n'
        'inference_pool_average_queue_size{name="pool"} 2\ninference_pool_average_running_requests{name="pool"} 3\n'
        'inference_objective_request_total{model_name="m",target_model_name="m1"} 10\n'
        'inference_objective_request_error_total{model_name="m",error_code="x"} 1\n'
    ) + histogram("inference_objective_request_ttft_seconds", 'model_name="m"', {"1": 10, "+Inf": 10}, 4)
    server = begun(body)
    assert server.profile == "inference-gateway"
    assert server.value("ai.requests.waiting", "pool").number == 8.0
    assert server.value("ai.requests.running", "pool").number == 12.0
    assert server.value("ai.kv_cache.utilization", "pool").number == 0.5
    assert server.value("ai.latency.ttft", "m", stat="mean").number == pytest.approx(0.4)
    assert server.value("ai.requests.failed", "m").number == pytest.approx(0.1)


RAY = """\
ray_serve_deployment_request_counter_total{application="app",deployment="LLM",replica="r1",route="/v1"} 90
ray_serve_deployment_request_counter_total{application="app",deployment="LLM",replica="r2",route="/v1"} 10
ray_serve_deployment_error_counter_total{application="app",deployment="LLM",exception_type="E",replica="r1",route="/v1"} 4
ray_serve_replica_processing_queries{application="app",deployment="LLM",replica="r1"} 3
ray_serve_replica_processing_queries{application="app",deployment="LLM",replica="r2"} 1
ray_serve_deployment_queued_queries{application="app",deployment="LLM"} 5
"""  # noqa: E501


def test_ray_serve_is_an_application_and_its_deployments_are_engines() -> None:
    labels = 'application="app",deployment="LLM",replica="r1",route="/v1"'
    body = RAY + histogram("ray_serve_deployment_processing_latency_ms", labels, {"100": 50, "+Inf": 50}, 2500)
    server = begun(body)
    assert {fit.profile.name for fit in server.model.chosen} == {"ray-serve", "ray-serve-deployments"}
    assert server.value("ai.requests.running", "LLM").number == 4.0
    assert server.value("ai.requests.waiting", "LLM").number == 5.0
    assert server.value("ai.latency.e2e", "LLM", stat="mean").number == pytest.approx(0.05)
    ranks = server.engines["LLM"].ranks
    assert [(rank.name, rank.running.number) for rank in ranks] == [("r1", 3.0), ("r2", 1.0)]
    assert "services" in server.derived.tables


def test_vllm_inside_ray_serve_is_vllm() -> None:
    body = RAY + V0.replace("vllm:", "ray_vllm_")
    assert begun(body).profile == "vllm"


# -- Ollama


def test_ollama_tells_its_models_and_says_what_it_does_not_tell() -> None:
    answer = {
        "models": [
            {"name": "llama3:8b", "model": "llama3:8b", "size": 8000, "size_vram": 6000, "context_length": 8192},
            {"name": "old", "size": 100, "size_vram": 100},
        ]
    }
    server = begun(ollama(answer).text)
    assert server.profile == "ollama"
    assert server.value("ai.context.limit", "llama3:8b").number == 8192.0
    assert server.engines["llama3:8b"].detail("memory.device").number == 0.75
    assert server.value("ai.context.limit", "old").number is None
    tokens = server.value("ai.tokens.generation", "llama3:8b")
    assert tokens.status is Status.ABSENT
    assert "nothing of its requests" in str(tokens.reason)


def test_an_ollama_without_models_is_still_ollama() -> None:
    assert begun(ollama({"models": []}).text).profile == "ollama"


# -- how servers and their parts are


def test_a_sleeping_vllm() -> None:
    body = V0 + 'vllm:engine_sleep_state{model_name="m",sleep_state="awake"} 0\n'
    assert begun(body).engines["m"].word == "asleep"
    assert begun(body.replace('"awake"} 0', '"awake"} 1')).engines["m"].word == ""


def test_replicas_of_ray_serve() -> None:
    body = ""
    for replica, running, healthy in (("a", 2, 1), ("b", 0, 0)):
        labels = f'application="app",deployment="llm",replica="{replica}"'
        body += f"ray_serve_replica_processing_queries{{{labels}}} {running}\n"
        body += f"ray_serve_deployment_replica_healthy{{{labels}}} {healthy}\n"
        body += f"ray_serve_deployment_request_counter_total{{{labels}}} 5\n"
    engine = begun(body).engines["llm"]
    assert engine.parts == "replica"
    assert [(rank.name, rank.running.number, rank.word) for rank in engine.ranks] == [
        ("a", 2.0, "ready"), ("b", 0.0, "unhealthy"),
    ]  # fmt: skip


def test_deployments_behind_litellm() -> None:
    body = ""
    for id, state in (("d1", 0), ("d2", 1), ("d3", 2)):
        labels = f'litellm_model_name="gpt",api_base="http://h",model_id="{id}"'
        body += f"litellm_deployment_state{{{labels}}} {state}\n"
    engine = begun(body).engines["gpt"]
    assert [(rank.name, rank.word) for rank in engine.ranks] == [("d1", "ready"), ("d2", "degraded"), ("d3", "outage")]


def test_a_row_has_its_measures_and_where_it_answers() -> None:
    engine = begun(V0).engines["m"]
    assert engine.now["ai.requests.running"].number == 3.0
    assert (engine.kind, engine.heard) == ("vllm", 10.0)
