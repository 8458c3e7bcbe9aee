"""`perf-tui demo`: real services, a model server and workers on loopback, shown like any others."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any

from perf_tui.cli.arguments import PROGRAM
from perf_tui.cli.errors import UsageError
from perf_tui.cli.main import NOTHING_COLLECTED
from perf_tui.cli.options import config_of
from perf_tui.cli.output import on_terminal, put
from perf_tui.cli.signals import ending_signals
from perf_tui.config.schema import Config
from perf_tui.demo.incidents import chosen
from perf_tui.demo.show import Demo
from perf_tui.demo.stage import PACE
from perf_tui.engine.snapshot import Snapshot

BADGE = "DEMO"
LOADING = 1.0
"""Seconds that the interface takes on a usual machine until it is there."""


def run(arguments: argparse.Namespace) -> int:
    """Start a demo, show it, end it. On no terminal one snapshot of it is printed, or with --for its changes."""
    base, _ = config_of(arguments)
    try:
        chosen(arguments.incidents, model=True)
    except ValueError as error:
        raise UsageError(str(error)) from None
    pace = arguments.pace or PACE
    if arguments.seconds is not None:
        return _follow(base, arguments.incidents, pace, arguments.seconds)
    if arguments.once or arguments.json or not on_terminal():
        return _once(base, arguments.json)
    return _show(base, arguments.incidents, pace)


def _show(base: Config, incidents: str, pace: float) -> int:
    from perf_tui.cli.tui import run as show

    with Demo(incidents, pace, after=LOADING) as demo:
        code = show(demo.config(base), BADGE, demo.missing, demo.file)
    if demo.failure:
        print(f"{PROGRAM}: {demo.failure}", file=sys.stderr)
    return code


def _follow(base: Config, incidents: str, pace: float, seconds: float) -> int:
    from perf_tui.cli.live import Failures, Transitions, follow

    events = Events()
    with ending_signals(), Demo(incidents, pace, told=events.told) as demo:
        if not _there(demo):
            return NOTHING_COLLECTED
        return follow(demo.config(base), seconds, events, Failures(), Transitions())


def _once(base: Config, as_json: bool) -> int:
    from perf_tui.cli.once import printed

    with ending_signals(), Demo("off") as demo:
        if not _there(demo):
            return NOTHING_COLLECTED
        return printed(demo.config(base), as_json=as_json)


def _there(demo: Demo) -> bool:
    """Wait for its parts, saying what is missing."""
    if demo.missing:
        print(f"{PROGRAM}: {demo.missing}", file=sys.stderr)
    try:
        demo.wait()
    except ChildProcessError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return False
    return True


class Events:
    """A line for each incident that begins or ends, among those of alerts."""

    def __init__(self) -> None:
        self._heard: deque[Mapping[str, Any]] = deque()

    def told(self, event: Mapping[str, Any]) -> None:
        """What the stage says, on whatever thread."""
        if "incident" in event:
            self._heard.append(event)

    def __call__(self, snapshot: Snapshot) -> None:
        """Print what is new, on the thread that prints all else."""
        from perf_tui.export.values import iso

        while self._heard:
            event = self._heard.popleft()
            change = "begins" if event["begins"] else "ends"
            put(f"{iso(event['time'])}  {change}  incident  {event['incident']}  {event['title']}\n")
