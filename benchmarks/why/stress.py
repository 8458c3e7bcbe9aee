"""`python -m benchmarks.why.stress KIND …`: processes that use something up; each ends with whoever started it."""

from __future__ import annotations

import argparse
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from perf_tui.demo import leash

PAGE = 4096
BLOCK = bytes(1 << 20)


def burn() -> None:
    """One core, as far as it can get one."""
    while True:
        sum(range(10_000))


def hog(mebibytes: int) -> None:
    """Memory that is touched, taken within about a second, and held."""
    held = []
    for _ in range(10):
        piece = bytearray(mebibytes * (1 << 20) // 10)
        for place in range(0, len(piece), PAGE):
            piece[place] = 1
        held.append(piece)
    threading.Event().wait()


def write(file: str, mebibytes: int, rate: float) -> None:
    """A file of so many MiB, again and again from its beginning; each MiB is synced. `rate` is in MiB/s, at most."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    os.unlink(file)  # its space is free as soon as this process ends
    pace = _Pace(rate)
    noise = os.urandom(1 << 20)
    while True:
        os.lseek(descriptor, 0, os.SEEK_SET)
        for _ in range(mebibytes):
            os.write(descriptor, noise)
            os.fsync(descriptor)
            pace.wait()


def pour(rate: float) -> None:
    """Bytes over loopback, from one thread of this process to another. `rate` is in MiB/s, at most."""
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_swallow, args=(server,), daemon=True).start()
    pace = _Pace(rate)
    with socket.create_connection(server.getsockname()) as connection:
        while True:
            connection.sendall(BLOCK)
            pace.wait()


def _swallow(server: socket.socket) -> None:
    connection, _ = server.accept()
    room = bytearray(1 << 20)
    while connection.recv_into(room):
        pass


def hold(port: int, count: int) -> None:
    """Connections to a service that nothing is asked over, opened within a second or so, and held."""
    held = []
    for _ in range(count):
        held.append(socket.create_connection(("127.0.0.1", port)))
        time.sleep(0.002)
    threading.Event().wait()


class _Pace:
    """So many steps per second at most."""

    def __init__(self, rate: float) -> None:
        self._step, self._due = 1 / rate, time.monotonic()

    def wait(self) -> None:
        self._due = max(self._due + self._step, time.monotonic() - 1)
        time.sleep(max(0.0, self._due - time.monotonic()))


_KINDS: dict[str, tuple[Callable[..., None], tuple[Callable[[str], object], ...]]] = {
    "burn": (burn, ()),
    "hog": (hog, (int,)),
    "write": (write, (lambda folder: str(Path(folder) / f"{os.getpid()}.bin"), int, float)),
    "pour": (pour, (float,)),
    "hold": (hold, (int, int)),
}


def main() -> None:
    """Do what the command line says until whoever started this ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=_KINDS)
    parser.add_argument("words", nargs="*")
    chosen = parser.parse_args()
    function, types = _KINDS[chosen.kind]
    leash.hold()
    function(*(each(word) for each, word in zip(types, chosen.words, strict=True)))


if __name__ == "__main__":
    main()
