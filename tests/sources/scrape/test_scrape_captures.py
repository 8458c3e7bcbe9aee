"""What each captured endpoint is recognised as, and what its numbers are: worked out by hand from the files.

Each capture is given as the answer 10 s after nothing had been counted. `shares` are of requests.
"""

from typing import NamedTuple

import pytest
from scraping import CAPTURES, Endpoint, begun

from perf_tui.measures.model import Status


class Expected(NamedTuple):
    profile: str
    requests: float | None
    """Counted, scrapes left out where a label allows; None: absent."""
    client: float | None
    server: float | None
    timeout: float | None
    total: float | None
    active: float | None
    mean: float | None
    """Seconds."""
    quantiles: tuple[float, float, float] | None
    """p50, p95, p99 in seconds."""
    service: str = "svc"


# All 9 within the first bucket, (0, 0.01]: rank / 9 * 0.01, whatever the rank.
FIRST_10MS = (0.005, 0.0095, 0.0099)
FIRST_5MS = (0.0025, 0.00475, 0.00495)

TABLE = {
    "py_instrumentator": [
        Expected(
            "fastapi-instrumentator", 9, 2 / 9, 2 / 9, None, 4 / 9, 0, 0.02983646699988185 / 9, FIRST_10MS,
        ),
    ],
    "py_starlette_exporter": [  # 404 and 405 are not exported; 6 up to 5 ms, 1 up to 10 ms
        Expected(
            "starlette-exporter", 7, 0, 2 / 7, 0, 2 / 7, 0,
            (0.02210117499998887 + 0.0034899449999556964 + 0.001683285000012802) / 7,
            (3.5 / 6 * 0.005, 0.005 + 0.65 * 0.005, 0.005 + 0.93 * 0.005),
        ),
    ],
    "py_starlette_prometheus": [  # the crash has no latency; the scrape has a path of its own
        Expected(
            "starlette-prometheus", 9, 2 / 9, 2 / 9, 0, 4 / 9, 0,
            (0.006728703999897334 + 0.00018523500000355853 + 0.0008718980000139709 + 0.00039556900003390183) / 8,
            FIRST_5MS,
        ),
    ],
    "py_django": [
        Expected("django-prometheus", 8, 1 / 8, 2 / 8, 0, 3 / 8, 0, 0.0030709320000141815 / 8, FIRST_10MS),
    ],
    "py_flask": [
        Expected(
            "flask-exporter", 8, 1 / 8, 2 / 8, 0, 3 / 8, None,
            (6.040999994638696e-05 + 3.237800001443247e-05 + 2.8372000087983906e-05 + 2.7541000008568517e-05
             + 2.6839999918593094e-05 + 0.00012432500000159052 + 0.00011508199997933843 + 0.000950835000026018) / 8,
            FIRST_5MS,
        ),
    ],
    "py_otel_fastapi_stable": [  # 8 up to 5 ms, 1 up to 10 ms
        Expected(
            "otel-http", 9, 2 / 9, 2 / 9, 0, 4 / 9, 0,
            (0.017009547000043312 + 0.000604429000077289 + 0.0010467780000453786 + 0.0012500699999691278
             + 0.0006562769999618467) / 9,
            (4.5 / 8 * 0.005, 0.005 + 0.55 * 0.005, 0.005 + 0.91 * 0.005),
        ),
    ],
    "py_otel_fastapi_old": [  # milliseconds: 7 in (0, 5], 2 in (5, 10]
        Expected(
            "otel-http-old", 9, 2 / 9, 2 / 9, 0, 4 / 9, 0, (20 + 1 + 2 + 6 + 1) / 9 / 1000,
            (4.5 / 7 * 0.005, 0.005 + 1.55 / 2 * 0.005, 0.005 + 1.91 / 2 * 0.005),
        ),
    ],
    "caddy_2.6.2": [  # 25 with a code, of which 8 are 404 and 8 are 500; 8 failed without one
        Expected(
            "caddy", 33, 8 / 33, 16 / 33, None, 24 / 33, 1, (0.00124873 + 0.000221612 + 0.000204645) / 25, FIRST_5MS,
            "svc/srv0",
        ),
    ],
    "haproxy_2.6.12_promex": [  # the frontend has answered 33 of 34
        Expected("haproxy", 34, 0, 24 / 33, None, 24 / 33, 1, None, None, "svc/fe"),
        Expected("haproxy", 32, 0, 24 / 32, None, 24 / 32, 0, 0.001, None, "svc/be"),
    ],
    "nginx_exporter_0.11.0": [Expected("nginx-exporter", 55, None, None, None, None, 0, None, None)],
    "prometheus_2.42.0": [  # 14 besides 85 scrapes; 3 bad requests; all up to 0.1 s
        Expected(
            "prometheus", 14, 3 / 14, 0, 0, 3 / 14, None,
            (0.00023564 + 0.000298194 + 0.000139057 + 0.000898418 + 0.001329269 + 8.049e-05 + 0.000560754
             + 0.000242101 + 0.000175411 + 0.001770204) / 14,
            (0.05, 0.095, 0.099),
        ),
    ],
    "victoriametrics_1.79.5": [  # each path has quantiles of its own
        Expected(
            "victoriametrics", 14, None, None, None, 3 / 14, 0,
            (7.338e-05 + 3.9118e-05 + 0.004106433 + 6.9183e-05 + 0.000190183 + 7.5412e-05) / 10, None,
        ),
    ],
}  # fmt: skip

ROWS = [(name, row) for name, rows in TABLE.items() for row in rows]


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{row.service}" for name, row in ROWS])
def test_every_dimension_is_right_or_absent(name: str, row: Expected) -> None:
    endpoint = begun((CAPTURES / f"{name}.prom").read_text())
    assert [fit.profile.name for fit in endpoint.model.chosen] == [row.profile]

    numbers = {
        "app.request.rate": None if row.requests is None else row.requests / 10,
        "app.error.client": row.client,
        "app.error.server": row.server,
        "app.error.timeout": row.timeout,
        "app.error.total": row.total,
        "app.request.active": row.active,
    }
    found = {measure: endpoint.value(measure, row.service) for measure in numbers}
    stats = dict(zip(("p50", "p95", "p99"), row.quantiles or (None,) * 3, strict=True)) | {"mean": row.mean}
    found |= {stat: endpoint.duration(stat, row.service) for stat in stats}
    for what, number in (numbers | stats).items():
        value = found[what]
        if number is None:
            assert (what, value.number, value.status) == (what, None, Status.ABSENT)
            assert value.reason
        else:
            assert value.status is Status.OK, (what, value)
            assert value.number == pytest.approx(number, rel=1e-9), what
            assert not value.bound


def test_the_table_covers_every_capture_of_an_application() -> None:
    others = {"granian_2.8.7", "node_exporter_1.5.0"}  # these have tests of their own
    assert set(TABLE) | others == {file.stem for file in CAPTURES.glob("*.prom")}


def test_granian_before_its_first_request_is_recognised_and_idle() -> None:
    endpoint = Endpoint().scrape((CAPTURES / "granian_2.8.7.prom").read_text(), 0.0)
    assert [fit.profile.name for fit in endpoint.model.chosen] == ["granian"]
    assert endpoint.value("app.request.rate").status is Status.IDLE
    assert endpoint.duration("p99").status is Status.ABSENT
    endpoint.scrape('granian_requests_handled{worker="1"} 20\ngranian_requests_handled{worker="2"} 10\n', 10.0)
    assert endpoint.value("app.request.rate").number == 3.0


def test_an_endpoint_that_serves_nobody_is_not_taken_for_a_service() -> None:
    endpoint = begun((CAPTURES / "node_exporter_1.5.0.prom").read_text())
    assert endpoint.model.chosen == []
    assert list(endpoint.derived.samples) == []
    assert "no profile recognises" in endpoint.services["svc"].notices[0]
    assert endpoint.model.recognised == "no profile recognises what it exports"


def test_the_choice_and_the_runners_up_can_be_told() -> None:
    endpoint = begun((CAPTURES / "prometheus_2.42.0.prom").read_text())
    assert endpoint.model.recognised.startswith("Prometheus (7); next: names by convention (4)")


def test_routes_are_told_apart_and_ordered_by_the_time_they_took() -> None:
    routes = begun((CAPTURES / "py_instrumentator.prom").read_text()).services["svc"].routes
    assert [route.name for route in routes] == [
        "GET /items/{id}", "GET /boom", "GET /crash", "GET none", "POST /items/{id}",
    ]  # fmt: skip
    first, boom = routes[:2]
    assert first.rate.number == 0.5
    assert first.mean.number == pytest.approx(0.0225992259998975 / 5)
    assert (first.errors.number, boom.errors.number) == (0.0, 1.0)
    assert first.p99.number == pytest.approx(0.099)  # by route there are but 0.1, 0.5 and 1 s
    assert first.brackets[2] == ("p99", 0.0, 0.1)
    assert sum(route.share or 0.0 for route in routes) == pytest.approx(1.0)


def test_own_scrapes_are_no_route() -> None:
    for name in ("prometheus_2.42.0", "victoriametrics_1.79.5", "py_starlette_prometheus", "py_django"):
        routes = begun((CAPTURES / f"{name}.prom").read_text()).services["svc"].routes
        names = {route.name.split()[-1] for route in routes}
        assert names
        assert not names & {"/metrics", "prometheus-django-metrics"}


def test_summaries_are_shown_by_route_as_the_program_computed_them() -> None:
    routes = begun((CAPTURES / "victoriametrics_1.79.5.prom").read_text()).services["svc"].routes
    query = next(route for route in routes if route.name == "/api/v1/query")
    assert (query.p50.number, query.p99.number) == (0.000103014, 0.003746497)
    assert query.errors.number == pytest.approx(2 / 5)


def test_the_heat_map_has_the_newest_interval_alone() -> None:
    text = (CAPTURES / "py_instrumentator.prom").read_text()
    endpoint = begun(text)
    buckets = endpoint.services["svc"].buckets
    assert buckets is not None
    assert (buckets.bounds[0], buckets.bounds[-1]) == (0.01, float("inf"))
    assert (buckets.counts[0], sum(buckets.counts)) == (9.0, 9.0)
    endpoint.scrape(text, 20.0)
    buckets = endpoint.services["svc"].buckets
    assert buckets is not None
    assert sum(buckets.counts) == 0.0
