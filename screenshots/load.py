"""Something to look at: `python -m screenshots.load burn|peak|write|talk SECONDS`, on loopback alone.

burn uses a part of a core, up and down; peak rests, and then uses a whole one for a while, so that an alert is
raised; write puts bursts of data on a disk; talk sends over a connection to itself. Each ends after SECONDS.
"""

from __future__ import annotations

import math
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_PEAK = (0.35, 0.6)
"""When the peak begins and ends, as shares of the whole time."""
_SLICE = 0.1


def burn(seconds: float) -> None:
    """Use about a third of a core, in waves."""
    for part in _parts(seconds):
        _busy(0.35 * (1 + 0.7 * math.sin(part * 31)))


def peak(seconds: float) -> None:
    """Use a whole core on top of that, but only during the peak."""
    for part in _parts(seconds):
        _busy(1.0 if _PEAK[0] < part < _PEAK[1] else 0.05)


def _parts(seconds: float) -> Iterator[float]:
    """The share of the time that has passed, until all has."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        yield passed / seconds


def _busy(share: float) -> None:
    """One slice of time, of which a share is spent computing."""
    until = time.monotonic() + _SLICE * share
    while time.monotonic() < until:
        pass
    time.sleep(_SLICE * (1 - share))


def write(seconds: float) -> None:
    """Write bursts to a file that the system really has to put on a disk."""
    block = os.urandom(1 << 20)
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        for _ in _parts(seconds):
            file.seek(0)
            for _ in range(random.randint(2, 40)):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            time.sleep(random.uniform(0.3, 2.5))


def talk(seconds: float) -> None:
    """Send over a connection to oneself, faster and slower."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        far, _ = server.accept()
        threading.Thread(target=_drain, args=(far,), daemon=True).start()
        for part in _parts(seconds):
            near.sendall(bytes(int(200_000 * (1.1 + math.sin(part * 12)))))
            time.sleep(_SLICE)


def _drain(connection: socket.socket) -> None:
    with connection:
        while connection.recv(1 << 16):
            pass


KINDS = {"burn": burn, "peak": peak, "write": write, "talk": talk}

if __name__ == "__main__":
    KINDS[sys.argv[1]](float(sys.argv[2]))
