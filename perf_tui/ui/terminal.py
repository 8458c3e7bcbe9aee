"""The terminal as the interface found it, and how it is given back, even by force."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
from contextlib import suppress
from typing import Any

_OFF = (1000, 1002, 1003, 1006, 1015, 1016, 1004, 2004, 2026, 2048)
"""Private modes that the interface may have switched on: mouse, focus, paste, held back output, reported sizes."""
_PLAIN = "".join(f"\x1b[?{mode}l" for mode in _OFF) + "\x1b[?7h\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"
_TRIES, _PAUSE = 50, 0.01


def claim() -> None:
    """Have Textual, which draws on standard error, draw on the terminal where standard error is redirected."""
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]


def coloured() -> bool:
    """Whether the person wants colours: see no-color.org."""
    return not os.environ.get("NO_COLOR")


def hung_up() -> bool:
    """Whether the terminal that keys come from is gone."""
    poll = select.poll()
    try:
        poll.register(sys.__stdin__.fileno(), 0)  # type: ignore[union-attr]
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):
        return True


class Terminal:
    """Remembers the terminal's settings when it is made."""

    def __init__(self) -> None:
        self._screen = -1
        """The descriptor that Textual writes to."""
        self._own = -1
        """The same terminal, opened anew: whether writes block is shared with the shell on the other descriptor."""
        self._settings: list[Any] = []
        with suppress(termios.error, OSError, ValueError, AttributeError):
            self._screen = sys.__stderr__.fileno()  # type: ignore[union-attr]
            self._settings = termios.tcgetattr(self._screen)
            self._own = os.open(os.ttyname(self._screen), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)

    def take_back(self) -> None:
        """Bring the terminal back to what it was, although another thread may be blocked in writing to it.

        What waits to be shown is thrown away, and what that thread still writes goes nowhere. Never blocks for
        long; a terminal that is gone is left alone.
        """
        if self._own < 0:
            return
        with suppress(termios.error, OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._screen)
            termios.tcflush(self._own, termios.TCOFLUSH)
            termios.tcsetattr(self._own, termios.TCSANOW, self._settings)
            self._write(_PLAIN.encode())

    def _write(self, data: bytes) -> None:
        for _ in range(_TRIES):
            try:
                data = data[os.write(self._own, data) :]
            except BlockingIOError:  # the blocked write has not let go yet, or nobody reads at all
                time.sleep(_PAUSE)
            if not data:
                return
