"""TCP sockets by state, and UDP sockets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from perf_tui.measures.model import Sample, absent, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.network import tcp_counters
from perf_tui.sources.system.part import Part

# The kernel's numbers, include/net/tcp_states.h; names as in RFC 9293 and `ss`.
_STATES = {
    b"01": "established", b"02": "syn_sent", b"03": "syn_recv", b"04": "fin_wait1", b"05": "fin_wait2",
    b"06": "time_wait", b"07": "close", b"08": "close_wait", b"09": "last_ack", b"0A": "listen",
    b"0B": "closing", b"0C": "syn_recv",
}  # fmt: skip
_ALWAYS = ("established", "listen", "time_wait", "close_wait", "udp")
MOST_SOCKETS = 50_000
"""The kernel takes about 1 µs a socket to print its table; beyond this the count by state is not worth it."""


@dataclass(frozen=True, slots=True)
class Sockets:
    counts: Mapping[str, int]
    """By state."""
    many: bool = False
    """There are too many to count by state: `counts` holds what the kernel itself keeps count of."""


class Connections(Part[Sockets]):
    measures = ("system.network.connections",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> Sockets:
        if not LINUX:
            return _portable()
        summary = self._summary("net/sockstat") | self._summary("net/sockstat6")
        if sum(summary.get(name, 0) for name in ("TCP inuse", "TCP6 inuse", "TCP tw")) > MOST_SOCKETS:
            return self._many(summary)
        counts: Counter[str] = Counter(dict.fromkeys(_ALWAYS, 0))
        _count(self._host.read_proc("net/tcp"), counts)
        # For each table the kernel walks all of a hash that is sized for the machine's memory, which takes
        # milliseconds; so the second is read only where its sums say that there is something in it.
        waiting = summary.get("TCP tw", 1) - counts["time_wait"] - counts["fin_wait2"]
        if summary.get("TCP6 inuse", 1) > 0 or waiting > 0:
            _count(self._optional("net/tcp6"), counts)
        for text in (self._host.read_proc("net/udp"), self._optional("net/udp6")):
            counts["udp"] += max(0, text.count(b"\n") - 1)
        return Sockets(dict(counts))

    def _many(self, summary: Mapping[str, int]) -> Sockets:
        counts = {
            "time_wait": summary.get("TCP tw", 0),
            "udp": summary.get("UDP inuse", 0) + summary.get("UDP6 inuse", 0),
        }
        established = tcp_counters(self._host).get("CurrEstab")
        if established is not None:
            counts["established"] = established
        return Sockets(counts, many=True)

    def _summary(self, name: str) -> dict[str, int]:
        """Numbers such as `TCP tw` of lines such as `TCP: inuse 5 orphan 0 tw 2`."""
        found = {}
        for line in self._optional(name).decode().splitlines():
            protocol, *words = line.split()
            for key, number in zip(words[::2], words[1::2], strict=False):
                found[f"{protocol.rstrip(':')} {key}"] = int(number)
        return found

    def _optional(self, name: str) -> bytes:
        try:
            return self._host.read_proc(name)
        except FileNotFoundError:  # a kernel without IPv6, or a sandbox without the summary
            return b""

    def derive(self, before: Sockets | None, now: Sockets, seconds: float) -> Iterator[Sample]:
        for state, number in now.counts.items():
            value = ok(number)
            if now.many and state == "established":
                value = value._replace(reason="with close_wait: that is how the kernel counts them")
            yield Sample(series("system.network.connections", state=state), value)
        if now.many:
            for state in _ALWAYS:
                if state not in now.counts:
                    why = absent(f"more than {MOST_SOCKETS} sockets: counting them by state would cost too much")
                    yield Sample(series("system.network.connections", state=state), why)


def _count(table: bytes, counts: Counter[str]) -> None:
    for state, number in Counter(line.split(None, 4)[3] for line in table.splitlines()[1:]).items():
        counts[_STATES.get(state, "unknown")] += number


def _portable() -> Sockets:
    counts: Counter[str] = Counter(dict.fromkeys(_ALWAYS, 0))
    for socket in psutil.net_connections("inet"):
        counts["udp" if socket.status == psutil.CONN_NONE else socket.status.lower()] += 1
    return Sockets(dict(counts))
