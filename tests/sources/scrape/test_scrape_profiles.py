"""Profiles of which no capture is at hand: bodies in the form that their documentation gives."""

from math import inf

import pytest
from scraping import Endpoint, begun

from perf_tui.measures.model import Status


def histogram(name: str, labels: str, counts: dict[float, int], total: float) -> str:
    """A histogram's lines; `counts` are cumulated."""
    lines = [
        f'{name}_bucket{{{labels}{"," if labels else ""}le="{"+Inf" if bound == inf else bound}"}} {count}'
        for bound, count in counts.items()
    ]
    braces = f"{{{labels}}}" if labels else ""
    lines += [f"{name}_sum{braces} {total}", f"{name}_count{braces} {counts[inf]}"]
    return "\n".join(lines) + "\n"


MICROMETER = """\
# TYPE http_server_requests_seconds summary
http_server_requests_seconds_count{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/orders/{id}"} 90
http_server_requests_seconds_sum{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/orders/{id}"} 9.0
http_server_requests_seconds_count{exception="none",method="GET",outcome="CLIENT_ERROR",status="404",uri="/**"} 6
http_server_requests_seconds_sum{exception="none",method="GET",outcome="CLIENT_ERROR",status="404",uri="/**"} 0.5
http_server_requests_seconds_count{exception="X",method="POST",outcome="SERVER_ERROR",status="503",uri="/orders"} 4
http_server_requests_seconds_sum{exception="X",method="POST",outcome="SERVER_ERROR",status="503",uri="/orders"} 0.5
http_server_requests_seconds_count{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/actuator/prometheus"} 50
http_server_requests_seconds_sum{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/actuator/prometheus"} 5
http_server_requests_seconds_max{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/orders/{id}"} 0.9
http_server_requests_active_seconds_active_count{method="GET",outcome="UNKNOWN",status="UNKNOWN",uri="UNKNOWN"} 3
jvm_memory_used_bytes{area="heap"} 1
"""  # noqa: E501


def test_micrometer_without_buckets_has_a_mean_and_says_what_switches_the_rest_on() -> None:
    endpoint = begun(MICROMETER, path="/actuator/prometheus")
    assert endpoint.model.chosen[0].profile.name == "micrometer"
    assert endpoint.value("app.request.rate").number == 10.0, "100 in 10 s besides the scrapes"
    assert endpoint.duration("mean").number == pytest.approx(0.1)
    assert endpoint.duration("p99").status is Status.ABSENT
    assert "percentiles-histogram" in str(endpoint.duration("p99").reason)
    assert endpoint.value("app.error.client").number == pytest.approx(0.06)
    assert endpoint.value("app.error.server").number == pytest.approx(0.04)
    assert endpoint.value("app.error.timeout").number == 0.0
    assert endpoint.value("app.request.active").number == 3.0


def test_micrometer_with_buckets() -> None:
    labels = 'method="GET",outcome="SUCCESS",status="200",uri="/x"'
    body = "# TYPE http_server_requests_seconds histogram\n" + histogram(
        "http_server_requests_seconds", labels, {0.1: 50, 0.2: 100, inf: 100}, 12.0
    )
    endpoint = begun(body)
    assert endpoint.duration("p95").number == pytest.approx(0.1 + 0.1 * 45 / 50)


def test_a_micrometer_endpoint_that_computes_quantiles_itself() -> None:
    body = (
        "# TYPE http_server_requests_seconds summary\n"
        'http_server_requests_seconds{status="200",uri="/x",quantile="0.5"} 0.1\n'
        'http_server_requests_seconds{status="200",uri="/x",quantile="0.99"} 0.7\n'
        'http_server_requests_seconds_count{status="200",uri="/x"} 10\n'
        'http_server_requests_seconds_sum{status="200",uri="/x"} 2\n'
    )
    endpoint = begun(body)
    assert (endpoint.duration("p50").number, endpoint.duration("p99").number) == (0.1, 0.7)
    assert endpoint.duration("p95").status is Status.ABSENT
    assert endpoint.duration("mean").number == pytest.approx(0.2)


@pytest.mark.parametrize(
    "family",
    ["http_server_request_duration_seconds", "http.server.request.duration", "http.server.request.duration_seconds"],
)
def test_opentelemetry_however_its_names_are_written(family: str) -> None:
    names = ["http.request.method", "http.response.status_code", "http.route"]

    def series(suffix: str, values: list[str], number: float, le: str = "") -> str:
        bound = f',le="{le}"' if le else ""
        if "." in family:
            labels = ",".join(f'"{name}"="{value}"' for name, value in zip(names, values, strict=True))
            return f'{{"{family}{suffix}",{labels}{bound}}} {number}\n'
        labels = ",".join(f'{name.replace(".", "_")}="{value}"' for name, value in zip(names, values, strict=True))
        return f"{family}{suffix}{{{labels}{bound}}} {number}\n"

    body = ""
    for status, count in (("200", 8), ("504", 2)):
        values = ["GET", status, "/x"]
        body += series("_bucket", values, count / 2, "0.1") + series("_bucket", values, count, "+Inf")
        body += series("_count", values, count) + series("_sum", values, count * 0.2)
    endpoint = Endpoint().scrape("up 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.name == "otel-http"
    assert endpoint.value("app.request.rate").number == 1.0
    assert endpoint.duration("mean").number == pytest.approx(0.2)
    assert endpoint.duration("p50").number == pytest.approx(0.1)
    assert (endpoint.duration("p99").number, endpoint.duration("p99").bound) == (0.1, True)
    assert endpoint.value("app.error.server").number == pytest.approx(0.2)
    assert endpoint.value("app.error.timeout").number == pytest.approx(0.2)
    assert [route.name for route in endpoint.services["svc"].routes] == ["GET /x"]


def test_a_collector_that_exports_several_services_gives_each_a_row() -> None:
    body = "".join(
        f'http_server_request_duration_seconds_count{{service_name="{name}",http_request_method="GET",'
        f'http_response_status_code="200"}} {count}\n'
        for name, count in (("cart", 10), ("pay", 20))
    )
    endpoint = begun("# TYPE http_server_request_duration_seconds histogram\n" + body)
    assert endpoint.value("app.request.rate", "svc/cart").number == 1.0
    assert endpoint.value("app.request.rate", "svc/pay").number == 2.0
    assert set(endpoint.services) == {"svc/cart", "svc/pay"}


@pytest.mark.parametrize(("route", "profile"), [("path", "express-prom-bundle"), ("route", "fastify-metrics")])
def test_node(route: str, profile: str) -> None:
    body = 'nodejs_version_info{version="v22"} 1\n# TYPE http_request_duration_seconds histogram\n'
    if profile == "fastify-metrics":
        body += '# TYPE http_request_summary_seconds summary\nhttp_request_summary_seconds_count{method="GET"} 10\n'
    for status, count in (("200", 9), ("500", 1)):
        labels = f'status_code="{status}",method="GET",{route}="/x"'
        body += histogram("http_request_duration_seconds", labels, {0.1: count, inf: count}, 0.5)
    endpoint = begun(body)
    assert endpoint.model.chosen[0].profile.name == profile
    assert endpoint.value("app.request.rate").number == 1.0
    assert endpoint.value("app.error.server").number == pytest.approx(0.1)
    assert endpoint.duration("mean").number == pytest.approx(0.1)


def test_go_by_the_conventions_and_not_by_its_scrapes() -> None:
    body = (
        "# TYPE go_goroutines gauge\ngo_goroutines 8\n# TYPE http_requests_total counter\n"
        'http_requests_total{code="200",method="get"} 95\nhttp_requests_total{code="504",method="get"} 5\n'
        'promhttp_metric_handler_requests_total{code="200"} 1000\nin_flight_requests 4\n'
        + histogram("http_request_duration_seconds", "", {0.5: 100, inf: 100}, 10)
    )
    endpoint = begun(body)
    assert endpoint.model.chosen[0].profile.name == "go-promhttp"
    assert endpoint.value("app.request.rate").number == 10.0
    assert endpoint.value("app.error.timeout").number == pytest.approx(0.05)
    assert endpoint.value("app.request.active").number == 4.0
    assert endpoint.duration("p50").number == pytest.approx(0.25)


def test_traefik_takes_entry_points_alone_and_not_its_own() -> None:
    body = (
        'traefik_entrypoint_requests_total{code="200",entrypoint="web",method="GET",protocol="http"} 80\n'
        'traefik_entrypoint_requests_total{code="504",entrypoint="web",method="GET",protocol="http"} 20\n'
        'traefik_entrypoint_requests_total{code="200",entrypoint="traefik",method="GET",protocol="http"} 999\n'
        'traefik_router_requests_total{code="200",method="GET",protocol="http",router="a",service="b"} 100\n'
        'traefik_service_requests_total{code="200",method="GET",protocol="http",service="b"} 100\n'
        'traefik_open_connections{entrypoint="web",protocol="TCP"} 7\n'
        + histogram("traefik_entrypoint_request_duration_seconds", 'code="200",entrypoint="web"', {0.1: 80, inf: 80}, 4)
    )
    endpoint = Endpoint().scrape("# TYPE traefik_config_reloads_total counter\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.name == "traefik"
    assert set(endpoint.services) == {"svc/web"}
    assert endpoint.value("app.request.rate", "svc/web").number == 10.0
    assert endpoint.value("app.error.timeout", "svc/web").number == pytest.approx(0.2)
    assert endpoint.value("app.request.active", "svc/web").number == 7.0


def test_envoy_in_milliseconds_and_without_its_admin_pages() -> None:
    prefix = 'envoy_http_conn_manager_prefix="ingress"'
    body = (
        f"envoy_http_downstream_rq_total{{{prefix}}} 100\n"
        'envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="admin"} 5000\n'
        f'envoy_http_downstream_rq_xx{{envoy_response_code_class="2",{prefix}}} 90\n'
        f'envoy_http_downstream_rq_xx{{envoy_response_code_class="4",{prefix}}} 6\n'
        f'envoy_http_downstream_rq_xx{{envoy_response_code_class="5",{prefix}}} 4\n'
        f"envoy_http_downstream_rq_timeout{{{prefix}}} 1\n"
        'envoy_cluster_upstream_rq_timeout{envoy_cluster_name="app"} 2\n'
        f"envoy_http_downstream_rq_active{{{prefix}}} 3\n"
        + histogram("envoy_http_downstream_rq_time", prefix, {0.5: 0, 50.0: 50, 100.0: 100, inf: 100}, 6000)
    )
    endpoint = Endpoint().scrape("envoy_server_live 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.name == "envoy"
    assert endpoint.value("app.request.rate").number == 10.0
    assert endpoint.value("app.error.client").number == pytest.approx(0.06)
    assert endpoint.value("app.error.server").number == pytest.approx(0.04)
    assert endpoint.value("app.error.timeout").number == pytest.approx(0.03)
    assert endpoint.duration("p50").number == pytest.approx(0.05)
    assert endpoint.duration("mean").number == pytest.approx(0.06)
    assert [route.name for route in endpoint.services["svc"].routes] == ["ingress"]


VTS = (
    'nginx_vts_main_connections{status="active"} 9\nnginx_vts_main_connections{status="reading"} 0\n'
    'nginx_vts_main_connections{status="writing"} 4\nnginx_vts_main_connections{status="waiting"} 5\n'
    + "".join(
        f'nginx_vts_server_requests_total{{host="{host}",code="{code}"}} {count}\n'
        for host, scale in (("a.test", 1), ("*", 2), ("b.test", 1))
        for code, count in (("1xx", 0), ("2xx", 45 * scale), ("3xx", 0), ("4xx", 4 * scale), ("5xx", 1 * scale),
                            ("total", 50 * scale))
    )
    + 'nginx_vts_server_request_seconds_total{host="a.test"} 5\nnginx_vts_server_request_seconds_total{host="*"} 8\n'
    'nginx_vts_server_request_seconds_total{host="b.test"} 3\n'
)  # fmt: skip


def test_vts_counts_neither_the_sum_nor_the_total_twice() -> None:
    endpoint = Endpoint().scrape('nginx_vts_info{version="1"} 1\n', 0.0).scrape(VTS, 10.0)
    assert endpoint.model.chosen[0].profile.name == "nginx-vts"
    assert endpoint.value("app.request.rate").number == 10.0
    assert endpoint.value("app.error.client").number == pytest.approx(0.08)
    assert endpoint.value("app.error.total").number == pytest.approx(0.1)
    assert endpoint.value("app.error.timeout").status is Status.ABSENT
    assert endpoint.value("app.request.active").number == 3.0
    assert endpoint.duration("mean").number == pytest.approx(0.08)
    assert endpoint.duration("p99").status is Status.ABSENT
    assert {route.name: route.rate.number for route in endpoint.services["svc"].routes} == {
        "a.test": 5.0,
        "b.test": 5.0,
    }


def test_vts_with_buckets() -> None:
    body = VTS + histogram("nginx_vts_server_request_duration_seconds", 'host="a.test"', {0.1: 40, 1.0: 50, inf: 50}, 5)
    endpoint = Endpoint().scrape('nginx_vts_info{version="1"} 1\n', 0.0).scrape(body, 10.0)
    assert endpoint.duration("p50").number == pytest.approx(25 / 40 * 0.1)


def test_celery_tasks() -> None:
    body = (
        'celery_task_received_total{hostname="w@1",name="app.add",queue_name="q"} 12\n'
        'celery_task_succeeded_total{hostname="w@1",name="app.add",queue_name="q"} 9\n'
        'celery_task_failed_total{exception="X",hostname="w@1",name="app.add",queue_name="q"} 1\n'
        'celery_worker_up{hostname="w@1"} 1\ncelery_worker_tasks_active{hostname="w@1"} 2\n'
        + histogram("celery_task_runtime", 'hostname="w@1",name="app.add"', {0.1: 5, 1.0: 10, inf: 10}, 4)
    )
    endpoint = Endpoint().scrape("celery_queue_length 0\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.name == "celery-exporter"
    assert endpoint.value("app.task.rate").number == 1.0
    assert endpoint.value("app.task.completion").number == pytest.approx(0.9)
    assert endpoint.value("app.request.active").number == 2.0
    assert endpoint.duration("p50").number == pytest.approx(0.1)
    assert endpoint.value("app.request.rate").status is Status.ABSENT
    assert [route.name for route in endpoint.services["svc"].routes] == ["app.add"]


def test_dramatiq_messages() -> None:
    labels = 'actor_name="resize",queue_name="default"'
    body = (
        f"dramatiq_messages_total{{{labels}}} 20\ndramatiq_message_errors_total{{{labels}}} 5\n"
        f"dramatiq_messages_inprogress{{{labels}}} 1\n"
        + histogram("dramatiq_message_duration_milliseconds", labels, {100.0: 10, 1000.0: 20, inf: 20}, 4000)
    )
    endpoint = Endpoint().scrape("up 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.name == "dramatiq"
    assert endpoint.value("app.task.rate").number == 2.0
    assert endpoint.value("app.task.completion").number == pytest.approx(0.75)
    assert endpoint.duration("p50").number == pytest.approx(0.1)
    assert endpoint.duration("mean").number == pytest.approx(0.2)


def test_names_by_convention_are_the_last_resort() -> None:
    body = (
        'myshop_http_requests_total{status_code="200",route="/a"} 90\n'
        'myshop_http_requests_total{status_code="504",route="/b"} 10\n'
        'myshop_http_client_requests_total{status_code="200"} 999\n'
        "myshop_http_requests_in_flight 2\n"
        + histogram("myshop_http_request_duration_milliseconds", 'route="/a"', {100.0: 90, inf: 90}, 4500)
    )
    endpoint = Endpoint().scrape("up 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.name == "generic"
    assert endpoint.value("app.request.rate").number == 10.0
    assert endpoint.value("app.error.timeout").number == pytest.approx(0.1)
    assert endpoint.duration("mean").number == pytest.approx(0.05)
    assert endpoint.value("app.request.active").number == 2.0


@pytest.mark.parametrize(("unit", "scale"), [("seconds", 1), ("milliseconds", 1000), ("ms", 1000)])
def test_a_histogram_alone_counts_the_requests_too(unit: str, scale: int) -> None:
    body = histogram(f"rpc_server_latency_{unit}", 'code="2xx"', {0.1 * scale: 18, inf: 18}, 0.9 * scale)
    body += histogram(f"rpc_server_latency_{unit}", 'code="5xx"', {0.1 * scale: 2, inf: 2}, 0.1 * scale)
    endpoint = Endpoint().scrape("up 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.model.chosen[0].profile.generic
    assert endpoint.value("app.request.rate").number == 2.0
    assert endpoint.duration("mean").number == pytest.approx(0.05)
    assert endpoint.value("app.error.server").number == pytest.approx(0.1)
    assert endpoint.value("app.error.timeout").status is Status.ABSENT


def test_instrumentator_with_exact_codes_tells_timeouts_apart() -> None:
    body = histogram("http_request_duration_highr_seconds", "", {0.1: 10, inf: 10}, 0.5) + (
        'http_requests_total{handler="/x",method="GET",status="200"} 7\n'
        'http_requests_total{handler="/x",method="GET",status="504"} 2\n'
        'http_requests_total{handler="/x",method="GET",status="503"} 1\n'
        'http_requests_total{handler="/metrics",method="GET",status="200"} 90\n'
    )
    endpoint = Endpoint().scrape("up 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.value("app.request.rate").number == 1.0
    assert endpoint.value("app.error.timeout").number == pytest.approx(0.2)
    assert endpoint.value("app.error.server").number == pytest.approx(0.3)
    assert "should_instrument_requests_inprogress" in str(endpoint.value("app.request.active").reason)


def test_caddy_since_failures_have_codes() -> None:
    body = (
        'caddy_http_requests_total{handler="reverse_proxy",server="srv0"} 20\n'
        'caddy_http_request_errors_total{handler="reverse_proxy",server="srv0"} 5\n'
    )
    for code, count in (("200", 15), ("502", 3), ("504", 2)):
        labels = f'code="{code}",handler="reverse_proxy",method="GET",server="srv0"'
        body += histogram("caddy_http_request_duration_seconds", labels, {0.1: count, inf: count}, 0.5)
    endpoint = Endpoint().scrape("up 1\n", 0.0).scrape(body, 10.0)
    assert endpoint.value("app.error.server", "svc/srv0").number == pytest.approx(0.25), "counted once"
    assert endpoint.value("app.error.timeout", "svc/srv0").number == pytest.approx(0.1)
