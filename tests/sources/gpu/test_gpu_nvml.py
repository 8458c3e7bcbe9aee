"""NVIDIA's GPUs on a played library: what is read, what is not there, what fails, what comes back."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import fake_nvml
import pynvml
import pytest
from fake_nvml import GIB, FakeGpu, FakeNvml, FakeProcess
from fakes import Clock
from gpu_life import Life

from perf_tui.measures.gpus import GpuProcess, memory_by_pid
from perf_tui.measures.model import Status, Value
from perf_tui.sources.gpu import driver
from perf_tui.sources.gpu.nvml import OPEN_AGAIN, Nvidia
from perf_tui.sources.gpu.reading import DEAR_EVERY, PROCESSES_EVERY

MEASURES = ("utilization", "memory.used", "memory.total", "memory.utilization", "temperature", "power", "power.limit")


@pytest.fixture
def live(clock: Clock) -> Callable[..., Life]:
    """A source on a played library, under the engine's runner."""

    def make(nvml: FakeNvml, **options: float) -> Life:
        return Life(Nvidia(library=lambda: nvml, monotonic=clock, **options), clock)

    return make


# -- what is read


async def test_one_gpu(live: Callable[..., Life]) -> None:
    nvml = FakeNvml([FakeGpu(uuid="GPU-1234")])
    life = live(nvml)
    assert await life.pass_tick() is Status.OK
    assert [life.number(id) for id in MEASURES] == [
        0.37, 20.0 * GIB, 80.0 * GIB, 0.25, 61.0, pytest.approx(312.5), pytest.approx(700.0),
    ]  # fmt: skip
    row = life.rows["0"]
    assert (row.vendor, row.uuid, row.source, row.problem) == ("NVIDIA", "GPU-1234", "nvidia", "")
    assert (row.clock, row.clock_max) == (Value(1755e6), Value(1980e6))
    assert (row.memory_clock, row.memory_clock_max) == (Value(2619e6), Value(2619e6))
    assert (row.memory_busy.number, row.fan.number) == (pytest.approx(0.12), pytest.approx(0.3))
    assert (row.ecc_boot, row.ecc_life) == (Value(0.0), Value(0.0))
    assert (row.pcie.generation, row.pcie.width) == (Value(5.0), Value(16.0))
    assert (row.throttle, row.xids, row.unified) == ((), (), False)


async def test_memory_in_use_is_without_what_the_driver_keeps(live: Callable[..., Life]) -> None:
    gpu = FakeGpu(total=16 * GIB, reserved=GIB, used=4 * GIB)
    life = live(FakeNvml([gpu]))
    await life.pass_tick()
    assert life.number("memory.used") == 4 * GIB
    assert life.number("memory.utilization") == 0.25


async def test_eight_gpus_are_eight_rows_in_the_drivers_order(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.many(8))
    await life.pass_tick()
    assert list(life.rows) == list("01234567")
    assert [life.number("utilization", gpu) for gpu in life.rows] == pytest.approx([n / 10 for n in range(8)])
    assert [life.number("memory.used", gpu) for gpu in life.rows] == [(n + 1) * GIB for n in range(8)]


async def test_handles_and_names_are_asked_for_once(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml)
    await life.pass_tick(10)
    assert nvml.calls["nvmlDeviceGetHandleByIndex"] == nvml.calls["nvmlDeviceGetName"] == 2
    assert nvml.calls["nvmlDeviceGetUtilizationRates"] == 20
    assert nvml.calls["nvmlInit"] == 1


async def test_dear_readings_are_seldom_and_spread_over_the_ticks(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(DEAR_EVERY)
    life = live(nvml)
    await life.pass_tick()
    assert nvml.calls["nvmlDeviceGetPcieThroughput"] == 0, "the first reading is not held up"
    assert life.rows["0"].pcie.receive.status is Status.PENDING
    asked = []
    for _ in range(2 * DEAR_EVERY):
        nvml.calls.clear()
        await life.pass_tick()
        asked.append(nvml.calls["nvmlDeviceGetPcieThroughput"])
    assert asked == [2] * len(asked), "of one GPU each, both directions"
    assert life.rows["0"].pcie.receive == Value(2000 * 1024.0)
    assert life.rows["0"].pcie.transmit == Value(1000 * 1024.0)


async def test_what_was_read_at_a_dear_reading_is_kept(live: Callable[..., Life]) -> None:
    gpu = FakeGpu()
    life = live(FakeNvml([gpu]))
    await life.pass_tick()
    gpu.limit = 500_000
    await life.pass_tick(DEAR_EVERY - 1)
    assert life.number("power.limit") == pytest.approx(700)
    await life.pass_tick()
    assert life.number("power.limit") == pytest.approx(500)


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (0, []),
        (pynvml.nvmlClocksEventReasonGpuIdle, []),
        (pynvml.nvmlClocksEventReasonSwPowerCap, ["power limit"]),
        (pynvml.nvmlClocksEventReasonHwSlowdown, ["hardware slowdown"]),
        (
            pynvml.nvmlClocksEventReasonHwSlowdown | pynvml.nvmlClocksEventReasonHwThermalSlowdown,
            ["too hot (hardware)"],
        ),
        (
            pynvml.nvmlClocksEventReasonSwPowerCap | pynvml.nvmlClocksEventReasonSwThermalSlowdown,
            ["too hot", "power limit"],
        ),
        (1 << 40, []),
    ],
)
async def test_throttling_in_words(live: Callable[..., Life], bits: int, words: list[str]) -> None:
    life = live(FakeNvml([FakeGpu(throttle=bits)]))
    await life.pass_tick()
    assert [throttle.words for throttle in life.rows["0"].throttle or ()] == words


async def test_notices(live: Callable[..., Life]) -> None:
    gpu = FakeGpu(ecc_boot=3, ecc_life=5, width=8, processes=[FakeProcess(1)])
    life = live(FakeNvml([gpu]))
    await life.pass_tick()
    assert life.rows["0"].notices == (
        "3 memory errors that could not be corrected since the driver was loaded",
        "its PCIe link runs at x8 of x16",
    )


# -- processes


async def test_processes_of_both_kinds_once_each(live: Callable[..., Life]) -> None:
    gpu = FakeGpu(
        processes=[
            FakeProcess(10, 2 * GIB),
            FakeProcess(11, GIB, "graphics"),
            FakeProcess(12, 3 * GIB, "both"),
            FakeProcess(13, None),
        ]
    )
    life = live(FakeNvml([gpu]))
    await life.pass_tick()
    assert life.rows["0"].processes == (
        GpuProcess(12, 3 * GIB, "both"),
        GpuProcess(10, 2 * GIB, "compute"),
        GpuProcess(11, GIB, "graphics"),
        GpuProcess(13, None, "compute"),
    )


async def test_memory_of_a_process_on_several_gpus(live: Callable[..., Life]) -> None:
    gpus = [FakeGpu(processes=[FakeProcess(10, 2 * GIB), FakeProcess(13, None)]) for _ in range(3)]
    life = live(FakeNvml(gpus))
    await life.pass_tick()
    assert memory_by_pid(life.rows.values()) == {10: 6 * GIB}


async def test_a_process_that_vanishes(live: Callable[..., Life]) -> None:
    gpu = FakeGpu(processes=[FakeProcess(10), FakeProcess(11)])
    life = live(FakeNvml([gpu]))
    await life.pass_tick()
    gpu.processes = [FakeProcess(11)]
    await life.pass_tick(PROCESSES_EVERY)
    assert [process.pid for process in life.rows["0"].processes or ()] == [11]
    assert life.status is Status.OK


async def test_a_list_that_grows_while_it_is_read_is_read_again(live: Callable[..., Life]) -> None:
    gpu = FakeGpu(processes=[FakeProcess(10)])
    nvml = FakeNvml([gpu])
    once = [pynvml.NVMLError(pynvml.NVML_ERROR_INSUFFICIENT_SIZE)]
    listed = nvml.nvmlDeviceGetComputeRunningProcesses_v3

    def growing(handle: object) -> list[object]:
        if once:
            raise once.pop()
        return listed(handle)

    nvml.nvmlDeviceGetComputeRunningProcesses_v3 = growing  # type: ignore[method-assign]
    life = live(nvml)
    await life.pass_tick()
    assert life.rows["0"].processes == (GpuProcess(10, GIB, "compute"),)


async def test_busy_without_processes_is_explained(live: Callable[..., Life]) -> None:
    life = live(FakeNvml([FakeGpu(busy=90), FakeGpu(busy=90, processes=[FakeProcess(1)]), FakeGpu(busy=0)]))
    await life.pass_tick()
    assert "--pid host" in life.rows["0"].notices[0]
    assert life.rows["1"].notices == life.rows["2"].notices == ()


# -- what a GPU or a driver does not have


async def test_what_is_not_supported_is_absent_and_the_rest_is_there(live: Callable[..., Life]) -> None:
    missing = ("nvmlDeviceGetPowerUsage", "nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetFanSpeed",
               "nvmlDeviceGetTotalEccErrors", "nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetMigMode",
               "nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceRegisterEvents")  # fmt: skip
    life = live(fake_nvml.unsupported(missing))
    assert await life.pass_tick() is Status.OK
    assert life.why("power") == life.why("power.limit") == (Status.ABSENT, "this GPU does not tell it")
    assert life.number("utilization") == 0.37
    row = life.rows["0"]
    assert row.fan.status is row.ecc_boot.status is Status.ABSENT
    assert row.throttle is None
    assert row.xids is None
    assert row.processes == ()


async def test_no_permission_says_what_gives_it(live: Callable[..., Life]) -> None:
    functions = ("nvmlDeviceGetPowerUsage", "nvmlDeviceGetComputeRunningProcesses_v3",
                 "nvmlDeviceGetGraphicsRunningProcesses_v3")  # fmt: skip
    life = live(fake_nvml.unsupported(functions, pynvml.NVML_ERROR_NO_PERMISSION))
    assert await life.pass_tick() is Status.OK
    assert life.why("power") == (Status.DENIED, "the driver tells it to root only")
    row = life.rows["0"]
    assert (row.processes, row.processes_reason) == (None, "the driver tells it to root only")


async def test_an_unknown_error_is_the_fields_own(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.unsupported(["nvmlDeviceGetTemperatureV"], pynvml.NVML_ERROR_UNKNOWN))
    assert await life.pass_tick() is Status.OK
    assert life.why("temperature") == (Status.ERROR, "the driver says: Unknown Error")
    assert life.number("power") == pytest.approx(312.5)


async def test_an_error_that_the_module_has_no_words_for(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.unsupported(["nvmlDeviceGetTemperatureV"], 4711))
    assert await life.pass_tick() is Status.OK
    status, reason = life.why("temperature")
    assert status is Status.ERROR
    assert "4711" in (reason or "")


@pytest.mark.parametrize("nothing", [0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF])
async def test_no_value_is_not_a_large_number(live: Callable[..., Life], nothing: int) -> None:
    gpu = FakeGpu(temperature=nothing, power=nothing, clock=nothing, ecc_boot=nothing)
    life = live(FakeNvml([gpu]))
    await life.pass_tick()
    assert life.why("temperature") == life.why("power") == (Status.ABSENT, "the driver has no value for it")
    assert life.rows["0"].clock.status is life.rows["0"].ecc_boot.status is Status.ABSENT
    assert not any("memory error" in notice for notice in life.rows["0"].notices)


async def test_a_share_that_cannot_be_is_no_number(live: Callable[..., Life]) -> None:
    life = live(FakeNvml([FakeGpu(busy=4_000_000)]))
    await life.pass_tick()
    assert life.why("utilization") == (Status.ERROR, "the driver gave 4e+06 %")


async def test_unified_memory(live: Callable[..., Life]) -> None:
    """As on a DGX Spark: no memory of its own, the link's fields filled with the least there is, processes told."""
    gpu = FakeGpu(
        "NVIDIA GB10", generation=1, width=1, processes=[FakeProcess(77, 60 * GIB)],
        errors=dict.fromkeys(
            ("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetFanSpeed"),
            pynvml.NVML_ERROR_NOT_SUPPORTED,
        ),
    )  # fmt: skip
    life = live(FakeNvml([gpu]))
    assert await life.pass_tick() is Status.OK
    for id in ("memory.used", "memory.total", "memory.utilization"):
        assert life.why(id) == (Status.ABSENT, "it has no memory of its own: it uses the machine's")
    row = life.rows["0"]
    assert row.unified
    assert row.pcie.width.number is None
    assert memory_by_pid([row]) == {77: 60 * GIB}


async def test_an_old_driver_is_asked_in_its_own_way(live: Callable[..., Life]) -> None:
    newer = ("nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetTemperatureV", "nvmlDeviceGetCurrentClocksEventReasons",
             "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v3")  # fmt: skip
    gpu = FakeGpu(used=3 * GIB, reserved=GIB, throttle=4, processes=[FakeProcess(5)])
    nvml = FakeNvml([gpu], errors=dict.fromkeys(newer, pynvml.NVML_ERROR_FUNCTION_NOT_FOUND))
    life = live(nvml)
    await life.pass_tick(3)
    assert life.number("memory.used") == 4 * GIB, "the old question counts what the driver keeps"
    assert life.number("temperature") == 61
    assert [each.words for each in life.rows["0"].throttle or ()] == ["power limit"]
    assert [each.pid for each in life.rows["0"].processes or ()] == [5]
    assert [nvml.calls[name] for name in newer] == [1] * len(newer), "what it does not have it is asked once"


# -- names


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\xf8\x01NVIDIA", r"\xf8\x01NVIDIA"),
        (b"\xff\xfe\xfd", r"\xff\xfe\xfd"),
        ("NVIDIA \x1b[31mred", r"NVIDIA \x1b[31mred"),
        ("  NVIDIA T4  ", "NVIDIA T4"),
        ("", "NVIDIA GPU"),
        ("显卡", "显卡"),
    ],
)
async def test_garbage_names(live: Callable[..., Life], raw: str | bytes, shown: str) -> None:
    life = live(FakeNvml([FakeGpu(raw)]))
    assert await life.pass_tick() is Status.OK
    assert life.names == {"0": shown}


# -- MIG


async def test_mig_instances_are_rows_of_their_own(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.mig())
    assert await life.pass_tick() is Status.OK
    assert list(life.rows) == ["0", "1", "1:1", "1:2", "1:3"]
    assert [life.rows[gpu].parent for gpu in life.rows] == ["", "", "1", "1", "1"]
    assert life.rows["1:3"].name.endswith("MIG 3g.40gb")
    assert [life.number("memory.used", gpu) for gpu in ("1:1", "1:2", "1:3")] == [GIB, 2 * GIB, 3 * GIB]
    assert [life.number("memory.total", gpu) for gpu in ("1:1", "1:2", "1:3")] == [10 * GIB, 10 * GIB, 40 * GIB]
    assert life.number("memory.utilization", "1:2") == 0.2


async def test_shared_sensors_stand_on_the_gpu_alone(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.mig())
    await life.pass_tick()
    told = {id for id, gpu in life.values if gpu == "1:1"}
    assert told == {"gpu.utilization", "gpu.memory.used", "gpu.memory.total", "gpu.memory.utilization"}
    assert life.number("temperature", "1") == 61
    assert life.number("power", "1") == pytest.approx(312.5)


async def test_utilization_is_absent_in_mig_mode(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.mig())
    await life.pass_tick()
    for gpu in ("1", "1:1"):
        status, reason = life.why("utilization", gpu)
        assert status is Status.ABSENT
        assert "dcgm-exporter" in (reason or "")
    assert life.number("utilization", "0") == 0.37


async def test_processes_stand_on_their_instance(live: Callable[..., Life]) -> None:
    life = live(fake_nvml.mig())
    await life.pass_tick()
    assert [process.pid for process in life.rows["1:3"].processes or ()] == [4321]
    assert life.rows["1:1"].processes == ()
    assert life.rows["1"].processes is None
    assert memory_by_pid(life.rows.values()) == {4321: 3 * GIB}


async def test_the_whole_memory_is_for_root_where_the_driver_says_so(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.mig()
    nvml.gpus[1].errors["nvmlDeviceGetMemoryInfo_v2"] = pynvml.NVML_ERROR_NO_PERMISSION
    life = live(nvml)
    await life.pass_tick()
    assert life.why("memory.used", "1") == (Status.DENIED, "the driver tells it to root only")
    assert life.number("memory.used", "1:1") == GIB


async def test_a_changed_layout_is_found(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.mig()
    life = live(nvml)
    await life.pass_tick()
    parts = nvml.gpus[1].mig
    assert parts is not None
    gone, parts[1] = parts[1], None
    assert gone is not None
    gone.errors["*"] = pynvml.NVML_ERROR_INVALID_ARGUMENT
    await life.pass_tick()
    assert "1:1" not in life.rows, "what is gone is not shown until the layout is read again"
    parts[0] = FakeGpu("MIG 2g.20gb", "MIG-new", total=20 * GIB)
    await life.pass_tick(DEAR_EVERY)
    assert list(life.rows) == ["0", "1", "1:0", "1:2", "1:3"]
    assert life.status is Status.OK


# -- errors by number


async def test_xids_are_counted_by_gpu(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml)
    await life.pass_tick()
    first, second = nvml.gpus
    nvml.events = [(second, 31), (second, 31), (second, 48), (first, 4242)]
    await life.pass_tick()
    assert life.rows["0"].notices == ("Xid 4242",)
    assert life.rows["1"].notices == (
        "Xid 48: a memory error that could not be corrected",
        "Xid 31: a program accessed memory that is not its own (2 times)",
    )
    nvml.events = [(second, 31)]
    await life.pass_tick(5)
    assert [(xid.code, xid.times) for xid in life.rows["1"].xids or ()] == [(48, 1), (31, 3)]


async def test_a_storm_of_xids_stays_small(live: Callable[..., Life]) -> None:
    nvml = FakeNvml([FakeGpu()])
    life = live(nvml)
    nvml.events = [(nvml.gpus[0], code % 100) for code in range(1000)]
    await life.pass_tick(40)
    assert life.status is Status.OK
    assert len(life.rows["0"].xids or ()) <= 16
    assert not nvml.events


# -- no driver


async def test_no_driver_is_one_line_and_not_looked_for_again_for_a_minute(clock: Clock) -> None:
    looked = []

    def library() -> FakeNvml:
        looked.append(clock.now)
        return fake_nvml.none()

    life = Life(Nvidia(library=library, monotonic=clock), clock)
    assert await life.pass_tick() is Status.ABSENT
    assert life.error == "no NVIDIA driver"
    await life.pass_tick(300)
    assert all(later - earlier >= 60 for earlier, later in pairwise(looked))
    assert 2 <= len(looked) <= 11
    assert life.status is Status.ABSENT
    assert life.values == {}


async def test_a_driver_that_is_loaded_later_is_found(live: Callable[..., Life]) -> None:
    nvml = FakeNvml([FakeGpu()], errors={"nvmlInit": pynvml.NVML_ERROR_DRIVER_NOT_LOADED})
    life = live(nvml)
    assert await life.pass_tick() is Status.ABSENT
    assert life.error == "the NVIDIA driver is installed, but not loaded"
    nvml.errors.clear()
    assert await life.pass_tick(62) is Status.OK


async def test_no_gpu(live: Callable[..., Life]) -> None:
    nvml, before = FakeNvml(), threading.enumerate()
    life = live(nvml)
    assert await life.pass_tick() is Status.ABSENT
    assert life.error == "the NVIDIA driver has no GPU"
    assert nvml.opened == 0
    await until(lambda: not [each for each in threading.enumerate() if each not in before])


def test_without_the_library_the_module_is_not_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(driver, "LIBRARY", "libthat-is-nowhere.so.1")
    monkeypatch.setitem(sys.modules, "pynvml", None)  # importing it would raise ImportError
    with pytest.raises(driver.SourceAbsent, match=r"^no NVIDIA driver$"):
        driver.load(str(tmp_path))


def test_a_container_without_the_library_is_told_so(monkeypatch: pytest.MonkeyPatch, tree: object) -> None:
    tree.write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05\n")  # type: ignore[attr-defined]
    monkeypatch.setattr(driver, "LIBRARY", "libthat-is-nowhere.so.1")
    with pytest.raises(driver.SourceAbsent, match="--gpus all"):
        driver.load(tree.proc)  # type: ignore[attr-defined]


def test_with_the_library_the_module_is_the_real_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(driver, "LIBRARY", None)  # the program itself
    (tmp_path / "nvidiactl").touch()
    assert driver.load(dev=str(tmp_path)) is pynvml


def test_without_a_device_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)  # importing it would raise ImportError
    with pytest.raises(driver.SourceAbsent, match=r"^no NVIDIA driver$"):
        driver.load(str(tmp_path), str(tmp_path))


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, Status.ERROR, "different versions"),
        (pynvml.NVML_ERROR_NO_PERMISSION, Status.DENIED, "/dev/nvidiactl"),
        (pynvml.NVML_ERROR_UNKNOWN, Status.ERROR, "container"),
        (pynvml.NVML_ERROR_MEMORY, Status.ERROR, "the NVIDIA driver says: Insufficient Memory"),
    ],
)
async def test_a_driver_that_cannot_be_opened(live: Callable[..., Life], code: int, status: Status, words: str) -> None:
    nvml = FakeNvml([FakeGpu()], errors={"nvmlInit": code})
    life = live(nvml)
    assert await life.pass_tick() is status
    assert words in life.error
    nvml.errors.clear()
    assert await life.pass_tick(2) is Status.OK


# -- failures, and coming back


async def test_one_failing_gpu_fails_alone(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(4)
    nvml.gpus[2].errors["nvmlDeviceGetHandleByIndex"] = pynvml.NVML_ERROR_UNKNOWN
    life = live(nvml)
    assert await life.pass_tick(3) is Status.OK
    assert list(life.rows) == ["0", "1", "2", "3"]
    assert life.rows["2"].problem == "the driver says: Unknown Error"
    for id in MEASURES:
        assert life.why(id, "2") == (Status.ERROR, "the driver says: Unknown Error")
    assert [life.number("utilization", gpu) for gpu in "013"] == pytest.approx([0.0, 0.1, 0.3])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (pynvml.NVML_ERROR_GPU_IS_LOST, "it is lost"),
        (pynvml.NVML_ERROR_RESET_REQUIRED, "it needs a reset"),
        (pynvml.NVML_ERROR_INVALID_ARGUMENT, "the driver no longer knows it"),
    ],
)
async def test_a_gpu_is_lost_and_comes_back(live: Callable[..., Life], code: int, words: str) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml)
    await life.pass_tick()
    name = life.names["1"]
    nvml.gpus[1].errors["*"] = code
    assert await life.pass_tick() is Status.OK
    assert words in life.rows["1"].problem
    assert life.why("utilization", "1")[0] is Status.ERROR
    assert life.number("utilization", "0") == 0.0
    calls = nvml.calls["nvmlInit"]
    await life.pass_tick(int(OPEN_AGAIN / 2) // 2)
    assert nvml.calls["nvmlInit"] == calls, "the others are not disturbed at every tick"
    assert life.names["1"] == name
    nvml.gpus[1].errors.clear()
    await life.pass_tick(int(OPEN_AGAIN / 2))
    assert nvml.calls["nvmlInit"] == calls + 1
    assert life.rows["1"].problem == ""
    assert life.number("utilization", "1") == pytest.approx(0.1)
    assert nvml.opened == 1


async def test_the_only_gpu_is_lost(live: Callable[..., Life]) -> None:
    nvml = FakeNvml([FakeGpu()])
    life = live(nvml)
    await life.pass_tick()
    nvml.gpus[0].errors["*"] = pynvml.NVML_ERROR_GPU_IS_LOST
    assert await life.pass_tick() is Status.ERROR
    assert "lost" in life.error
    nvml.gpus[0].errors.clear()
    assert await life.pass_tick(3) is Status.OK
    assert life.number("utilization") == 0.37
    assert nvml.opened == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (pynvml.NVML_ERROR_UNINITIALIZED, Status.ERROR),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, Status.ERROR),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, Status.ABSENT),
    ],
)
async def test_the_driver_goes_away_and_comes_back(live: Callable[..., Life], code: int, status: Status) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml)
    await life.pass_tick()
    nvml.errors["nvmlDeviceGetUtilizationRates"] = code
    assert await life.pass_tick() is status
    nvml.errors.clear()
    assert await life.pass_tick(62) is Status.OK
    assert nvml.opened == 1
    assert life.number("utilization", "1") == pytest.approx(0.1)


async def test_xids_outlive_a_lost_driver(live: Callable[..., Life]) -> None:
    nvml = FakeNvml([FakeGpu()])
    life = live(nvml)
    await life.pass_tick()
    nvml.events = [(nvml.gpus[0], 79)]
    await life.pass_tick()
    nvml.errors["nvmlDeviceGetUtilizationRates"] = pynvml.NVML_ERROR_UNINITIALIZED
    await life.pass_tick()
    nvml.errors.clear()
    assert await life.pass_tick(3) is Status.OK
    assert [xid.code for xid in life.rows["0"].xids or ()] == [79]


# -- a driver that hangs


@asynccontextmanager
async def hanging(nvml: FakeNvml, function: str) -> AsyncIterator[None]:
    """The function hangs within, and returns at the end."""
    nvml.hangs = function
    nvml.entered.clear()
    nvml.released.clear()
    try:
        yield
    finally:
        nvml.hangs = ""
        nvml.released.set()


async def until(true: Callable[[], bool]) -> None:
    """Wait for another thread."""
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")


async def test_a_hanging_call_is_given_up_and_said(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml, reading=0.05)
    await life.pass_tick()
    async with hanging(nvml, "nvmlDeviceGetPowerUsage"):
        assert await life.pass_tick() is Status.ERROR
        assert life.error == "the NVIDIA driver does not answer"
        calls = nvml.calls.total()
        async with asyncio.timeout(10):
            assert await life.pass_tick(20) is Status.ERROR
        assert life.error == "the NVIDIA driver does not answer"
        assert nvml.calls.total() == calls, "nothing piles up behind the call that hangs"
    await until(lambda: life.source._patience._hanging.is_set())  # type: ignore[attr-defined]
    assert await life.pass_tick(64) is Status.OK
    assert life.number("utilization", "1") == pytest.approx(0.1)
    assert nvml.opened == 1


async def test_a_driver_that_hangs_when_it_is_opened(live: Callable[..., Life]) -> None:
    nvml = FakeNvml([FakeGpu()])
    life = live(nvml, opening=0.05)
    async with hanging(nvml, "nvmlInit"):
        assert await life.pass_tick() is Status.ERROR
        assert life.error == "the NVIDIA driver does not answer"
    await until(lambda: life.source._patience._hanging.is_set())  # type: ignore[attr-defined]
    assert await life.pass_tick(64) is Status.OK
    assert nvml.opened == 1


async def test_closing_gives_the_library_back(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml)
    await life.pass_tick()
    await life.runner.close()
    assert nvml.opened == 0
    assert nvml.calls["nvmlEventSetFree"] == 1


async def test_closing_does_not_wait_for_a_driver_that_hangs(live: Callable[..., Life]) -> None:
    nvml = fake_nvml.many(2)
    life = live(nvml, reading=0.05)
    await life.pass_tick()
    async with hanging(nvml, "nvmlShutdown"):
        async with asyncio.timeout(10):
            await life.runner.close()
