"""A real Redis, real workers on it, and an engine that watches them. All of it ends with the test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from perf_tui.config.schema import Config, WorkerGroup
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.workers import Group, Worker, rows, summary
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.processes import Processes
from perf_tui.sources.workers.groups import worker_sources, worker_stages

SOON = 30.0
"""Seconds within which anything here happens; the tests never wait so long where it does."""
TASKS = """
import os, time

def hold(path, secret=""):
    while not os.path.exists(path):
        time.sleep(0.02)

def quick():
    pass

def fail():
    raise ValueError("no good \\x1b[31m")
"""


def need(*modules: str) -> None:
    """Skip, with a clear word, where a package or the server is not there."""
    for module in modules:
        if find_spec(module) is None:
            pytest.skip(f"the package {module} is not installed", allow_module_level=True)
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (Debian package redis-server)", allow_module_level=True)


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[int]:
    """A server on a free port of loopback with its files in `folder`; yields the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [
        "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
        "--appendonly", "no", "--daemonize", "no", *options,
    ]  # fmt: skip
    with running(command, folder):
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
                break
            time.sleep(0.02)
        else:
            raise AssertionError("redis-server did not begin to listen")
        yield port


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a session of its own, which ends with all that it started."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with (folder / "output.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(SOON)


class Watch:
    """An engine with the groups of a configuration and the processes, ticked by the test."""

    def __init__(self, *groups: WorkerGroup, forget: str = "10m", **board: Any) -> None:
        config = Config(interval=0.5, workers=groups)
        self.engine = Engine(
            [Processes(Host()), *worker_sources(config)], interval=config.interval, stages=worker_stages(config)
        )  # fmt: skip

    async def tick(self) -> dict[str, Worker]:
        """One tick, which waits for its sources; the workers of groups, by id."""
        snapshot = await self.engine.tick(2.0)
        return {worker.id: worker for worker in rows(snapshot.tables) if worker.group}

    @property
    def snapshot(self) -> Snapshot:
        """What the last tick published."""
        return self.engine.store.snapshot

    @property
    def group(self) -> Group:
        """The first group as the last tick counted it. Other tests' workers may run on this machine as well."""
        found = summary(self.snapshot.tables)
        assert found is not None
        return found.groups[0]

    async def until(self, condition: Callable[[dict[str, Worker]], object]) -> dict[str, Worker]:
        """Tick until `condition` holds; fails after SOON."""
        end = time.monotonic() + SOON
        while time.monotonic() < end:
            workers = await self.tick()
            if condition(workers):
                return workers
            await asyncio.sleep(0.1)
        raise AssertionError(f"it did not come to pass: {workers}, {self.snapshot.sources}")

    async def close(self) -> None:
        """Close the sources."""
        await asyncio.gather(*(runner.close() for runner in self.engine._runners))


async def holds(condition: Callable[[], object]) -> None:
    """Wait until it does; fails after SOON."""
    for _ in range(int(SOON / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to pass")


def python(*arguments: str) -> list[str]:
    """A command line of this interpreter."""
    return [sys.executable, *arguments]
