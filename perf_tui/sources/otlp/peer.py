"""Which agent of this machine is at the other end of a connection over loopback: most do not tell their pid."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from weakref import WeakKeyDictionary

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import SourceError
from perf_tui.sources.discovery.listeners import address_of, holders, processes
from perf_tui.sources.otlp.agents import AGENTS
from perf_tui.sources.otlp.model import Peer
from perf_tui.sources.system.host import LINUX, Host

WITHIN = 0.5
"""Seconds that an answer may wait for this."""
_KINDS = tuple(agent.kind.encode() for agent in AGENTS)


class Peers:
    """Looks once for each connection, among the processes whose command names an agent."""

    def __init__(self, host: Host | None = None) -> None:
        self._host = host or Host()
        self._known: WeakKeyDictionary[asyncio.BaseTransport, Peer | None] = WeakKeyDictionary()
        self._blocking = Blocking("otlp peers")

    async def of(self, transport: asyncio.BaseTransport | None) -> Peer | None:
        """The agent that sends; None where it is none, of another user, or of another machine."""
        if transport is None or not LINUX:
            return None
        if transport not in self._known:
            self._known[transport] = None
            address = transport.get_extra_info("peername")
            if isinstance(address, tuple) and _is_loopback(address[0]):
                with suppress(SourceError, TimeoutError, OSError):
                    async with asyncio.timeout(WITHIN):
                        self._known[transport] = await self._blocking.call(lambda: owner(self._host, address[1]))
        return self._known[transport]

    def close(self) -> None:
        """Let go of the thread."""
        self._blocking.close()


def owner(host: Host, port: int) -> Peer | None:
    """The agent whose connection over loopback has this port at its end; blocking. Raises OSError."""
    commands = dict(_agents(host))
    if not commands:
        return None
    inodes = set(_inodes(host, port))
    found = holders(host, inodes, commands) if inodes else {}
    return next((Peer(pid, commands[pid]) for pid in found.values()), None)


def gone(pids: Iterable[int]) -> frozenset[int]:
    """Those of these processes that are there no more."""
    return frozenset(pid for pid in pids if not os.path.exists(f"/proc/{pid}"))


def _agents(host: Host) -> Iterator[tuple[int, str]]:
    for pid in processes(host):
        with suppress(OSError):  # it has ended
            # The program, and its script where it is an interpreter: what stands further on may name anything.
            command = b" ".join(host.read_proc(f"{pid}/cmdline").lower().split(b"\0", 2)[:2])
            if any(kind in command for kind in _KINDS):
                yield pid, command.decode(errors="replace")


def _inodes(host: Host, port: int) -> Iterator[int]:
    """The sockets on loopback with this local port that are connected."""
    end = f":{port:04X}".encode()
    for table in ("net/tcp", "net/tcp6"):
        with suppress(FileNotFoundError):  # a kernel without IPv6
            for line in host.read_proc(table).splitlines()[1:]:
                fields = line.split(None, 10)
                ours = len(fields) > 9 and fields[1].endswith(end) and fields[3] == b"01"
                if ours and _is_loopback(address_of(fields[1].decode().partition(":")[0])):
                    yield int(fields[9])


def _is_loopback(address: str) -> bool:
    with suppress(ValueError):
        found = ip_address(address.partition("%")[0])
        return (getattr(found, "ipv4_mapped", None) or found).is_loopback
    return False
