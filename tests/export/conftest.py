"""Snapshots made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from perf_tui.engine.alerts.model import Alert, Level, Rule
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import IDLE, PENDING, Series, Status, Value, absent, series
from perf_tui.sources.system.processes import Process

TIME = 1_795_341_600.0
"""2026-11-22T10:00:00Z."""
AT = 5000.0


def make_snapshot(values: Mapping[Series, Value], **more: Any) -> Snapshot:
    index: dict[str, list[Series]] = {}
    for key in values:
        index.setdefault(key.id, []).append(key)
    settings: dict[str, Any] = {
        "host": "web-1",
        "time": TIME,
        "at": AT,
        "sources": (SourceState("system", "system", Status.OK, 0.004),),
    }
    return Snapshot(
        values={key: value if value.at else value._replace(at=AT) for key, value in values.items()},
        index={id: tuple(keys) for id, keys in index.items()},
        **{**settings, **more},
    )


def make_process(pid: int, **more: Any) -> Process:
    usual = Process(
        pid=pid, parent=1, user="www", state="S", cpu=0.1, memory=2**20, read=None, write=None, threads=1,
        name="server", command="server --port 80", started=1.0,
    )  # fmt: skip
    return usual._replace(**more)


CPU_RULE = Rule("cpu", "system.cpu.utilization", ((Level.CRITICAL, 0.95), (Level.WARNING, 0.8)), message="CPU is high")


@pytest.fixture
def make() -> Callable[..., Snapshot]:
    return make_snapshot


@pytest.fixture
def usual() -> Snapshot:
    """A machine with something of everything: each status, an alert, processes, a source that fails."""
    cpu = series("system.cpu.utilization")
    return make_snapshot(
        {
            cpu: Value(0.84),
            series("system.cpu.iowait"): PENDING,
            series("system.cpu.core.utilization", cpu="0"): Value(0.25),
            series("system.cpu.core.utilization", cpu="1"): Value(1.0),
            series("system.load", period="1m"): Value(3.1),
            series("system.load", period="5m"): Value(2.8),
            series("system.memory.total"): Value(32 * 2**30),
            series("system.memory.utilization"): Value(0.38, Status.STALE, at=AT - 43),
            series("system.disk.read", device="sda"): Value(2**20),
            series("system.disk.write", device="sda"): Value(0.0),
            series("system.disk.busy", device="sda"): Value(0.71),
            series("system.disk.read", device="sdb"): Value(0.0),
            series("system.filesystem.utilization", mount="/"): Value(0.5),
            series("system.filesystem.utilization", mount="/srv/a;b"): Value(None, Status.DENIED, "no permission"),
            series("system.network.loss", interface="eth0"): IDLE,
            series("system.network.utilization", interface="eth0"): absent("the link does not say its speed"),
            series("system.network.retransmits"): Value(None, Status.ERROR, "the counter is unreadable"),
            series("system.pressure"): absent("this system has no /proc/pressure/cpu"),
            series("app.request.duration", service="checkout", stat="p50"): Value(0.038),
            series("app.request.duration", service="checkout", stat="p99"): Value(10.0, bound=True),
            series("app.request.rate", service="checkout"): Value(1240.0),
            series("ai.quality.drift", engine="vllm-0", model="m", name="help"): Value(-0.02),
            series("gpu.temperature", gpu="0", name="H100"): Value(71.0),
            series("self.cpu"): Value(0.009),
        },
        alerts=(
            Alert(CPU_RULE, cpu, Level.WARNING, True, 0.84, TIME - 130),
            Alert(CPU_RULE, cpu, Level.CRITICAL, False, 0.96, TIME - 1),
        ),
        sources=(
            SourceState("system", "system", Status.OK, 0.004),
            SourceState("filesystems", "system", Status.ERROR, None, "no answer within 5 s"),
        ),
        tables={
            "processes": (
                make_process(7, cpu=None, memory=3 * 2**20, command="init"),
                make_process(8, cpu=1.5, memory=2**20, command="burner"),
            )
        },
    )


@pytest.fixture
def everything() -> Snapshot:
    """Every measure of the catalogue, once."""
    return make_snapshot(
        {series(measure.id, **dict.fromkeys(measure.labels, "1")): Value(0.5) for measure in CATALOGUE.values()}
    )
