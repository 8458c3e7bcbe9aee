"""What supervises workers: a real supervisord, a real gunicorn, and systemd's words."""

from __future__ import annotations

import asyncio
import stat
import struct
import xmlrpc.client
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fakes import Clock
from real_queue import Watch, holds, python, running

from perf_tui.config.schema import WorkerGroup
from perf_tui.engine.source import SourceAbsent, SourceDenied, SourceError
from perf_tui.measures.model import Status
from perf_tui.measures.workers import HERE, SIGHTINGS, Sighting, State, Worker
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.sources.workers.gunicorn import GunicornSource
from perf_tui.sources.workers.supervisord import SupervisordSource
from perf_tui.sources.workers.systemd import SystemdSource

SUPERVISORD = """
[supervisord]
nodaemon=true
logfile=NONE
pidfile={folder}/pid
childlogdir={folder}
[unix_http_server]
file={folder}/s
{more}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:steady]
command=sleep 600
[program:broken]
command=/bin/false
startretries=1
startsecs=0
autorestart=true
exitcodes=0
[program:never]
command=/nowhere/at/all
startretries=0
[program:done]
command=/bin/true
startsecs=0
autorestart=false
[program:later]
command=sleep 600
autostart=false
"""


def need(module: str) -> None:
    if find_spec(module) is None:
        pytest.skip(f"the package {module} is not installed")


@asynccontextmanager
async def watching(**group: Any) -> AsyncIterator[Watch]:
    play = Watch(WorkerGroup(name="g", **group))
    try:
        yield play
    finally:
        await play.close()


async def test_programs_of_a_real_supervisord(tmp_path: Path) -> None:
    need("supervisor")
    file = tmp_path / "supervisord.conf"
    file.write_text(SUPERVISORD.format(folder=tmp_path, more=""))
    with running(python("-W", "ignore", "-m", "supervisor.supervisord", "-c", str(file)), tmp_path):
        async with watching(supervisord=str(tmp_path / "s")) as watch:

            def settled(workers: dict[str, Worker]) -> bool:
                steady = workers.get("steady")
                return steady is not None and steady.word == "RUNNING" and workers["never"].word == "FATAL"

            await holds((tmp_path / "s").exists)
            workers = await watch.until(settled)
            assert {"done", "later"}.isdisjoint(workers)
            steady, never = workers["steady"], workers["never"]
            assert (steady.state, steady.host, steady.kind) == (State.ACTIVE, HERE, "steady")
            assert steady.sources == ("workers g", "worker processes")
            assert steady.body.command == "sleep 600"
            assert steady.body.memory is not None
            assert steady.log.startswith(str(tmp_path))
            assert (never.state, never.pid) == (State.ERROR, None)
            assert "can't find command" in never.error


async def test_a_supervisord_with_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("supervisor")
    monkeypatch.setenv("PASS", "hunter2")
    file = tmp_path / "supervisord.conf"
    file.write_text(SUPERVISORD.format(folder=tmp_path, more="username=u\npassword=hunter2"))
    with running(python("-W", "ignore", "-m", "supervisor.supervisord", "-c", str(file)), tmp_path):
        await holds((tmp_path / "s").exists)
        known = SupervisordSource("g", str(tmp_path / "s"), Credentials(username="u", password_env="PASS"))
        assert {program["name"] for program in (await known.read()).programs} >= {"steady", "later"}
        unknown = SupervisordSource("g", str(tmp_path / "s"), Credentials())
        with pytest.raises(SourceDenied, match="wants a user and a password"):
            await unknown.read()


async def test_workers_of_a_real_gunicorn(tmp_path: Path) -> None:
    need("gunicorn")
    (tmp_path / "play.py").write_text("def app(environ, start):\n    start('200 OK', [])\n    return []\n")
    path = tmp_path / "ctl"
    command = python(
        "-m", "gunicorn", "-w", "2", "-b", f"unix:{tmp_path}/web", "--control-socket", str(path), "play:app"
    )
    with running(command, tmp_path):
        await holds(path.exists)
        async with watching(gunicorn=str(path)) as watch:
            workers = await watch.until(lambda workers: len(workers) == 2)
            for worker in workers.values():
                assert (worker.kind, worker.state, worker.word, worker.host) == (
                    "gunicorn",
                    State.ACTIVE,
                    "alive",
                    HERE,
                )
                assert worker.sources == ("workers g", "worker processes")
                assert worker.body.memory is not None
                assert dict(worker.facts)["heartbeat"].endswith(" s ago")


@asynccontextmanager
async def answering(path: Path, answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """Somebody who listens on a socket and answers as told, once it was asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        await answer(writer)
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield str(path)


async def raw(path: Path, data: bytes) -> tuple[SourceError, SourceError]:
    """What both sources say of an answer that consists of these bytes."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    found = []
    async with answering(path, write) as where:
        for source in (SupervisordSource("g", where, Credentials()), GunicornSource("g", where)):
            with pytest.raises(SourceError) as raised:
                await source.read()
            found.append(raised.value)
    return found[0], found[1]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0\0", b"\0\0\0\2{}", b"\0\0\0\2[]", b"\0\0\0\4null", b"\xff\xff\xff\xff", struct.pack(">I", 9) + b"x",
        b"HTTP/1.0 500 x\x1b[2J\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n<html>", b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n" + xmlrpc.client.dumps(xmlrpc.client.Fault(1, "BAD \x07")).encode(),
        b"HTTP/1.0 200 OK\r\n\r\n" + xmlrpc.client.dumps((3,), methodresponse=True).replace("3", "x").encode(),
    ],
)  # fmt: skip
async def test_answers_of_somebody_else_are_refused(tmp_path: Path, data: bytes) -> None:
    for error in await raw(tmp_path / "s", data):
        assert str(error).isprintable()


async def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    source = SupervisordSource("g", str(tmp_path / "s"), Credentials())
    with pytest.raises(SourceAbsent, match="there is no socket"):
        await source.read()
    (tmp_path / "file").touch()
    with pytest.raises(SourceError):
        await GunicornSource("g", str(tmp_path / "file")).read()


SYSTEMD = """Id=web.service
LoadState=loaded
ActiveState=active
SubState=running
Type=simple
MainPID=4121
NRestarts=3
Result=success
CPUUsageNSec={used}
MemoryCurrent=1048576
ActiveEnterTimestampMonotonic=10000000
StateChangeTimestampMonotonic=10000000
Description=A web server
User=www

Id=broken.service
LoadState=loaded
ActiveState=failed
SubState=failed
Type=simple
MainPID=0
NRestarts=5
Result=exit-code
CPUUsageNSec=[not set]
MemoryCurrent=18446744073709551615
ActiveEnterTimestampMonotonic=0
StateChangeTimestampMonotonic=990000000
Description=x \x1b[2J

Id=once.service
LoadState=loaded
ActiveState=inactive
SubState=dead
Type=oneshot
MainPID=0
Result=success

Id=stopped.service
LoadState=loaded
ActiveState=inactive
SubState=dead
Type=simple
MainPID=0
Result=success

Id=gone.service
LoadState=not-found
ActiveState=inactive
SubState=dead
MainPID=0
"""


class Systemctl:
    """A program that answers as systemctl does."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "systemctl"
        self.text = folder / "answer"
        self.asked = folder / "asked"
        self.script(f'printf "%s\\n" "$@" > {self.asked}\ncat {self.text}')

    def script(self, body: str) -> None:
        self.program.write_text(f"#!/bin/sh\n{body}\n")
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)


async def test_units_of_systemd(tmp_path: Path, clock: Clock) -> None:
    systemctl = Systemctl(tmp_path)
    source = SystemdSource(
        "g", ["web.service", "b*"], program=str(systemctl.program), clock=clock, wall=clock.wall
    )  # fmt: skip

    async def look(used: int) -> dict[str, Sighting]:
        systemctl.text.write_text(SYSTEMD.format(used=used))
        derived = source.derive(await source.read(), clock.now)
        return {each.name: each for each in derived.tables[SIGHTINGS]}  # type: ignore[attr-defined]

    first = await look(10**9)
    assert systemctl.asked.read_text().splitlines()[-3:] == ["--", "web.service", "b*"]
    assert {name: (each.word, str(each.state)) for name, each in first.items()} == {
        "web.service": ("active", "active"),
        "broken.service": ("failed", "error"),
        "once.service": ("done", "waiting"),
        "stopped.service": ("inactive", "error"),
        "gone.service": ("inactive", "error"),
    }
    web = first["web.service"]
    assert (web.pid, web.host) == (4121, HERE)
    assert web.body is not None
    assert (web.body.cpu, web.body.memory, web.body.restarts, web.body.user) == (None, 1048576.0, 3, "www")
    assert web.body.uptime == clock.now - 10.0
    broken = first["broken.service"]
    assert [(event.words, event.time) for event in broken.events] == [("failed (failed): exit-code", clock.day - 10.0)]
    assert dict(broken.facts) == {"state": "failed", "unit": "x \\x1b[2J"}
    assert [event.words for event in first["gone.service"].events] == ["not-found"]
    clock.advance(2.0)
    body = (await look(2 * 10**9))["web.service"].body
    assert body is not None
    assert body.cpu == 0.5


async def test_without_systemd_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceAbsent, match="no systemctl"):
        await SystemdSource("g", ["a"], program=str(tmp_path / "none")).read()
    systemctl = Systemctl(tmp_path)
    systemctl.script("echo 'System has not been booted with systemd' >&2; exit 1")
    with pytest.raises(SourceError, match="systemctl says: System has not been booted with systemd"):
        await SystemdSource("g", ["a"], program=str(systemctl.program)).read()


async def test_a_systemctl_that_hangs_is_ended(tmp_path: Path) -> None:
    systemctl = Systemctl(tmp_path)
    systemctl.script("exec sleep 600")
    source = SystemdSource("g", ["a"], program=str(systemctl.program))
    task = asyncio.create_task(source.read())
    await holds(lambda: source._running)
    process = source._running
    assert process is not None
    task.cancel()
    await asyncio.wait([task])
    assert await asyncio.wait_for(process.wait(), 10.0) != 0


async def test_a_group_whose_place_is_missing_is_listed_with_the_reason(tmp_path: Path) -> None:
    async with watching(gunicorn=str(tmp_path / "none")) as watch:
        await watch.tick()
        state = watch.snapshot.sources[-1]
        assert (state.name, state.status) == ("workers g", Status.ABSENT)
        assert state.error == f"there is no socket {tmp_path}/none: gunicorn does not run, or has another"
