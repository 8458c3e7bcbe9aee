"""What the tests of the demo share."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def processes(folder: Path) -> list[psutil.Process]:
    """Processes that are about a folder: it stands in their command lines."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in word for word in words):
            found.append(process)
    return found


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes to hold within this time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def started(*words: str) -> subprocess.Popen[bytes]:
    """A Python that runs apart from this one."""
    return subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
