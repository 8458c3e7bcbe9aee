"""Alerts for handlers, and a server that remembers what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from perf_tui.engine.alerts.model import Alert, Change, Level, Moved, Rule, State, Transition
from perf_tui.handlers.handler import Batch
from perf_tui.measures.model import series

P99 = series("app.request.duration", service="checkout", stat="p99")
RULE = Rule("slow", P99.id, ((Level.CRITICAL, 0.5), (Level.WARNING, 0.2)), message="Checkout is slow")
WALL = 1.7e9
WHY = (Moved(series("ai.requests.waiting", engine="vllm", model="m"), 0.0, 37.0, 9.0, -4.0),)


def line(
    change: Change = Change.RAISED, level: Level = Level.CRITICAL, quiet: str = "", rule: Rule = RULE
) -> Transition:
    """A line of the log."""
    return Transition(WALL + 60, change, rule, P99, level, 1.9, WALL, quiet, False, WHY, 7)


def alert(level: Level = Level.CRITICAL, state: State = State.FIRING) -> Alert:
    """An alert that fires."""
    return Alert(RULE, P99, level, True, 1.9, WALL, state, why=WHY)


def batch(*lines: Transition, more: int = 0, active: tuple[Alert, ...] = (), wall: float = WALL + 60) -> Batch:
    """What a handler is told."""
    return Batch(lines, more, active, "web-1", wall)


class Server:
    """Answers every request as it is told to, and puts it into `asked` as (method, path, headers, body)."""

    def __init__(self) -> None:
        self.asked: Queue[tuple[str, str, dict[str, str], Any]] = Queue()
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.slow = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._do()

            def do_GET(self) -> None:
                self._do()

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.put((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
                code, headers = outer.answers.pop(0) if outer.answers else (200, {})
                if code == 0:  # drips, for as long as anybody listens
                    try:
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                        while not outer.slow.wait(0.02):
                            self.wfile.write(b"x")
                    except OSError:
                        pass
                    self.close_connection = True
                    return
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """End it."""
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
