"""What happens over time: windows, resets, restarts, several workers, series that come and go."""

from math import inf

import pytest
from scraping import PROFILES, START, Endpoint

from perf_tui.measures.model import Status
from perf_tui.sources.scrape.ledger import KEEP
from perf_tui.sources.scrape.plan import MOST_ROUTES, OTHERS


def web(requests: float, *, errors: float = 0.0, start: float | None = None, seconds: float = 0.0) -> str:
    """A small service: counters by status, a histogram with 0.1 and 1 s, all observations up to 0.1 s."""
    lines = [
        f'http_requests_total{{handler="/x",method="GET",status="200"}} {requests}',
        f'http_requests_total{{handler="/x",method="GET",status="500"}} {errors}',
        *_buckets({0.1: requests, 1.0: requests, inf: requests}, seconds),
    ]
    if start is not None:
        lines.append(f"process_start_time_seconds {START + start}")
    return "\n".join(lines) + "\n"


def _buckets(counts: dict[float, float], seconds: float) -> list[str]:
    name = "http_request_duration_highr_seconds"
    lines = [f'{name}_bucket{{le="{"+Inf" if le == inf else le}"}} {count}' for le, count in counts.items()]
    return [*lines, f"{name}_count {counts[inf]}", f"{name}_sum {seconds}"]


def rate(endpoint: Endpoint) -> float | None:
    return endpoint.value("app.request.rate").number


def test_a_first_scrape_has_gauges_and_no_rates() -> None:
    endpoint = Endpoint().scrape(web(100) + "http_requests_inprogress 4\n", 0.0)
    assert endpoint.value("app.request.active").number == 3.0
    for value in (endpoint.value("app.request.rate"), endpoint.value("app.error.total"), endpoint.duration("p99")):
        assert (value.status, value.number) == (Status.PENDING, None)
    assert endpoint.services["svc"].buckets is None


def test_the_rate_is_of_the_newest_interval_and_its_true_length() -> None:
    endpoint = Endpoint().scrape(web(100), 0.0).scrape(web(120), 2.0)
    assert rate(endpoint) == 10.0
    endpoint.scrape(web(150), 4.5)
    assert rate(endpoint) == 12.0
    endpoint.scrape(web(150), 6.5)
    assert rate(endpoint) == 0.0


def test_latency_and_errors_are_of_the_window() -> None:
    endpoint = Endpoint(window=60.0)
    # the first minute is slow and fails; what follows is fast and well
    for tick in range(31):
        requests = tick * 10
        slow = ["http_requests_total{handler=\"/x\",method=\"GET\",status=\"200\"} 0",
                f'http_requests_total{{handler="/x",method="GET",status="500"}} {requests}',
                *_buckets({0.1: 0, 1.0: requests, inf: requests}, requests * 0.5)]  # fmt: skip
        endpoint.scrape("\n".join(slow) + "\n", tick * 2.0)
    assert endpoint.value("app.error.server").number == 1.0
    assert endpoint.duration("mean").number == pytest.approx(0.5)
    assert endpoint.duration("p50").number == pytest.approx(0.1 + 0.9 * 0.5)
    for tick in range(1, 31):
        done = tick * 30
        fast = [f'http_requests_total{{handler="/x",method="GET",status="200"}} {done}',
                'http_requests_total{handler="/x",method="GET",status="500"} 300',
                *_buckets({0.1: done, 1.0: 300 + done, inf: 300 + done}, 150 + done * 0.05)]  # fmt: skip
        endpoint.scrape("\n".join(fast) + "\n", 60.0 + tick * 2.0)
    assert endpoint.value("app.error.server").number == 0.0
    assert endpoint.duration("mean").number == pytest.approx(0.05)
    assert endpoint.duration("p50").number == pytest.approx(0.05)


def test_half_a_window_later_both_halves_count() -> None:
    endpoint = Endpoint(window=60.0).scrape(web(0), 0.0)
    for tick in range(1, 46):  # 30 s of errors, then 60 s without
        endpoint.scrape(web(tick * 10, errors=min(tick, 15) * 10.0), tick * 2.0)
        if tick == 30:
            assert endpoint.value("app.error.server").number == pytest.approx(150 / 450)
    assert endpoint.value("app.error.server").number == 0.0


def test_no_traffic_is_idle_and_never_a_latency_of_zero() -> None:
    endpoint = Endpoint(window=10.0).scrape(web(5), 0.0)
    for tick in range(1, 8):
        endpoint.scrape(web(5), tick * 2.0)
    assert rate(endpoint) == 0.0
    for value in (endpoint.duration("p50"), endpoint.duration("mean"), endpoint.value("app.error.total")):
        assert (value.status, value.number) == (Status.IDLE, None)


def test_scrapes_are_taken_off_a_histogram_that_has_no_routes() -> None:
    def body(requests: int, scrapes: int) -> str:
        name = "http_request_duration_seconds"
        lines = []
        for handler, count, seconds in (("/x", requests, requests * 0.5), ("/metrics", scrapes, scrapes * 0.003)):
            lines.append(f'http_requests_total{{handler="{handler}",method="GET",status="200"}} {count}')
            lines.append(f'{name}_count{{handler="{handler}",method="GET"}} {count}')
            lines.append(f'{name}_sum{{handler="{handler}",method="GET"}} {seconds}')
        whole = requests + scrapes
        lines += _buckets({0.1: scrapes, 1.0: whole, inf: whole}, requests * 0.5 + scrapes * 0.003)
        return "\n".join(lines) + "\n"

    endpoint = Endpoint().scrape(body(0, 0), 0.0)
    for tick in range(1, 11):
        endpoint.scrape(body(0, tick), tick * 2.0)
    assert rate(endpoint) == 0.0
    assert endpoint.duration("p50").status is Status.IDLE, "nobody but the scrapes was served"
    assert endpoint.duration("mean").status is Status.IDLE
    endpoint.scrape(body(4, 11), 22.0)
    assert endpoint.duration("mean").number == pytest.approx(0.5)
    assert endpoint.duration("p50").number == pytest.approx(0.55)
    buckets = endpoint.services["svc"].buckets
    assert buckets is not None
    assert buckets.counts == (0.0, 4.0, 0.0)


def test_beyond_the_last_bucket_a_quantile_is_a_bound() -> None:
    def body(count: int) -> str:
        return "\n".join(_buckets({0.1: count * 0.9, 1.0: count * 0.9, inf: count}, 0)) + "\n"

    endpoint = Endpoint().scrape(body(0), 0.0).scrape(body(100), 2.0)
    p99 = endpoint.duration("p99")
    assert (p99.number, p99.bound) == (1.0, True)
    assert {stat: upper for stat, _, upper in endpoint.services["svc"].brackets}["p99"] == inf


def test_a_counter_that_fell_began_anew() -> None:
    endpoint = Endpoint().scrape(web(100, seconds=10), 0.0).scrape(web(40, seconds=2), 2.0)
    assert rate(endpoint) == 20.0
    assert endpoint.duration("mean").number == pytest.approx(0.05)


def test_a_restart_counts_all_series_from_zero_even_those_that_grew() -> None:
    endpoint = Endpoint().scrape(web(100, errors=2, start=-50.0), 0.0)
    endpoint.scrape(web(40, errors=10, start=5.0), 10.0)
    assert rate(endpoint) == 5.0, "40 + 10 since the restart; 10 is more than 2, and began at 0 all the same"
    assert endpoint.value("app.error.server").number == pytest.approx(0.2)


def test_a_start_time_that_is_adjusted_is_no_restart() -> None:
    endpoint = Endpoint().scrape(web(100, start=-50.0), 0.0).scrape(web(110, start=-49.0), 2.0)
    endpoint.scrape(web(120, start=-50.0), 4.0)
    assert rate(endpoint) == 5.0
    assert not any("worker" in notice for notice in endpoint.services["svc"].notices)


def test_a_series_that_appears_began_at_zero() -> None:
    body = 'http_requests_total{handler="/x",method="GET",status="404"} 6\n'
    endpoint = Endpoint().scrape(web(100), 0.0).scrape(web(114) + body, 2.0)
    assert rate(endpoint) == 10.0
    assert endpoint.value("app.error.client").number == pytest.approx(0.3)


def test_an_endpoint_recognised_with_its_first_request_counts_it() -> None:
    endpoint = Endpoint().scrape("python_info 1\n", 0.0)
    assert endpoint.model.chosen == []
    endpoint.scrape("python_info 1\n" + web(4, seconds=0.2), 2.0)
    assert rate(endpoint) == 2.0
    assert endpoint.duration("mean").number == pytest.approx(0.05)


def test_what_was_exported_and_not_wanted_before_is_no_sudden_traffic() -> None:
    # the counter was there; only with the histogram is the endpoint recognised
    counter = 'http_requests_total{{handler="/x",method="GET",state="2"}} {0}\n'
    histogram = "\n".join(_buckets({0.1: 7, 1.0: 7, inf: 7}, 0.7)) + "\n"
    endpoint = Endpoint().scrape(counter.format(1_000_000), 0.0)
    assert endpoint.model.chosen == []
    endpoint.scrape(counter.format(1_000_010) + histogram, 2.0)
    assert rate(endpoint) == 0.0
    assert endpoint.duration("mean").number == pytest.approx(0.1)
    assert rate(endpoint.scrape(counter.format(1_000_030) + histogram, 4.0)) == 10.0


def test_a_scrape_that_lacks_a_series_loses_nothing() -> None:
    endpoint = Endpoint().scrape(web(100), 0.0)
    endpoint.scrape("python_info 1\n", 2.0)
    endpoint.scrape(web(120), 4.0)
    assert rate(endpoint) == 10.0, "the 20 were counted somewhere in the newest interval"


def test_nan_and_infinities_are_no_numbers_to_count_with() -> None:
    endpoint = Endpoint().scrape(web(100), 0.0)
    broken = web(120).replace('le="0.1"} 120', 'le="0.1"} NaN').replace('status="200"} 120', 'status="200"} +Inf')
    endpoint.scrape(broken + "http_requests_inprogress NaN\n", 2.0)
    assert rate(endpoint) == 0.0
    assert endpoint.value("app.request.active").status is Status.IDLE
    for sample in endpoint.derived.samples:
        assert sample.value.number is None or abs(sample.value.number) < inf


def test_workers_that_answer_in_turn_are_told_apart_and_added_up() -> None:
    endpoint = Endpoint(window=60.0)
    counts = {1: 1000.0, 2: 200.0, 3: 5000.0}  # three workers with their own counters
    for tick in range(60):
        worker = (tick * 7) % 3 + 1
        for each in counts:
            counts[each] += 4.0  # each serves 2 requests a second
        endpoint.scrape(web(counts[worker], start=-100.0 + worker * 0.37, seconds=counts[worker] * 0.05), tick * 2.0)
    assert rate(endpoint) == pytest.approx(6.0, rel=0.1), "a worker's last 4 s may be missing"
    assert endpoint.duration("mean").number == pytest.approx(0.05)
    assert endpoint.duration("p50").number == pytest.approx(0.05)
    notices = " ".join(endpoint.services["svc"].notices)
    assert "several worker processes answer this address in turn (3 so far)" in notices


def test_another_process_that_was_there_before_is_no_restart() -> None:
    endpoint = Endpoint().scrape(web(10, start=-99.3), 0.0).scrape(web(5000, start=-99.1), 2.0)
    assert endpoint.value("app.request.rate").status is Status.PENDING, "the other's 5000 are no traffic"
    assert any("several worker processes" in notice for notice in endpoint.services["svc"].notices)
    endpoint.scrape(web(12, start=-99.3), 4.0).scrape(web(5008, start=-99.1), 6.0)
    assert rate(endpoint) == pytest.approx((2 + 8) / 4)


def test_a_worker_that_is_replaced_counts_from_zero() -> None:
    endpoint = Endpoint()
    for tick in range(10):
        first = tick % 2 == 0
        endpoint.scrape(web(100.0 + tick if first else 200.0 + tick, start=-99.3 if first else -99.1), tick * 2.0)
    endpoint.scrape(web(3, start=19.0), 20.0)
    assert rate(endpoint) == pytest.approx((8 + 8 + 3) / (20.0 - 2.0), rel=0.15)


@pytest.mark.parametrize("start", [None, -50.0], ids=["no start", "the same start"])
def test_workers_without_a_start_of_their_own_are_told_apart_by_their_counters(start: float | None) -> None:
    endpoint = Endpoint()
    for tick in range(20):  # each serves one request in 2 s
        endpoint.scrape(web((1000.0, 200.0, 30.0)[tick % 3] + tick, start=start, seconds=tick * 0.05), tick * 2.0)
    assert rate(endpoint) == pytest.approx(1.5, rel=0.1)
    assert endpoint.value("app.error.total").number == 0.0
    assert any("(3 so far)" in notice for notice in endpoint.services["svc"].notices)


def test_a_worker_that_answers_but_seldom_is_noticed_too() -> None:
    endpoint = Endpoint()
    for tick in range(100):
        seldom = tick % 30 == 29
        endpoint.scrape(web(50.0 + tick / 10 if seldom else 900.0 + tick), tick * 2.0)
    assert endpoint.model.joint
    assert rate(endpoint) == pytest.approx(0.5 + 0.05, rel=0.05)


def test_counters_that_keep_falling_mean_nothing() -> None:
    endpoint = Endpoint()
    for tick in range(12):
        endpoint.scrape(web(1000.0 - tick), tick * 2.0)
    value = endpoint.value("app.request.rate")
    assert (value.status, value.number) == (Status.ERROR, None)
    assert "counters fall" in str(value.reason)
    assert str(value.reason) in endpoint.services["svc"].notices


def test_one_restart_withholds_nothing() -> None:
    endpoint = Endpoint()
    for tick in range(12):
        endpoint.scrape(web(100.0 + tick if tick < 6 else 2.0 * tick), tick * 2.0)
    assert endpoint.value("app.request.rate").status is Status.OK


def test_histograms_with_other_bounds_are_not_added_to_the_rest() -> None:
    def body(count: int) -> str:
        lines = []
        for path, bounds in (("/a", (0.1, 1.0)), ("/b", (0.1, 1.0)), ("/odd", (0.5, 5.0))):
            labels = f'method="GET",path="{path}",status="200"'
            name = "flask_http_request_duration_seconds"
            lines += [f'{name}_bucket{{{labels},le="{le}"}} {count}' for le in (*bounds, "+Inf")]
            lines += [f"{name}_count{{{labels}}} {count}", f"{name}_sum{{{labels}}} {count * 0.05}"]
        lines.append('flask_exporter_info{version="1"} 1')
        lines.append(f'flask_http_request_total{{method="GET",status="200"}} {3 * count}')
        return "\n".join(lines) + "\n"

    endpoint = Endpoint().scrape(body(0), 0.0).scrape(body(10), 2.0)
    assert endpoint.duration("p50").number == pytest.approx(0.05), "of /a and /b"
    assert endpoint.duration("mean").number == pytest.approx(0.05), "of all"
    assert any("1 histogram" in notice for notice in endpoint.services["svc"].notices)
    odd = next(route for route in endpoint.services["svc"].routes if route.name == "GET /odd")
    assert odd.p50.number == pytest.approx(0.25)


def test_bounds_are_numbers_however_they_are_written() -> None:
    def body(count: int, bounds: tuple[str, ...]) -> str:
        name = "http_request_duration_highr_seconds"
        lines = [f'{name}_bucket{{le="{le}"}} {count}' for le in bounds]
        return "\n".join([*lines, f"{name}_count {count}", f"{name}_sum 0"]) + "\n"

    endpoint = Endpoint().scrape(body(0, (".2", "1", "+Inf")), 0.0).scrape(body(10, ("0.2", "1e0", "Inf")), 2.0)
    buckets = endpoint.services["svc"].buckets
    assert buckets is not None
    assert buckets.bounds == (0.2, 1.0, inf)


def test_hostile_labels_are_spelled_out_and_cut() -> None:
    path = "\\u001b]0;pwned\\u0007" + "[red]x[/red]" + "y" * 500
    evil = path.encode().decode("unicode_escape")
    body = (
        'flask_exporter_info{version="1"} 1\n'
        f'flask_http_request_duration_seconds_count{{method="GET",path="{evil}",status="200"}} 5\n'
        f'flask_http_request_duration_seconds_sum{{method="GET",path="{evil}",status="200"}} 5\n'
    )
    endpoint = (
        Endpoint()
        .scrape('flask_http_request_total{method="GET",status="200"} 0\n', 0.0)
        .scrape('flask_http_request_total{method="GET",status="200"} 5\n' + body, 2.0)
    )
    (route,) = endpoint.services["svc"].routes
    assert "\x1b" not in route.name
    assert route.name.startswith("GET \\x1b]0;pwned\\x07[red]")
    assert len(route.name) <= 120


def test_routes_without_number_end_in_one() -> None:
    def body(count: int, first: int) -> str:
        lines = ['flask_exporter_info{version="1"} 1', 'flask_http_request_total{method="GET",status="200"} 1']
        for number in range(first, first + MOST_ROUTES + 50):
            labels = f'method="GET",path="/{number}",status="200"'
            lines.append(f"flask_http_request_duration_seconds_count{{{labels}}} {count}")
            lines.append(f"flask_http_request_duration_seconds_sum{{{labels}}} {count if number < first + 3 else 50}")
        return "\n".join(lines) + "\n"

    endpoint = Endpoint().scrape(body(0, 0), 0.0).scrape(body(1, 0), 2.0)
    names = [route.name for route in endpoint.services["svc"].routes]
    assert OTHERS in names
    assert len({name for name in names if name != OTHERS}) <= MOST_ROUTES


def test_what_is_gone_for_long_is_forgotten_and_may_come_back() -> None:
    route = 'http_requests_total{{handler="/r{0}",method="GET",status="200"}} 1\n'
    endpoint = Endpoint(window=10.0)
    for tick in range(4 * KEEP):
        endpoint.scrape(web(tick) + "".join(route.format(tick * 10 + each) for each in range(10)), tick * 2.0)
    model = endpoint.model
    assert len(model.reader.index) < 30 * KEEP
    assert model._ledger.width < 20 * KEEP
    assert sum(len(term.cells) for plan in model._plans for term in plan._terms.values()) < 5 * MOST_ROUTES
    assert rate(endpoint) == pytest.approx(5.5)


def test_a_profile_can_be_asked_for() -> None:
    endpoint = Endpoint(forced="generic-seconds").scrape(web(0), 0.0).scrape(web(10, seconds=1), 2.0)
    assert [fit.profile.name for fit in endpoint.model.chosen] == ["generic-seconds"]
    assert rate(endpoint) == 5.0
    assert "as configured" in endpoint.model.recognised


def test_a_profile_that_was_asked_for_and_does_not_fit_is_said() -> None:
    endpoint = Endpoint(forced="caddy").scrape(web(0), 0.0)
    assert endpoint.value("app.request.rate").status is Status.ABSENT
    assert any("lacks what Caddy usually exports" in notice for notice in endpoint.services["svc"].notices)


def test_bad_lines_are_said_with_what_prometheus_would_do() -> None:
    endpoint = Endpoint().scrape(web(1) + "oops\n", 0.0)
    notices = endpoint.services["svc"].notices
    assert any("1 line of the scrape could not be read; the first: oops" in notice for notice in notices)
    assert any("Prometheus would reject this scrape" in notice for notice in notices)


def test_every_profile_that_comes_along_is_of_a_known_kind() -> None:
    assert {profile.layer for profile in PROFILES} <= {"app", "ai", "gpu", "workers"}
    assert len({profile.name for profile in PROFILES}) == len(PROFILES)
