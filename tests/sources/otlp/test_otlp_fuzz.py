"""Mutated bodies: nothing crashes, nothing is late, memory is bounded. `python -m benchmarks otlp` does 100,000."""

from __future__ import annotations

import random

import pytest
from otlp_play import DELTA, Play, counter, logs, metrics, number

from benchmarks.otlp import run, run_http
from perf_tui.measures.workers import sightings
from perf_tui.sources.otlp.decode import BadBody, Encoding, Signal
from perf_tui.sources.otlp.door import Door
from perf_tui.sources.otlp.intake import Intake
from perf_tui.sources.otlp.limits import Limits
from perf_tui.sources.otlp.read import MOST_PARTS, MOST_POINTS, MOST_RECORDS


def test_two_thousand_bodies() -> None:
    report = run(2000, seed=1)
    assert report.crashes == []
    assert report.taken > 500
    assert report.refused > 500
    assert report.sessions > 50


async def test_some_over_a_real_socket() -> None:
    report = await run_http(300, seed=2)
    assert report.crashes == []
    assert report.taken > 50


def test_the_same_seed_makes_the_same_bodies() -> None:
    first, second = run(100, seed=3), run(100, seed=3)
    assert (first.taken, first.partly, first.refused) == (second.taken, second.partly, second.refused)


def test_what_is_remembered_is_bounded_whatever_is_sent() -> None:
    chance = random.Random(4)
    play = Play(most_series=500, most_sessions=50)
    for _ in range(300):
        play.wait(1)
        wild = {"session.id": f"{chance.getrandbits(64):x}", "type": "output"}
        play.push(
            metrics({"service.name": "claude-code"}, counter("claude_code.token.usage", [number(wild, 1)] * 3, DELTA))
        )
        play.push(logs({"service.name": f"{chance.getrandbits(64):x}"}, {"event.name": "claude_code.user_prompt"}))
        play.derive()
    series, sessions = play.intake.sizes()
    assert series <= 500
    assert sessions <= 50
    play.wait(3700)
    play.derive()
    assert play.intake.sizes() == (0, 0)


def test_a_request_of_very_many_points_is_taken_up_to_a_limit() -> None:
    play = Play(most_series=100_000)
    labels = [number({"type": "output", "session.id": "s1", "n": place}, 1) for place in range(MOST_POINTS)]
    request = metrics(
        {}, counter("claude_code.token.usage", labels, DELTA), counter("claude_code.cost.usage", labels[:5], DELTA)
    )
    outcome = play.push(request)
    assert outcome.rejected == 5
    assert outcome.reason == f"a request may have {MOST_POINTS} points"


def test_so_is_one_of_very_many_records_or_parts() -> None:
    play = Play()
    records = b",".join([b"{}"] * (MOST_RECORDS + 7))
    outcome = play.push(b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + records + b"]}]}]}", "logs")
    assert outcome.rejected == 7
    parts = b",".join([b"{}"] * (MOST_PARTS + 1))
    for signal, name in (("logs", b"resourceLogs"), ("metrics", b"resourceMetrics"), ("traces", b"resourceSpans")):
        with pytest.raises(BadBody, match="resources and scopes"):
            play.push(b'{"' + name + b'":[' + parts + b"]}", signal)


async def test_pieces_are_the_whole() -> None:
    points = [number({"type": "output", "session.id": "s1", "n": place}, 1) for place in range(2500)]
    request = metrics(
        {"service.name": "claude-code"},
        counter("claude_code.token.usage", points, DELTA),
        counter("claude_code.cost.usage", points[:700], DELTA),
        counter("claude_code.token.usage", points[:2], 0),
    )
    door = Door(Intake("otlp", 60.0, 600.0, 0.0), Limits())
    outcome = await door.take(Signal.METRICS, Encoding.PROTOBUF, request.SerializeToString())
    door.close()
    assert outcome.rejected == 2
    assert door.intake.received[Signal.METRICS] == 3202
    (worker,) = sightings(door.intake.derive(0.0, 0.0).tables)
    assert worker.usage is not None
    assert (worker.usage.output, worker.usage.cost) == (2500.0, 700.0)
    events = [{"event.name": "api_request", "session.id": "s1", "output_tokens": 1}] * 2500
    body = logs({"service.name": "claude-code"}, *events).SerializeToString()
    await door.take(Signal.LOGS, Encoding.PROTOBUF, body)
    door.close()
    (worker,) = sightings(door.intake.derive(0.0, 0.0).tables)
    assert worker.work is not None
    assert worker.work.done == 2500.0
