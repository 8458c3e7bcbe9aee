"""Something to look at: `python -m screenshots.load SECONDS` keeps this machine moderately busy, on loopback alone.

CPU in waves with one peak that raises an alert, bursts of writing to a temporary file, and traffic on loopback.
Ends by itself after SECONDS.
"""

from __future__ import annotations

import math
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

_PEAK = (0.45, 0.65)
"""When the peak of CPU begins and ends, as shares of the whole time."""


def burn(began: float, end: float, share: float, peaks: bool) -> None:
    """Use about `share` of a core, up and down; all of it during the peak, if it `peaks`."""
    while (now := time.monotonic()) < end:
        part = (now - began) / (end - began)
        wanted = 1.0 if peaks and _PEAK[0] < part < _PEAK[1] else share * (1 + 0.7 * math.sin(part * 31))
        while time.monotonic() < now + 0.1 * wanted:
            pass
        time.sleep(max(0.0, 0.1 * (1 - wanted)))


def write(end: float) -> None:
    """Write bursts to a file that the system really has to put on a disk."""
    block = os.urandom(1 << 20)
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        while time.monotonic() < end:
            file.seek(0)
            for _ in range(random.randint(2, 40)):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            time.sleep(random.uniform(0.3, 2.5))


def talk(end: float) -> None:
    """Send over a connection to oneself, faster and slower."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        far, _ = server.accept()
        threading.Thread(target=_drain, args=(far,), daemon=True).start()
        while (now := time.monotonic()) < end:
            near.sendall(bytes(int(200_000 * (1.1 + math.sin(now / 5)))))
            time.sleep(0.1)


def _drain(connection: socket.socket) -> None:
    with connection:
        while connection.recv(1 << 16):
            pass


def main() -> int:
    began = time.monotonic()
    end = began + float(sys.argv[1])
    if (child := os.fork()) == 0:
        burn(began, end, 0.25, peaks=True)
        os._exit(0)
    for work in (write, talk):
        threading.Thread(target=work, args=(end,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        burn(began, end, 0.35, peaks=True)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
