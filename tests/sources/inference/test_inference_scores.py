"""Scores that metrics bring, and proxies: named so, with a baseline of the first requests that were seen."""

from math import inf

import pytest
from serving import Server

from perf_tui.measures.drift import Verdict
from perf_tui.measures.quality import Quality, rows

BOUNDS = (10, 100, 1000, inf)


def engine(length: int, stop: int, lengths: tuple[int, int, int, int], accepted: int = 0, drafted: int = 0) -> str:
    """A vLLM with counters at these numbers; `lengths` are answers of up to 10, 100, 1000 and more tokens."""
    labels = 'engine="0",model_name="m"'
    body = f"vllm:num_requests_running{{{labels}}} 1\n"
    body += f'vllm:request_success_total{{{labels},finished_reason="length"}} {length}\n'
    body += f'vllm:request_success_total{{{labels},finished_reason="stop"}} {stop}\n'
    body += f"vllm:spec_decode_num_accepted_tokens_total{{{labels}}} {accepted}\n"
    body += f"vllm:spec_decode_num_draft_tokens_total{{{labels}}} {drafted}\n"
    total = 0
    for bound, count in zip(BOUNDS, lengths, strict=True):
        total += count
        le = "+Inf" if bound == inf else f"{bound}.0"
        body += f'vllm:request_generation_tokens_bucket{{{labels},le="{le}"}} {total}\n'
    return body + f"vllm:request_generation_tokens_count{{{labels}}} {total}\n"


def found(server: Server) -> dict[str, Quality]:
    """The rows by name."""
    return {row.name: row for row in rows(server.derived.tables)}


def test_answers_that_become_longer_and_are_cut_are_drift_by_proxy() -> None:
    server = Server(window=20.0).scrape(engine(0, 0, (0, 0, 0, 0)), 0.0)
    server.scrape(engine(20, 200, (100, 100, 20, 0), 160, 200), 10.0)
    assert found(server)["ended by length"].drift.verdict is Verdict.TOO_FEW, "the window reaches into the baseline"
    for step in range(1, 4):
        at = 10.0 + 10 * step
        server.scrape(engine(20 + 60 * step, 200 + 40 * step, (100, 100, 20 + 50 * step, 50 * step), 160, 200), at)
    cut, lengths = found(server)["ended by length"], found(server)["length of answers"]
    assert cut.proxy
    assert lengths.proxy
    assert cut.drift.baseline.mean == pytest.approx(20 / 220)
    assert cut.drift.now.mean == pytest.approx(0.6)
    assert cut.drift.verdict is Verdict.DRIFTED
    assert lengths.drift.verdict is Verdict.DRIFTED
    assert "(proxy)" in cut.sentence
    assert (cut.engine, cut.model) == ("llm", "m")


def test_the_same_mix_is_steady_and_without_traffic_there_are_too_few() -> None:
    server = Server(window=20.0).scrape(engine(0, 0, (0, 0, 0, 0)), 0.0)
    for step in range(1, 6):
        server.scrape(engine(40 * step, 200 * step, (120 * step, 100 * step, 20 * step, 0)), 10.0 * step)
    assert {row.drift.verdict for row in found(server).values() if row.name != "accepted drafts"} == {Verdict.STEADY}
    for step in range(6, 12):
        server.scrape(engine(200, 1000, (600, 500, 100, 0)), 10.0 * step)
    assert {row.drift.verdict for row in found(server).values()} == {Verdict.TOO_FEW}


def test_accepted_drafts_are_shown_and_never_judged() -> None:
    server = Server(window=20.0).scrape(engine(0, 0, (0, 0, 0, 0)), 0.0)
    server.scrape(engine(0, 0, (0, 0, 0, 0), 900, 1000), 10.0).scrape(engine(0, 0, (0, 0, 0, 0), 1000, 2000), 20.0)
    server.scrape(engine(0, 0, (0, 0, 0, 0), 1100, 3000), 30.0)
    row = found(server)["accepted drafts"]
    assert row.drift.baseline.mean == pytest.approx(0.9)
    assert row.drift.now.mean == pytest.approx(0.1)
    assert row.drift.verdict is Verdict.TOO_FEW


def test_a_gauge_of_scores_is_one_evaluation_for_each_new_number() -> None:
    server = Server()
    for step in range(260):
        score = (0.8 if step < 200 else 0.4) + step % 10 / 100
        body = f'app_evaluation_score{{name="faithfulness",model="m"}} {score}\n'
        server.scrape(body, 2.0 * step).scrape(body, 2.0 * step + 1)
    row = found(server)["faithfulness"]
    assert (row.drift.baseline.n, row.drift.now.n) == (200, 60)
    assert not row.proxy
    assert row.drift.verdict is Verdict.DRIFTED
    assert "engines" not in server.derived.tables, "what judges answers is no engine"
    assert server.ids("ai.quality.drift") == [{"engine": "llm", "model": "m", "name": "faithfulness"}]
    assert server.ids("ai.requests.running") == []


def test_a_histogram_of_scores_brings_each_of_them() -> None:
    def body(low: int, high: int) -> str:
        labels = 'evaluator="judge",model="m"'
        return (
            f"# TYPE quality_score histogram\n"
            f'quality_score_bucket{{{labels},le="0.5"}} {low}\nquality_score_bucket{{{labels},le="1.0"}} {low + high}\n'
            f'quality_score_bucket{{{labels},le="+Inf"}} {low + high}\nquality_score_count{{{labels}}} {low + high}\n'
            f"quality_score_sum{{{labels}}} {0.25 * low + 0.75 * high}\n"
        )

    server = Server().scrape(body(0, 0), 0.0).scrape(body(20, 180), 10.0).scrape(body(100, 200), 20.0)
    row = found(server)["judge"]
    assert row.drift.baseline.mean == pytest.approx((20 * 0.25 + 180 * 0.75) / 200)
    assert row.drift.now == (100, pytest.approx(0.35), pytest.approx(0.0404, abs=0.001))
    assert row.drift.verdict is Verdict.DRIFTED
