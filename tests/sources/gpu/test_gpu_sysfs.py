"""Cards of AMD and Intel in made-up folders, laid out as the kernel lays them out."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from fakes import Clock, Tree
from gpu_life import Life

from perf_tui.measures.gpus import Throttle
from perf_tui.measures.model import Status, Value
from perf_tui.sources.gpu import card as cards_module
from perf_tui.sources.gpu.card import Card, cards
from perf_tui.sources.gpu.names import pci_name
from perf_tui.sources.gpu.sysfs import LOOK_EVERY, SysfsGpus
from perf_tui.sources.system.host import Host

GIB = 1 << 30
HOSTILE = b"Radeon \x1b[31m\xff"


@pytest.fixture
def host(tree: Tree) -> Host:
    """The kernel of the tree."""
    return Host(tree.proc, tree.sys)


@pytest.fixture
def life(host: Host, clock: Clock) -> Life:
    """The source under the engine's runner."""
    return Life(SysfsGpus(host, monotonic=clock), clock)


@pytest.fixture(autouse=True)
def _no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names do not depend on what this machine has installed."""
    monkeypatch.setattr(cards_module, "pci_name", lambda vendor, device: "")


def identity(tree: Tree, card: str, driver: str, slot: str, ids: str) -> str:
    """The folder of a card's device below the tree."""
    device = f"sys/class/drm/{card}/device"
    tree.write(f"{device}/uevent", f"DRIVER={driver}\nPCI_CLASS=30000\nPCI_ID={ids}\nPCI_SLOT_NAME={slot}\n")
    return device


def amd(tree: Tree, card: str = "card0", slot: str = "0000:03:00.0") -> str:
    """A graphics card as amdgpu shows it."""
    device = identity(tree, card, "amdgpu", slot, "1002:744C")
    files = {
        "gpu_busy_percent": "42\n", "mem_busy_percent": "7\n", "mem_info_vram_total": f"{24 * GIB}\n",
        "mem_info_vram_used": f"{6 * GIB}\n", "mem_info_gtt_total": f"{60 * GIB}\n", "unique_id": "d7a2c1e45f3b0912\n",
        "product_name": "AMD Radeon RX 7900 XTX\n", "power/runtime_status": "active\n",
        "pp_dpm_sclk": "0: 500Mhz \n1: 1725Mhz *\n2: 2526Mhz \n", "pp_dpm_mclk": "0: 96Mhz *\n1: 1249Mhz \n",
        "hwmon/hwmon4/name": "amdgpu\n", "hwmon/hwmon4/temp1_input": "51000\n", "hwmon/hwmon4/temp2_input": "63000\n",
        "hwmon/hwmon4/power1_average": "187000000\n", "hwmon/hwmon4/power1_cap": "303000000\n",
        "hwmon/hwmon4/freq1_input": "1731000000\n", "hwmon/hwmon4/fan1_input": "825\n",
        "hwmon/hwmon4/fan1_max": "3300\n", "ras/umc_err_count": "ue: 0\nce: 4\n",
    }  # fmt: skip
    for name, content in files.items():
        tree.write(f"{device}/{name}", content)
    return device


def xe(tree: Tree, card: str = "card1", slot: str = "0000:04:00.0") -> str:
    """A graphics card as xe shows it."""
    device = identity(tree, card, "xe", slot, "8086:FFF0")
    files = {
        "tile0/gt0/freq0/act_freq": "2350\n", "tile0/gt0/freq0/max_freq": "2850\n",
        "tile0/gt0/freq0/throttle/status": "0\n", "tile0/gt0/freq0/throttle/reason_pl1": "0\n",
        "tile0/gt0/freq0/throttle/reason_thermal": "0\n", "hwmon/hwmon5/name": "xe\n",
        "hwmon/hwmon5/energy1_input": "1000000000\n", "hwmon/hwmon5/power1_max": "190000000\n",
        "hwmon/hwmon5/temp2_input": "48000\n", "hwmon/hwmon5/fan1_input": "1200\n",
    }  # fmt: skip
    for name, content in files.items():
        tree.write(f"{device}/{name}", content)
    return device


def i915(tree: Tree, card: str = "card2", slot: str = "0000:00:02.0") -> str:
    """A processor's graphics as i915 shows them."""
    device = identity(tree, card, "i915", slot, "8086:FFF1")
    folder = f"sys/class/drm/{card}"
    files = {
        "gt_act_freq_mhz": "650\n", "gt_max_freq_mhz": "1500\n", "gt/gt0/rps_act_freq_mhz": "700\n",
        "gt/gt0/rps_max_freq_mhz": "1450\n", "gt/gt0/throttle_reason_status": "0\n",
        "gt/gt0/throttle_reason_pl1": "0\n",
    }  # fmt: skip
    for name, content in files.items():
        tree.write(f"{folder}/{name}", content)
    return device


# -- amdgpu


async def test_a_card_of_amd(tree: Tree, life: Life) -> None:
    amd(tree)
    assert await life.pass_tick() is Status.OK
    gpu = "03:00.0"
    assert life.names == {gpu: "AMD Radeon RX 7900 XTX"}
    assert life.number("utilization", gpu) == 0.42
    assert (life.number("memory.used", gpu), life.number("memory.total", gpu)) == (6 * GIB, 24 * GIB)
    assert life.number("memory.utilization", gpu) == 0.25
    assert life.number("temperature", gpu) == pytest.approx(51)
    assert life.number("power", gpu) == pytest.approx(187)
    assert life.number("power.limit", gpu) == pytest.approx(303)
    row = life.rows[gpu]
    assert (row.vendor, row.source, row.uuid) == ("AMD", "amd-intel", "d7a2c1e45f3b0912")
    assert (row.clock, row.clock_max) == (Value(1731e6), Value(2526e6))
    assert (row.memory_clock, row.memory_clock_max) == (Value(96e6), Value(1249e6))
    assert row.memory_busy == Value(0.07)
    assert row.fan == Value(0.25)
    assert row.ecc_boot == Value(0.0)
    assert row.throttle is None
    assert row.processes is None
    assert "fdinfo" in row.processes_reason


async def test_what_an_older_kernel_calls_otherwise(tree: Tree, life: Life) -> None:
    device = amd(tree)
    for name in ("power1_average", "temp1_input", "freq1_input"):
        tree.remove(f"{device}/hwmon/hwmon4/{name}")
    tree.write(f"{device}/hwmon/hwmon4/power1_input", "90000000\n")
    await life.pass_tick()
    gpu = "03:00.0"
    assert life.number("power", gpu) == pytest.approx(90)
    assert life.number("temperature", gpu) == pytest.approx(63), "the hottest spot where the edge has no sensor"
    assert life.rows[gpu].clock == Value(1725e6), "the step with a star"


async def test_a_card_that_tells_nothing_is_a_row_all_the_same(tree: Tree, life: Life) -> None:
    identity(tree, "card0", "amdgpu", "0000:03:00.0", "1002:FFF2")
    assert await life.pass_tick() is Status.OK
    assert life.names == {"03:00.0": "AMD GPU fff2"}
    for id in ("utilization", "memory.used", "temperature", "power", "power.limit"):
        assert life.why(id, "03:00.0") == (Status.ABSENT, "amdgpu does not tell it in /sys")


async def test_memory_errors_are_a_notice(tree: Tree, life: Life) -> None:
    device = amd(tree)
    tree.write(f"{device}/ras/umc_err_count", "ue: 1\nce: 0\n")
    await life.pass_tick()
    assert life.rows["03:00.0"].notices == ("a memory error that could not be corrected since the driver was loaded",)


async def test_a_card_that_sleeps_is_not_woken(tree: Tree, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    device = amd(tree)
    tree.write(f"{device}/power/runtime_status", "suspended\n")
    await life.pass_tick()
    read: list[str] = []
    original = Host.read_sys
    monkeypatch.setattr(Host, "read_sys", lambda self, name: (read.append(name), original(self, name))[1])
    assert await life.pass_tick() is Status.OK
    assert read == [f"{device.removeprefix('sys/')}/power/runtime_status"]
    assert life.why("utilization", "03:00.0") == (Status.IDLE, "it is asleep, and to read it would wake it")
    assert life.rows["03:00.0"].notices == ("it is asleep, and to read it would wake it",)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (errno.EACCES, Status.DENIED, "only root may read it"),
        (errno.EPERM, Status.ERROR, "the card is being reset"),
        (errno.EIO, Status.ERROR, os.strerror(errno.EIO)),
        (errno.ENODATA, Status.ABSENT, "amdgpu does not tell it in /sys"),
        (errno.EOPNOTSUPP, Status.ABSENT, "amdgpu does not tell it in /sys"),
    ],
)
async def test_a_file_that_cannot_be_read_is_that_numbers_own(
    tree: Tree, life: Life, monkeypatch: pytest.MonkeyPatch, code: int, status: Status, words: str
) -> None:
    amd(tree)
    original = Host.read_sys

    def refusing(self: Host, name: str) -> bytes:
        if name.endswith("gpu_busy_percent"):
            raise OSError(code, os.strerror(code), name)
        return original(self, name)

    monkeypatch.setattr(Host, "read_sys", refusing)
    assert await life.pass_tick() is Status.OK
    assert life.why("utilization", "03:00.0") == (status, words)
    assert life.number("power", "03:00.0") == pytest.approx(187)


@pytest.mark.parametrize("content", ["", "\n", "n/a\n", "-\n"])
async def test_a_file_without_a_number(tree: Tree, life: Life, content: str) -> None:
    device = amd(tree)
    tree.write(f"{device}/gpu_busy_percent", content)
    await life.pass_tick()
    assert life.why("utilization", "03:00.0") == (Status.ERROR, "amdgpu gives no number for it")


@pytest.mark.parametrize("content", ["101\n", "-1\n", "nan\n", "inf\n", "65535\n"])
async def test_a_share_that_cannot_be(tree: Tree, life: Life, content: str) -> None:
    device = amd(tree)
    tree.write(f"{device}/gpu_busy_percent", content)
    await life.pass_tick()
    assert life.why("utilization", "03:00.0")[0] is Status.ERROR


async def test_a_hostile_name(tree: Tree, life: Life) -> None:
    device = amd(tree)
    tree.write(f"{device}/product_name", HOSTILE)
    await life.pass_tick()
    assert life.names == {"03:00.0": r"AMD Radeon \x1b[31m\xff"}


# -- xe and i915


async def test_a_card_of_intel(tree: Tree, life: Life) -> None:
    device = xe(tree)
    await life.pass_tick()
    gpu = "04:00.0"
    assert life.names == {gpu: "Intel GPU fff0"}
    assert life.why("power", gpu)[0] is Status.PENDING, "a counter has no rate yet"
    assert life.number("power.limit", gpu) == pytest.approx(190)
    assert life.number("temperature", gpu) == pytest.approx(48)
    assert life.why("utilization", gpu)[0] is life.why("memory.used", gpu)[0] is Status.ABSENT
    row = life.rows[gpu]
    assert (row.vendor, row.clock, row.clock_max) == ("Intel", Value(2350e6), Value(2850e6))
    assert (row.throttle, row.unified) == ((), False)
    tree.write(f"{device}/hwmon/hwmon5/energy1_input", "1300000000\n")
    await life.pass_tick()
    assert life.number("power", gpu) == pytest.approx(150), "300 J in 2 s"


async def test_memory_where_a_driver_tells_it(tree: Tree, life: Life) -> None:
    xe(tree)
    tree.write("sys/class/drm/card1/lmem_total_bytes", f"{16 * GIB}\n")
    tree.write("sys/class/drm/card1/lmem_avail_bytes", f"{12 * GIB}\n")
    await life.pass_tick()
    assert life.number("memory.total", "04:00.0") == 16 * GIB
    assert life.number("memory.utilization", "04:00.0") == 0.25


async def test_throttling_of_xe_in_words(tree: Tree, life: Life) -> None:
    device = xe(tree)
    for name in ("status", "reason_pl1", "reason_thermal", "reason_of_the_future"):
        tree.write(f"{device}/tile0/gt0/freq0/throttle/{name}", "1\n")
    await life.pass_tick()
    assert life.rows["04:00.0"].throttle == (
        Throttle("too hot", "warning"), Throttle("held down", "info"), Throttle("power limit", "info"),
    )  # fmt: skip


async def test_a_processors_own_graphics(tree: Tree, life: Life) -> None:
    i915(tree)
    assert await life.pass_tick() is Status.OK
    gpu = "00:02.0"
    row = life.rows[gpu]
    assert row.unified
    assert (row.clock, row.clock_max) == (Value(700e6), Value(1450e6))
    assert life.why("memory.used", gpu) == (Status.ABSENT, "it has no memory of its own: it uses the machine's")
    assert life.why("power", gpu) == (Status.ABSENT, "i915 does not tell it in /sys")


async def test_throttling_of_i915_in_words(tree: Tree, life: Life) -> None:
    i915(tree)
    for name in ("throttle_reason_status", "throttle_reason_pl1"):
        tree.write(f"sys/class/drm/card2/gt/gt0/{name}", "1\n")
    await life.pass_tick()
    assert life.rows["00:02.0"].throttle == (Throttle("power limit", "info"),)


async def test_an_older_kernel_has_other_folders(tree: Tree, life: Life) -> None:
    identity(tree, "card0", "i915", "0000:00:02.0", "8086:FFF1")
    tree.write("sys/class/drm/card0/gt_act_freq_mhz", "650\n")
    tree.write("sys/class/drm/card0/gt_max_freq_mhz", "1500\n")
    await life.pass_tick()
    row = life.rows["00:02.0"]
    assert (row.clock, row.clock_max, row.throttle) == (Value(650e6), Value(1500e6), None)


async def test_no_limit_is_not_a_limit_of_nothing(tree: Tree, life: Life) -> None:
    device = xe(tree)
    tree.write(f"{device}/hwmon/hwmon5/power1_max", "0\n")
    await life.pass_tick()
    assert life.why("power.limit", "04:00.0") == (Status.ABSENT, "no power limit is set")


# -- which cards there are


async def test_cards_of_all_three_drivers_and_no_others(tree: Tree, life: Life) -> None:
    amd(tree)
    xe(tree)
    i915(tree)
    identity(tree, "card3", "nvidia", "0000:05:00.0", "10DE:2330")
    identity(tree, "card4", "ast", "0000:06:00.0", "1A03:2000")
    tree.write("sys/class/drm/card0-DP-1/status", "connected\n")
    tree.write("sys/class/drm/renderD128/dev", "226:128\n")
    tree.write("sys/class/drm/card5/dev", "226:5\n")
    await life.pass_tick()
    assert list(life.rows) == ["03:00.0", "04:00.0", "00:02.0"]


async def test_no_card_is_one_line_and_not_looked_for_again_for_a_minute(
    host: Host, life: Life, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []
    original = Host.sys_names
    monkeypatch.setattr(Host, "sys_names", lambda self, name: (looked.append(clock.now), original(self, name))[1])
    assert await life.pass_tick() is Status.ABSENT
    assert life.error == "no amdgpu, xe or i915 device"
    await life.pass_tick(300)
    assert 2 <= len(looked) <= 11
    assert min(later - earlier for earlier, later in pairwise(looked)) >= 60


async def test_a_card_that_is_plugged_in_is_found(tree: Tree, life: Life) -> None:
    assert await life.pass_tick() is Status.ABSENT
    amd(tree)
    assert await life.pass_tick(62) is Status.OK
    xe(tree)
    await life.pass_tick(LOOK_EVERY)
    assert list(life.rows) == ["03:00.0", "04:00.0"]


async def test_a_card_that_is_taken_out(tree: Tree, life: Life) -> None:
    device = amd(tree)
    await life.pass_tick()
    shutil.rmtree(tree.root / device)
    await life.pass_tick()
    assert life.why("utilization", "03:00.0")[0] is Status.ABSENT
    assert await life.pass_tick(LOOK_EVERY) is Status.ABSENT


# -- names


LIST = b"""# A list of PCI IDs
0f00  Nobody
\t744c  Nothing
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]
# a comment
\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX/7900M]
\t\t1002 0e3b  a board
\t1586  Strix Halo
8086  Intel Corporation
\t56a0  DG2 [Arc A770]
C 00  Unclassified device
"""


@pytest.mark.parametrize(
    ("vendor", "device", "name"),
    [
        ("1002", "744c", "Radeon RX 7900 XT/7900 XTX/7900M"),
        ("1002", "1586", "Strix Halo"),
        ("8086", "56a0", "Arc A770"),
        ("1002", "56a0", ""),
        ("1002", "0e3b", ""),
        ("dead", "744c", ""),
        ("", "", ""),
    ],
)
def test_names_of_the_list(tmp_path: Path, vendor: str, device: str, name: str) -> None:
    path = tmp_path / "pci.ids"
    path.write_bytes(LIST)
    assert pci_name(vendor, device, (str(tmp_path / "nothing"), str(path))) == name


def test_without_a_list_there_is_no_name(tmp_path: Path) -> None:
    assert pci_name("1002", "744c", (str(tmp_path / "pci.ids"),)) == ""


def test_the_vendor_stands_before_the_name(tree: Tree, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    identity(tree, "card0", "i915", "0000:03:00.0", "8086:56A0")
    asked: list[tuple[str, str]] = []

    def named(vendor: str, device: str) -> str:
        asked.append((vendor, device))
        return "Arc A770"

    monkeypatch.setattr(cards_module, "pci_name", named)
    found: list[Card] = cards(host)
    assert [card.name for card in found] == ["Intel Arc A770"]
    assert asked == [("8086", "56a0")]


# -- a driver that hangs


async def test_a_hanging_file_is_given_up_and_said(
    tree: Tree, host: Host, clock: Clock, monkeypatch: pytest.MonkeyPatch, gate: Callable[[], None]
) -> None:
    amd(tree)
    life = Life(SysfsGpus(host, monotonic=clock, reading=0.05), clock)
    await life.pass_tick()
    original = Host.read_sys

    def hanging(self: Host, name: str) -> bytes:
        if name.endswith("power1_average"):
            gate()
        return original(self, name)

    monkeypatch.setattr(Host, "read_sys", hanging)
    assert await life.pass_tick() is Status.ERROR
    assert life.error == "a graphics card's driver does not answer"
