"""Access logs: lines that one core counts in a second, with times, routes and quantiles; beside GoAccess."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import options, table
from perf_tui.sources.accesslog.model import ServiceModel
from perf_tui.sources.accesslog.reader import Reader

LINES = 300_000
WANTED = {"nginx, request time": 500, "apache, %D": 500, "haproxy": 500, "caddy, JSON": 150, "traefik, JSON": 150}
"""Thousands of lines for each second of CPU."""
FIGURES = {"klines": "1000 lines/s", "megabytes": "MB/s"}
_GOACCESS = {
    "nginx, request time": (
        '--log-format=%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %T %^',
        "--date-format=%d/%b/%Y",
        "--time-format=%T",
    ),
    "caddy, JSON": ("--log-format=CADDY",),
}
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "curl/7.88.1",
)
_PATHS = ("/", "/api/orders/{}", "/api/users/{}/cart", "/static/app.js", "/search?q={}", "/login", "/items?page={}")


class Request:
    """One made-up request, the same for every format."""

    def __init__(self, source: random.Random) -> None:
        self.host = f"203.0.113.{source.randrange(256)}"
        self.second = source.randrange(60)
        self.method = source.choice(("GET", "GET", "GET", "POST"))
        self.path = source.choice(_PATHS).format(source.randrange(100_000))
        self.status = source.choices((200, 304, 404, 500, 504), (90, 5, 3, 1, 1))[0]
        self.size = source.randrange(50_000)
        self.agent = source.choice(_AGENTS)
        self.seconds = source.lognormvariate(-3, 1.2)

    @property
    def common(self) -> str:
        """The line as nginx and Apache begin it."""
        return (
            f'{self.host} - - [22/Nov/2026:10:33:{self.second:02d} +0000] "{self.method} {self.path} HTTP/1.1" '
            f'{self.status} {self.size} "https://example.com/some/page" "{self.agent}"'
        )


def _haproxy(request: Request) -> str:
    return (
        f"Nov 22 10:33:{request.second:02d} lb haproxy[14389]: {request.host}:33317 "
        f"[22/Nov/2026:10:33:{request.second:02d}.655] http-in~ web/srv1 0/0/1/{request.seconds * 1000:.0f}/"
        f"{request.seconds * 1000 + 1:.0f} {request.status} {request.size} - - ---- 9/9/3/1/0 0/0 "
        f'"{request.method} {request.path} HTTP/1.1"'
    )


def _caddy(request: Request) -> str:
    headers = {"User-Agent": [request.agent], "Accept": ["*/*"], "Referer": ["https://example.com/some/page"]}
    asked = {
        "remote_ip": request.host, "remote_port": "36358", "proto": "HTTP/1.1", "method": request.method,
        "host": "example.com", "uri": request.path, "headers": headers,
    }  # fmt: skip
    told = {
        "level": "info", "ts": 1795343631.6010015, "logger": "http.log.access.log0", "msg": "handled request",
        "request": asked, "user_id": "", "duration": round(request.seconds, 9), "size": request.size,
        "status": request.status, "resp_headers": {"Server": ["Caddy"], "Content-Type": ["text/html"]},
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":"))


def _traefik(request: Request) -> str:
    told = {
        "ClientAddr": f"{request.host}:29226", "DownstreamContentSize": request.size,
        "DownstreamStatus": request.status, "Duration": int(request.seconds * 1e9), "Overhead": 746372,
        "RequestMethod": request.method, "RequestPath": request.path, "ServiceAddr": "localhost:8081",
        "StartUTC": "2026-11-22T10:33:02.291926158Z", "level": "info", "msg": "", "time": "2026-11-22T10:33:07Z",
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":"))


FORMATS: dict[str, Callable[[Request], str]] = {
    "nginx, request time": lambda request: f"{request.common} {request.seconds:.3f} {request.seconds:.3f}",
    "apache, %D": lambda request: f"{request.common} {request.seconds * 1e6:.0f}",
    "haproxy": _haproxy,
    "caddy, JSON": _caddy,
    "traefik, JSON": _traefik,
}


def written(folder: str, name: str) -> tuple[Path, bytes]:
    """A log of LINES lines, and its text."""
    source = random.Random(1)
    text = "".join(FORMATS[name](Request(source)) + "\n" for _ in range(LINES)).encode()
    path = Path(folder) / (name.partition(",")[0] + ".log")
    path.write_bytes(text)
    return path, text


def follow(log: Path, text: bytes) -> float:
    """CPU seconds to follow a log to which `text` is written, reading by reading, with all that is made of it."""
    log.write_bytes(b"")
    reader, model = Reader(str(log)), ServiceModel("web", "log", 60.0)
    model.derive(reader.read(), 0.0)
    log.write_bytes(text)
    began = time.process_time()
    at, requests = 0.0, 0
    while requests < LINES:
        at += 2.0
        reading = reader.read()
        requests = reading.seen.requests
        model.derive(reading, at)
    used = time.process_time() - began
    reader.close()
    return used


def goaccess(program: str, log: Path, arguments: tuple[str, ...]) -> float | None:
    """CPU seconds for a whole report of GoAccess; None where it fails."""
    before = os.times()
    done = subprocess.run(
        [program, str(log), "--no-global-config", "--no-progress", *arguments, "-o", str(log.with_suffix(".json"))],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    after = os.times()
    if done.returncode:
        print(f"goaccess: {done.stderr.decode(errors='replace').strip()[-300:]}", file=sys.stderr)
        return None
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    """Measure, and print the table."""
    chosen = options.parser(__doc__).parse_args()
    beside = shutil.which("goaccess")
    runs: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            log, text = written(folder, name)
            for _ in range(chosen.rounds):
                taken = {name: follow(log, text)}
                if beside and name in _GOACCESS:
                    theirs = goaccess(beside, log, _GOACCESS[name])
                    taken |= {f"  goaccess, {name}": theirs} if theirs else {}
                for who, seconds in taken.items():
                    figures = {"klines": LINES / seconds / 1e3, "megabytes": len(text) / seconds / 1e6}
                    runs.setdefault(who, []).append(figures)
            log.unlink()
    print(f"access logs: {LINES:,} lines, of CPU time; medians of {chosen.rounds} rounds")
    print("\n".join(table.lines(runs, FIGURES)))
    middle = table.medians(runs)
    for name, wanted in WANTED.items():
        reached = middle[name]["klines"]
        print(f"{name}: {reached:.0f},000 lines/s, wanted {wanted},000{'' if reached >= wanted else ': MISSED'}")
    if beside is None:
        print("goaccess is not installed")
    options.keep(chosen.json, "accesslog", runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
