"""Mutated bodies: nothing crashes, nothing is late, memory is bounded. `python -m benchmarks otlp` does 100,000."""

from __future__ import annotations

import random

from otlp_play import DELTA, Play, counter, logs, metrics, number

from benchmarks.otlp import run, run_http
from perf_tui.sources.otlp.read import MOST_POINTS


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
