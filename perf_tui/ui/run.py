"""Runs the interface over an engine, and ends it whatever the terminal does."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import time
from types import FrameType
from typing import Any

from perf_tui.config.schema import Config
from perf_tui.engine.engine import Engine
from perf_tui.ui.app import PerfApp

PATIENCE = 3.0
"""Seconds that a stop may take before the watchdog ends the process itself."""

_RESTORE = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[<u\x1b[0m"
"""Main screen, cursor, no mouse, no bracketed paste, plain keys, plain text."""


class Watchdog:
    """Ends the interface on SIGTERM, SIGHUP, or when the terminal is gone.

    Textual's loop blocks for ever once a terminal stops reading, and spins once it is gone; neither
    lets its own signal handlers run. So a plain signal handler notes the wish, asks the app to leave,
    and a thread that has nothing to do with the loop carries it out if nothing happens.
    """

    def __init__(self, app: PerfApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine
        self._asked: float | None = None
        self._code = 0
        self._over = threading.Event()
        self._saved = _terminal_state()

    @property
    def code(self) -> int:
        """The exit code that the end of the interface calls for."""
        return self._code

    def start(self) -> None:
        """Watch until `stop`."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._signalled)
        threading.Thread(target=self._watch, name="perf-tui watchdog", daemon=True).start()

    def stop(self) -> None:
        """The interface has ended by itself."""
        self._over.set()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._ask(128 + number)

    def _ask(self, code: int) -> None:
        if self._asked is None:
            self._asked = time.monotonic()
            self._code = code
            loop = getattr(self._app, "_loop", None)
            if loop is not None and not loop.is_closed():
                loop.call_soon_threadsafe(self._app.exit)

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if self._asked is None and _hung_up():
                self._ask(128 + signal.SIGHUP)
            if self._asked is not None and time.monotonic() - self._asked > PATIENCE:
                self._end()

    def _end(self) -> None:
        """The loop does not come back: leave the terminal as it was, and go."""
        self._engine.stop()
        restore_terminal(self._saved)
        os._exit(self._code)


def _hung_up() -> bool:
    """Whether the terminal at standard input is gone."""
    poll = select.poll()
    try:
        poll.register(sys.__stdin__.fileno(), 0)  # type: ignore[union-attr]
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return True


def _terminal_state() -> list[Any] | None:
    try:
        return termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
    except (termios.error, OSError, ValueError, AttributeError):
        return None


def restore_terminal(state: list[Any] | None) -> None:
    """Put the terminal back as it was, without waiting for one that does not read."""
    try:
        out = sys.__stderr__.fileno()  # type: ignore[union-attr]
        if state is not None:
            termios.tcsetattr(out, termios.TCSANOW, state)
        os.set_blocking(out, False)
        os.write(out, _RESTORE)
    except (termios.error, OSError, ValueError, AttributeError):
        pass


def run(engine: Engine, config: Config) -> int:
    """Show the interface until it is quit; returns the exit code. The engine must have been started."""
    app = PerfApp(engine, config, colour=not os.environ.get("NO_COLOR"))
    watchdog = Watchdog(app, engine)
    watchdog.start()
    try:
        app.run(mouse=config.ui.mouse)
    finally:
        watchdog.stop()
    return watchdog.code or (app.return_code or 0)
