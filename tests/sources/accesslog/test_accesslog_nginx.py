"""A real nginx before a slow upstream, driven with a known load: counts exact, quantiles within 2 %."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import statistics
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from perf_tui.measures.model import Sample, Status, Value, series
from perf_tui.measures.services import Service
from perf_tui.sources.accesslog.source import AccessLogSource

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

CONFIGURATION = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ worker_connections 256; }}
http {{
    log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                     '"$http_referer" "$http_user_agent" $request_time $upstream_response_time';
    access_log {folder}/access.log timed;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /ok {{ return 200 "ok"; }}
        location /broken {{ return 500; }}
        location /items/ {{ proxy_pass http://127.0.0.1:{upstream}; }}
        location /hang {{ proxy_pass http://127.0.0.1:{upstream}; proxy_read_timeout 100ms; }}
        location / {{ return 404; }}
    }}
}}
"""
DELAYS = {7: 0.02, 8: 0.05, 9: 0.3}
"""Seconds that the upstream takes for each item."""


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The upstream: `/items/N` takes as long as DELAYS says, anything else has no answer."""
    try:
        request = (await reader.readuntil(b"\r\n\r\n")).split(b" ")
        if request[1].startswith(b"/items/"):
            await asyncio.sleep(DELAYS[int(request[1].rpartition(b"/")[2])])
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        else:
            await reader.read()  # until nginx has lost its patience
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def get(port: int, path: str) -> int:
    """The status of one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    head = await reader.read()
    writer.close()
    return int(head.split(b" ")[1])


async def drive(port: int, paths: list[str]) -> Counter[int]:
    """Request all paths, 16 at a time."""
    gate = asyncio.Semaphore(16)

    async def one(path: str) -> int:
        async with gate:
            return await get(port, path)

    return Counter(await asyncio.gather(*(one(path) for path in paths)))


def lines_of(path: Path) -> int:
    """Whole lines of a file; none, where it is not there yet."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does; it gives no event."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Nginx:
    """The running server and its folder."""

    def __init__(self, folder: Path, port: int, process: asyncio.subprocess.Process) -> None:
        self.port, self.process = port, process
        self.log = folder / "access.log"

    async def logged(self, count: int) -> list[str]:
        """The log's lines, once there are `count`: nginx writes one after the answer has gone out."""
        await until(lambda: lines_of(self.log) >= count)
        return self.log.read_text().splitlines()


@pytest.fixture
async def nginx(tmp_path: Path) -> AsyncIterator[Nginx]:
    upstream = await asyncio.start_server(answer, "127.0.0.1", 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""
    behind = upstream.sockets[0].getsockname()[1]
    (tmp_path / "nginx.conf").write_text(CONFIGURATION.format(user=user, folder=tmp_path, port=port, upstream=behind))
    command = [str(NGINX), "-p", str(tmp_path), "-e", f"{tmp_path}/error.log", "-c", f"{tmp_path}/nginx.conf"]
    process = await asyncio.create_subprocess_exec(*command, "-g", "daemon off;")
    try:
        async with asyncio.timeout(10):
            while True:
                if process.returncode is not None:
                    pytest.fail((tmp_path / "error.log").read_text())
                try:
                    assert await get(port, "/ok") == 200
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        server = Nginx(tmp_path, port, process)
        await server.logged(1)
        yield server
    finally:
        process.terminate()
        await process.wait()
        upstream.close()
        await upstream.wait_closed()


def times(lines: list[str], path: str = "") -> list[float]:
    """The request times in the log, taken apart without the project's own parser."""
    return [float(line.split()[-2]) for line in lines if path in line]


async def test_a_known_load(nginx: Nginx) -> None:
    source = AccessLogSource("web", str(nginx.log))
    await source.open()
    source.derive(await source.read(), 100.0)

    paths = ["/ok?x=1"] * 200 + ["/nowhere"] * 30 + ["/broken"] * 20 + ["/hang"] * 10
    paths += ["/items/7"] * 80 + ["/items/8"] * 50 + ["/items/9"] * 10
    answers = await drive(nginx.port, paths)
    assert answers == {200: 340, 404: 30, 500: 20, 504: 10}
    lines = (await nginx.logged(401))[1:]

    derived = source.derive(await source.read(), 110.0)
    found = dict(derived.samples)

    def value(id: str, **labels: str) -> Value:
        return found[series(id, service="web", **labels)]

    assert value("app.request.rate").number == 40.0
    assert value("app.error.client").number == 30 / 400
    assert value("app.error.server").number == 30 / 400
    assert value("app.error.timeout").number == 10 / 400
    assert value("app.error.total").number == 60 / 400
    cuts = statistics.quantiles(times(lines), n=100, method="inclusive")
    for stat, percent in (("p50", 50), ("p95", 95), ("p99", 99)):
        assert value("app.request.duration", stat=stat).number == pytest.approx(cuts[percent - 1], rel=0.02, abs=1e-9)
    assert (value("app.request.duration", stat="p99").number or 0) > 0.29, "the slow items"
    mean = value("app.request.duration", stat="mean")
    assert mean.number == pytest.approx(statistics.fmean(times(lines)))

    (row,) = derived.tables["services"]  # type: ignore[misc]
    assert isinstance(row, Service)
    assert row.profile == "combined log with seconds"
    assert row.notices == ()
    routes = {route.name: route for route in row.routes}
    assert routes.keys() == {"GET /items/:id", "GET /hang", "GET /ok", "GET /broken", "(not found)"}
    items = routes["GET /items/:id"]
    assert items.rate.number == 14.0
    cuts = statistics.quantiles(times(lines, "/items/"), n=100, method="inclusive")
    assert items.p50.number == pytest.approx(cuts[49], rel=0.02)
    assert items.p95.number == pytest.approx(cuts[94], rel=0.02)
    assert routes["GET /hang"].errors.number == 1.0
    assert (routes["GET /hang"].p50.number or 0) > 0.09
    await source.close()


async def test_rotation_as_logrotate_does_it(nginx: Nginx) -> None:
    source = AccessLogSource("web", str(nginx.log))
    await source.open()
    source.derive(await source.read(), 0.0)
    at = counted = 0.0

    async def tick() -> None:
        nonlocal at, counted
        at += 1.0
        samples: list[Sample] = list(source.derive(await source.read(), at).samples)
        (rate,) = [value for key, value in samples if key.id == "app.request.rate"]
        assert rate.status is Status.OK
        counted += rate.number or 0.0

    for turn in range(3):
        await drive(nginx.port, ["/ok"] * 20)
        await tick()
        old = nginx.log.rename(nginx.log.with_suffix(f".{turn}"))
        await drive(nginx.port, ["/ok"] * 10)  # into the old file
        await tick()
        os.kill(nginx.process.pid, signal.SIGUSR1)
        await drive(nginx.port, ["/ok"] * 30)  # into whichever file each worker has open
        expected = 60 + (turn == 0)
        await until(lambda old=old, expected=expected: lines_of(old) + lines_of(nginx.log) >= expected)
        await tick()
        await tick()
    await source.close()
    assert counted == 180
