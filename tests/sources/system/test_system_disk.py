"""Disks, from made-up counters."""

from __future__ import annotations

import pytest
from fakes import Tree

from perf_tui.measures.model import PENDING, Sample, Status, Value
from perf_tui.sources.system import disk as module
from perf_tui.sources.system.disk import Disk, DiskCounters
from perf_tui.sources.system.host import Host


def line(name: str, reads: int = 0, read: int = 0, writes: int = 0, written: int = 0, busy: int = 0) -> str:
    """A line of /proc/diskstats; sizes in sectors, busy in ms."""
    return f"   8       0 {name} {reads} 5 {read} 7 {writes} 5 {written} 7 0 {busy} 99 0 0 0 0 0 0\n"


def block(tree: Tree, *names: str) -> None:
    for name in names:
        tree.write(f"sys/block/{name}/stat", "")


def named(samples: list[Sample]) -> dict[tuple[str, str], Value]:
    return {(key.id.rpartition(".")[2], key.label("device")): value for key, value in samples}


def disk(tree: Tree) -> Disk:
    return Disk(Host(tree.proc, tree.sys))


def test_rates_of_whole_disks(tree: Tree) -> None:
    block(tree, "sda", "nvme0n1")
    part = disk(tree)
    tree.write("proc/diskstats", line("sda", 100, 1000, 10, 2000, 500) + line("sda1", 9, 9, 9, 9, 9) + line("nvme0n1"))
    before = part.read()
    assert before.keys() == {"sda", "nvme0n1"}, "partitions are not counted again"
    assert set(named(list(part.derive(None, before, 0.0))).values()) == {PENDING}
    tree.write("proc/diskstats", line("sda", 130, 1400, 20, 2040, 1500) + line("nvme0n1"))
    values = named(list(part.derive(before, part.read(), 2.0)))
    assert values["read", "sda"] == Value(400 * 512 / 2)
    assert values["write", "sda"] == Value(40 * 512 / 2)
    assert values["read_ops", "sda"] == Value(15.0)
    assert values["write_ops", "sda"] == Value(5.0)
    assert values["busy", "sda"] == Value(0.5)
    assert values["busy", "nvme0n1"] == values["read", "nvme0n1"] == Value(0.0)


def test_a_disk_that_is_unplugged_and_comes_back(tree: Tree) -> None:
    block(tree, "sda", "sdb")
    part = disk(tree)
    tree.write("proc/diskstats", line("sda") + line("sdb", 50, 50))
    both = part.read()
    tree.write("proc/diskstats", line("sda", 1))
    one = part.read()
    assert {device for _, device in named(list(part.derive(both, one, 2.0)))} == {"sda"}
    tree.write("proc/diskstats", line("sda", 2) + line("sdb", 3, 3))
    assert named(list(part.derive(one, part.read(), 2.0)))["read", "sdb"] == PENDING


def test_counters_that_were_reset(tree: Tree) -> None:
    part = disk(tree)
    before = {"sda": DiskCounters(1e9, 1e9, 1e6, 1e6, 1e5)}
    values = named(list(part.derive(before, {"sda": DiskCounters(4096, 0, 2, 0, 0.5)}, 2.0)))
    assert values["read", "sda"] == Value(2048.0)
    assert values["read_ops", "sda"] == Value(1.0)
    assert values["busy", "sda"] == Value(0.25)


def test_busy_is_never_more_than_all_the_time(tree: Tree) -> None:
    values = disk(tree).derive(
        {"sda": DiskCounters(0, 0, 0, 0, 0.0)}, {"sda": DiskCounters(0, 0, 0, 0, 2.004)}, 2.0
    )  # fmt: skip
    assert named(list(values))["busy", "sda"] == Value(1.0)


def test_idle_loop_and_ram_disks_are_left_out(tree: Tree) -> None:
    tree.write("proc/diskstats", line("loop0") + line("ram0") + line("zram0", writes=1) + line("sda") + line("sr0"))
    assert disk(tree).read().keys() == {"zram0", "sda"}


def test_disks_whose_name_holds_a_slash(tree: Tree) -> None:
    block(tree, "cciss!c0d0")
    tree.write("proc/diskstats", line("cciss/c0d0", 1) + line("cciss/c0d0p1", 1))
    assert disk(tree).read().keys() == {"cciss/c0d0"}


def test_without_sys_all_lines_count(tree: Tree) -> None:
    tree.write("proc/diskstats", line("sda") + line("sda1"))
    assert disk(tree).read().keys() == {"sda", "sda1"}


def test_lines_that_count_less_are_left_out(tree: Tree) -> None:
    tree.write("proc/diskstats", "   8 1 sda1 1 2 3 4\n" + line("sda") + "\n")
    assert disk(tree).read().keys() == {"sda"}


@pytest.mark.parametrize("hidden", ["missing", "forbidden"])
def test_containers_that_hide_the_table_still_show_the_disks(
    tree: Tree, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write("sys/block/sda/stat", "   10 5 1000 7 20 5 2000 7 0 300 99\n")
    tree.write("sys/block/gone/other", "")
    host = Host(tree.proc, tree.sys)
    if hidden == "forbidden":
        read = host.read_proc

        def denied(name: str) -> bytes:
            if name == "diskstats":
                raise PermissionError(13, "Permission denied", "/proc/diskstats")
            return read(name)

        monkeypatch.setattr(host, "read_proc", denied)
    assert Disk(host).read() == {"sda": DiskCounters(512_000, 1_024_000, 10, 20, 0.3)}


def test_a_system_that_shows_no_disk_at_all(tree: Tree) -> None:
    with pytest.raises(FileNotFoundError):
        disk(tree).read()
    tree.write("proc/diskstats", "")
    assert disk(tree).read() == {}


def test_a_hostile_name_is_spelled_out(tree: Tree) -> None:
    tree.write(
        "proc/diskstats",
        line("sd\x1b[31m\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), 1).encode("latin-1"),
    )
    assert disk(tree).read().keys() == {r"sd\x1b[31m\xff"}


def test_elsewhere_psutil_reads(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    class Raw:
        read_bytes, write_bytes, read_count, write_count = 1, 2, 3, 4

    monkeypatch.setattr(module, "LINUX", False)
    monkeypatch.setattr(module.psutil, "disk_io_counters", lambda perdisk, nowrap: {"disk0": Raw()})
    part = disk(tree)
    reading = part.read()
    assert reading == {"disk0": DiskCounters(1, 2, 3, 4, None)}
    assert named(list(part.derive(reading, reading, 1.0)))["busy", "disk0"].status is Status.ABSENT
    monkeypatch.setattr(module.psutil, "disk_io_counters", lambda perdisk, nowrap: None)
    assert part.read() == {}
