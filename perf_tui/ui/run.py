"""Runs the interface over an engine, and ends it whatever the terminal does."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from perf_tui.config.schema import Config
from perf_tui.engine.engine import Engine
from perf_tui.ui import terminal
from perf_tui.ui.app import PerfApp

PATIENCE = 2.0
"""Seconds that an end which was asked for may take before the watchdog ends the process itself."""
GLANCE = 0.5
"""Seconds between two looks of the watchdog."""
ENGINE_PATIENCE = 1.0
"""Seconds that the engine then has to put away what it holds."""
SLICE = 0.0005
"""Seconds for which one thread may keep another from running."""
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Watchdog:
    """Ends the interface on a signal, or when the terminal is gone.

    Textual's loop blocks for ever once a terminal stops reading, and spins once it is gone; neither
    lets its own signal handlers run. So a plain signal handler notes the wish and asks the app to leave,
    and a thread that has nothing to do with the loop carries it out if nothing happens.
    """

    def __init__(self, app: PerfApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine
        self._terminal = terminal.Terminal()
        self._asked: float | None = None
        self._code = 0
        self._over = threading.Event()
        self._forced = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="perf-tui watchdog", daemon=True)

    @property
    def code(self) -> int:
        """The exit code that the end of the interface calls for; 0 where it was the user's wish."""
        return self._code

    def start(self) -> None:
        """Watch until `stop`. A signal that the caller ignores, as nohup does, stays ignored."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._signalled)
        self._thread.start()

    def stop(self) -> None:
        """The interface has ended. Does not return where the watchdog is ending the process."""
        self._over.set()
        if self._forced.is_set():
            self._thread.join()

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
        while not self._over.wait(GLANCE):
            if self._asked is None and terminal.hung_up():
                self._ask(128 + signal.SIGHUP)
            if self._asked is not None and time.monotonic() - self._asked > PATIENCE:
                self._end()

    def _end(self) -> None:
        """The loop does not come back: leave the terminal as it was, and go."""
        self._forced.set()
        self._engine.stop(ENGINE_PATIENCE)
        self._terminal.take_back()
        os._exit(self._code)


def run(engine: Engine, config: Config, badge: str = "", notice: str = "", file: Path | None = None) -> int:
    """Show the interface until it is quit; returns the exit code. The engine must have been started.

    `badge` is a word for the header, `notice` a line that is shown once, `file` where edits are saved.
    """
    # With thousands of workers a tick takes a fifth of a second: keys must not wait for the engine's thread each time.
    sys.setswitchinterval(SLICE)
    terminal.claim()
    app = PerfApp(engine, config, colour=terminal.coloured(), badge=badge, notice=notice, file=file)
    watchdog = Watchdog(app, engine)
    watchdog.start()
    try:
        app.run(mouse=config.ui.mouse)
    finally:
        watchdog.stop()
    return watchdog.code or (app.return_code or 0)
