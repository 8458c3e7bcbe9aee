"""`python -m perf_tui.demo.crew FOLDER --tasks URL [--model URL]`: starts the eight workers, and those anew that end.

Levers: `{"kill": "DATA_ENG", "down": 40}` kills one and starts it anew after so many seconds; `{"stop": "PM"}`
stops one where it is, and `{"go": "PM"}` lets it go on.
"""

from __future__ import annotations

import argparse
import queue
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perf_tui.demo import leash
from perf_tui.demo.parts import Part
from perf_tui.demo.roles import ROLES

SOON = 3.0
"""Seconds after which one that ended by itself is started anew."""
_GLANCE = 0.25


class Crew:
    """The workers. All of it runs on the main thread: a worker ends with the thread that started it."""

    def __init__(self, words: list[str]) -> None:
        """`words` are what each worker is started with, behind its name."""
        self._words = words
        self._parts = {role.name: self._start(role.name) for role in ROLES}
        self._due: dict[str, float] = {}

    def run(self, levers: queue.Queue[Mapping[str, Any]]) -> None:
        """For ever."""
        while True:
            try:
                self._pull(levers.get(timeout=_GLANCE))
            except queue.Empty:
                self._look()

    def leave(self) -> None:
        """End them, those that are stopped as well, and this process."""
        for part in self._parts.values():
            part.process.kill()
        leash.end_at_once()

    def _start(self, name: str) -> Part:
        return Part("worker", name, *self._words)

    def _pull(self, levers: Mapping[str, Any]) -> None:
        if name := levers.get("kill"):
            self._due[name] = time.monotonic() + float(levers.get("down", SOON))
            self._parts[name].process.kill()
        if name := levers.get("stop"):
            self._parts[name].process.send_signal(signal.SIGSTOP)
        if name := levers.get("go"):
            self._parts[name].process.send_signal(signal.SIGCONT)

    def _look(self) -> None:
        now = time.monotonic()
        for name, part in self._parts.items():
            if not part.alive and now >= self._due.setdefault(name, now + SOON):
                del self._due[name]
                part.end()
                self._parts[name] = self._start(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of their logs and heartbeats")
    parser.add_argument("--tasks", required=True, metavar="URL", help="the queue")
    parser.add_argument("--model", metavar="URL", help="the model server")
    chosen = parser.parse_args()
    levers: queue.Queue[Mapping[str, Any]] = queue.Queue()
    model = ["--model", chosen.model] if chosen.model else []
    crew = Crew([str(chosen.folder), "--tasks", chosen.tasks, *model])
    leash.hold(levers.put, crew.leave)
    crew.run(levers)


if __name__ == "__main__":
    main()
