"""NVIDIA's GPUs: the life of the library. It is opened late, opened again after errors, and never waited for long."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType

from perf_tui.engine.source import Derived, Failure, Source, SourceAbsent, SourceError
from perf_tui.sources.gpu.absence import Absence
from perf_tui.sources.gpu.driver import Driver, GpuFailed, load
from perf_tui.sources.gpu.events import XidEvents
from perf_tui.sources.gpu.nvidia import row, samples
from perf_tui.sources.gpu.patience import Patience
from perf_tui.sources.gpu.reading import NAME, UUID, Card, RawGpu, read

OPENING = 20.0
"""Seconds to open the library: without persistence mode the driver wakes every GPU first, which takes some each."""
READING = 4.0
"""Seconds for one pass over all GPUs; eight take some milliseconds, a transfer rate 40 more."""
OPEN_AGAIN = 60.0
"""Seconds between two attempts to get back a GPU that is lost: for that the library has to be opened again."""
UNNAMED = "NVIDIA GPU"
KINDS_OF_XID = 16
"""Different error numbers that are kept of one GPU."""


class Nvidia(Source[tuple[RawGpu, ...]]):
    """Measures `gpu.*` and the table `gpus`. Everything of the library runs on one thread that may be lost."""

    kind = "gpu"
    deadline = OPENING + READING + 1.0

    def __init__(
        self,
        name: str = "nvidia",
        *,
        library: Callable[[], ModuleType] = load,
        monotonic: Callable[[], float] = time.monotonic,
        opening: float = OPENING,
        reading: float = READING,
    ) -> None:
        """`library` gives the module pynvml, or raises SourceAbsent."""
        self.name = name
        self._library = library
        self._monotonic = monotonic
        self._opening = opening
        self._reading = reading
        self._patience = Patience(name, "the NVIDIA driver does not answer")
        self._absence = Absence(monotonic)
        self._driver: Driver | None = None
        self._cards: list[Card] = []
        self._events: XidEvents | None = None
        self._names: dict[str, str] = {}
        self._xids: dict[str, Counter[int]] = {}
        self._passes = 0
        self._opened_at = 0.0

    async def open(self) -> None:
        self._absence.check()
        try:
            await self._patience.call(self._open, self._opening)
        except SourceAbsent as nothing:
            self._absence.remember(nothing)
            self._patience.close()  # no GPU needs no thread
            raise

    async def read(self) -> tuple[RawGpu, ...]:
        if any(card.problem for card in self._cards) and self._monotonic() >= self._opened_at + OPEN_AGAIN:
            await self.open()
        return await self._patience.call(self._read, self._reading)

    def derive(self, reading: tuple[RawGpu, ...], at: float) -> Derived:
        own = [(raw, tuple(samples(raw))) for raw in reading]
        return Derived(
            [sample for _, of_one in own for sample in of_one],
            {"gpus": tuple(row(raw, self.name)._replace(samples=of_one) for raw, of_one in own)},
        )

    async def close(self) -> None:
        with suppress(Exception):
            await self._patience.call(self._shut, self._reading)
        self._patience.close()

    # -- on the thread

    def _open(self) -> None:
        self._shut()
        self._driver = driver = Driver(self._library())
        self._opened_at = self._monotonic()
        self._cards = [self._card(driver, place) for place in range(self._count(driver))]
        if not self._cards:
            self._shut()
            raise SourceAbsent("the NVIDIA driver has no GPU")
        self._events = XidEvents(driver, [(card.gpu, card.handle) for card in self._cards if card.handle is not None])

    def _shut(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            if self._events is not None:
                self._events.close()
            with suppress(driver.nvml.NVMLError):
                driver.close()
        self._events, self._cards = None, []

    @staticmethod
    def _count(driver: Driver) -> int:
        try:
            return int(driver.nvml.nvmlDeviceGetCount())
        except driver.nvml.NVMLError as error:
            raise driver.refusal(error) from None

    def _card(self, driver: Driver, place: int) -> Card:
        gpu = str(place)
        name = self._names.get(gpu, UNNAMED)
        try:
            handle = driver.ask((lambda nvml, place: nvml.nvmlDeviceGetHandleByIndex(place),), place)
            if isinstance(handle, Failure):
                return Card(gpu, name, problem=handle)
            # A name that is known stays when the driver forgets it: it is part of the series' identity.
            name = self._names[gpu] = driver.words(NAME, handle, name)
            return Card(gpu, name, driver.words(UUID, handle, ""), handle=handle)
        except GpuFailed as failed:
            return Card(gpu, name, problem=failed.why)

    def _read(self) -> tuple[RawGpu, ...]:
        if self._driver is None:
            raise SourceError("the NVIDIA driver is closed")
        for (gpu, code), count in (self._events.take() if self._events else Counter()).items():
            self._note(gpu, code, count)
        found = [raw for place, card in enumerate(self._cards) for raw in self._all_of(self._driver, card, place)]
        self._passes += 1
        whole = [raw.problem for raw in found if not raw.parent]
        if whole[0] is not None and all(whole):
            raise SourceError(whole[0].reason if len(whole) == 1 else f"no GPU answers: {whole[0].reason}")
        return tuple(found)

    def _all_of(self, driver: Driver, card: Card, place: int) -> Iterator[RawGpu]:
        """A GPU and its MIG instances. Those at different places have their dear readings at different passes."""
        turn = self._passes + place
        if card.problem is None:
            try:
                raw = read(driver, card, turn)
            except GpuFailed as failed:
                card.problem = failed.why
            else:
                yield raw._replace(xids=self._of(card.gpu))
                for instance in card.instances:
                    with suppress(GpuFailed):  # taken down since the layout was read
                        yield read(driver, instance, turn)
                return
        yield RawGpu(card.gpu, card.name, card.uuid, "", card.problem, xids=self._of(card.gpu))

    def _note(self, gpu: str, code: int, count: int) -> None:
        counts = self._xids.setdefault(gpu, Counter())
        total = counts.pop(code, 0) + count  # taken out, so that the newest stands last
        if len(counts) >= KINDS_OF_XID:
            del counts[next(iter(counts))]
        counts[code] = total

    def _of(self, gpu: str) -> tuple[tuple[int, int], ...] | None:
        if self._events is not None and gpu in self._events.watched.values():
            return tuple(self._xids.get(gpu, {}).items())
        return tuple(self._xids[gpu].items()) if gpu in self._xids else None
