"""GPU exporters: bodies written here, with the names that they export."""

import pytest
from serving import begun

from perf_tui.measures.gpus import rows
from perf_tui.measures.model import Status

INT64_BLANK = 9223372036854775794
FP64_BLANK = 140737488355328


def dcgm(gpu: int, more: str = "", **fields: float) -> str:
    """Fields of one GPU."""
    labels = f'gpu="{gpu}",UUID="GPU-{gpu}",modelName="NVIDIA H100",Hostname="n1"{more}'
    return "".join(f"DCGM_FI_{name}{{{labels}}} {number!r}\n" for name, number in fields.items())


def test_dcgm() -> None:
    server = begun(
        dcgm(
            0, DEV_GPU_UTIL=75, PROF_GR_ENGINE_ACTIVE=0.62, DEV_FB_USED=1000, DEV_FB_FREE=2500, DEV_FB_RESERVED=500,
            DEV_GPU_TEMP=66, DEV_POWER_USAGE=412.5, DEV_POWER_MGMT_LIMIT=700,
        )
    )  # fmt: skip
    assert server.profile == "dcgm-exporter"
    expected = {
        "gpu.utilization": 0.62, "gpu.memory.used": 1000 * 2**20, "gpu.memory.total": 4000 * 2**20,
        "gpu.memory.utilization": 0.25, "gpu.temperature": 66, "gpu.power": 412.5, "gpu.power.limit": 700,
    }  # fmt: skip
    for measure, number in expected.items():
        assert server.gpu(measure, "0", "NVIDIA H100").number == pytest.approx(number), measure
    assert [(row.gpu, row.name, row.source) for row in rows(server.derived.tables)] == [("llm/0", "NVIDIA H100", "llm")]


@pytest.mark.parametrize("blank", [INT64_BLANK, INT64_BLANK + 1, 2**63, FP64_BLANK, -1])
def test_a_blank_is_no_number(blank: int) -> None:
    server = begun(
        dcgm(
            0, DEV_GPU_UTIL=blank, DEV_FB_USED=1000, DEV_FB_FREE=blank, DEV_GPU_TEMP=50, DEV_POWER_USAGE=blank,
            PROF_GR_ENGINE_ACTIVE=blank,
        )
    )  # fmt: skip
    for measure in ("gpu.utilization", "gpu.memory.total", "gpu.power"):
        assert server.gpu(measure, "0", "NVIDIA H100").status is Status.ABSENT, measure
    assert server.gpu("gpu.memory.used", "0", "NVIDIA H100").number == 1000 * 2**20
    assert server.gpu("gpu.memory.utilization", "0", "NVIDIA H100").number is None
    assert server.gpu("gpu.temperature", "0", "NVIDIA H100").number == 50.0


def test_where_one_field_is_blank_another_that_tells_the_same_is_taken() -> None:
    server = begun(dcgm(0, PROF_GR_ENGINE_ACTIVE=INT64_BLANK, DEV_GPU_UTIL=40))
    assert server.gpu("gpu.utilization", "0", "NVIDIA H100").number == pytest.approx(0.4)


def mig(*instances: tuple[int, int]) -> str:
    """GPU 0 as instances: number and memory used, of 1000 MiB each."""
    body = ""
    for instance, used in instances:
        more = f',GPU_I_PROFILE="2g.20gb",GPU_I_ID="{instance}"'
        body += dcgm(
            0, more, DEV_GPU_TEMP=33, DEV_POWER_USAGE=90, DEV_FB_USED=used, DEV_FB_FREE=1000 - used, DEV_SM_CLOCK=1410,
            PROF_GR_ENGINE_ACTIVE=instance / 10,
        )  # fmt: skip
    return body


def test_mig_instances_are_rows_below_their_gpu_which_has_the_sensors() -> None:
    body = dcgm(1, DEV_GPU_TEMP=27, DEV_FB_USED=10, DEV_FB_FREE=90, DEV_POWER_USAGE=60)
    server = begun(body + mig((3, 100), (5, 300)))
    found = {row.gpu: row for row in rows(server.derived.tables)}
    assert set(found) == {"llm/0", "llm/1", "llm/0:3", "llm/0:5"}
    assert (found["llm/0:3"].parent, found["llm/0:3"].instance) == ("llm/0", "3")
    assert found["llm/0:3"].name == "NVIDIA H100 MIG 2g.20gb"
    assert found["llm/0"].clock.number == 1.41e9
    assert server.gpu("gpu.temperature", "0", "NVIDIA H100").number == 33.0, "not once for each"
    assert server.gpu("gpu.power", "0", "NVIDIA H100").number == 90.0
    assert server.gpu("gpu.memory.used", "0", "NVIDIA H100").number == 400 * 2**20, "all instances together"
    assert server.gpu("gpu.utilization", "0", "NVIDIA H100").number == 0.5, "the busiest"
    assert server.gpu("gpu.memory.utilization", "0", "NVIDIA H100").number == pytest.approx(0.2)
    assert server.gpu("gpu.memory.utilization", "0:5", "NVIDIA H100 MIG 2g.20gb").number == pytest.approx(0.3)
    assert server.gpu("gpu.utilization", "0:3", "NVIDIA H100 MIG 2g.20gb").number == pytest.approx(0.3)
    assert server.gpu("gpu.memory.utilization", "1", "NVIDIA H100").number == pytest.approx(0.1)
    assert len(server.ids("gpu.temperature")) == 2, "of the GPUs alone"


@pytest.mark.parametrize("first", [True, False])
def test_a_gpu_that_is_told_of_beside_its_instances_is_not_added_up(first: bool) -> None:
    whole, parts = dcgm(0, DEV_FB_USED=450, DEV_FB_FREE=1550, DEV_GPU_TEMP=33), mig((3, 100), (5, 300))
    server = begun(whole + parts if first else parts + whole)
    assert server.gpu("gpu.memory.used", "0", "NVIDIA H100").number == 450 * 2**20
    assert server.gpu("gpu.memory.used", "0:3", "NVIDIA H100 MIG 2g.20gb").number == 100 * 2**20


def test_instances_of_which_only_sensors_are_told_are_rows_as_well() -> None:
    body = "".join(dcgm(0, f',GPU_I_PROFILE="2g.20gb",GPU_I_ID="{n}"', DEV_GPU_TEMP=33) for n in (3, 5))
    server = begun(body)
    assert [row.gpu for row in rows(server.derived.tables)] == ["llm/0", "llm/0:3", "llm/0:5"]
    assert server.gpu("gpu.memory.used", "0:3", "NVIDIA H100 MIG 2g.20gb").status is Status.ABSENT


def smi(uuid: str, index: str | None, name: str, used: float) -> str:
    """One GPU of nvidia_gpu_exporter, whose numbers carry its uuid alone."""
    body = (
        f'nvidia_smi_memory_used_bytes{{uuid="{uuid}"}} {used}\nnvidia_smi_memory_total_bytes{{uuid="{uuid}"}} 1000\n'
    )
    if index is not None:
        body += f'nvidia_smi_gpu_info{{index="{index}",name="{name}",uuid="{uuid}"}} 1\n'
    return body + f'nvidia_smi_utilization_gpu_ratio{{uuid="{uuid}"}} 0.5\n'


def test_nvidia_gpu_exporter_names_gpus_in_a_series_of_its_own() -> None:
    server = begun(smi("a-1", "0", "NVIDIA H200", 100) + smi("b-2", "1", "NVIDIA H100", 900))
    assert server.profile == "nvidia-gpu-exporter"
    assert server.gpu("gpu.memory.utilization", "0", "NVIDIA H200").number == pytest.approx(0.1)
    assert server.gpu("gpu.memory.utilization", "1", "NVIDIA H100").number == pytest.approx(0.9)
    assert server.gpu("gpu.temperature", "1", "NVIDIA H100").status is Status.ABSENT


def test_a_gpu_without_a_name_and_two_of_one_index_keep_their_ids() -> None:
    server = begun(smi("a-1", "0", "H200", 100) + smi("b-2", "0", "H200", 900) + smi("c-3", None, "", 500))
    assert server.gpu("gpu.memory.utilization", "0", "H200").number == pytest.approx(0.1)
    assert server.gpu("gpu.memory.utilization", "b-2", "").number == pytest.approx(0.9)
    assert server.gpu("gpu.memory.utilization", "c-3", "").number == pytest.approx(0.5)


@pytest.mark.parametrize("prefix", ["", "amd_"])
def test_amd(prefix: str) -> None:
    labels = 'gpu_id="0",card_model="102-X",hostname="n1"'
    names = {
        "gpu_gfx_activity": 40, "gpu_used_vram": 1024, "gpu_total_vram": 4096, "gpu_junction_temperature": 71,
        "gpu_package_power": 500,
    }  # fmt: skip
    server = begun("".join(f"{prefix}{name}{{{labels}}} {number}\n" for name, number in names.items()))
    assert server.profile == "amd-device-metrics"
    assert server.gpu("gpu.utilization", "0", "102-X").number == pytest.approx(0.4)
    assert server.gpu("gpu.memory.total", "0", "102-X").number == 4096 * 2**20
    assert server.gpu("gpu.memory.utilization", "0", "102-X").number == pytest.approx(0.25)
    assert server.gpu("gpu.temperature", "0", "102-X").number == 71.0
    assert server.gpu("gpu.power", "0", "102-X").number == 500.0


def test_amd_with_its_oldest_names() -> None:
    labels = 'GPU_UUID="u-1",SERIAL_NUMBER="s"'
    body = f"gpu_usage{{{labels}}} 30\ngpu_total_memory{{{labels}}} 68702\ngpu_power_usage{{{labels}}} 41\n"
    server = begun(body)
    assert server.gpu("gpu.utilization", "u-1", "").number == pytest.approx(0.3)
    assert server.gpu("gpu.memory.total", "u-1", "").number == 68702e6
    assert server.gpu("gpu.power", "u-1", "").number == 41.0


def test_what_exporters_tell_beyond_measures() -> None:
    server = begun(
        dcgm(0, DEV_SM_CLOCK=1980, DEV_MEM_CLOCK=2619, PROF_DRAM_ACTIVE=0.4, DEV_ECC_DBE_VOL_TOTAL=2, DEV_GPU_UTIL=1)
    )
    (gpu,) = rows(server.derived.tables)
    assert (gpu.clock.number, gpu.memory_clock.number, gpu.memory_busy.number) == (1.98e9, 2.619e9, 0.4)
    assert (gpu.ecc_boot.number, gpu.uuid, gpu.exporter) == (2.0, "GPU-0", "NVIDIA DCGM exporter")
    assert gpu.fan.status is Status.ABSENT
    body = smi("a-1", "0", "NVIDIA H200", 100) + 'nvidia_smi_clocks_max_sm_clock_hz{uuid="a-1"} 1980000000\n'
    (gpu,) = rows(begun(body + 'nvidia_smi_fan_speed_ratio{uuid="a-1"} 0.3\n').derived.tables)
    assert (gpu.clock_max.number, gpu.fan.number, gpu.uuid) == (1.98e9, 0.3, "a-1")
