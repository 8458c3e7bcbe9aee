"""What one reading of an NVIDIA GPU comes to: measures and a row. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perf_tui.engine.source import Failure
from perf_tui.measures.gpus import Gpu, Pcie, Xid
from perf_tui.measures.model import Sample
from perf_tui.sources.gpu import told
from perf_tui.sources.gpu.reading import UNIFIED, Dear, RawGpu, Sensors
from perf_tui.sources.gpu.told import Told, value
from perf_tui.sources.gpu.words import memory_errors, reasons, xid

MEGA, MILLI = 1e6, 1e-3
KILO = 1024.0
"""The bytes of a kilobyte of the driver's, as others take it; its documentation does not say."""
BUSY = 10.0
"""Percent of utilization above which some process must be at work."""


def samples(raw: RawGpu) -> Iterable[Sample]:
    """The measures of a GPU; a MIG instance has its memory, the sensors stand on the GPU that it is a part of."""
    sensors = raw.sensors
    if raw.problem is not None or sensors is None:
        return told.nothing(raw.gpu, raw.name, raw.problem or told.UNREAD)
    values = {
        "utilization": told.percent(sensors.busy),
        "memory_used": value(sensors.used),
        "memory_total": value(sensors.total),
        "memory_utilization": told.fraction(sensors.used, sensors.total),
    }
    if raw.dear is not None:
        values["temperature"] = value(sensors.temperature)
        values["power"] = value(sensors.power, MILLI)
        values["power_limit"] = value(raw.dear.limit, MILLI)
    return told.samples(raw.gpu, raw.name, values)


def row(raw: RawGpu, source: str) -> Gpu:
    """Everything else."""
    xids = None if raw.xids is None else tuple(xid(code, times) for code, times in raw.xids)
    gpu = Gpu(raw.gpu, raw.name, source, "NVIDIA", raw.uuid, raw.parent, xids=xids, instance=raw.instance)
    if raw.problem is not None or raw.sensors is None:
        return gpu._replace(problem=(raw.problem or told.UNREAD).reason, notices=tuple(_errors(xids)))
    if isinstance(raw.processes, Failure):
        gpu = gpu._replace(processes_reason=raw.processes.reason)
    else:
        gpu = gpu._replace(processes=raw.processes)
    if raw.dear is None:
        return gpu._replace(memory_busy=told.percent(raw.sensors.memory_busy))
    return _whole(gpu, raw.sensors, raw.dear)._replace(
        notices=tuple(_notices(raw.sensors, raw.dear, gpu)),
    )


def _whole(gpu: Gpu, sensors: Sensors, dear: Dear) -> Gpu:
    return gpu._replace(
        unified=sensors.total is UNIFIED,
        clock=value(sensors.clock, MEGA),
        clock_max=value(dear.clock_max, MEGA),
        memory_clock=value(sensors.memory_clock, MEGA),
        memory_clock_max=value(dear.memory_clock_max, MEGA),
        memory_busy=told.percent(sensors.memory_busy),
        fan=value(dear.fan, 0.01),
        ecc_boot=value(dear.ecc_boot),
        ecc_life=value(dear.ecc_life),
        throttle=None if isinstance(sensors.throttle, Failure) else reasons(int(sensors.throttle)),
        pcie=Pcie(
            value(dear.generation),
            value(dear.width),
            value(dear.generation_max),
            value(dear.width_max),
            value(dear.receive, KILO),
            value(dear.transmit, KILO),
        ),
    )


def _notices(sensors: Sensors, dear: Dear, gpu: Gpu) -> Iterator[str]:
    errors = _number(dear.ecc_boot)
    if errors:
        yield memory_errors(errors)
    yield from _errors(gpu.xids)
    width, most = _number(dear.width), _number(dear.width_max)
    if 0 < width < most:
        yield f"its PCIe link runs at x{width:.0f} of x{most:.0f}"
    if gpu.processes == () and _number(sensors.busy) > BUSY:
        yield "it is busy, but no process is seen; inside a container that takes the host's process ids (--pid host)"


def _errors(xids: tuple[Xid, ...] | None) -> Iterator[str]:
    for code, times, meaning in reversed(xids or ()):
        often = "" if times == 1 else f" ({times} times)"
        yield f"Xid {code}: {meaning}{often}" if meaning else f"Xid {code}{often}"


def _number(told: Told) -> float:
    return 0.0 if isinstance(told, Failure) else told
