"""Asking real listeners on loopback for metrics; prometheus_client writes what an application would."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hostile import Answer, Endless, Request, Server, Writer, hang, page, raw, redirect, routes, serve
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from perf_tui.sources.discovery import probe as module
from perf_tui.sources.discovery.listeners import Listener
from perf_tui.sources.discovery.probe import OTHERS, Finding, paths, ports, probe, probe_all
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.fetch import Fetcher

PROFILES = load_all()
CAPTURES = Path(__file__).parents[2] / "data" / "app"


def exposition() -> bytes:
    """What prometheus_client makes of a service with the conventional names."""
    registry = CollectorRegistry()
    Counter("http_requests", "Requests", ["method", "status"], registry=registry).labels("GET", "200").inc(7)
    Histogram("http_request_duration_seconds", "Latency", ["handler"], registry=registry).labels("/").observe(0.1)
    return generate_latest(registry)


def listener(server: Server, process: str = "app", **more: Any) -> Listener:
    return Listener(
        **{"address": "127.0.0.1", "port": server.port, "pid": 77, "process": process, "identity": 1} | more
    )


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    shared = Fetcher()
    shared.open()
    yield shared
    await shared.close()


async def asked(fetcher: Fetcher, answer: Answer, within: float = 5.0) -> tuple[Finding, Server]:
    async with serve(answer) as server:
        return await probe(fetcher, listener(server), PROFILES, within), server


async def test_metrics_are_found_with_one_get(fetcher: Fetcher) -> None:
    finding, server = await asked(fetcher, routes(metrics=page(exposition())))
    assert finding.url == f"http://127.0.0.1:{server.port}/metrics"
    assert finding.watchable
    lines = [line for line in exposition().decode().splitlines() if not line.startswith("#")]
    assert finding.metrics == len({line.replace("{", " ").split()[0] for line in lines})
    assert finding.reason.startswith(finding.profiles[0])
    assert (finding.target.name, finding.target.url) == (f"app:{server.port}", finding.url)
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/metrics")]
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("name", ["py_instrumentator", "granian_2.8.7", "haproxy_2.6.12_promex", "caddy_2.6.2"])
async def test_real_programs_are_recognised(fetcher: Fetcher, name: str) -> None:
    finding, _ = await asked(fetcher, routes(metrics=page((CAPTURES / f"{name}.prom").read_bytes())))
    assert finding.watchable
    assert finding.profiles


async def test_metrics_without_a_profile_are_told_and_not_watchable(fetcher: Fetcher) -> None:
    registry = CollectorRegistry()
    Gauge("water_level", "No profile knows this", registry=registry).set(3)
    finding, _ = await asked(fetcher, routes(metrics=page(generate_latest(registry))))
    assert finding.url is not None
    assert not finding.watchable
    assert finding.reason == "no profile recognises what it exports"


async def test_other_paths_that_profiles_name_are_tried(fetcher: Fetcher) -> None:
    finding, server = await asked(fetcher, routes(stats=page(exposition())))
    assert finding.url == f"http://127.0.0.1:{server.port}/stats/prometheus"
    assert server.requests[0].path == "/metrics"


def test_the_usual_path_of_a_port_comes_first() -> None:
    profiles = [profile for profile in PROFILES if profile.name == "envoy"]
    assert module._order(profiles[0].ports[0], PROFILES)[0] == "/stats/prometheus"
    assert module._order(1, PROFILES)[0] == "/metrics"
    assert sorted(module._order(1, PROFILES)) == sorted(module._order(profiles[0].ports[0], PROFILES))
    assert set(paths([])) == {"/metrics"}
    assert set(profiles[0].ports) <= ports(PROFILES)


async def test_nothing_at_any_path_says_so_for_the_first(fetcher: Fetcher) -> None:
    finding, server = await asked(fetcher, routes())
    assert finding.reason == "answered 404 Not Found: there is nothing at /metrics"
    assert finding.url is None
    assert [request.path for request in server.requests] == paths(PROFILES)
    assert {request.method for request in server.requests} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page("<html>", content_type="text/html"), "answered HTML"),
        (page('{"a": 1}'), "answered JSON"),
        (page("hello there\n"), "text that holds no metrics"),
        (page("good 1\nbad line here\nanother bad line\n"), "text that holds no metrics"),
        (page("", "500 Internal Server Error"), "answered 500"),
        (page(gzip.compress(bytes(20_000_000)), content_encoding="gzip"), "larger than 8 MiB"),
        (redirect("http://127.0.0.1:1/metrics"), "redirects to http://127.0.0.1:1"),
        (redirect("http://evil.example/metrics"), "redirects to http://evil.example"),
    ],
)
async def test_who_has_no_metrics(fetcher: Fetcher, answer: Answer, words: str) -> None:
    finding, server = await asked(fetcher, answer)
    assert words in finding.reason
    assert not finding.watchable
    # A coded body and a redirection are beyond the first question, and asked for again by the library.
    each = 2 if "MiB" in words or "redirects" in words else 1
    assert len(server.requests) == each * len(paths(PROFILES))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (hang, "no answer within 0.2 s"),
        (Endless(b"HTTP/1.1 200 OK\r\n\r\n", b"#", pause=0.005), "no answer within 0.2 s"),
        (raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "does not answer in HTTP"),
        (raw(b"\x00\x01\x02"), "does not answer in HTTP"),
        (raw(b""), "closed the connection"),
        (page("", "401 Unauthorized"), "answered 401 Unauthorized: set bearer_token_env"),
        (page("", "403 Forbidden"), "answered 403 Forbidden: set bearer_token_env"),
    ],
)
async def test_who_would_not_answer_better_on_other_paths_is_asked_once(
    fetcher: Fetcher, answer: Answer, words: str
) -> None:
    finding, server = await asked(fetcher, answer, within=0.2)
    assert words in finding.reason
    assert len(server.requests) == 1


async def test_one_that_has_no_metrics_yet_is_worth_another_try(fetcher: Fetcher) -> None:
    finding, _ = await asked(fetcher, page(""))
    assert finding.again
    assert not finding.watchable


@pytest.mark.parametrize(
    "words",
    [
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>",
        b"Reason: You're speaking plain HTTP to an SSL-enabled server port.",
    ],
)
async def test_a_server_that_wants_tls_is_asked_over_tls(
    fetcher: Fetcher, words: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    request = fetcher.request

    async def both(options: Any) -> Any:
        asked.append(options.url.partition(":")[0])
        if options.url.startswith("https:"):
            assert not options.verify
            assert await fetcher._context(options) is not True
            options = module.TargetOptions("http:" + options.url.partition(":")[2].replace("/metrics", "/tls"))
        return await request(options)

    monkeypatch.setattr(fetcher, "request", both)
    async with serve(routes(metrics=page(words, "400 Bad Request"), tls=page(exposition()))) as server:
        finding = await probe(fetcher, listener(server), PROFILES)
    assert finding.url == f"https://127.0.0.1:{server.port}/metrics"
    assert finding.target.verify is False
    assert asked == ["https"], "the library is used where the first question shows that it is needed"


async def test_over_tls_as_well_only_one_more_try(fetcher: Fetcher) -> None:
    """It says that it wants TLS and then does not speak it."""
    finding, server = await asked(fetcher, page("to an HTTPS server", "400 Bad Request"), within=0.2)
    assert finding.reason == "no answer within 0.2 s"
    assert len(server.requests) == 1


async def test_ports_of_other_protocols_are_not_asked(fetcher: Fetcher) -> None:
    for port in sorted(OTHERS):
        finding = await probe(fetcher, Listener("127.0.0.1", port, 77, "x", 1), PROFILES)
        assert finding.reason == "not asked: its port is that of another protocol"
    assert not OTHERS & ports(PROFILES)


async def test_programs_of_other_protocols_are_not_asked_on_any_port(fetcher: Fetcher) -> None:
    async with serve(page(exposition())) as server:
        finding = await probe(fetcher, listener(server, process="redis-server"), PROFILES)
        assert server.connections == 0
    assert finding.reason == "not asked: this program speaks another protocol"


async def test_over_ipv6(fetcher: Fetcher) -> None:
    try:
        async with serve(page(exposition()), host="::1") as server:
            finding = await probe(fetcher, listener(server, address="::1"), PROFILES)
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    assert finding.url == f"http://[::1]:{server.port}/metrics"


async def test_a_process_that_is_hidden_gives_the_target_its_port(fetcher: Fetcher) -> None:
    async with serve(page(exposition())) as server:
        finding = await probe(fetcher, listener(server, process="", pid=None), PROFILES)
    assert finding.target.name == f"port:{server.port}"


async def test_many_are_asked_a_few_at_a_time(fetcher: Fetcher) -> None:
    now = most = 0

    async def answer(request: Request, writer: Writer) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(20):
            await asyncio.sleep(0)
        now -= 1
        await page(exposition())(request, writer)

    async with serve(answer) as server:
        found = await probe_all(fetcher, [listener(server, identity=each) for each in range(30)], PROFILES)
    assert len(found) == 30
    assert all(finding.watchable for finding in found)
    assert most <= module.AT_ONCE


async def test_after_the_budget_nobody_else_is_asked(fetcher: Fetcher) -> None:
    async with serve(hang) as server:
        many = [listener(server, identity=each) for each in range(100)]
        found = await probe_all(fetcher, many, PROFILES, within=0.1, budget=0.15)
        assert len(found) == len(server.requests)
        assert module.AT_ONCE <= len(found) < 100
    assert {finding.reason for finding in found} == {"no answer within 0.1 s"}
