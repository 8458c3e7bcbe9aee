"""What gunicorn sends to a statsd server: a receiver on loopback, each prefix a service.

For each request there are three datagrams: `gunicorn.requests`, `gunicorn.request.duration` in
milliseconds, and `gunicorn.request.status.200`. The status counts as the request. With
`--statsd-prefix shop` the names begin with `shop.`, which is then the service's name. A worker that
is killed because it hangs shows only as a line that gunicorn logs at the level critical.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple

from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.measures.counters import rate, share
from perf_tui.measures.model import IDLE, PENDING, Sample, Value, absent, ok, series
from perf_tui.measures.services import Buckets, Service
from perf_tui.measures.sketch import Sketch
from perf_tui.sources.accesslog.tally import Tally, outcome
from perf_tui.sources.accesslog.window import Window
from perf_tui.text import cut, decode

MOST_BYTES = 16 * 1024 * 1024
"""Bytes that wait for the next reading; what comes beyond is dropped and counted."""
MOST_SERVICES = 50
BURST = 512
"""Datagrams that are taken at a time before others get their turn."""
LARGEST = 65_536
BOUNDS = tuple(2.0**power for power in range(-11, 7))
"""Of the heat map: from half a millisecond to a minute, doubling."""
STATS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
TITLE = "gunicorn (statsd)"

_LINE = re.compile(
    rb"(?:(?P<prefix>[^:|\s]{1,80})\.)?gunicorn\.(?P<name>[a-z]+(?:\.[a-z0-9]+)*)"
    rb":(?P<number>[+-]?[0-9.]+)\|(?P<kind>ms|c|g)(?:\|@(?P<rate>[0-9.]+))?(?:\|#.*)?"
)
_ACTIVE = absent("gunicorn tells of a request when it is over")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came since the last reading."""

    lines: Counter[bytes]
    """How often each line came."""
    dropped: int
    """Datagrams for which there was no room."""


class Statsd(Source[Reading]):
    """The receiver."""

    name = "statsd"
    kind = "statsd"

    def __init__(self, host: str, port: int, window: float) -> None:
        """Listens on `host` (an address of this machine) and `port`; `window` is in seconds."""
        self._address = (host, port)
        self._window = window
        self._socket: socket.socket | None = None
        self._data: list[bytes] = []
        self._size = 0
        self._dropped = 0
        self._services: dict[str, _Service] = {}
        self._at: float | None = None

    async def open(self) -> None:
        host, port = self._address
        receiver = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setblocking(False)
        with suppress(OSError):  # the kernel gives what it allows
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        try:
            receiver.bind(self._address)
        except OSError as error:
            receiver.close()
            raise SourceError(f"it cannot listen on {host}:{port}: {error.strerror}") from None
        self._socket = receiver
        asyncio.get_running_loop().add_reader(receiver, self._receive, receiver)

    async def close(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    @property
    def port(self) -> int:
        """The port that it listens on, while it is open."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    def _receive(self, receiver: socket.socket) -> None:
        for _ in range(BURST):
            try:
                data = receiver.recv(LARGEST)
            except OSError:  # there is no more, or the socket is broken: then the next reading has nothing
                return
            if self._size + len(data) > MOST_BYTES:
                self._dropped += 1
                continue
            self._data.append(data)
            self._size += len(data)

    async def read(self) -> Reading:
        data, dropped = self._data, self._dropped
        self._data, self._size, self._dropped = [], 0, 0
        return Reading(Counter(b"\n".join(data).split(b"\n")), dropped)

    def derive(self, reading: Reading, at: float) -> Derived:
        before, self._at = self._at, at
        bad, first_bad = 0, ""
        for line, times in reading.lines.items():
            if not line.strip():
                continue
            packet = parse(line)
            service = self._service(packet.service) if packet else None
            if packet is None or service is None:
                bad += times
                first_bad = first_bad or cut(decode(line[:200]), 80)
            else:
                service.count(packet, times)
        samples: list[Sample] = []
        rows: list[Service] = []
        notices = []
        if bad:
            notices.append(f"{bad} lines were not gunicorn's; the first: {first_bad}")
        if reading.dropped:
            notices.append(f"{reading.dropped} datagrams were dropped: more came than is kept between two readings")
        for service in self._services.values():
            samples += service.samples(at, 0.0 if before is None else at - before)
            rows.append(service.row(notices))
        return Derived(samples, {"services": tuple(rows)} if rows else {})

    def _service(self, name: str) -> _Service | None:
        if name not in self._services:
            if len(self._services) >= MOST_SERVICES:
                return None
            self._services[name] = _Service(name, self._window, self._at)
        return self._services[name]


class Packet(NamedTuple):
    """One line."""

    service: str
    name: str
    """Without `gunicorn.`: request.duration, request.status.200, workers, log.critical…"""
    number: float
    share: float
    """The share of such events that are sent, 0..1."""


def parse(line: bytes) -> Packet | None:
    """A line of gunicorn's; None for any other."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    try:
        number, rate = float(match["number"]), float(match["rate"] or 1)
    except ValueError:
        return None
    if not isfinite(number) or not 0 < rate <= 1:
        return None
    return Packet(decode(match["prefix"] or b"gunicorn"), match["name"].decode("ascii"), number, rate)


class _Service:
    """One prefix."""

    def __init__(self, name: str, window: float, since: float | None) -> None:
        self._name = name
        self._window = Window(window)
        if since is not None:
            self._window.push(since, {})
        self._fresh = Tally()
        self._newest = Tally()
        self._workers: float | None = None
        self._critical = 0

    def count(self, packet: Packet, times: int) -> None:
        """Count a line that came `times` times."""
        number = max(1, round(times / packet.share))
        if packet.name == "request.duration":
            if packet.number >= 0:
                self._fresh.times.add(packet.number / 1000, number)
        elif packet.name.startswith("request.status."):
            status = packet.name.rpartition(".")[2]
            if status.isdecimal():
                self._fresh.add(outcome(int(status)), round(packet.number * number))
        elif packet.name == "workers":
            self._workers = packet.number
        elif packet.name == "log.critical":
            self._critical += round(packet.number * number)

    def samples(self, at: float, seconds: float) -> Iterator[Sample]:
        """All measures after the reading at `at`, `seconds` after the one before."""
        self._newest, self._fresh = self._fresh, Tally()
        self._window.push(at, {"": self._newest} if self._newest.requests or self._newest.times.count else {})
        total = self._window.total
        yield self._sample("app.request.rate", rate(0, self._newest.requests, seconds))
        for stat, value in _latency(total.times, first=seconds <= 0).items():
            yield self._sample("app.request.duration", value, stat=stat)
        for kind, count in (
            ("client", total.client), ("server", total.server), ("timeout", total.timeouts), ("total", total.errors),
        ):  # fmt: skip
            yield self._sample(f"app.error.{kind}", share(count, total.requests) if seconds > 0 else PENDING)
        yield self._sample("app.request.active", _ACTIVE)

    def _sample(self, measure: str, value: Value, **labels: str) -> Sample:
        return Sample(series(measure, service=self._name, **labels), value)

    def row(self, notices: list[str]) -> Service:
        """Its row of the table."""
        own = []
        if self._workers is not None:
            own.append(f"{self._workers:g} workers")
        if self._critical:
            own.append(f"{self._critical} critical lines were logged so far: gunicorn logs a hanging worker as such")
        spread = tuple(map(float, self._newest.times.spread(BOUNDS)))
        return Service(self._name, "statsd", TITLE, buckets=Buckets((*BOUNDS, inf), spread), notices=(*own, *notices))


def _latency(times: Sketch, *, first: bool) -> Mapping[str, Value]:
    if first or times.mean is None:
        return dict.fromkeys((*STATS, "mean"), PENDING if first else IDLE)
    found = dict(zip(STATS, map(ok, times.quantiles(list(STATS.values()))), strict=True))
    return found | {"mean": ok(times.mean)}
