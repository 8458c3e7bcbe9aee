"""How long a key takes to be answered while twenty targets are watched, one of which never answers."""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

from benchmarks import options, table
from benchmarks.harness import Terminal

TARGETS = 20
PRESSES = 40
SCREENS = (("3", r"\d+ processes"), ("1", "one clock"), ("6", "rules"), ("2", "services"))
"""Keys, and what the screen that each brings shows."""
FIGURES = {"median": "median ms", "p99": "p99 ms", "worst": "worst ms", "period": "others' period s"}


class _Metrics(BaseHTTPRequestHandler):
    """Answers with a counter, and notes when it was asked."""

    asked: dict[int, list[float]]

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        self.asked.setdefault(port, []).append(time.monotonic())
        body = b'http_requests_total{method="GET",status="200"} 1\n'
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def targets(asked: dict[int, list[float]]) -> Iterator[str]:
    """Servers of which the first takes connections and never answers; gives the configuration that names them."""
    handler = type("Handler", (_Metrics,), {"asked": asked})
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ports = [int(silent.getsockname()[1])]
        for _ in range(TARGETS - 1):
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            ports.append(server.server_port)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        config = Path(folder) / "config.toml"
        tables = [f'[[targets]]\nname = "t{port}"\nurl = "http://127.0.0.1:{port}/metrics"\n' for port in ports]
        config.write_text("discovery.enabled = false\n" + "\n".join(tables), encoding="utf-8")
        yield str(config)


def once() -> dict[str, float]:
    """One run of the program: milliseconds from a key to its screen, and how far apart the others were asked."""
    asked: dict[int, list[float]] = {}
    with targets(asked) as config:
        command = [sys.executable, "-m", "perf_tui", "--config", config]
        with Terminal(command, columns=120, rows=40) as terminal:
            terminal.wait_for(r"memory\s+\d")
            terminal.read_for(6.0)
            taken = []
            for number in range(PRESSES):
                key, shows = SCREENS[number % len(SCREENS)]
                began = terminal.elapsed
                terminal.press(key)
                taken.append((terminal.wait_for(shows) - began) * 1000)
                terminal.read_for(0.15)
    gaps = [later - sooner for times in asked.values() for sooner, later in pairwise(times)]
    taken.sort()
    return {
        "median": statistics.median(taken),
        "p99": taken[int(0.99 * (len(taken) - 1))],
        "worst": taken[-1],
        "period": statistics.median(gaps),
    }


def main() -> int:
    """Measure, and print the table."""
    chosen = options.parser(__doc__).parse_args()
    runs = {"a key, one target of 20 hanging": [once() for _ in range(chosen.rounds)]}
    print(f"keys: {PRESSES} presses a round, medians of {chosen.rounds} rounds")
    print("\n".join(table.lines(runs, FIGURES)))
    options.keep(chosen.json, "keys", runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
