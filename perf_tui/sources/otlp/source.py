"""The receiver as a source: it listens while it is open, and tells on each tick what has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.sources.otlp.door import Door
from perf_tui.sources.otlp.grpc import MISSING, GrpcReceiver
from perf_tui.sources.otlp.http import HttpReceiver
from perf_tui.sources.otlp.intake import Intake
from perf_tui.sources.otlp.limits import Limits
from perf_tui.sources.otlp.peer import Peers, gone
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.sources.system.host import LINUX
from perf_tui.sources.workers.groups import host_names

NAME = "otlp"


@dataclass(frozen=True, slots=True)
class Options:
    """From the configuration."""

    host: str
    port: int
    grpc: tuple[str, int] | None = None
    window: float = 60.0
    forget: float = 600.0
    limits: Limits = field(default_factory=Limits)
    credentials: Credentials | None = None
    personal: bool = False


class Reading(NamedTuple):
    """What a tick knows beyond what has come."""

    wall: float
    """Seconds since the epoch."""
    gone: frozenset[int] = frozenset()
    """Processes with sessions that are there no more."""


class OtlpSource(Source[Reading]):
    """What comes is taken in when it comes, as the sender wants to know at once what was not.

    What was pushed before it was closed for a failure of its own is remembered.
    """

    name = NAME
    kind = "otlp"

    def __init__(
        self,
        options: Options,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self._monotonic, self._wall = monotonic, wall
        self._hosts = host_names()
        limits = options.limits
        self.intake = Intake(
            NAME, options.window, options.forget, wall(), most_series=limits.series, most_sessions=limits.sessions,
            personal=options.personal,
        )  # fmt: skip
        self._peers = Peers()
        self._door: Door | None = None
        self._http: HttpReceiver | None = None
        self._grpc: GrpcReceiver | None = None

    @property
    def port(self) -> int:
        """The port of HTTP, while it is open."""
        assert self._http is not None
        return self._http.port

    @property
    def grpc_port(self) -> int | None:
        """The port of gRPC, while that is open."""
        return None if self._grpc is None else self._grpc.port

    async def open(self) -> None:
        options = self.options
        self._door = Door(
            self.intake, options.limits, options.credentials, monotonic=self._monotonic, wall=self._wall
        )  # fmt: skip
        self._http = HttpReceiver(self._door, options.host, options.port, self._peers)
        await self._http.open()
        if options.grpc is not None:
            await self._open_grpc(self._door, *options.grpc)

    async def _open_grpc(self, door: Door, host: str, port: int) -> None:
        receiver = GrpcReceiver(door, host, port)
        try:
            await receiver.open()
        except SourceError as error:
            if str(error) != MISSING:
                raise
            self.intake.note(MISSING)  # HTTP goes on
        else:
            self._grpc = receiver

    async def read(self) -> Reading:
        pids = self.intake.sessions.pids(self._hosts) if LINUX else ()
        return Reading(self._wall(), gone(pids))

    def derive(self, reading: Reading, at: float) -> Derived:
        self.intake.sessions.end(reading.gone, self._hosts)
        return self.intake.derive(at, reading.wall)

    async def close(self) -> None:
        if self._grpc is not None:
            await self._grpc.close()
            self._grpc = None
        if self._http is not None:
            await self._http.close()
            self._http = None
        if self._door is not None:
            self._door.close()
            self._door = None
        self._peers.close()
