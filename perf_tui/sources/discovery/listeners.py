"""Who listens for TCP connections on loopback or on every address, and which process that is."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

import psutil

from perf_tui.sources.system.host import LINUX, Host
from perf_tui.text import clean, decode

# What reaches a listener from this machine: an address of its own on loopback, or any address.
_REACHED_BY = {"127.0.0.1": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::1": "::1", "::": "::1"}


class Listener(NamedTuple):
    """A port that somebody listens on. Two with the same address, port and identity are the same listener."""

    address: str
    """127.0.0.1 or ::1: where it is reached."""
    port: int
    pid: int | None
    """The lowest pid of those that hold it; None where this user may not see whose it is."""
    process: str
    """The process' name, clean; empty where the pid is None."""
    identity: int
    """Differs where the port was closed and opened again: the socket's inode, or the pid; 0 where not known."""

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes it this listener."""
        return self.address, self.port, self.identity


class Listeners:
    """Reads the listeners that this user can see, and those on the ports of `known`; blocking."""

    def __init__(self, host: Host, known: Collection[int] = (), own: int | None = None) -> None:
        """`known` are ports that are named even if it is hidden who listens; `own` is this program's pid."""
        self._host = host
        self._known = frozenset(known)
        self._own = os.getpid() if own is None else own
        self._owners: dict[int, int | None] = {}
        """Of each listening socket's inode, the pid; None where it was looked for in vain."""

    def read(self) -> list[Listener]:
        """All of them by port, without this program's own. Raises OSError where the list cannot be read."""
        found: dict[tuple[str, int], Listener] = {}
        for each in sorted(self._linux() if LINUX else self._portable(), key=_by_port):
            if each.pid != self._own and (each.pid is not None or each.port in self._known):
                found.setdefault((each.address, each.port), each)
        # One that listens on every address of both families is asked once, over IPv4.
        return [
            each
            for each in found.values()
            if each.address == "127.0.0.1"
            or (other := found.get(("127.0.0.1", each.port))) is None
            or other.pid != each.pid
        ]

    def _linux(self) -> Iterator[Listener]:
        rows = list(_rows(self._host.read_proc("net/tcp")))
        with suppress(FileNotFoundError):  # a kernel without IPv6
            rows += _rows(self._host.read_proc("net/tcp6"))
        inodes = {inode for _, _, inode in rows}
        self._owners = {inode: pid for inode, pid in self._owners.items() if inode in inodes}
        if new := inodes - self._owners.keys():
            self._owners |= dict.fromkeys(new) | holders(self._host, new, processes(self._host))
        names: dict[int, str] = {}
        for address, port, inode in rows:
            pid = self._owners[inode]
            if pid is not None and pid not in names:
                names[pid] = self._name(pid)
            yield Listener(address, port, pid, names[pid] if pid is not None else "", inode)

    def _name(self, pid: int) -> str:
        try:
            return decode(self._host.read_proc(f"{pid}/comm").rstrip(b"\n"))
        except OSError:  # it has ended since
            return "?"

    def _portable(self) -> Iterator[Listener]:
        seen = set()
        for process, connection in _connections():
            if connection.status == psutil.CONN_LISTEN and (address := _REACHED_BY.get(connection.laddr.ip)):
                seen.add(connection.laddr.port)
                yield Listener(address, connection.laddr.port, process.pid, _process_name(process), process.pid)
        for port in self._known - seen:
            if _answers(port):
                yield Listener("127.0.0.1", port, None, "", 0)


def processes(host: Host) -> list[int]:
    """The pids of all processes that can be seen, ascending. Raises OSError."""
    return sorted(int(name) for name in os.listdir(host.proc) if name.isdigit())


def holders(host: Host, inodes: set[int], pids: Iterable[int]) -> dict[int, int]:
    """The first of `pids` that holds each of these sockets; those of other users are not to be seen."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, int] = {}
    for pid in pids:
        for target in _open_files(f"{host.proc}/{pid}/fd"):
            if (inode := wanted.get(target)) is not None:
                found.setdefault(inode, pid)
        if len(found) == len(inodes):
            break
    return found


def _by_port(listener: Listener) -> tuple[int, str, bool, int]:
    return listener.port, listener.address, listener.pid is None, listener.pid or 0


def _rows(table: bytes) -> Iterator[tuple[str, int, int]]:
    """(address at which it is reached, port, inode) of each listening socket in a table of /proc/net."""
    for line in table.splitlines()[1:]:
        if b" 0A " not in line:  # quick where there are thousands of connections
            continue
        fields = line.split(None, 10)
        if len(fields) < 10 or fields[3] != b"0A":
            continue
        packed, _, port = fields[1].decode().partition(":")
        if address := _REACHED_BY.get(address_of(packed)):
            yield address, int(port, 16), int(fields[9])


def address_of(packed: str) -> str:
    """An address in a table of /proc/net: the kernel prints words of 32 bits in the machine's byte order."""
    words = [int(packed[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(packed), 8)]
    address = ip_address(b"".join(words))
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _open_files(folder: str) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:  # another user's, or it has ended
        return
    for name in names:
        with suppress(OSError):
            yield os.readlink(f"{folder}/{name}")


def _connections() -> Iterator[tuple[psutil.Process, Any]]:
    """Process by process: the list of all needs root on some systems."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            for connection in process.net_connections("tcp"):
                yield process, connection


def _process_name(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return clean(process.name())
    return "?"


def _answers(port: int) -> bool:
    """Whether anybody listens, where no list says so; on loopback that is known at once."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False
