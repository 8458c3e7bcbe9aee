"""What is asked of one NVIDIA GPU, and how often. Nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from perf_tui.engine.source import Failure
from perf_tui.measures.gpus import GpuProcess
from perf_tui.measures.model import Status
from perf_tui.sources.gpu.driver import REFUSED, Driver, GpuFailed, Query
from perf_tui.sources.gpu.told import Told

PROCESSES_EVERY = 2
"""Passes between two lists of processes: they cost several calls each, and programs come and go more slowly."""
DEAR_EVERY = 5
"""Passes between two dear readings (link, errors, fan, limits, MIG layout): a transfer rate is measured by the driver
in 20 ms of waiting for each direction, and the rest hardly changes."""

_NOT_YET = Failure(Status.PENDING, "")
_MIG_BUSY = Failure(Status.ABSENT, "NVML does not tell how busy a GPU in MIG mode is; dcgm-exporter does")
UNIFIED = Failure(Status.ABSENT, "it has no memory of its own: it uses the machine's")
_NO_LINK = Failure(Status.ABSENT, "it is on the machine's own bus")
_BY_INSTANCE = Failure(Status.ABSENT, "its MIG instances tell theirs")

Processes: TypeAlias = tuple[GpuProcess, ...] | Failure


class Sensors(NamedTuple):
    """Read at every pass. Percent, bytes, degrees, milliwatts, megahertz."""

    busy: Told
    memory_busy: Told
    used: Told
    """Without what the driver keeps for itself, where it tells that apart."""
    total: Told
    temperature: Told = _NOT_YET
    power: Told = _NOT_YET
    clock: Told = _NOT_YET
    memory_clock: Told = _NOT_YET
    throttle: Told = _NOT_YET
    """Bits."""


class Dear(NamedTuple):
    """Read now and then. Milliwatts, megahertz, kilobytes per second, percent, counts."""

    limit: Told
    clock_max: Told
    memory_clock_max: Told
    generation: Told
    width: Told
    generation_max: Told
    width_max: Told
    receive: Told
    transmit: Told
    fan: Told
    ecc_boot: Told
    ecc_life: Told


class RawGpu(NamedTuple):
    """One GPU, or MIG instance, at one pass."""

    gpu: str
    name: str
    uuid: str
    parent: str
    problem: Failure | None
    """Why nothing of it could be read; then the rest is None."""
    sensors: Sensors | None = None
    dear: Dear | None = None
    processes: Processes | None = None
    xids: tuple[tuple[int, int], ...] | None = None
    """Number and count of each error, the newest last; None where they are not reported."""
    instance: str = ""
    """Of a MIG instance: its number on its GPU."""


@dataclass(slots=True)
class Card:
    """A GPU or MIG instance with its handle, which is asked for once, and the answers that are kept for a while."""

    gpu: str
    name: str
    uuid: str = ""
    parent: str = ""
    handle: Any = None
    problem: Failure | None = None
    unified: bool = False
    mig: bool = False
    instances: list[Card] = field(default_factory=list)
    dear: Dear | None = None
    processes: Processes | None = None
    instance: str = ""


NAME: Query = (lambda nvml, handle: nvml.nvmlDeviceGetName(handle),)
UUID: Query = (lambda nvml, handle: nvml.nvmlDeviceGetUUID(handle),)
_BUSY: Query = (lambda nvml, handle: nvml.nvmlDeviceGetUtilizationRates(handle),)
_MEMORY: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetMemoryInfo(handle, nvml.nvmlMemory_v2),
    lambda nvml, handle: nvml.nvmlDeviceGetMemoryInfo(handle),
)
_TEMPERATURE: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetTemperatureV(handle, nvml.NVML_TEMPERATURE_GPU),
    lambda nvml, handle: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
)
_POWER: Query = (lambda nvml, handle: nvml.nvmlDeviceGetPowerUsage(handle),)
_CLOCK: Query = (lambda nvml, handle: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM),)
_MEMORY_CLOCK: Query = (lambda nvml, handle: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM),)
_THROTTLE: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetCurrentClocksEventReasons(handle),
    lambda nvml, handle: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle),
)
_COMPUTE: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetComputeRunningProcesses_v3(handle),
    lambda nvml, handle: nvml.nvmlDeviceGetComputeRunningProcesses_v2(handle),
)
_GRAPHICS: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetGraphicsRunningProcesses_v3(handle),
    lambda nvml, handle: nvml.nvmlDeviceGetGraphicsRunningProcesses_v2(handle),
)
_LIMIT: Query = (lambda nvml, handle: nvml.nvmlDeviceGetEnforcedPowerLimit(handle),)
_CLOCK_MAX: Query = (lambda nvml, handle: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM),)
_MEMORY_CLOCK_MAX: Query = (lambda nvml, handle: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_MEM),)
_GENERATION: Query = (lambda nvml, handle: nvml.nvmlDeviceGetCurrPcieLinkGeneration(handle),)
_WIDTH: Query = (lambda nvml, handle: nvml.nvmlDeviceGetCurrPcieLinkWidth(handle),)
_GENERATION_MAX: Query = (lambda nvml, handle: nvml.nvmlDeviceGetMaxPcieLinkGeneration(handle),)
_WIDTH_MAX: Query = (lambda nvml, handle: nvml.nvmlDeviceGetMaxPcieLinkWidth(handle),)
_RECEIVE: Query = (lambda nvml, handle: nvml.nvmlDeviceGetPcieThroughput(handle, nvml.NVML_PCIE_UTIL_RX_BYTES),)
_TRANSMIT: Query = (lambda nvml, handle: nvml.nvmlDeviceGetPcieThroughput(handle, nvml.NVML_PCIE_UTIL_TX_BYTES),)
_FAN: Query = (lambda nvml, handle: nvml.nvmlDeviceGetFanSpeed(handle),)
_ECC_BOOT: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetTotalEccErrors(
        handle, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC
    ),
)
_ECC_LIFE: Query = (
    lambda nvml, handle: nvml.nvmlDeviceGetTotalEccErrors(
        handle, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_AGGREGATE_ECC
    ),
)
_MIG_MODE: Query = (lambda nvml, handle: nvml.nvmlDeviceGetMigMode(handle),)
_INSTANCE: Query = (lambda nvml, handle: nvml.nvmlDeviceGetGpuInstanceId(handle),)
_MIG_COUNT: Query = (lambda nvml, handle: nvml.nvmlDeviceGetMaxMigDeviceCount(handle),)


def read(driver: Driver, card: Card, turn: int) -> RawGpu:
    """One GPU at pass `turn`.

    Raises GpuFailed where it does not answer any more, SourceError where the driver does not.
    """
    due = not card.parent and (card.dear is None or turn % DEAR_EVERY == 0)
    if due:
        card.instances = _instances(driver, card)
    sensors = _instance_sensors(driver, card) if card.parent else _sensors(driver, card)
    if due:
        card.dear = _dear(driver, card)
    if card.processes is None or turn % PROCESSES_EVERY == 0:
        card.processes = _processes(driver, card)
    return RawGpu(
        card.gpu, card.name, card.uuid, card.parent, None, sensors, card.dear, card.processes, instance=card.instance
    )


def _instances(driver: Driver, card: Card) -> list[Card]:
    """The MIG instances of a GPU as they are now; those that were there before keep their answers."""
    mode = driver.ask(_MIG_MODE, card.handle)
    card.mig = not isinstance(mode, Failure) and mode[0] == driver.nvml.NVML_DEVICE_MIG_ENABLE
    if not card.mig:
        return []
    most = driver.number(_MIG_COUNT, card.handle)
    known = {each.uuid: each for each in card.instances}
    found = []
    for place in range(0 if isinstance(most, Failure) else int(most)):
        handle = driver.ask(_instance_at(place), card.handle)
        if isinstance(handle, Failure):  # places without an instance
            continue
        gpu = f"{card.gpu}:{place}"
        uuid = driver.words(UUID, handle, gpu)
        each = known.get(uuid)
        if each is None:
            each = Card(gpu, driver.words(NAME, handle, f"{card.name} MIG"), uuid, card.gpu)
            each.instance = _whole(driver.number(_INSTANCE, handle))
        each.gpu, each.handle = gpu, handle
        found.append(each)
    return found


def _whole(told: Told) -> str:
    return "" if isinstance(told, Failure) else f"{told:.0f}"


def _instance_at(place: int) -> Query:
    return (lambda nvml, handle: nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, place),)


def _sensors(driver: Driver, card: Card) -> Sensors:
    handle = card.handle
    rates = driver.ask(_BUSY, handle)
    temperature = driver.number(_TEMPERATURE, handle)
    if rates is REFUSED and temperature is REFUSED:
        raise GpuFailed(Failure(Status.ERROR, "the driver no longer knows it"))
    busy: Told
    memory_busy: Told
    if isinstance(rates, Failure):
        busy = memory_busy = _MIG_BUSY if card.mig else rates
    else:
        busy, memory_busy = float(rates.gpu), float(rates.memory)
    used, total = _memory(driver, card)
    return Sensors(
        busy,
        memory_busy,
        used,
        total,
        temperature,
        driver.number(_POWER, handle),
        driver.number(_CLOCK, handle),
        driver.number(_MEMORY_CLOCK, handle),
        driver.number(_THROTTLE, handle),
    )


def _instance_sensors(driver: Driver, card: Card) -> Sensors:
    """Memory is all that an instance has for itself."""
    used, total = _memory(driver, card)
    if used is REFUSED:
        raise GpuFailed(Failure(Status.ERROR, "the instance is gone"))
    return Sensors(_MIG_BUSY, _MIG_BUSY, used, total)


def _memory(driver: Driver, card: Card) -> tuple[Told, Told]:
    memory = driver.ask(_MEMORY, card.handle)
    card.unified = memory is driver.not_supported and not card.mig and not card.parent
    if isinstance(memory, Failure):
        why = UNIFIED if card.unified else memory
        return why, why
    return float(memory.used), float(memory.total)


def _processes(driver: Driver, card: Card) -> Processes:
    """Processes of both kinds; one that does both is in both lists, with the same memory."""
    if card.mig:
        return _BY_INSTANCE
    found: dict[int, GpuProcess] = {}
    failures = []
    for kind, query in (("compute", _COMPUTE), ("graphics", _GRAPHICS)):
        listed = driver.ask(query, card.handle)
        if isinstance(listed, Failure):
            failures.append(listed)
            continue
        for each in listed:
            pid, memory = int(each.pid), each.usedGpuMemory
            row = GpuProcess(pid, None if memory is None else float(memory), kind)
            before = found.get(pid)
            if before is not None:
                known = [amount for amount in (before.memory, row.memory) if amount is not None]
                row = GpuProcess(pid, max(known, default=None), kind if before.kind == kind else "both")
            found[pid] = row
    if len(failures) == 2:
        return failures[0]
    return tuple(sorted(found.values(), key=lambda process: (-(process.memory or 0.0), process.pid)))


def _dear(driver: Driver, card: Card) -> Dear:
    def number(query: Query) -> Told:
        return driver.number(query, card.handle)

    def link(query: Query, later: bool = False) -> Told:
        # A GPU on the machine's own bus fills the fields of a PCIe link with the least that there is.
        if card.unified:
            return _NO_LINK
        # The first pass is not held up by what the driver takes its time for.
        return _NOT_YET if later and card.dear is None else number(query)

    return Dear(
        number(_LIMIT),
        number(_CLOCK_MAX),
        number(_MEMORY_CLOCK_MAX),
        link(_GENERATION),
        link(_WIDTH),
        link(_GENERATION_MAX),
        link(_WIDTH_MAX),
        link(_RECEIVE, later=True),
        link(_TRANSMIT, later=True),
        number(_FAN),
        number(_ECC_BOOT),
        number(_ECC_LIFE),
    )
