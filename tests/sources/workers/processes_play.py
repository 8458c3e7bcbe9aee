"""Processes that tests make up, and the stage that finds workers among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fakes import Clock

from perf_tui.engine.stage import Moment
from perf_tui.measures.workers import SIGHTINGS, Sighting
from perf_tui.sources.system.processes import Process
from perf_tui.sources.workers.kinds import Pattern, Recogniser
from perf_tui.sources.workers.processes import ProcessWorkers

INTERVAL = 2.0
OWN = 999


def process(pid: int, command: str, parent: int = 1, **more: Any) -> Process:
    fields: dict[str, Any] = {
        "user": "u", "state": "S", "cpu": 0.25, "memory": 1000, "read": None, "write": None, "threads": 1,
        "name": "n", "started": float(pid),
    }  # fmt: skip
    return Process(pid=pid, parent=parent, command=command, **{**fields, **more})


INIT = process(1, "/sbin/init", 0)


class Machine:
    """Processes that come and go, and what the stage makes of them."""

    def __init__(
        self, clock: Clock, match: str = "", unit: Any = None, recognise: bool = True, forget: float = 60.0
    ) -> None:
        patterns = [Pattern("group", re.compile(match), unit)] if match else []
        self.clock = clock
        self.stage = ProcessWorkers(
            Recogniser(patterns, recognise), ("web-1",), OWN, forget, boot=lambda: clock.now - 900.0
        )  # fmt: skip
        self.rows: tuple[Process, ...] = ()

    def tick(self, *rows: Process, others: Sequence[Sighting] = (), init: bool = True) -> dict[str, Sighting]:
        """One reading of these processes; what is said of them, by name."""
        self.clock.advance(INTERVAL)
        self.rows = (INIT, *rows) if init else rows
        return self.again(others)

    def again(self, others: Sequence[Sighting] = ()) -> dict[str, Sighting]:
        """A tick without a new reading."""
        moment = Moment(self.clock.now, self.clock.day, INTERVAL)
        derived = self.stage.derive({"processes": self.rows, SIGHTINGS: tuple(others)}, moment)
        return {each.name: each for each in derived.tables[SIGHTINGS]}  # type: ignore[attr-defined]
