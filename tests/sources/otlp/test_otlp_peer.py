"""Who is at the other end: a real process that pushes is one worker with its session."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from otlp_play import as_json, logs

from perf_tui.config.schema import Config
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.engine import Engine
from perf_tui.measures.workers import HERE, State, Worker, rows, sightings
from perf_tui.sources.otlp.peer import owner
from perf_tui.sources.otlp.source import Options, OtlpSource
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.processes import Processes
from perf_tui.sources.workers.groups import worker_stages

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it without asking every process")

PUSH = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
connection.request("POST", "/v1/logs", sys.argv[2], {"Content-Type": "application/json"})
print(connection.getresponse().status, flush=True)
sys.stdin.read()
"""


EVENT = logs({"service.name": "claude-code"}, {"event.name": "user_prompt", "session.id": "s1"})


@contextmanager
def agent(name: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """A process whose command begins with `name`, and that has pushed and keeps its connection."""
    process = subprocess.Popen(
        [name, "-c", PUSH, str(port), json.dumps(as_json(EVENT))], executable=sys.executable, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.communicate("")


async def pushed(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return (await asyncio.to_thread(process.stdout.readline)).strip()


async def test_the_session_of_a_process_is_one_worker_with_it() -> None:
    source = OtlpSource(Options("127.0.0.1", 0))
    engine = Engine([Processes(Host()), source], AlertEngine([]), 2.0, stages=worker_stages(Config()))
    await engine.tick(5.0)
    with agent("claude", source.port) as process:
        assert await pushed(process) == "200"
        for _ in range(2):
            snapshot = await engine.tick(5.0)
        mine: list[Worker] = [worker for worker in rows(snapshot.tables) if worker.pid == process.pid]
        (worker,) = mine
        assert (worker.id, worker.kind, worker.word, worker.host) == ("claude s1", "claude", "user_prompt", HERE)
        assert worker.sources == ("otlp", "worker processes")
        assert worker.body.memory
    await source.close()


async def test_a_program_of_another_name_is_not_looked_for() -> None:
    source = OtlpSource(Options("127.0.0.1", 0))
    await source.open()
    with agent("python-passing-on", source.port) as process:
        assert await pushed(process) == "200"
        (session,) = sightings(source.derive(await source.read(), 0.0).tables)
        assert session.pid is None
    await source.close()


def test_a_port_that_nobody_holds() -> None:
    assert owner(Host(), 1) is None


async def test_a_session_outlives_its_process_on_the_board() -> None:
    """Codex tells what it has used when it ends: that must be seen."""
    source = OtlpSource(Options("127.0.0.1", 0))
    engine = Engine([Processes(Host()), source], AlertEngine([]), 2.0, stages=worker_stages(Config()))
    await engine.tick(5.0)
    with agent("claude", source.port) as process:
        assert await pushed(process) == "200"
        await engine.tick(5.0)
    for _ in range(3):
        snapshot = await engine.tick(5.0)
    (worker,) = [worker for worker in rows(snapshot.tables) if worker.id == "claude s1"]
    assert (worker.word, worker.state, worker.pid) == ("ended", State.STALE, None)
    await source.close()
