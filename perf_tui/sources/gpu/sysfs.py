"""GPUs of AMD and Intel, through the files that their drivers have below /sys."""

from __future__ import annotations

import time
from collections.abc import Callable

from perf_tui.engine.source import Derived, Failure, Source, SourceAbsent
from perf_tui.measures.counters import rate
from perf_tui.measures.gpus import Gpu
from perf_tui.measures.model import Sample, Status, Value
from perf_tui.sources.gpu import amd, intel, told
from perf_tui.sources.gpu.absence import Absence
from perf_tui.sources.gpu.card import VENDORS, Card, cards
from perf_tui.sources.gpu.patience import Patience
from perf_tui.sources.gpu.raw import RawCard
from perf_tui.sources.gpu.told import value
from perf_tui.sources.gpu.words import memory_errors
from perf_tui.sources.system.host import Host

READING = 3.0
"""Seconds for one pass: some files ask the card's firmware, which takes milliseconds or hangs."""
LOOK_EVERY = 30
"""Passes between two looks for cards that were plugged in or whose driver was loaded."""

_ASLEEP = Failure(Status.IDLE, "it is asleep, and to read it would wake it")
_PROCESSES = "its driver tells processes only in /proc/PID/fdinfo"
_MILLI, _MICRO = 1e-3, 1e-6


class SysfsGpus(Source[list[RawCard]]):
    """Measures `gpu.*` and the table `gpus`."""

    kind = "gpu"

    def __init__(
        self,
        host: Host,
        name: str = "amd-intel",
        *,
        monotonic: Callable[[], float] = time.monotonic,
        reading: float = READING,
    ) -> None:
        self.name = name
        self._host = host
        self._reading = reading
        self._patience = Patience(name, "a graphics card's driver does not answer")
        self._absence = Absence(monotonic)
        self._cards: list[Card] = []
        self._passes = 0
        self._energy: dict[str, tuple[float, float]] = {}
        """When each card's counter was read, and what it was."""

    async def open(self) -> None:
        self._absence.check()
        self._passes = 0

    async def read(self) -> list[RawCard]:
        try:
            return await self._patience.call(self._read, self._reading)
        except SourceAbsent as nothing:
            self._absence.remember(nothing)
            raise

    def _read(self) -> list[RawCard]:
        if self._passes % LOOK_EVERY == 0:
            self._cards = cards(self._host)
        self._passes += 1
        if not self._cards:
            raise SourceAbsent("no amdgpu, xe or i915 device")
        return [_read(card) for card in self._cards]

    def derive(self, reading: list[RawCard], at: float) -> Derived:
        samples: list[Sample] = []
        rows = []
        for raw in reading:
            if raw.asleep:
                samples.extend(told.nothing(raw.card.gpu, raw.card.name, _ASLEEP))
            else:
                samples.extend(self._samples(raw, at))
            rows.append(_row(raw, self.name))
        return Derived(samples, {"gpus": tuple(rows)})

    def _samples(self, raw: RawCard, at: float) -> list[Sample]:
        values = {
            "utilization": told.percent(raw.busy),
            "memory_used": value(raw.used),
            "memory_total": value(raw.total),
            "memory_utilization": told.fraction(raw.used, raw.total),
            "temperature": value(raw.temperature, _MILLI),
            "power": self._power(raw, at),
            "power_limit": value(raw.limit, _MICRO),
        }
        return list(told.samples(raw.card.gpu, raw.card.name, values))

    def _power(self, raw: RawCard, at: float) -> Value:
        """As the card tells it, else what its energy rose by since the reading before."""
        if isinstance(raw.energy, Failure) or not isinstance(raw.power, Failure):
            return value(raw.power, _MICRO)
        before = self._energy.get(raw.card.gpu)
        self._energy[raw.card.gpu] = (at, raw.energy)
        then, joules = before or (at, 0.0)
        watts = rate(joules if before else None, raw.energy, at - then)
        return watts if watts.number is None else watts._replace(number=watts.number * _MICRO)

    async def close(self) -> None:
        self._patience.close()


def _read(card: Card) -> RawCard:
    if card.asleep:
        return RawCard(card, asleep=True)
    return amd.read(card) if card.driver == "amdgpu" else intel.read(card)


def _row(raw: RawCard, source: str) -> Gpu:
    card = raw.card
    row = Gpu(
        card.gpu, card.name, source, VENDORS[card.driver], raw.uuid,
        unified=card.driver != "amdgpu" and card.integrated, processes_reason=_PROCESSES,
    )  # fmt: skip
    if raw.asleep:
        return row._replace(notices=(_ASLEEP.reason,))
    errors = 0.0 if isinstance(raw.errors, Failure) else raw.errors
    return row._replace(
        clock=value(raw.clock),
        clock_max=value(raw.clock_max),
        memory_clock=value(raw.memory_clock),
        memory_clock_max=value(raw.memory_clock_max),
        memory_busy=told.percent(raw.memory_busy),
        fan=told.fraction(raw.fan, raw.fan_max),
        ecc_boot=value(raw.errors),
        throttle=raw.throttle,
        notices=(memory_errors(errors),) if errors else (),
    )
