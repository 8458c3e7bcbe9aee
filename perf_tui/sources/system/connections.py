"""TCP sockets by state, and UDP sockets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import psutil

from perf_tui.engine.source import SourceError
from perf_tui.measures.model import Sample, ok, series
from perf_tui.sources.system.host import LINUX, Host
from perf_tui.sources.system.part import Part

# The kernel's numbers, include/net/tcp_states.h; names as in RFC 9293 and `ss`.
_STATES = {
    b"01": "established", b"02": "syn_sent", b"03": "syn_recv", b"04": "fin_wait1", b"05": "fin_wait2",
    b"06": "time_wait", b"07": "close", b"08": "close_wait", b"09": "last_ack", b"0A": "listen",
    b"0B": "closing", b"0C": "syn_recv",
}  # fmt: skip
_ALWAYS = ("established", "listen", "time_wait", "close_wait", "udp")
MOST_SOCKETS = 50_000
"""The kernel takes about 1 µs a socket to print its table; beyond this the count is not worth it."""


class Connections(Part[dict[str, int]]):
    measures = ("system.network.connections",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> dict[str, int]:
        if not LINUX:
            return self._portable()
        known = self._host.read_proc("net/sockstat").split()
        if b"TCP:" in known:
            fields = known[known.index(b"TCP:") :]
            if int(fields[fields.index(b"inuse") + 1]) + int(fields[fields.index(b"tw") + 1]) > MOST_SOCKETS:
                raise SourceError(f"more than {MOST_SOCKETS} sockets: counting them by state would cost too much")
        counts: Counter[str] = Counter(dict.fromkeys(_ALWAYS, 0))
        for name in ("net/tcp", "net/tcp6"):
            for state, number in Counter(line[3] for line in self._rows(name)).items():
                counts[_STATES.get(state, "unknown")] += number
        for name in ("net/udp", "net/udp6"):
            counts["udp"] += len(self._rows(name))
        return dict(counts)

    def _rows(self, name: str) -> list[list[bytes]]:
        try:
            text = self._host.read_proc(name)
        except FileNotFoundError:  # a kernel without IPv6
            return []
        return [line.split(None, 4) for line in text.splitlines()[1:]]

    @staticmethod
    def _portable() -> dict[str, int]:
        counts: Counter[str] = Counter(dict.fromkeys(_ALWAYS, 0))
        for socket in psutil.net_connections("inet"):
            counts["udp" if socket.status == psutil.CONN_NONE else socket.status.lower()] += 1
        return dict(counts)

    def derive(self, before: dict[str, int] | None, now: dict[str, int], seconds: float) -> Iterator[Sample]:
        for state, number in now.items():
            yield Sample(series("system.network.connections", state=state), ok(number))
