"""What holds the processes of the demo: they end with whoever started them, and are told what to do by them."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

Pull = Callable[[Mapping[str, Any]], None]
"""Takes one line of levers: a JSON object."""
_PR_SET_PDEATHSIG = 1


def end_at_once() -> None:
    """End this process without another word."""
    os._exit(0)


def hold(pull: Pull | None = None, gone: Callable[[], None] = end_at_once, *, hard: bool = True) -> None:
    """End when whoever started this process is gone; what they write into its standard input is given to `pull`.

    `pull` and `gone` are called on a thread. `hard` has Linux kill the process as well, which reaches one
    that is stopped; it does so when the *thread* that started it ends. All that is so only where standard
    input is a pipe, as it is of a process that a program has started: one at a terminal is ended by its keys.
    """
    if not _is_pipe(0):
        return
    if hard and sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_follow, args=(pull, gone), name="leash", daemon=True).start()


def _is_pipe(descriptor: int) -> bool:
    with suppress(OSError):
        mode = os.fstat(descriptor).st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    return False


def _follow(pull: Pull | None, gone: Callable[[], None]) -> None:
    with suppress(OSError):
        for line in open(0, "rb", closefd=False):  # noqa: SIM115  (not sys.stdin: its lock is held while it waits)
            if pull is not None and line.strip():
                pull(json.loads(line))
    gone()
