"""The configuration that watches a demo."""

from __future__ import annotations

import msgspec

from perf_tui.config.schema import (
    AccessLog,
    Alerting,
    AlertRule,
    Board,
    Config,
    Discovery,
    HistoryStore,
    Otlp,
    Prometheus,
    QualityStream,
    Statsd,
    Target,
    WorkerGroup,
)
from perf_tui.demo.lines import ACCESS_LOG, HEARTBEATS, SCORES
from perf_tui.demo.plan import Plan
from perf_tui.demo.roles import ROLES

SHOP, PRICING, MODEL, CREW = "shop", "pricing", "llama", "crew"
"""How the parts are called on the screens."""
_FEW = 40
"""Scores that make a baseline: there are as many within a minute."""


def config_of(plan: Plan, base: Config) -> Config:
    """`base` with nothing of its own to watch, but the parts of this demo.

    Latency and errors are of the last few ticks, so that an incident is seen when it begins and gone soon
    after. Nothing is remembered beyond the demo, and nobody elsewhere is told of its alerts.
    """
    targets = [_target(SHOP, plan.shop), _target(PRICING, plan.pricing)]
    if plan.model is not None:
        targets.append(_target(MODEL, plan.model))
    return msgspec.structs.replace(
        base,
        window=max(5.0, 5 * base.interval),
        discovery=Discovery(enabled=False),
        targets=tuple(targets),
        access_logs=(AccessLog(name=f"{SHOP} log", path=plan.file(ACCESS_LOG)),),
        quality=_quality(plan),
        workers=(WorkerGroup(name=CREW, expected=len(ROLES), heartbeat=plan.file(HEARTBEATS)),),
        board=Board(recognise=False),
        otlp=Otlp(),
        statsd=Statsd(),
        alerts=rules(base.interval),
        alerting=Alerting(remember=False),
        handlers=(),
        history=HistoryStore(path=plan.file("history.sqlite")),
        prometheus=Prometheus(),
    )


def _target(name: str, url: str) -> Target:
    return Target(name=name, url=f"{url}/metrics")


def _quality(plan: Plan) -> tuple[QualityStream, ...]:
    if plan.model is None:
        return ()
    return (QualityStream(name=MODEL, path=plan.file(SCORES), first=_FEW, window=2 * _FEW, low=0.0, high=1.0),)


def rules(interval: float) -> tuple[AlertRule, ...]:
    """One rule or two for each incident. Each condition has to hold for two ticks."""
    hold = f"{2 * interval:g}s"
    shop, model = {"service": SHOP}, {"engine": MODEL}
    return (
        AlertRule(
            name="shop is slow", metric="app.request.duration", labels={**shop, "stat": "p95"},
            warning="400ms", critical="600ms", hold=hold, message="The shop answers slowly",
        ),
        AlertRule(
            name="shop fails", metric="app.error.server", labels=shop,
            warning="5%", critical="15%", hold=hold, message="Requests to the shop fail",
        ),
        AlertRule(
            name="requests wait", metric="ai.requests.waiting", labels=model,
            warning=8, critical=16, hold=hold, message="Requests wait for a slot of the model server",
        ),
        AlertRule(
            name="slots are full", metric="ai.kv_cache.utilization", labels=model,
            warning="70%", critical="90%", hold=hold, message="The model server's cache is nearly full",
        ),
        AlertRule(
            name="worker is down", metric="workers.error",
            warning=1, critical=3, hold=hold, message="A worker is dead",
        ),
        AlertRule(
            name="worker is busy", metric="worker.cpu",
            warning="15%", hold=hold, message="A worker takes more CPU time than its tasks need",
        ),
    )  # fmt: skip
