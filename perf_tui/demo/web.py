"""What both web services have in common: measuring, `/metrics`, an access log, levers, and an end."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from perf_tui.demo import leash
from perf_tui.demo.lines import Lines
from perf_tui.demo.metrics import Kind, Requests

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Levers:
    """What is wrong with a service on purpose; `{"delay": 0.8, "failing": 0.3}` moves both."""

    delay: float = 0.0
    """Seconds that each request takes longer."""
    failing: float = 0.0
    """Share of requests that fail with 500."""

    def pull(self, levers: Mapping[str, Any]) -> None:
        """Move those that are named."""
        self.delay = float(levers.get("delay", self.delay))
        self.failing = float(levers.get("failing", self.failing))

    def fails(self) -> bool:
        """Whether this request does."""
        return self.failing > 0 and random.random() < self.failing


class Service:
    """An application whose routes are measured. Those are added to `app`; `run` serves them."""

    def __init__(self, log: str | None = None) -> None:
        """`log` is the path of its access log."""
        self.app = web.Application(middlewares=[self._measured])
        self.levers = Levers()
        self._requests = Requests()
        self._log = Lines(log) if log else None
        self.app.router.add_get("/metrics", self._metrics)

    def run(self, port: int) -> None:
        """Serve on loopback until the end of the process."""
        leash.hold(self.levers.pull)
        web.run_app(self.app, host="127.0.0.1", port=port, print=None, access_log=None)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(text=self._requests.text(), content_type="text/plain")

    @web.middleware
    async def _measured(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/metrics":  # asking how it is belongs to no user's requests
            return await handler(request)
        began = time.monotonic()
        self._requests.active += 1
        status = 499  # whoever asked is gone, as nginx writes it
        try:
            answer = await handler(request)
            status = answer.status
            return answer
        except web.HTTPException as error:
            status = error.status
            raise
        except Exception:
            status = 500
            raise
        finally:
            took = time.monotonic() - began
            self._requests.active -= 1
            self._requests.add(Kind(request.method, _route(request), status), took)
            if self._log is not None:
                self._log.put(_line(request, status, took))


def _route(request: web.Request) -> str:
    """The pattern that fitted, so that unknown paths are one route."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


def _line(request: web.Request, status: int, took: float) -> str:
    """A line of the combined format with the request's time behind it, as nginx writes it."""
    when = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    who = request.headers.get("User-Agent", "-").replace('"', "'")
    return (
        f'{request.remote} - - [{when}] "{request.method} {request.path_qs} HTTP/1.1" {status} 0 "-" "{who}" {took:.3f}'
    )
