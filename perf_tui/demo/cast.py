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


class Cast:
    """Starts them; as a context manager, ends them. Each has its levers: `cast.pricing.tell(delay=0.8)`."""

    def __init__(self, plan: Plan, *, load: bool = True) -> None:
        """`load` says whether anybody uses them."""
        self.plan = plan
        for name in (ACCESS_LOG, HEARTBEATS, SCORES):
            Path(plan.file(name)).touch(0o600)  # who watches them need not wait for the first line
        model = ["--model", plan.model] if plan.model is not None else []
        self.model = None
        if plan.model_port is not None:  # takes longest
            self.model = Part("model", plan.folder, str(plan.model_port), "--slots", SLOTS)
        self.pricing = Part("pricing", str(plan.pricing_port))
        self.shop = Part("shop", str(plan.shop_port), "--pricing", plan.pricing, *model, "--log", plan.file(ACCESS_LOG))
        self.tasks = Part("tasks", str(plan.tasks_port))
        self.crew = Part("crew", plan.folder, "--tasks", plan.tasks, *model)
        self.load = None
        if load:
            self.load = Part("load", "--shop", plan.shop, "--tasks", plan.tasks, *model, "--seed", str(plan.seed))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Those that were started."""
        every = (self.load, self.crew, self.tasks, self.shop, self.pricing, self.model)
        return tuple(part for part in every if part is not None)

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
