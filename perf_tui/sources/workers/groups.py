"""From the configuration to the sources and stages that watch workers."""

from __future__ import annotations

import os
import re
import socket
from typing import Any

from perf_tui.config.quantities import duration
from perf_tui.config.schema import Config, WorkerGroup
from perf_tui.engine.source import Source
from perf_tui.engine.stage import Stage
from perf_tui.engine.workers.board import Board, Expected
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.sources.workers.kinds import Pattern, Recogniser
from perf_tui.sources.workers.processes import ProcessWorkers
from perf_tui.text import clean

STAGES = (ProcessWorkers.name, Board.name)
"""Names that no source may have."""


def host_names() -> frozenset[str]:
    """This machine's names, as others may give them."""
    name = clean(socket.gethostname())
    return frozenset((name, name.partition(".")[0])) - {""}


def worker_sources(config: Config) -> list[Source[Any]]:
    """A source for each group whose workers are not found among the processes."""
    forget = duration(config.board.forget)
    return [source for group in config.workers if (source := _source(group, forget)) is not None]


def worker_stages(config: Config) -> list[Stage]:
    """What makes workers of processes, and of all that sources say of workers the board."""
    forget = duration(config.board.forget)
    hosts = host_names()
    patterns = [
        Pattern(clean(group.name), re.compile(group.match), group.unit, clean(group.log or ""))
        for group in config.workers
        if group.match is not None
    ]
    groups = [Expected(clean(group.name), group.expected) for group in config.workers]
    return [
        ProcessWorkers(Recogniser(patterns, config.board.recognise), hosts, os.getpid(), forget),
        Board(hosts, groups, forget=forget, window=config.window),
    ]


def _source(group: WorkerGroup, forget: float) -> Source[Any] | None:
    # Each way is loaded where a group needs it.
    if group.heartbeat is not None:
        from perf_tui.sources.workers.heartbeat import HeartbeatSource

        return HeartbeatSource(group.name, group.heartbeat, group.log or "", forget)
    if group.queue is not None:
        return _queue(group, forget)
    if group.supervisord is not None:
        from perf_tui.sources.workers.supervisord import SupervisordSource

        return SupervisordSource(group.name, group.supervisord, _credentials(group))
    if group.gunicorn is not None:
        from perf_tui.sources.workers.gunicorn import GunicornSource

        return GunicornSource(group.name, group.gunicorn)
    if group.systemd:
        from perf_tui.sources.workers.systemd import SystemdSource

        return SystemdSource(group.name, group.systemd)
    return None


def _queue(group: WorkerGroup, forget: float) -> Source[Any]:
    from perf_tui.sources.workers.link import RedisLink

    link = RedisLink(group.url, group.url_env, _credentials(group))
    if group.queue == "rq":
        from perf_tui.sources.workers.rq import RqSource

        return RqSource(group.name, link, forget)
    if group.queue == "arq":
        from perf_tui.sources.workers.arq import ArqSource

        return ArqSource(group.name, link, forget=forget)
    from perf_tui.sources.workers.celery import CelerySource

    return CelerySource(group.name, link, host_names(), forget)


def _credentials(group: WorkerGroup) -> Credentials:
    return Credentials(username=group.username, password_env=group.password_env, password_file=group.password_file)
