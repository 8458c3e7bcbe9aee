"""`python -m perf_tui.demo.tasks PORT`: the queue from which workers take their tasks, over HTTP.

`POST /tasks` puts one in, `GET /take?worker=NAME` waits a little for the next one of that worker's role, or
one of no role, `POST /done` says that it is over. A task that its worker lost goes back to the head of the queue.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict, deque
from itertools import count
from typing import Any

from aiohttp import web

from perf_tui.demo import leash

WAIT = 2.0
"""Seconds that an asker waits at most."""
MOST = 50
"""Tasks that wait for one worker; more are refused."""

ANYBODY = ""
"""The role of tasks that any worker may take."""

Task = dict[str, Any]


class Queue:
    """Tasks by the role that they are for."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Task]] = defaultdict(deque)
        self._taken: dict[str, Task] = {}
        self._news: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._numbers = count(1)

    async def put(self, request: web.Request) -> web.Response:
        """A JSON object; `role` says whose it is, none is whoever's asks first. 503 where too many wait already."""
        task = await request.json()
        role = str(task.get("role", ANYBODY))
        if len(self._waiting[role]) >= MOST:
            raise web.HTTPServiceUnavailable(text="the queue is full")
        task["id"] = next(self._numbers)
        self._waiting[role].append(task)
        for news in [self._news[role]] if role != ANYBODY else self._news.values():
            news.set()
        return web.json_response({"id": task["id"]}, status=202)

    async def take(self, request: web.Request) -> web.Response:
        """The next task, or 204 where none came. Who asks again has lost the task that it had."""
        worker = request.query["worker"]
        waiting = self._waiting[worker]
        if (lost := self._taken.pop(worker, None)) is not None:
            waiting.appendleft(lost)
        if not waiting and not self._waiting[ANYBODY]:
            self._news[worker].clear()
            try:
                await asyncio.wait_for(self._news[worker].wait(), WAIT)
            except TimeoutError:
                return web.Response(status=204)
        source = self._waiting[ANYBODY] or waiting
        if not source:  # somebody else was faster
            return web.Response(status=204)
        task = self._taken[worker] = source.popleft()
        return web.json_response({**task, "behind": len(waiting)})

    async def done(self, request: web.Request) -> web.Response:
        """What `worker` had is over, well or not."""
        told = await request.json()
        self._taken.pop(str(told["worker"]), None)
        return web.Response(status=204)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    chosen = parser.parse_args()
    queue = Queue()
    app = web.Application()
    app.router.add_post("/tasks", queue.put)
    app.router.add_get("/take", queue.take)
    app.router.add_post("/done", queue.done)
    leash.hold()
    web.run_app(app, host="127.0.0.1", port=chosen.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
