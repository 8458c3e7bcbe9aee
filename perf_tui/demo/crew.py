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
from perf_tui.demo.lines import HEARTBEATS, Lines
from perf_tui.demo.parts import Part
from perf_tui.demo.roles import BY_NAME, ROLES

SOON = 3.0
"""Seconds after which one that ended by itself is started anew."""
_GLANCE = 0.25
_APART = 0.2
"""Seconds between the starts of two workers: about what one takes."""


class Crew:
    """The workers. All of it runs on the main thread: a worker ends with the thread that started it."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        """`words` are what each worker is started with, behind its name and the folder."""
        self._folder = folder
        self._words = [str(folder), *words]
        self._beats = Lines(str(folder / HEARTBEATS))
        self._parts: dict[str, Part] = {}
        for role in ROLES:
            self._parts[role.name] = self._start(role.name)
            time.sleep(_APART)
        self._due: dict[str, float] = {}
        self._told: set[str] = set()

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
            if part.alive:
                continue
            due = self._due.setdefault(name, now + SOON)
            if name not in self._told:
                self._told.add(name)
                self._tell(name, part.process.returncode, due - now)
            if now >= due:
                del self._due[name]
                self._told.discard(name)
                part.end()
                self._parts[name] = self._start(name)

    def _tell(self, name: str, code: int, seconds: float) -> None:
        """What a supervisor knows of one that has ended; its next word is that of its successor."""
        how = f"killed by signal {-code}" if code < 0 else f"ended with {code}"
        error = f"{how}; started anew in {max(0.0, seconds):.0f} s"
        self._beats.put_json(
            worker=name,
            time=time.time(),
            state="restarting",
            interval=max(SOON, seconds),
            error=error,
            pid=self._parts[name].pid,
            **BY_NAME[name].facts(self._folder),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of their logs and heartbeats")
    parser.add_argument("--tasks", required=True, metavar="URL", help="the queue")
    parser.add_argument("--model", metavar="URL", help="the model server")
    chosen = parser.parse_args()
    levers: queue.Queue[Mapping[str, Any]] = queue.Queue()
    model = ["--model", chosen.model] if chosen.model else []
    crew = Crew(chosen.folder, ["--tasks", chosen.tasks, *model])
    leash.hold(levers.put, crew.leave)
    crew.run(levers)


if __name__ == "__main__":
    main()
