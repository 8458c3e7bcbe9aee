"""How far a handler has come in the alert log, written before anything is delivered.

Killed at any moment, the program tells nobody twice, and loses no more than what was on its way just then. Where
the machine itself goes down, what went out in its last moments may be told again: better than never.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

_DIGITS = 20


class Ledger:
    """A file with the number of the newest line that was handed out. Blocks: belongs on the handler's thread.

    Where the disk does not take it the handler delivers all the same: what fails is remembering, not telling.
    """

    def __init__(self, folder: Path, handler: str) -> None:
        self._path = folder / quote(handler, safe=" ")
        self._number: int | None = None

    def read(self) -> int | None:
        """The number; None where nothing is known of this handler."""
        with suppress(OSError, ValueError):
            self._number = int(self._path.read_bytes())
        return self._number

    def write(self, number: int, *, sync: bool = False) -> None:
        """Known to the next process when it returns; with `sync`, to the next start of the machine as well."""
        if number == self._number and not sync:
            return
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # Always as long: one write of one block is on the disk as a whole, or not at all.
                os.pwrite(descriptor, f"{number:{_DIGITS}d}".encode(), 0)
                if sync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._number = number
