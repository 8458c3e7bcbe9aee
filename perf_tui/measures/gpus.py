"""Rows of the table `gpus`: what is known of each GPU beyond its measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from perf_tui.measures.model import Sample, Value, absent

NOT_TOLD = absent("the driver does not tell it")

DETAILS = (
    "clock", "clock_max", "memory_clock", "memory_clock_max", "memory_busy", "fan", "ecc_boot", "ecc_life",
)  # fmt: skip
"""Fields of a row that an exporter may tell as well."""


JOINED = "gpus_joined"
"""The table in which each GPU stands once, whoever tells of it."""


class GpuProcess(NamedTuple):
    """A process that holds memory of a GPU."""

    pid: int
    """As the driver's side counts them: inside a container it may be another process's number."""
    memory: float | None
    """Bytes; None where the driver does not tell."""
    kind: str
    """`compute`, `graphics` or `both`."""


class Throttle(NamedTuple):
    """A reason for which the clocks are lower than they could be."""

    words: str
    level: str
    """`warning` for what should not be, `info` for what is a setting or the work's own doing."""


class Xid(NamedTuple):
    """An error that the NVIDIA driver reported, since the program started."""

    code: int
    times: int
    meaning: str
    """In a few words; empty for codes that are not among the known ones."""


class Pcie(NamedTuple):
    """The link to the machine."""

    generation: Value = NOT_TOLD
    width: Value = NOT_TOLD
    """Lanes in use."""
    generation_max: Value = NOT_TOLD
    width_max: Value = NOT_TOLD
    receive: Value = NOT_TOLD
    """Bytes per second to the GPU."""
    transmit: Value = NOT_TOLD
    """Bytes per second from the GPU."""


class Gpu(NamedTuple):
    """One GPU, or one MIG instance of one. Its measures carry the labels `gpu` and `name` of this row."""

    gpu: str
    """The driver's index, for a MIG instance `0:1`, or the place on the PCI bus."""
    name: str
    source: str
    """The name of the source that gives it."""
    vendor: str
    uuid: str = ""
    parent: str = ""
    """Of a MIG instance: the `gpu` that it is a part of, whose sensors it shares."""
    problem: str = ""
    """Why nothing of it can be read, in words; empty when it is well."""
    unified: bool = False
    """Whether it has no memory of its own but uses the machine's."""
    clock: Value = NOT_TOLD
    """Hz, of the multiprocessors."""
    clock_max: Value = NOT_TOLD
    memory_clock: Value = NOT_TOLD
    memory_clock_max: Value = NOT_TOLD
    memory_busy: Value = NOT_TOLD
    """Share of time in which memory was read or written, 0..1."""
    fan: Value = NOT_TOLD
    """Share of the highest speed."""
    ecc_boot: Value = NOT_TOLD
    """Memory errors that could not be corrected, since the driver was loaded."""
    ecc_life: Value = NOT_TOLD
    """The same in the GPU's life."""
    throttle: tuple[Throttle, ...] | None = None
    """What holds the clocks down, the worst first; None where it is not told."""
    pcie: Pcie = Pcie()
    processes: tuple[GpuProcess, ...] | None = None
    """By memory, the most first; None where it is not told."""
    processes_reason: str = ""
    """Why `processes` is None."""
    xids: tuple[Xid, ...] | None = None
    """The newest last; None where the driver does not report them."""
    notices: tuple[str, ...] = ()
    """Sentences that a reader of the numbers should know; safe to show."""
    instance: str = ""
    """Of a MIG instance: its number on its GPU, by which all sources call it."""
    exporter: str = ""
    """What tells of it, where that is not this machine's driver."""
    samples: tuple[Sample, ...] = ()
    """Its measures."""


def rows(tables: Mapping[str, object]) -> Sequence[Gpu]:
    """The rows of a snapshot's tables, each GPU once."""
    return tables.get(JOINED, tables.get("gpus", ()))  # type: ignore[return-value]


def memory_by_pid(gpus: Iterable[Gpu]) -> dict[int, float]:
    """Bytes of GPU memory by process, over all GPUs; without those whose memory is not told.

    MIG instances list their own processes, and their parents none.
    """
    found: dict[int, float] = {}
    for gpu in gpus:
        for process in gpu.processes or ():
            if process.memory is not None:
                found[process.pid] = found.get(process.pid, 0.0) + process.memory
    return found
