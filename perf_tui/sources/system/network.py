"""Network interfaces, and TCP's retransmissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf_tui.engine.source import SourceAbsent
from perf_tui.measures.counters import increase, rate, share
from perf_tui.measures.model import PENDING, Sample, Value, absent, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part
from perf_tui.text import clean, decode

SPEED_EVERY = 15
"""Link speeds are asked for once in this many readings: it takes a system call or two for each interface."""


@dataclass(frozen=True, slots=True)
class InterfaceCounters:
    received: float
    sent: float
    packets: float
    lost: float
    """Dropped and erroneous packets in both directions."""
    speed: float | None = None
    """Bytes per second that the link carries, or None where it does not say."""


class Network(Part[dict[str, InterfaceCounters]]):
    measures = (
        "system.network.receive", "system.network.transmit", "system.network.utilization", "system.network.loss",
    )  # fmt: skip
    none = "no interface has carried a packet"

    def __init__(self, host: Host) -> None:
        self._host = host
        self._speeds: dict[str, float | None] = {}
        self._readings = 0

    def read(self) -> dict[str, InterfaceCounters]:
        links = parse_net_dev(self._host.read_proc("net/dev")) if LINUX else _portable()
        if self._readings % SPEED_EVERY == 0 or links.keys() - self._speeds.keys():
            self._speeds = {name: speed(self._megabits(name)) for name in links}
        self._readings += 1
        return {
            clean(name): InterfaceCounters(link.received, link.sent, link.packets, link.lost, self._speeds.get(name))
            for name, link in links.items()
            if link.packets > 0
        }

    def _megabits(self, name: str) -> float | None:
        if LINUX:
            return self._host.sys_number(f"class/net/{name}/speed")
        link = psutil.net_if_stats().get(name)
        return link.speed if link is not None and link.isup else None

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


def parse_net_dev(text: bytes) -> dict[str, InterfaceCounters]:
    """From /proc/net/dev."""
    links = {}
    for line in text.splitlines()[2:]:
        name, _, rest = line.rpartition(b":")
        fields = [int(field) for field in rest.split()]
        received, received_packets, received_errors, received_drops = fields[:4]
        sent, sent_packets, sent_errors, sent_drops = fields[8:12]
        links[decode(name.strip())] = InterfaceCounters(
            received, sent, received_packets + sent_packets,
            received_errors + received_drops + sent_errors + sent_drops,
        )  # fmt: skip
    return links


def _portable() -> dict[str, InterfaceCounters]:
    return {
        name: InterfaceCounters(
            raw.bytes_recv, raw.bytes_sent, raw.packets_recv + raw.packets_sent,
            raw.dropin + raw.dropout + raw.errin + raw.errout,
        )
        for name, raw in psutil.net_io_counters(pernic=True, nowrap=False).items()
    }  # fmt: skip


def speed(megabits: float | None) -> float | None:
    """Bytes per second of a link; None where it does not say: 0, -1, or 65535, which -1 becomes in some drivers."""
    return None if megabits is None or megabits <= 0 or megabits == 65535 else megabits * 1e6 / 8


def _utilization(receive: Value, transmit: Value, link: InterfaceCounters) -> Value:
    if link.speed is None:
        return absent("the link does not say its speed")
    if receive.number is None or transmit.number is None:
        return PENDING
    return share(max(receive.number, transmit.number), link.speed)


def _loss(before: InterfaceCounters | None, now: InterfaceCounters) -> Value:
    if before is None:
        return PENDING
    return _of(increase(before.lost, now.lost), increase(before.packets, now.packets))


def _of(bad: float, whole: float) -> Value:
    """bad / whole; where there was nothing but bad ones, all of them were."""
    return share(bad, max(bad, whole))


@dataclass(frozen=True, slots=True)
class Segments:
    sent: float
    retransmitted: float


class Retransmits(Part[Segments]):
    measures = ("system.network.retransmits",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> Segments:
        if not LINUX:
            raise SourceAbsent("only Linux counts it")
        fields = tcp_counters(self._host)
        try:
            return Segments(fields["OutSegs"], fields["RetransSegs"])
        except KeyError:
            raise SourceAbsent("this kernel does not count TCP's segments") from None

    def derive(self, before: Segments | None, now: Segments, seconds: float) -> Iterator[Sample]:
        value = PENDING
        if before is not None:
            value = _of(increase(before.retransmitted, now.retransmitted), increase(before.sent, now.sent))
        yield Sample(series("system.network.retransmits"), value)


def tcp_counters(host: Host) -> dict[str, int]:
    """TCP's counters by their name in /proc/net/snmp: a line of names, then one of numbers. Raises OSError."""
    lines = [line.decode().split() for line in host.read_proc("net/snmp").splitlines() if line.startswith(b"Tcp:")]
    if len(lines) != 2:
        return {}
    return {name: int(number) for name, number in zip(lines[0][1:], lines[1][1:], strict=False)}
