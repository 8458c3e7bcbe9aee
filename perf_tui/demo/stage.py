"""`python -m perf_tui.demo.stage FOLDER`: starts all parts of a demo, and has incidents befall them.

What the demo is stands in `plan.json` of the folder, which goes with it. Lever: `{"play": "dead-worker",
"seconds": 20}` has one begin now. Tells on standard output, in lines of JSON, when all are there, and when an
incident begins and ends.
"""

from __future__ import annotations

import argparse
import json
import queue
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec

from perf_tui.demo import incidents, leash
from perf_tui.demo.cast import Cast
from perf_tui.demo.incidents import BY_NAME, USUAL, Incident
from perf_tui.demo.plan import PLAN, Plan

FIRST, PACE = 60.0, 150.0
"""Seconds until the first incident, and from one to the next."""
_OVER: Mapping[str, Any] = {"over": True}


class Stage:
    """Runs the script on the main thread: parts end with the thread that started them."""

    def __init__(self, cast: Cast, levers: queue.Queue[Mapping[str, Any]], pace: float) -> None:
        self._cast, self._levers, self._pace = cast, levers, pace

    def run(self, script: Iterator[Incident]) -> None:
        """Until it is told that all is over."""
        due = time.monotonic() + min(FIRST, self._pace)
        incident = next(script, None)
        while True:
            try:
                told = self._levers.get(timeout=max(0.0, due - time.monotonic()) if incident else None)
            except queue.Empty:
                assert incident is not None  # without one there is no time-out
                due += self._pace
                if not self._play(incident, min(USUAL, self._pace / 2)):
                    return
                incident = next(script, None)
                continue
            if told is _OVER:
                return
            if (asked := BY_NAME.get(str(told.get("play")))) and not self._play(asked, float(told["seconds"])):
                return

    def _play(self, incident: Incident, seconds: float) -> bool:
        """Whether the demo goes on. What is asked for meanwhile comes after it."""
        say(incident=incident.name, title=incident.title, begins=True, seconds=seconds)
        with suppress(OSError):  # a part that is gone; its own alert tells
            incident.begin(self._cast, seconds)
        end = time.monotonic() + seconds
        later = []
        over = False
        while not over and (left := end - time.monotonic()) > 0:
            with suppress(queue.Empty):
                told = self._levers.get(timeout=left)
                over = told is _OVER
                later.append(told)
        incident.end(self._cast)
        say(incident=incident.name, title=incident.title, begins=False)
        for told in later:
            self._levers.put(told)
        return not over


def say(**told: Any) -> None:
    """A line of JSON for whoever started this process, if they are still there."""
    with suppress(OSError):
        print(json.dumps({"time": time.time(), **told}), flush=True)  # noqa: T201  (this is what it is for)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--incidents", default="all", help="all, off, or names with commas between them")
    parser.add_argument("--pace", type=float, default=PACE, metavar="SECONDS", help="from one incident to the next")
    parser.add_argument("--after", type=float, default=0.0, metavar="SECONDS", help="before the first part is started")
    chosen = parser.parse_args()
    levers: queue.Queue[Mapping[str, Any]] = queue.Queue()
    # Not hard: it is the one that ends the others and cleans up.
    leash.hold(levers.put, lambda: levers.put(_OVER), hard=False)
    try:
        with suppress(queue.Empty):
            told = levers.get(timeout=chosen.after)
            if told is _OVER:
                return
            levers.put(told)
        plan = msgspec.json.decode((chosen.folder / PLAN).read_bytes(), type=Plan)
        with Cast(plan) as cast:
            try:
                cast.wait()
            except (TimeoutError, ChildProcessError) as error:
                say(failed=str(error))
            else:
                say(ready=True)
            script = cycle(incidents.chosen(chosen.incidents, plan.model is not None))
            Stage(cast, levers, chosen.pace).run(script)
    finally:
        shutil.rmtree(chosen.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
