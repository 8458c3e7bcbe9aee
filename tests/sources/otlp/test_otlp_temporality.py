"""The same observations in delta and in cumulative temporality; the oracle is what the test itself observed."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from math import ceil, log2
from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint
from otlp_play import CUMULATIVE, DELTA, SECOND, Play, counter, exponential, histogram, metrics, number, observed

from perf_tui.measures.model import Status
from perf_tui.measures.services import Service

CLAUDE = {"service.name": "claude-code"}
SHOP = {"service.name": "shop"}
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]
STEP = 10


def tokens(play: Play, name: str = "claude s1") -> float | None:
    usage = play.workers()[name].usage
    assert usage is not None
    return usage.output


class TestCounters:
    @pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
    def test_totals_are_the_sum_of_what_was_counted(self, temporality: Any) -> None:
        chance = random.Random(5)
        play = Play()
        begun, total, before = play.nanos, 0, play.nanos
        for _ in range(50):
            play.wait(STEP)
            more = chance.randrange(1000)
            total += more
            value, start = (more, before) if temporality == DELTA else (total, begun)
            point = number({"session.id": "s1", "type": "output"}, value, start, play.nanos)
            before = play.nanos
            play.push(metrics(CLAUDE, counter("claude_code.token.usage", [point], temporality)))
        assert tokens(play) == total

    @pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
    def test_what_is_sent_again_counts_once(self, temporality: Any) -> None:
        play = Play()
        start = play.nanos
        play.wait(STEP)
        point = number({"session.id": "s1", "type": "output"}, 100, start, play.nanos)
        request = metrics(CLAUDE, counter("claude_code.token.usage", [point], temporality))
        for _ in range(3):
            play.push(request)
        assert tokens(play) == 100

    def test_a_restart_begins_a_new_series_and_loses_nothing(self) -> None:
        play = Play()
        for values in ((100, 250), (10, 300)):  # the second is higher than what the first run ended with
            start = play.nanos
            for value in values:
                play.wait(STEP)
                point = number({"session.id": "s1", "type": "output"}, value, start, play.nanos)
                play.push(metrics(CLAUDE, counter("claude_code.token.usage", [point], CUMULATIVE)))
        assert tokens(play) == 250 + 300

    def test_without_a_start_a_fall_is_a_restart(self) -> None:
        play = Play()
        for value in (100, 250, 40, 60):
            play.wait(STEP)
            point = number({"session.id": "s1", "type": "output"}, value)
            play.push(metrics(CLAUDE, counter("claude_code.token.usage", [point], CUMULATIVE)))
        assert tokens(play) == 250 + 60

    def test_two_that_look_alike_do_not_undo_each_other(self) -> None:
        play = Play()
        starts = (play.nanos, play.nanos + 1)
        for value in (10, 20, 30):
            play.wait(STEP)
            for place, start in enumerate(starts):
                point = number({"session.id": "s1", "type": "output"}, value + 100 * place, start, play.nanos)
                play.push(metrics(CLAUDE, counter("claude_code.token.usage", [point], CUMULATIVE)))
        assert tokens(play) == 30 + 130

    def test_one_that_comes_too_late_is_left_out(self) -> None:
        play = Play()
        start = play.nanos
        times = [play.nanos + STEP * SECOND * step for step in (1, 3, 2)]
        for value, time in zip((10, 30, 20), times, strict=True):
            play.wait(STEP)
            point = number({"session.id": "s1", "type": "output"}, value, start, time)
            play.push(metrics(CLAUDE, counter("claude_code.token.usage", [point], CUMULATIVE)))
        assert tokens(play) == 30

    def test_series_that_differ_by_what_is_dropped_stay_apart(self) -> None:
        play = Play()
        start = play.nanos
        for value in (10, 20):
            play.wait(STEP)
            points = [
                number({"session.id": "s1", "type": "output", "user.id": user}, value, start, play.nanos)
                for user in ("a", "b")
            ]
            play.push(metrics(CLAUDE, counter("claude_code.token.usage", points, CUMULATIVE)))
        assert tokens(play) == 40

    def test_an_unknown_temporality_is_rejected(self) -> None:
        play = Play()
        point = number({"session.id": "s1", "type": "output"}, 1)
        outcome = play.push(metrics(CLAUDE, counter("claude_code.token.usage", [point, point], 0)))
        assert outcome.rejected == 2
        assert "temporality" in outcome.reason


def indexed(numbers: Sequence[float], scale: int) -> ExponentialHistogramDataPoint:
    """An exponential histogram of these numbers, counted here by the definition of the data model."""
    base_log = 2.0**-scale
    point = ExponentialHistogramDataPoint(count=len(numbers), sum=sum(numbers), scale=scale)
    places = [ceil(log2(each) / base_log) - 1 for each in numbers if each > 0]
    point.zero_count = len(numbers) - len(places)
    if places:
        point.positive.offset = min(places)
        counts = [0] * (max(places) - min(places) + 1)
        for place in places:
            counts[place - min(places)] += 1
        point.positive.bucket_counts.extend(counts)
    return point


class TestHistograms:
    """Requests of a service: how many there were, and how long they took."""

    @pytest.mark.parametrize("shape", ["explicit", "exponential", "shrinking"])
    @pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
    def test_both_give_what_was_observed(self, temporality: Any, shape: str) -> None:
        chance = random.Random(7)
        play = Play()
        begun = before = play.nanos
        every: list[float] = []
        labels = {"http.route": "/items", "http.request.method": "GET", "http.response.status_code": 200}
        for step in range(4):
            play.wait(STEP)
            fresh = [chance.lognormvariate(-3, 1) for _ in range(200)]
            every += fresh
            numbers, start = (fresh, before) if temporality == DELTA else (every, begun)
            before = play.nanos
            if shape == "explicit":
                point = observed(labels, numbers, BOUNDS, start, play.nanos)
                play.push(metrics(SHOP, histogram("http.server.request.duration", [point], temporality)))
            else:
                # An exporter that runs out of buckets makes its buckets wider.
                scaled = indexed(numbers, 5 - step if shape == "shrinking" else 5)
                scaled.start_time_unix_nano, scaled.time_unix_nano = start, play.nanos
                scaled.attributes.extend(observed(labels, [], []).attributes)
                play.push(metrics(SHOP, exponential("http.server.request.duration", [scaled], temporality)))
            play.derive()
        values = play.values()
        assert values["app.request.rate{service=shop}"].number == pytest.approx(200 / STEP)
        mean = values["app.request.duration{service=shop, stat=mean}"].number
        assert mean == pytest.approx(statistics.fmean(every))
        cuts = statistics.quantiles(every, n=100, method="inclusive")
        for stat, place in (("p50", 49), ("p95", 94)):
            found = values[f"app.request.duration{{service=shop, stat={stat}}}"].number
            assert found is not None
            if shape == "explicit":
                assert sum(found > bound for bound in BOUNDS) == sum(cuts[place] > bound for bound in BOUNDS)
            else:
                assert found == pytest.approx(cuts[place], rel=0.09 if shape == "shrinking" else 0.03)
        (row,) = play.derive().tables["services"]  # type: ignore[attr-defined]
        assert isinstance(row, Service)
        assert [(route.name, route.share) for route in row.routes] == [("GET /items", 1.0)]

    def test_a_reset_is_judged_for_the_whole_histogram(self) -> None:
        """One bucket fell: the others began anew as well, though they have grown beyond what they were."""
        play = Play()
        play.wait(1)
        for numbers in ([0.001] * 10 + [0.2] * 2, [0.001] * 5 + [0.2] * 50):
            play.wait(STEP)
            point = observed({"http.response.status_code": 500}, numbers, BOUNDS)
            play.push(metrics(SHOP, histogram("http.server.request.duration", [point], CUMULATIVE)))
            values = play.values()
        assert values["app.request.rate{service=shop}"].number == pytest.approx(55 / STEP)
        assert values["app.error.server{service=shop}"].number == 1.0

    def test_what_was_counted_before_is_no_traffic_of_now(self) -> None:
        play = Play()
        old = play.nanos - 3600 * SECOND
        play.wait(1)
        point = observed({}, [0.1] * 5000, BOUNDS, old, play.nanos)
        play.push(metrics(SHOP, histogram("http.server.request.duration", [point], CUMULATIVE)))
        values = play.values()
        assert values["app.request.duration{service=shop, stat=p95}"].status is Status.PENDING
        play.wait(STEP)
        point = observed({}, [0.1] * 5020, BOUNDS, old, play.nanos)
        play.push(metrics(SHOP, histogram("http.server.request.duration", [point], CUMULATIVE)))
        assert play.values()["app.request.rate{service=shop}"].number == pytest.approx(2.0)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"bucket_counts": [1, 1]}, "one bucket more than bounds"),
            ({"explicit_bounds": [*BOUNDS[:-2], 9.0, 9.0]}, "ascend"),
            ({"count": 99}, "add up"),
        ],
    )
    def test_a_malformed_point_is_rejected_and_the_others_are_not(self, change: dict[str, Any], reason: str) -> None:
        play = Play()
        start = play.nanos
        play.wait(STEP)
        good, bad = (observed({"http.route": route}, [0.1] * 4, BOUNDS, start, play.nanos) for route in "ab")
        for name, value in change.items():
            if isinstance(value, list):
                del getattr(bad, name)[:]
                getattr(bad, name).extend(value)
            else:
                setattr(bad, name, value)
        outcome = play.push(metrics(SHOP, histogram("http.server.request.duration", [good, bad], DELTA)))
        assert outcome.rejected == 1
        assert reason in outcome.reason
        assert play.values()["app.request.rate{service=shop}"].number == pytest.approx(0.4)
