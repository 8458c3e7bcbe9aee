"""Memory and swap, from made-up files."""

from __future__ import annotations

import pytest
from fakes import Tree

from perf_tui.measures.model import Status, Value
from perf_tui.sources.system import memory as module
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.memory import Memory, parse_meminfo

MEMINFO = """MemTotal:       16000000 kB
MemFree:         2000000 kB
MemAvailable:    9000000 kB
Buffers:          300000 kB
Cached:          6000000 kB
SwapCached:            7 kB
SReclaimable:     500000 kB
SwapTotal:       4000000 kB
SwapFree:        3000000 kB
HugePages_Total:       0
"""
KB = 1024


def given(tree: Tree) -> dict[str, Value]:
    part = Memory(Host(tree.proc, tree.sys))
    return {key.id.removeprefix("system."): value for key, value in part.derive(None, part.read(), 0.0)}


def test_of_a_machine(tree: Tree) -> None:
    tree.write("proc/meminfo", MEMINFO)
    assert {name: value.number for name, value in given(tree).items()} == {
        "memory.total": 16_000_000 * KB,
        "memory.used": 7_000_000 * KB,
        "memory.available": 9_000_000 * KB,
        "memory.cached": 6_500_000 * KB,
        "memory.buffers": 300_000 * KB,
        "memory.utilization": 7 / 16,
        "swap.total": 4_000_000 * KB,
        "swap.used": 1_000_000 * KB,
        "swap.utilization": 0.25,
    }


def test_without_swap_space_nothing_of_it_is_used(tree: Tree) -> None:
    tree.write("proc/meminfo", MEMINFO.replace("4000000", "0").replace("3000000 kB", "0 kB"))
    values = given(tree)
    assert values["swap.total"] == values["swap.used"] == values["swap.utilization"] == Value(0.0)


def test_kernels_that_do_not_say_what_is_available() -> None:
    text = "".join(line + "\n" for line in MEMINFO.splitlines() if "MemAvailable" not in line)
    assert parse_meminfo(text.encode()).available == (2_000_000 + 300_000 + 6_500_000) * KB


def test_containers_that_say_more_than_there_is() -> None:
    text = MEMINFO.replace("MemAvailable:    9000000", "MemAvailable:   99000000")
    assert parse_meminfo(text.encode()).available == 16_000_000 * KB


def test_what_is_not_counted_is_not_0(tree: Tree) -> None:
    tree.write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 500 kB\n")
    values = given(tree)
    assert values["memory.cached"].status is values["memory.buffers"].status is Status.ABSENT
    assert values["swap.total"] == Value(0.0), "no line of swap means no swap"


def contain_v2(tree: Tree, limit: str, current: int = 3_000_000) -> None:
    tree.write("sys/fs/cgroup/memory.max", f"{limit}\n")
    tree.write("sys/fs/cgroup/memory.current", f"{current}\n")
    tree.write("sys/fs/cgroup/memory.stat", "anon 1000000\nfile 1900000\ninactive_file 1500000\n")


def contain_v1(tree: Tree, limit: str, current: int = 3_000_000) -> None:
    tree.write("sys/fs/cgroup/memory/memory.limit_in_bytes", f"{limit}\n")
    tree.write("sys/fs/cgroup/memory/memory.usage_in_bytes", f"{current}\n")
    stat = "cache 1\ninactive_file 1\ntotal_cache 1900000\ntotal_inactive_file 1500000\n"
    tree.write("sys/fs/cgroup/memory/memory.stat", stat)


@pytest.mark.parametrize("contain", [contain_v2, contain_v1])
def test_in_a_container_the_limit_is_the_whole(tree: Tree, contain: object) -> None:
    tree.write("proc/meminfo", MEMINFO)
    contain(tree, "6000000")  # type: ignore[operator]
    values = given(tree)
    assert values["memory.total"] == Value(6_000_000)
    assert values["memory.used"] == Value(1_500_000), "page cache that can go at once is not used"
    assert values["memory.available"] == Value(4_500_000)
    assert values["memory.utilization"] == Value(0.25)
    assert values["memory.cached"] == Value(1_900_000)
    assert values["memory.buffers"].status is Status.ABSENT, "the machine's are not the container's"
    assert values["swap.total"] == Value(4_000_000 * KB)


@pytest.mark.parametrize(
    ("contain", "limit"),
    [(contain_v2, "max"), (contain_v1, "9223372036854771712"), (contain_v2, "99999999999999"), (contain_v2, "0")],
)
def test_a_container_without_a_limit_shows_the_machine(tree: Tree, contain: object, limit: str) -> None:
    tree.write("proc/meminfo", MEMINFO)
    contain(tree, limit)  # type: ignore[operator]
    assert given(tree)["memory.total"] == Value(16_000_000 * KB)


def test_a_container_that_hides_its_details(tree: Tree) -> None:
    tree.write("proc/meminfo", MEMINFO)
    contain_v2(tree, "6000000")
    tree.remove("sys/fs/cgroup/memory.stat")
    assert given(tree)["memory.used"] == Value(3_000_000)


def test_more_cache_than_use_is_not_negative(tree: Tree) -> None:
    tree.write("proc/meminfo", MEMINFO)
    contain_v2(tree, "6000000", current=1_000_000)
    assert given(tree)["memory.used"] == Value(0.0)


def test_elsewhere_psutil_reads(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", False)
    assert {f"system.{name}" for name in given(tree)} == set(Memory.measures)
