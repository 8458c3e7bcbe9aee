"""Services, models and scores that are pushed: which measure each metric becomes."""

from __future__ import annotations

import json
import statistics
from typing import Any

import pytest
from otlp_play import CUMULATIVE, DELTA, Play, as_json, counter, histogram, logs, metrics, number, observed

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.drift import Verdict
from perf_tui.measures.engines import rows as engines
from perf_tui.measures.model import Status
from perf_tui.measures.quality import rows as scores
from perf_tui.measures.services import Service
from perf_tui.sources.otlp.services import MOST_SERVICES, told_outcome

SHOP = {"service.name": "shop"}
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]
DURATION = "http.server.request.duration"


def requests(play: Play, labels: dict[str, Any], times: list[float], seconds: float = 10.0) -> Any:
    """A point of so many requests in the last seconds."""
    return observed(labels, times, BOUNDS, play.nanos - int(seconds * 1e9), play.nanos)


def services(play: Play) -> dict[str, Service]:
    return {row.name: row for row in play.derive().tables.get("services", ())}  # type: ignore[attr-defined]


class TestServices:
    def test_errors_by_status_and_type(self) -> None:
        play = Play()
        play.wait(10)
        kinds = {
            "200": 90, "404": 4, "500": 3, "504": 2, "": 1,
        }  # fmt: skip
        points = []
        for status, times in kinds.items():
            labels: dict[str, Any] = (
                {"http.response.status_code": int(status)} if status else {"error.type": "KeyError"}
            )
            points.append(requests(play, labels | {"http.route": "/a"}, [0.02] * times))
        play.push(metrics(SHOP, histogram(DURATION, points, DELTA)))
        values = play.values()
        found = {
            kind: values[f"app.error.{kind}{{service=shop}}"].number
            for kind in ("client", "server", "timeout", "total")
        }
        assert found == {"client": 0.04, "server": 0.06, "timeout": 0.02, "total": 0.1}
        (row,) = services(play).values()
        assert [(route.name, route.errors.number) for route in row.routes] == [("/a", 0.1)]

    @pytest.mark.parametrize(
        ("labels", "expected"),
        [
            ({"http.response.status_code": 200.0}, (0, 0, 0, 0, 0)),
            ({"http.status_code": 503.0}, (0, 1, 0, 1, 0)),
            ({"http.response.status_code": 404.0}, (1, 0, 0, 1, 1)),
            ({"error.type": "java.net.SocketTimeoutException"}, (0, 1, 1, 1, 0)),
            ({"http.response.status_code": 200.0, "error.type": "timeout"}, (0, 0, 1, 1, 0)),
            ({}, (0, 0, 0, 0, 0)),
        ],
    )
    def test_outcomes(self, labels: dict[str, Any], expected: tuple[int, ...]) -> None:
        assert told_outcome(labels) == expected

    def test_routes_by_the_time_that_they_take(self) -> None:
        play = Play()
        play.wait(10)
        given = {"GET /items/{id}": [0.02] * 30, "POST /orders": [0.4] * 10, "GET /": [0.001] * 5}
        points = []
        for name, times in given.items():
            method, route = name.split()
            points.append(requests(play, {"http.route": route, "http.request.method": method}, times))
        points.append(requests(play, {"http.request.method": "GET", "http.response.status_code": 404}, [0.001] * 9))
        play.push(metrics(SHOP, histogram(DURATION, points, DELTA)))
        (row,) = services(play).values()
        assert [route.name for route in row.routes] == ["POST /orders", "GET /items/{id}", "(not found)", "GET /"]
        whole = sum(map(sum, given.values())) + 0.009
        assert [route.share for route in row.routes] == pytest.approx(
            [4 / whole, 0.6 / whole, 0.009 / whole, 0.005 / whole]
        )
        assert row.routes[0].mean.number == pytest.approx(0.4)
        assert row.routes[0].brackets[0].lower == 0.25
        assert row.routes[0].brackets[0].upper == 0.5
        assert row.buckets is not None
        assert row.buckets.bounds[:-1] == tuple(BOUNDS)
        assert sum(row.buckets.counts) == 54

    def test_instances_of_a_service_are_added_up(self) -> None:
        play = Play()
        start = play.nanos
        for step in (1, 2):
            play.wait(10)
            for instance in ("a", "b"):
                point = observed({}, [0.02] * 100 * step, BOUNDS, start, play.nanos)
                play.push(metrics(SHOP | {"service.instance.id": instance}, histogram(DURATION, [point], CUMULATIVE)))
        assert play.values()["app.request.rate{service=shop}"].number == pytest.approx(20.0)

    def test_the_older_name_in_milliseconds(self) -> None:
        play = Play()
        play.wait(10)
        point = observed({"http.status_code": 500}, [20.0] * 5, [10.0, 25.0], play.nanos - 10**10, play.nanos)
        play.push(metrics(SHOP, histogram("http.server.duration", [point], DELTA, "ms")))
        values = play.values()
        assert values["app.request.duration{service=shop, stat=mean}"].number == pytest.approx(0.02)
        assert values["app.error.server{service=shop}"].number == 1.0

    def test_one_that_sends_both_names_is_counted_once(self) -> None:
        play = Play()
        play.wait(10)
        old = observed({}, [20.0] * 50, [10.0, 25.0], play.nanos - 10**10, play.nanos)
        new = requests(play, {}, [0.02] * 50)
        both = [histogram("http.server.duration", [old], DELTA, "ms"), histogram(DURATION, [new], DELTA)]
        play.push(metrics(SHOP, *both))
        assert play.values()["app.request.rate{service=shop}"].number == pytest.approx(5.0)

    @pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
    def test_requests_in_flight(self, temporality: Any) -> None:
        play = Play()
        level = {"GET": 0, "POST": 0}
        for changes in ({"GET": 3, "POST": 2}, {"GET": -1, "POST": 4}):
            play.wait(10)
            points = []
            for method, change in changes.items():
                level[method] += change
                value = change if temporality == DELTA else level[method]
                points.append(number({"http.request.method": method}, value, 0, play.nanos))
            play.push(metrics(SHOP, counter("http.server.active_requests", points, temporality)))
        assert play.values()["app.request.active{service=shop}"].number == 8.0

    def test_silence_is_stale_and_then_forgotten(self) -> None:
        play = Play()
        for _ in range(2):
            play.wait(10)
            play.push(metrics(SHOP, histogram(DURATION, [requests(play, {}, [0.02] * 50)], DELTA)))
            play.derive()
        assert play.values()["app.request.rate{service=shop}"].status is Status.OK
        play.wait(30)
        value = play.values()["app.request.rate{service=shop}"]
        assert (value.status, value.reason) == (Status.STALE, "nothing has been pushed for 30 s")
        play.wait(600)
        assert not any(key.startswith("app.") for key in play.values())

    def test_a_push_each_minute_is_not_idle_between(self) -> None:
        play = Play()
        for _ in range(3):
            play.wait(60)
            play.push(metrics(SHOP, histogram(DURATION, [requests(play, {}, [0.02] * 60, 60.0)], DELTA)))
            play.derive()
        play.wait(59)
        values = play.values()
        assert values["app.request.rate{service=shop}"].number == pytest.approx(1.0)
        assert values["app.request.duration{service=shop, stat=p95}"].status is Status.OK

    def test_no_more_services_than_are_followed(self) -> None:
        play = Play()
        play.wait(10)
        rejected = 0
        for place in range(MOST_SERVICES + 5):
            request = metrics({"service.name": f"s{place}"}, histogram(DURATION, [requests(play, {}, [0.1])], DELTA))
            rejected += play.push(request).rejected
        assert rejected == 5
        rows = services(play)
        assert len(rows) == MOST_SERVICES
        assert any("5 points or records were not taken in" in notice for notice in rows["s0"].notices)

    def test_hostile_names_are_cleaned(self) -> None:
        play = Play()
        play.wait(10)
        labels = {"http.route": "/\x1b[31m" + "a" * 1000, "http.request.method": "GET"}
        play.push(
            metrics({"service.name": "\x1b]0;x\x07"}, histogram(DURATION, [requests(play, labels, [0.1])], DELTA))
        )
        (row,) = services(play).values()
        assert row.name == "\\x1b]0;x\\x07"
        assert row.routes[0].name.isprintable()
        assert len(row.routes[0].name) < 140


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "tiny", "gen_ai.provider.name": "openai"}


class TestModels:
    @pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
    def test_a_client(self, temporality: Any) -> None:
        play = Play()
        begun = before = play.nanos
        every: dict[str, list[float]] = {"input": [], "output": [], "seconds": []}
        for _ in range(3):
            play.wait(20)
            fresh = {"input": [100.0, 300.0], "output": [50.0, 50.0, 20.0], "seconds": [0.3, 0.7]}
            for name, numbers in fresh.items():
                every[name] += numbers
            given, start = (fresh, before) if temporality == DELTA else (every, begun)
            before = play.nanos
            tokens = [
                observed(CHAT | {"gen_ai.token.type": kind}, given[kind], [64.0, 256.0], start, play.nanos)
                for kind in ("input", "output")
            ]
            seconds = [observed(CHAT, given["seconds"], BOUNDS, start, play.nanos)]
            request = metrics(
                {"service.name": "bot"},
                histogram("gen_ai.client.token.usage", tokens, temporality, "{token}"),
                histogram("gen_ai.client.operation.duration", seconds, temporality),
                histogram("gen_ai.client.operation.time_to_first_chunk", seconds, temporality),
            )
            play.push(request)
            play.derive()
        values = play.values()
        row = "engine=bot, model=tiny"
        assert values[f"ai.tokens.prompt{{{row}}}"].number == pytest.approx(400 / 20)
        assert values[f"ai.tokens.generation{{{row}}}"].number == pytest.approx(120 / 20)
        for measure in ("e2e", "ttft"):
            mean = values[f"ai.latency.{measure}{{{row}, stat=mean}}"].number
            assert mean == pytest.approx(statistics.fmean(every["seconds"]))
        assert values[f"ai.requests.failed{{{row}}}"].number == 0.0
        running = values[f"ai.requests.running{{{row}}}"]
        assert running.status is Status.ABSENT
        assert running.reason == "OpenTelemetry GenAI client of openai does not push it"
        (engine,) = engines(play.derive().tables)
        assert engine.detail("length.prompt").number == pytest.approx(200.0)

    def test_a_server_and_its_failures(self) -> None:
        play = Play()
        play.wait(10)
        start = play.nanos - 10**10
        good, bad = (
            observed(CHAT | error, [0.5] * times, BOUNDS, start, play.nanos)
            for error, times in (({}, 30), ({"error.type": "500"}, 5))
        )
        tpot = observed(CHAT, [0.02] * 30, BOUNDS, start, play.nanos)
        request = metrics(
            {"service.name": "served"},
            histogram("gen_ai.server.request.duration", [good, bad], DELTA),
            histogram("gen_ai.server.time_per_output_token", [tpot], DELTA),
        )
        play.push(request)
        values = play.values()
        assert values["ai.requests.failed{engine=served, model=tiny}"].number == pytest.approx(0.5)
        assert values["ai.latency.itl{engine=served, model=tiny, stat=mean}"].number == pytest.approx(0.02)

    def test_what_wraps_calls_is_not_a_call(self) -> None:
        play = Play()
        point = observed(CHAT | {"gen_ai.operation.name": "invoke_agent"}, [5.0], BOUNDS)
        play.push(metrics({}, histogram("gen_ai.client.operation.duration", [point], DELTA)))
        assert engines(play.derive().tables) == ()

    def test_every_measure_of_the_layer_is_told_or_said_to_be_absent(self) -> None:
        play = Play()
        point = observed(CHAT, [5.0], BOUNDS)
        play.push(metrics({}, histogram("gen_ai.client.operation.duration", [point], DELTA)))
        told = {sample.series.id for sample in play.derive().samples}
        assert told == {id for id in CATALOGUE if id.startswith("ai.") and not id.startswith("ai.quality.")}


class TestScores:
    def test_a_stream_that_falls(self) -> None:
        play = Play()
        given = [0.9, 0.8] * 100 + [0.4, 0.5] * 100
        for place in range(0, len(given), 50):
            events = [
                {
                    "event.name": "gen_ai.evaluation.result", "gen_ai.evaluation.name": "faithful",
                    "gen_ai.evaluation.score.value": score, "gen_ai.request.model": "tiny",
                }
                for score in given[place : place + 50]
            ]  # fmt: skip
            assert play.push(logs({"service.name": "judge"}, *events)).rejected == 0
        (row,) = scores(play.derive().tables)
        assert (row.engine, row.model, row.name, row.proxy) == ("judge", "tiny", "faithful", False)
        assert row.drift.verdict is Verdict.DRIFTED
        values = play.values()
        labels = "{engine=judge, model=tiny, name=faithful}"
        assert values[f"ai.quality.score{labels}"].number == pytest.approx(statistics.fmean(given[200:]))
        fall = statistics.fmean(given[200:]) - statistics.fmean(given[:200])
        assert values[f"ai.quality.drift{labels}"].number == pytest.approx(fall)

    def test_labels_failures_and_the_name_in_the_field(self) -> None:
        play = Play()
        name = {"gen_ai.evaluation.name": "right"}
        request = logs(
            {"service.name": "judge"},
            name | {"gen_ai.evaluation.score.label": "Pass"},
            name | {"gen_ai.evaluation.score.label": "fail"},
            name | {"gen_ai.evaluation.score.label": "perhaps"},
            name | {"gen_ai.evaluation.score.value": 1, "error.type": "timeout"},
            {"gen_ai.evaluation.score.value": 1.0},
        )
        for record in request.resource_logs[0].scope_logs[0].log_records:
            record.event_name = "gen_ai.evaluation.result"
        play.push(request)
        (row,) = scores(play.derive().tables)
        assert (row.drift.baseline.n, row.drift.baseline.mean) == (2, 0.5)


def test_unknown_metrics_are_taken_and_nothing_is_made_of_them() -> None:
    play = Play()
    request = metrics(SHOP, counter("my.counter", [number({}, 5)], CUMULATIVE), counter("bad", [number({}, 5)], 0))
    assert play.push(request).rejected == 0
    assert play.values() == {}
    assert play.intake.sizes() == (0, 0)
    assert play.intake.received["metrics"] == 2  # type: ignore[index]


def test_json_may_have_null_text_numbers_and_names_of_enumerations() -> None:
    play = Play()
    body = as_json(metrics(SHOP, histogram(DURATION, [requests(play, {}, [0.1] * 8)], DELTA)))
    (metric,) = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    metric["histogram"]["aggregationTemporality"] = "AGGREGATION_TEMPORALITY_DELTA"
    metric["description"] = None
    metric["gauge"] = None
    metric["unheardOf"] = {"a": [1, {}]}
    (point,) = metric["histogram"]["dataPoints"]
    point["attributes"] = None
    point["count"] = 8
    point["timeUnixNano"] = int(point["timeUnixNano"])
    point["exemplars"] = [{"asDouble": "NaN", "traceId": "00"}]
    assert play.push(json.dumps(body).encode(), "metrics").rejected == 0
    assert play.values()["app.request.rate{service=shop}"].number == pytest.approx(0.8)
