"""The module pynvml, played: functions of the same names, with the real module's constants, errors and structures.

What is not played is taken from the real module, unless it is a function: that would reach for a driver.
"""

from __future__ import annotations

import ctypes
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pynvml

GIB = 1 << 30


@dataclass
class FakeProcess:
    """A process as the driver lists it; no memory is what a driver without the right gives."""

    pid: int
    memory: int | None = GIB
    kind: str = "compute"


@dataclass
class FakeGpu:
    """One GPU, or MIG instance. `errors` maps names of functions to the codes that they fail with."""

    name: str | bytes = "NVIDIA H100 80GB HBM3"
    uuid: str = ""
    busy: int = 37
    memory_busy: int = 12
    total: int = 80 * GIB
    reserved: int = GIB
    used: int = 20 * GIB
    temperature: int = 61
    power: int = 312_500
    limit: int = 700_000
    clock: int = 1755
    clock_max: int = 1980
    memory_clock: int = 2619
    memory_clock_max: int = 2619
    throttle: int = 0
    generation: int = 5
    width: int = 16
    generation_max: int = 5
    width_max: int = 16
    receive: int = 2000
    transmit: int = 1000
    fan: int = 30
    ecc_boot: int = 0
    ecc_life: int = 0
    processes: list[FakeProcess] = field(default_factory=list)
    mig: list[FakeGpu | None] | None = None
    """Instances by their place; None where MIG mode is off."""
    errors: dict[str, int] = field(default_factory=dict)
    instance: int | None = None
    """Of a MIG instance: its number on its GPU."""
    handle: Any = None
    parent: FakeGpu | None = None


class FakeNvml(ModuleType):
    """A machine with these GPUs. Everything in it may be changed while it is played."""

    def __init__(self, gpus: Sequence[FakeGpu] = (), *, errors: dict[str, int] | None = None) -> None:
        super().__init__("pynvml")
        self.gpus = list(gpus)
        self.errors = dict(errors or {})
        """Codes that functions fail with, whatever the GPU."""
        self.calls: Counter[str] = Counter()
        self.opened = 0
        """How often the library is open: `nvmlInit` minus `nvmlShutdown`."""
        self.hangs = ""
        """The function that does not return before `released` is set."""
        self.released = threading.Event()
        self.entered = threading.Event()
        """Set when a call hangs."""
        self.events: list[tuple[FakeGpu, int]] = []
        self.registered: set[int] = set()
        self._handles = 0x1000
        self._known: dict[int, FakeGpu] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(pynvml, name)
        if callable(real) and name.startswith("nvml") and not isinstance(real, type):
            raise AttributeError(f"the fake does not play {name}")
        return real

    # -- the machinery

    def _fail(self, code: int) -> None:
        raise pynvml.NVMLError(code)

    def _enter(self, name: str) -> None:
        self.calls[name] += 1
        if self.hangs == name:
            self.entered.set()
            self.released.wait(30)
        if name in self.errors:
            self._fail(self.errors[name])
        if not self.opened and name != "nvmlInit":
            self._fail(pynvml.NVML_ERROR_UNINITIALIZED)

    def _gpu(self, name: str, handle: Any) -> FakeGpu:
        self._enter(name)
        gpu = self._known.get(ctypes.cast(handle, ctypes.c_void_p).value or 0)
        if gpu is None or gpu.handle is None:
            self._fail(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        assert gpu is not None
        if "*" in gpu.errors:
            self._fail(gpu.errors["*"])
        if name in gpu.errors:
            self._fail(gpu.errors[name])
        return gpu

    def _handle(self, gpu: FakeGpu) -> Any:
        if gpu.handle is None:
            self._handles += 0x100
            gpu.handle = ctypes.cast(self._handles, pynvml.c_nvmlDevice_t)
            self._known[self._handles] = gpu
        return gpu.handle

    # -- the library

    def nvmlInit(self) -> None:  # noqa: N802
        self._enter("nvmlInit")
        self.opened += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self._enter("nvmlShutdown")
        self.opened -= 1
        self.registered.clear()
        if not self.opened:  # handles end with the library
            for gpu in self._known.values():
                gpu.handle = None

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        self._enter("nvmlDeviceGetCount")
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        self._enter("nvmlDeviceGetHandleByIndex")
        gpu = self.gpus[index]
        if "nvmlDeviceGetHandleByIndex" in gpu.errors:
            self._fail(gpu.errors["nvmlDeviceGetHandleByIndex"])
        return self._handle(gpu)

    # -- what a GPU tells

    def nvmlDeviceGetName(self, handle: Any) -> str:  # noqa: N802
        return _text(self._gpu("nvmlDeviceGetName", handle).name)

    def nvmlDeviceGetUUID(self, handle: Any) -> str:  # noqa: N802
        gpu = self._gpu("nvmlDeviceGetUUID", handle)
        return _text(gpu.uuid or f"GPU-{ctypes.cast(handle, ctypes.c_void_p).value:08x}")

    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any:  # noqa: N802
        gpu = self._gpu("nvmlDeviceGetUtilizationRates", handle)
        if gpu.mig is not None:
            self._fail(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return pynvml.c_nvmlUtilization_t(gpu=gpu.busy, memory=gpu.memory_busy)

    def nvmlDeviceGetMemoryInfo(self, handle: Any, version: int | None = None) -> Any:  # noqa: N802
        gpu = self._gpu("nvmlDeviceGetMemoryInfo_v2" if version else "nvmlDeviceGetMemoryInfo", handle)
        free = gpu.total - gpu.used - gpu.reserved
        if version:
            assert version == pynvml.nvmlMemory_v2
            return pynvml.c_nvmlMemory_v2_t(version, gpu.total, gpu.reserved, free, gpu.used)
        # The first version counts what the driver keeps for itself as used.
        return pynvml.c_nvmlMemory_t(gpu.total, free, gpu.used + gpu.reserved)

    def nvmlDeviceGetTemperatureV(  # noqa: N802
        self,
        handle: Any,
        sensor: int,
        version: int = pynvml.nvmlTemperature_v1,
    ) -> int:
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return self._gpu("nvmlDeviceGetTemperatureV", handle).temperature

    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int:  # noqa: N802
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return self._gpu("nvmlDeviceGetTemperature", handle).temperature

    def nvmlDeviceGetPowerUsage(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetPowerUsage", handle).power

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetEnforcedPowerLimit", handle).limit

    def nvmlDeviceGetClockInfo(self, handle: Any, type: int) -> int:  # noqa: N802, A002
        gpu = self._gpu("nvmlDeviceGetClockInfo", handle)
        return {pynvml.NVML_CLOCK_SM: gpu.clock, pynvml.NVML_CLOCK_MEM: gpu.memory_clock}[type]

    def nvmlDeviceGetMaxClockInfo(self, handle: Any, type: int) -> int:  # noqa: N802, A002
        gpu = self._gpu("nvmlDeviceGetMaxClockInfo", handle)
        return {pynvml.NVML_CLOCK_SM: gpu.clock_max, pynvml.NVML_CLOCK_MEM: gpu.memory_clock_max}[type]

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetCurrentClocksEventReasons", handle).throttle

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetCurrentClocksThrottleReasons", handle).throttle

    def nvmlDeviceGetCurrPcieLinkGeneration(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetCurrPcieLinkGeneration", handle).generation

    def nvmlDeviceGetCurrPcieLinkWidth(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetCurrPcieLinkWidth", handle).width

    def nvmlDeviceGetMaxPcieLinkGeneration(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetMaxPcieLinkGeneration", handle).generation_max

    def nvmlDeviceGetMaxPcieLinkWidth(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetMaxPcieLinkWidth", handle).width_max

    def nvmlDeviceGetPcieThroughput(self, device: Any, counter: int) -> int:  # noqa: N802
        gpu = self._gpu("nvmlDeviceGetPcieThroughput", device)
        return {pynvml.NVML_PCIE_UTIL_RX_BYTES: gpu.receive, pynvml.NVML_PCIE_UTIL_TX_BYTES: gpu.transmit}[counter]

    def nvmlDeviceGetFanSpeed(self, handle: Any) -> int:  # noqa: N802
        return self._gpu("nvmlDeviceGetFanSpeed", handle).fan

    def nvmlDeviceGetTotalEccErrors(self, handle: Any, errorType: int, counterType: int) -> int:  # noqa: N802, N803
        gpu = self._gpu("nvmlDeviceGetTotalEccErrors", handle)
        assert errorType == pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED
        return {pynvml.NVML_VOLATILE_ECC: gpu.ecc_boot, pynvml.NVML_AGGREGATE_ECC: gpu.ecc_life}[counterType]

    # -- processes

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle: Any) -> list[Any]:  # noqa: N802
        return self._processes("nvmlDeviceGetComputeRunningProcesses_v3", handle, "compute")

    def nvmlDeviceGetComputeRunningProcesses_v2(self, handle: Any) -> list[Any]:  # noqa: N802
        return self._processes("nvmlDeviceGetComputeRunningProcesses_v2", handle, "compute")

    def nvmlDeviceGetGraphicsRunningProcesses_v3(self, handle: Any) -> list[Any]:  # noqa: N802
        return self._processes("nvmlDeviceGetGraphicsRunningProcesses_v3", handle, "graphics")

    def nvmlDeviceGetGraphicsRunningProcesses_v2(self, handle: Any) -> list[Any]:  # noqa: N802
        return self._processes("nvmlDeviceGetGraphicsRunningProcesses_v2", handle, "graphics")

    def _processes(self, name: str, handle: Any, kind: str) -> list[Any]:
        gpu = self._gpu(name, handle)
        if gpu.mig is not None:  # the sum over instances is for privileged users
            self._fail(pynvml.NVML_ERROR_NO_PERMISSION)
        listed = []
        for process in gpu.processes:
            if process.kind in (kind, "both"):
                memory = pynvml.NVML_VALUE_NOT_AVAILABLE_ulonglong.value if process.memory is None else process.memory
                entry = pynvml.nvmlStructToFriendlyObject(
                    pynvml.c_nvmlProcessInfo_v3_t(process.pid, memory, 0xFFFFFFFF, 0xFFFFFFFF)
                )
                if process.memory is None:
                    entry.usedGpuMemory = None
                listed.append(entry)
        return listed

    # -- MIG

    def nvmlDeviceGetMigMode(self, device: Any) -> list[int]:  # noqa: N802
        gpu = self._gpu("nvmlDeviceGetMigMode", device)
        on = pynvml.NVML_DEVICE_MIG_DISABLE if gpu.mig is None else pynvml.NVML_DEVICE_MIG_ENABLE
        return [on, on]

    def nvmlDeviceGetMaxMigDeviceCount(self, device: Any) -> int:  # noqa: N802
        self._gpu("nvmlDeviceGetMaxMigDeviceCount", device)
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, device: Any, index: int) -> Any:  # noqa: N802
        gpu = self._gpu("nvmlDeviceGetMigDeviceHandleByIndex", device)
        instance = gpu.mig[index] if gpu.mig is not None and index < len(gpu.mig) else None
        if instance is None:
            self._fail(pynvml.NVML_ERROR_NOT_FOUND)
        assert instance is not None
        return self._handle(instance)

    def nvmlDeviceGetGpuInstanceId(self, device: Any) -> int:  # noqa: N802
        instance = self._gpu("nvmlDeviceGetGpuInstanceId", device)
        if instance.instance is None:
            self._fail(pynvml.NVML_ERROR_NOT_SUPPORTED)
        assert instance.instance is not None
        return instance.instance

    # -- events

    def nvmlEventSetCreate(self) -> Any:  # noqa: N802
        self._enter("nvmlEventSetCreate")
        return pynvml.c_nvmlEventSet_t()

    def nvmlDeviceRegisterEvents(self, handle: Any, eventTypes: int, eventSet: Any) -> None:  # noqa: N802, N803
        self._gpu("nvmlDeviceRegisterEvents", handle)
        assert eventTypes == pynvml.nvmlEventTypeXidCriticalError
        self.registered.add(ctypes.cast(handle, ctypes.c_void_p).value or 0)

    def nvmlEventSetWait(self, eventSet: Any, timeoutms: int) -> Any:  # noqa: N802, N803
        self._enter("nvmlEventSetWait")
        assert 0 < timeoutms <= 1
        if not self.events:
            self._fail(pynvml.NVML_ERROR_TIMEOUT)
        gpu, code = self.events.pop(0)
        return pynvml.c_nvmlEventData_t(self._handle(gpu), pynvml.nvmlEventTypeXidCriticalError, code, 0, 0)

    def nvmlEventSetFree(self, eventSet: Any) -> None:  # noqa: N802, N803
        self._enter("nvmlEventSetFree")


def _text(raw: str | bytes) -> str:
    """As the real module does: whatever the driver gave, decoded as UTF-8 or not at all."""
    return str(pynvml.convertStrBytes(lambda: raw)())


# -- machines


def none() -> FakeNvml:
    """No driver."""
    return FakeNvml(errors={"nvmlInit": pynvml.NVML_ERROR_LIBRARY_NOT_FOUND})


def many(count: int) -> FakeNvml:
    """So many GPUs, each a little different."""
    return FakeNvml(
        [
            FakeGpu(
                uuid=f"GPU-{place}",
                busy=10 * place % 101,
                used=(place + 1) * GIB,
                processes=[FakeProcess(1000 + 10 * place + n, (4 - n) * GIB) for n in range(4)],
            )
            for place in range(count)
        ]
    )


def mig() -> FakeNvml:
    """Two GPUs, one of them as three instances, not at the first places."""
    parts = [
        FakeGpu(f"NVIDIA H100 80GB HBM3 MIG {name}", f"MIG-{n}", total=total * GIB, used=n * GIB + GIB, reserved=0)
        for n, (name, total) in enumerate((("1g.10gb", 10), ("1g.10gb", 10), ("3g.40gb", 40)))
    ]
    parts[2].processes = [FakeProcess(4321, 3 * GIB)]
    return FakeNvml([FakeGpu(uuid="GPU-0"), FakeGpu(uuid="GPU-1", mig=[None, *parts])])


def unsupported(functions: Iterable[str], code: int = pynvml.NVML_ERROR_NOT_SUPPORTED) -> FakeNvml:
    """One GPU that has no answer to these."""
    return FakeNvml([FakeGpu(errors=dict.fromkeys(functions, code))])
