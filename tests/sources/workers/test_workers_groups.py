"""From the configuration to sources and stages, and what is loaded for them."""

from __future__ import annotations

import subprocess
import sys

from perf_tui.assembly import build_engine
from perf_tui.config.schema import Board as BoardConfig
from perf_tui.config.schema import Config, Discovery, WorkerGroup
from perf_tui.sources.workers.groups import STAGES, host_names, worker_sources, worker_stages
from perf_tui.text import clean

EVERY = (
    WorkerGroup(name="match", match="x"),
    WorkerGroup(name="beats", heartbeat="/nowhere"),
    WorkerGroup(name="celery", queue="celery"),
    WorkerGroup(name="rq", queue="rq"),
    WorkerGroup(name="arq", queue="arq"),
    WorkerGroup(name="supervisord", supervisord="~/s"),
    WorkerGroup(name="gunicorn", gunicorn="~/g"),
    WorkerGroup(name="systemd", systemd=("a.service",)),
    WorkerGroup(name="bad\x1b", heartbeat="/b"),
)


def test_each_place_has_its_source() -> None:
    sources = worker_sources(Config(workers=EVERY))
    assert [type(source).__name__ for source in sources] == [
        "HeartbeatSource", "CelerySource", "RqSource", "ArqSource", "SupervisordSource", "GunicornSource",
        "SystemdSource", "HeartbeatSource",
    ]  # fmt: skip
    assert {source.kind for source in sources} == {"workers"}
    assert sources[-1].name == "workers bad\\x1b"


def test_the_stages_follow_the_board_s_settings() -> None:
    stages = worker_stages(Config(workers=EVERY, board=BoardConfig(recognise=False, forget="1m")))
    assert tuple(stage.name for stage in stages) == STAGES


def test_an_engine_takes_them_all() -> None:
    engine = build_engine(Config(workers=EVERY, discovery=Discovery(enabled=False)))
    names = [state.name for state in engine.store.snapshot.sources]
    assert [name for name in names if name.startswith("workers ")] == [
        "workers beats", "workers celery", "workers rq", "workers arq", "workers supervisord", "workers gunicorn",
        "workers systemd", "workers bad\\x1b",
    ]  # fmt: skip


def test_this_machine_s_names_are_safe_to_show() -> None:
    assert host_names()
    assert all(name == clean(name) for name in host_names())


def test_neither_redis_nor_a_framework_is_loaded_before_it_is_needed() -> None:
    program = (
        "import sys; from perf_tui.assembly import build_engine; from perf_tui.config.schema import *; "
        "build_engine(Config(workers=(WorkerGroup(name='a', queue='celery'), WorkerGroup(name='b', queue='rq')))); "
        "print([name for name in ('redis', 'celery', 'kombu', 'rq', 'supervisor', 'gunicorn') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
