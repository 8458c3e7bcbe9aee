"""One reading of a card below /sys, whatever its driver."""

from __future__ import annotations

from typing import NamedTuple

from perf_tui.engine.source import Failure
from perf_tui.measures.gpus import Throttle
from perf_tui.measures.model import Status
from perf_tui.sources.gpu.card import Card
from perf_tui.sources.gpu.told import Told

NOT_TOLD = Failure(Status.ABSENT, "its driver does not tell it in /sys")


class RawCard(NamedTuple):
    """Percent, bytes, thousandths of a degree, millionths of a watt or joule, Hz, turns per minute."""

    card: Card
    asleep: bool = False
    """The kernel has suspended it, and nothing was read."""
    busy: Told = NOT_TOLD
    memory_busy: Told = NOT_TOLD
    used: Told = NOT_TOLD
    total: Told = NOT_TOLD
    temperature: Told = NOT_TOLD
    power: Told = NOT_TOLD
    energy: Told = NOT_TOLD
    """A counter, from which the power comes where it is not told."""
    limit: Told = NOT_TOLD
    clock: Told = NOT_TOLD
    clock_max: Told = NOT_TOLD
    memory_clock: Told = NOT_TOLD
    memory_clock_max: Told = NOT_TOLD
    fan: Told = NOT_TOLD
    fan_max: Told = NOT_TOLD
    errors: Told = NOT_TOLD
    throttle: tuple[Throttle, ...] | None = None
    uuid: str = ""
