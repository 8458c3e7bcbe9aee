"""One GPU that this machine's driver and an exporter tell of: one row, each measure once."""

from __future__ import annotations

from typing import Any

import fake_nvml
import pytest
from fakes import Clock

from perf_tui.engine.engine import Engine
from perf_tui.engine.gpus import GpuJoin, identity
from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.source import Derived
from perf_tui.measures.gpus import Gpu, rows
from perf_tui.measures.model import Status, absent
from perf_tui.sources.fake import FakeSource
from perf_tui.sources.gpu.nvml import Nvidia
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.model import Model

MEBI = 2**20
PROFILES = load_all()


class Exporter(FakeSource):
    """An endpoint that always answers the same."""

    def __init__(self, name: str, body: str) -> None:
        super().__init__(lambda n: {}, name)
        self._model = Model(name, PROFILES, 60.0, source=name)
        self._body = body

    def derive(self, reading: Any, at: float) -> Derived:
        scrape = self._model.reader.read(self._body)
        if self._model.settle():
            scrape = self._model.reader.read(self._body)
        return self._model.derive(scrape, at, at)


def dcgm(gpu: str, uuid: str, instance: str = "", **fields: float) -> str:
    """Fields of a GPU, or of its instance."""
    more = f',GPU_I_PROFILE="1g.10gb",GPU_I_ID="{instance}"' if instance else ""
    labels = f'gpu="{gpu}",UUID="{uuid}",modelName="NVIDIA H100 80GB HBM3"{more}'
    return "".join(f"DCGM_FI_{name}{{{labels}}} {number}\n" for name, number in fields.items())


async def seen(nvml: fake_nvml.FakeNvml, *bodies: str) -> Snapshot:
    """What is known of GPUs that NVML and exporters tell of."""
    exporters = [Exporter(f"dcgm {number}", body) for number, body in enumerate(bodies)]
    clock = Clock()
    engine = Engine(
        [Nvidia(library=lambda: nvml), *exporters], stages=[GpuJoin()], monotonic=clock, wall=clock.wall, host="test"
    )
    await engine.tick(5.0)
    clock.advance(2.0)
    return await engine.tick(5.0)


async def test_the_drivers_row_stays_and_the_exporters_measures_go() -> None:
    snapshot = await seen(fake_nvml.many(2), dcgm("7", "GPU-1", DEV_GPU_UTIL=88, DEV_GPU_TEMP=99, DEV_SM_CLOCK=1500))
    assert [(gpu.gpu, gpu.source) for gpu in rows(snapshot.tables)] == [("0", "nvidia"), ("1", "nvidia")]
    assert snapshot.get("gpu.temperature", gpu="1", name="NVIDIA H100 80GB HBM3").number == 61.0
    assert {key.label("gpu") for key, _ in snapshot.all("gpu.temperature")} == {"0", "1"}, "each GPU once"


async def test_a_gpu_that_only_the_exporter_knows_stays() -> None:
    snapshot = await seen(fake_nvml.many(2), dcgm("0", "GPU-elsewhere-9", DEV_GPU_UTIL=88))
    assert [gpu.gpu for gpu in rows(snapshot.tables)] == ["0", "1", "dcgm 0/0"]


async def test_the_exporter_tells_how_busy_a_gpu_in_mig_mode_is_and_its_instances_are_joined() -> None:
    nvml = fake_nvml.mig()
    parts = nvml.gpus[1].mig
    assert parts is not None
    for number, part in zip((3, 5, 6), parts[1:], strict=True):
        assert part is not None
        part.instance = number
    body = "".join(
        dcgm("1", "GPU-1", str(number), DEV_GPU_TEMP=61, PROF_GR_ENGINE_ACTIVE=busy, DEV_FB_USED=100, DEV_FB_FREE=900)
        for number, busy in ((3, 0.25), (5, 0.5))
    )
    snapshot = await seen(nvml, body)
    found = rows(snapshot.tables)
    assert [gpu.gpu for gpu in found] == ["0", "1", "1:1", "1:2", "1:3"], "all of them the driver's"
    busy = {key.label("gpu"): value for key, value in snapshot.all("gpu.utilization")}
    assert (busy["1:1"].number, busy["1:2"].number, busy["1"].number) == (0.25, 0.5, 0.5)
    assert busy["1:3"].status is Status.ABSENT, "the exporter does not tell of it"
    used = {key.label("gpu"): value.number for key, value in snapshot.all("gpu.memory.used")}
    assert used["1:1"] == fake_nvml.GIB, "the driver's own number"
    assert set(used) == {"0", "1", "1:1", "1:2", "1:3"}


async def test_two_exporters_of_one_gpu_are_one_row_and_the_one_that_tells_more_stays() -> None:
    little = 'nvidia_smi_gpu_info{uuid="a1",index="0",name="H100"} 1\nnvidia_smi_temperature_gpu{uuid="a1"} 50\n'
    much = dcgm("0", "GPU-A1", DEV_GPU_UTIL=75, DEV_FB_USED=10, DEV_FB_FREE=30)
    snapshot = await seen(fake_nvml.none(), little, much)
    (gpu,) = rows(snapshot.tables)
    assert (gpu.gpu, gpu.exporter) == ("dcgm 1/0", "NVIDIA DCGM exporter")
    labels = {"gpu": "dcgm 1/0", "name": "NVIDIA H100 80GB HBM3"}
    assert snapshot.get("gpu.temperature", **labels).number == 50.0, "which only the other tells"
    assert snapshot.get("gpu.memory.used", **labels).number == 10 * MEBI
    assert len(list(snapshot.all("gpu.temperature"))) == 1


async def test_without_anything_to_join_nothing_changes() -> None:
    snapshot = await seen(fake_nvml.many(1))
    assert [gpu.gpu for gpu in rows(snapshot.tables)] == ["0"]
    assert "gpus_joined" not in snapshot.tables


@pytest.mark.parametrize("uuid", ["", "GPU-", "00000000-0000-0000-0000-000000000000"])
def test_a_uuid_that_stands_for_none_joins_nothing(uuid: str) -> None:
    assert identity(uuid) == ""
    two = tuple(Gpu("0", "H100", source, "NVIDIA", uuid, clock=absent("no")) for source in ("one", "other"))
    derived = GpuJoin().derive({"gpus": two}, None)  # type: ignore[arg-type]
    assert derived.tables == {}
