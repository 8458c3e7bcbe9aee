"""Network interfaces, and TCP's retransmissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf_tui.measures.counters import increase, rate, share
from perf_tui.measures.model import PENDING, Sample, Value, absent, series
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.part import Part
from perf_tui.text import clean

SPEED_EVERY = 15
"""Link speeds are asked for once in this many readings: it takes a system call for each interface."""


@dataclass(frozen=True, slots=True)
class InterfaceCounters:
    received: float
    sent: float
    packets: float
    lost: float
    """Dropped and erroneous packets in both directions."""
    speed: float | None
    """Bytes per second that the link carries, or None where it does not say."""


class Network(Part[dict[str, InterfaceCounters]]):
    measures = (
        "system.network.receive", "system.network.transmit", "system.network.utilization", "system.network.loss",
    )  # fmt: skip

    def __init__(self) -> None:
        self._speeds: dict[str, float | None] = {}
        self._readings = 0

    def read(self) -> dict[str, InterfaceCounters]:
        if self._readings % SPEED_EVERY == 0:
            # psutil says 0 for an unknown speed, and 65535 is what the kernel's -1 becomes on some drivers.
            self._speeds = {
                name: link.speed * 1e6 / 8 if 0 < link.speed < 65535 else None
                for name, link in psutil.net_if_stats().items()
                if link.isup
            }
        self._readings += 1
        return {
            clean(name): InterfaceCounters(
                raw.bytes_recv,
                raw.bytes_sent,
                raw.packets_recv + raw.packets_sent,
                raw.dropin + raw.dropout + raw.errin + raw.errout,
                self._speeds.get(name),
            )
            for name, raw in psutil.net_io_counters(pernic=True, nowrap=False).items()
            if raw.packets_recv + raw.packets_sent > 0
        }

    def derive(
        self, before: dict[str, InterfaceCounters] | None, now: dict[str, InterfaceCounters], seconds: float
    ) -> Iterator[Sample]:
        for name, link in now.items():
            earlier = before.get(name) if before else None
            receive = rate(None if earlier is None else earlier.received, link.received, seconds)
            transmit = rate(None if earlier is None else earlier.sent, link.sent, seconds)
            yield Sample(series("system.network.receive", interface=name), receive)
            yield Sample(series("system.network.transmit", interface=name), transmit)
            yield Sample(series("system.network.utilization", interface=name), _utilization(receive, transmit, link))
            yield Sample(series("system.network.loss", interface=name), _loss(earlier, link))


def _utilization(receive: Value, transmit: Value, link: InterfaceCounters) -> Value:
    if link.speed is None:
        return absent("the link does not say its speed")
    if receive.number is None or transmit.number is None:
        return PENDING
    return share(max(receive.number, transmit.number), link.speed)


def _loss(before: InterfaceCounters | None, now: InterfaceCounters) -> Value:
    if before is None:
        return PENDING
    lost = increase(before.lost, now.lost)
    return share(lost, increase(before.packets, now.packets) + lost)


@dataclass(frozen=True, slots=True)
class Segments:
    sent: float
    retransmitted: float


class Retransmits(Part[Segments]):
    measures = ("system.network.retransmits",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> Segments:
        lines = [line.split() for line in self._host.read_proc("net/snmp").splitlines() if line.startswith(b"Tcp:")]
        fields = dict(zip(lines[0], lines[1], strict=True))
        return Segments(float(fields[b"OutSegs"]), float(fields[b"RetransSegs"]))

    def derive(self, before: Segments | None, now: Segments, seconds: float) -> Iterator[Sample]:
        value = PENDING
        if before is not None:
            value = share(increase(before.retransmitted, now.retransmitted), increase(before.sent, now.sent))
        yield Sample(series("system.network.retransmits"), value)
