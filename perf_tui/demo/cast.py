"""All parts of a demo together."""

from __future__ import annotations

import socket
import time
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perf_tui.demo.asking import ask
from perf_tui.demo.lines import ACCESS_LOG, HEARTBEATS, SCORES
from perf_tui.demo.parts import Part
from perf_tui.demo.plan import Plan

SLOTS = "4"
_GLANCE = 0.05
_SOON = 10.0
"""Seconds after which one that does not listen yet is not waited for."""


class Cast:
    """Starts them; as a context manager, ends them. Each has its levers: `cast.pricing.tell(delay=0.8)`."""

    def __init__(self, plan: Plan, *, load: bool = True) -> None:
        """`load` says whether anybody uses them.

        One after the other, each once the last one is there: who watches them starts at the same time, and
        fifteen interpreters at once would leave it little of a small machine.
        """
        self.plan = plan
        self._started: list[Part] = []
        for name in (ACCESS_LOG, HEARTBEATS, SCORES):
            Path(plan.file(name)).touch(0o600)  # who watches them need not wait for the first line
        try:
            self._start(load)
        except BaseException:
            self.end()
            raise

    def _start(self, load: bool) -> None:
        plan = self.plan
        model = ["--model", plan.model] if plan.model is not None else []
        log = ["--log", plan.file(ACCESS_LOG)]
        self.pricing = self._part("pricing", str(plan.pricing_port), port=plan.pricing_port)
        self.shop = self._part(
            "shop", str(plan.shop_port), "--pricing", plan.pricing, *model, *log, port=plan.shop_port
        )
        self.tasks = self._part("tasks", str(plan.tasks_port), port=plan.tasks_port)
        self.model = None
        if plan.model_port is not None:
            words = (plan.folder, str(plan.model_port), "--slots", SLOTS)
            self.model = self._part("model", *words, port=plan.model_port)
        self.crew = self._part("crew", plan.folder, "--tasks", plan.tasks, *model)
        self.load = None
        if load:
            seed = ["--seed", str(plan.seed)]
            self.load = self._part("load", "--shop", plan.shop, "--tasks", plan.tasks, *model, *seed)

    def _part(self, name: str, *words: str, port: int | None = None) -> Part:
        """Start one, and wait a while until it listens."""
        part = Part(name, *words)
        self._started.append(part)
        end = time.monotonic() + _SOON
        while port is not None and part.alive and not _listens(port) and time.monotonic() < end:
            time.sleep(_GLANCE)
        return part

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Those that were started, the last one first."""
        return tuple(reversed(self._started))

    @property
    def ready(self) -> bool:
        """Whether everybody listens, and the model has been loaded."""
        plan = self.plan
        if not all(map(_listens, (plan.shop_port, plan.pricing_port, plan.tasks_port))):
            return False
        return plan.model is None or _is_loaded(plan.model)

    def wait(self, seconds: float = 60.0) -> None:
        """Until they are ready. Raises TimeoutError, or ChildProcessError where one has ended."""
        end = time.monotonic() + seconds
        while not self.ready:
            if ended := [part.name for part in self.parts if not part.alive]:
                raise ChildProcessError(f"{', '.join(ended)} ended")
            if time.monotonic() > end:
                raise TimeoutError(f"not ready within {seconds:g} s")
            time.sleep(_GLANCE)

    def hand_out(self, **task: Any) -> None:
        """Put a task into the queue. Raises OSError where it is gone."""
        ask(self.plan.tasks, "POST", "/tasks", task, seconds=2.0)

    def end(self) -> None:
        """End them all, and wait for that."""
        for part in self.parts:
            part.release()
        for part in self.parts:
            part.end()


def _is_loaded(model: str) -> bool:
    try:
        status, _ = ask(model, "GET", "/health", seconds=1.0)
    except (OSError, HTTPException):
        return False
    return status == 200


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True
