"""The parts that are broken, and the engine that watches them."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from perf_tui.assembly import build_engine
from perf_tui.config.schema import (
    AlertRule,
    Board,
    Config,
    Discovery,
    QualityStream,
    Target,
    WorkerGroup,
)
from perf_tui.demo.cast import HEARTBEATS, SCORES, Cast
from perf_tui.demo.parts import Part
from perf_tui.demo.plan import Plan
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Change, Transition
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot

RATE, TASKS = 15.0, 0.4
"""Requests to the shop, and tasks for the workers, per second: two cores have time left."""
SYMPTOMS = (
    AlertRule(
        name="shop is slow", metric="app.request.duration", labels={"service": "shop", "stat": "p95"},
        critical="120ms", hold="500ms",
    ),
    AlertRule(
        name="shop fails", metric="app.error.total", labels={"service": "shop"}, critical="10%", hold="500ms"
    ),
    AlertRule(name="workers are missing", metric="workers.stale", critical=1, hold="500ms"),
    AlertRule(name="workers fail", metric="workers.error", critical=1, hold="500ms"),
)  # fmt: skip
"""What users and operators feel. None is about a resource: an alert on the cause itself would tell it at once."""


def config(plan: Plan, interval: float) -> Config:
    """Everything that the parts tell, and the symptoms as rules."""
    targets = [("shop", plan.shop), ("pricing", plan.pricing)]
    if plan.model is not None:
        targets.append(("model", plan.model))
    return Config(
        interval=max(0.5, interval),
        window=5.0,
        discovery=Discovery(enabled=False),
        targets=tuple(Target(name=name, url=f"{url}/metrics") for name, url in targets),
        workers=(
            WorkerGroup(name="crew", heartbeat=plan.file(HEARTBEATS), expected=8),
            WorkerGroup(name="processes", match=rf"perf_tui\.demo\.worker \S+ {re.escape(plan.folder)}"),
        ),
        board=Board(recognise=False, forget="5s"),
        quality=(QualityStream(name="answers", path=plan.file(SCORES)),),
        alerts=SYMPTOMS,
    )


class Watch:
    """The symptoms, judged anew for each fault: one that comes again and again would be taken for flapping."""

    def __init__(self, symptoms: Config, engine: Engine) -> None:
        self._alerts = AlertEngine(rules(symptoms))
        self.fired: tuple[Transition, int] | None = None
        """The first alert, and the tick at which it fired."""
        self.end = engine.store.subscribe(self._judge)

    def _judge(self, now: Snapshot) -> None:
        for change in self._alerts.evaluate(now.values, now.at, now.time, now.interval):
            if change.change is Change.RAISED and self.fired is None:
                self.fired = change, now.tick

    @property
    def well(self) -> bool:
        """Whether nothing is wrong, not even for a moment."""
        return not self._alerts.active()


class Crowd:
    """Parts, load and engine; as a context manager, it ends them all."""

    def __init__(self, folder: Path, interval: float, longest: float, seed: int) -> None:
        """A tick each `interval` seconds. `longest` is for how long a fault lasts at most."""
        self.folder, self.interval, self.longest = str(folder), interval, longest
        self.cores = len(os.sched_getaffinity(0))
        plan = Plan.in_folder(folder, seed)
        self.cast = Cast(plan, load=False)
        model = ["--model", plan.model] if plan.model is not None else []
        rates = ["--rate", str(RATE), "--tasks-rate", str(TASKS), "--seed", str(seed)]
        self.load = Part("load", "--shop", plan.shop, "--tasks", plan.tasks, *model, *rates)
        self._config = config(plan, interval)
        self.engine: Engine = build_engine(msgspec.structs.replace(self._config, alerts=()))
        self.engine.set_interval(interval)

    def __enter__(self) -> Self:
        try:
            self.cast.wait()
        except BaseException:
            self._end()
            raise
        self.engine.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self.engine.stop()
        self.load.end()
        self.cast.end()

    @property
    def now(self) -> Snapshot:
        """The newest tick."""
        return self.engine.store.snapshot

    def wait_for(self, tick: int) -> None:
        """Until that tick has been published."""
        while self.now.tick < tick:
            time.sleep(self.interval / 5)

    def watch(self, seconds: float) -> Watch:
        """Look for symptoms from now on; returns when there are none, or after so many seconds."""
        end = time.monotonic() + seconds
        while True:
            watch = Watch(self._config, self.engine)
            self.wait_for(self.now.tick + 4)
            if (watch.well and watch.fired is None) or time.monotonic() > end:
                watch.fired = None  # what is wrong already tells nothing of the fault
                return watch
            watch.end()
