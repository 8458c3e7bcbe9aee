"""CPU time and load, from made-up counters."""

from __future__ import annotations

import pytest
from fakes import Tree

from perf_tui.engine.source import SourceError
from perf_tui.measures.model import PENDING, Sample, Series, Status, Value, series
from perf_tui.sources.system import cpu as module
from perf_tui.sources.system.cgroup import CpuQuota
from perf_tui.sources.system.cpu import Cpu, Times, parse_stat, shares
from perf_tui.sources.system.host import Host

BUSY, IDLE = series("system.cpu.utilization"), series("system.cpu.idle")
IOWAIT, STEAL = series("system.cpu.iowait"), series("system.cpu.steal")


def stat(*lines: str) -> str:
    return "\n".join([*lines, "intr 12345 0 9 0", "ctxt 1", "btime 1700000000", "processes 5"]) + "\n"


def values(samples: list[Sample]) -> dict[Series, Value]:
    return dict(samples)


def number(samples: list[Sample], key: Series) -> float | None:
    value = values(samples)[key].number
    return None if value is None else round(value, 9)


def test_times_from_stat() -> None:
    # user nice system idle iowait irq softirq steal guest guest_nice
    times = parse_stat(stat("cpu  100 20 30 400 50 6 7 8 9 1", "cpu0 10 2 3 40 5 0 0 1 0 0").encode(), 100)
    assert times[""] == Times(pytest.approx(1.63), 4.0, 0.5, 0.08)
    assert times["0"] == Times(pytest.approx(0.15), 0.4, 0.05, 0.01)


def test_times_of_old_kernels_that_count_less() -> None:
    assert parse_stat(b"cpu 100 20 30 400\n", 100)[""] == Times(1.5, 4.0, None, None)
    assert parse_stat(b"cpu 100 20 30 400 50 6 7\n", 100)[""] == Times(pytest.approx(1.63), 4.0, 0.5, None)


def test_shares_of_the_time_that_passed() -> None:
    found = shares(Times(10.0, 100.0, 5.0, 1.0), Times(14.0, 104.0, 6.0, 2.0))
    assert [value.number for value in found] == [0.5, 0.4, 0.1, 0.1]
    assert sum(value.number or 0 for value in found[:3]) == pytest.approx(1.0)


def test_a_first_reading_has_no_shares() -> None:
    found = shares(None, Times(10.0, 100.0, None, 1.0))
    assert (found.busy, found.idle, found.steal) == (PENDING, PENDING, PENDING)
    assert found.iowait.status is Status.ABSENT


def test_no_time_has_no_shares() -> None:
    same = Times(10.0, 100.0, 5.0, 1.0)
    assert shares(same, same).busy == PENDING


def test_iowait_that_steps_back_is_no_negative_time_and_nobody_elses() -> None:
    found = shares(Times(10.0, 100.0, 5.0, 0.0), Times(11.0, 102.0, 4.9, 0.0))
    assert found.iowait.number == 0.0
    assert found.busy.number == pytest.approx(1 / 3)
    assert found.idle.number == pytest.approx(2 / 3)


def test_counters_that_fell_are_a_new_beginning() -> None:
    # a virtual machine that was restored from an older state
    assert shares(Times(1000.0, 9000.0, 5.0, 1.0), Times(10.0, 90.0, 1.0, 0.0)).busy == PENDING


def test_cores_keep_their_number_when_others_go_offline(tree: Tree) -> None:
    part = Cpu(Host(tree.proc, tree.sys))
    tree.write("proc/stat", stat("cpu 0 0 0 0", "cpu0 0 0 0 0", "cpu1 0 0 0 0", "cpu2 0 0 0 0"))
    before = part.read()
    tree.write("proc/stat", stat("cpu 150 0 0 150", "cpu0 50 0 0 50", "cpu2 100 0 0 0", "cpu3 9 0 0 1"))
    samples = list(part.derive(before, part.read(), 1.0))
    cores = {key.label("cpu"): value for key, value in samples if key.id == "system.cpu.core.utilization"}
    assert cores == {"0": Value(0.5), "2": Value(1.0), "3": PENDING}


def test_load_averages_and_a_system_without(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Cpu(Host(tree.proc, tree.sys))
    tree.write("proc/stat", stat("cpu 1 1 1 1"))
    monkeypatch.setattr(module.os, "getloadavg", lambda: (0.5, 1.5, 2.5))
    samples = list(part.derive(None, part.read(), 0.0))
    assert [number(samples, series("system.load", period=each)) for each in ("1m", "5m", "15m")] == [0.5, 1.5, 2.5]

    def none() -> tuple[float, float, float]:
        raise OSError("Load averages are unobtainable")

    monkeypatch.setattr(module.os, "getloadavg", none)
    samples = list(part.derive(None, part.read(), 0.0))
    assert values(samples)[series("system.load", period="1m")].status is Status.ABSENT
    assert values(samples)[BUSY] == PENDING


def test_a_stat_without_cpu_lines_says_so(tree: Tree) -> None:
    tree.write("proc/stat", "intr 1\n")
    with pytest.raises(SourceError, match="does not count"):
        Cpu(Host(tree.proc, tree.sys)).read()


V2 = {"sys/fs/cgroup/cpu.max": "{quota} 100000\n", "sys/fs/cgroup/cpu.stat": "usage_usec {used}\nuser_usec 1\n"}
V1 = {
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "{quota}\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpuacct/cpuacct.usage": "{used}000\n",
}


def contain(tree: Tree, files: dict[str, str], quota: str, used: int) -> None:
    for name, content in files.items():
        tree.write(name, content.format(quota=quota, used=used))


@pytest.mark.parametrize("files", [V2, V1], ids=["v2", "v1"])
def test_in_a_container_utilization_is_of_the_quota(tree: Tree, files: dict[str, str]) -> None:
    part = Cpu(Host(tree.proc, tree.sys))
    eight = [f"cpu{n} 0 0 0 0 0 0 0 0" for n in range(8)]
    tree.write("proc/stat", stat("cpu 0 0 0 0 0 0 0 0", *eight))
    contain(tree, files, "150000", 1_000_000)  # one and a half cores of eight
    before = part.read()
    assert before.quota == CpuQuota(1.5, 1.0)
    first = list(part.derive(None, before, 0.0))
    assert values(first)[BUSY] == values(first)[IDLE] == PENDING
    # The machine is 90 % idle; the container has used 2.4 s of the 3 s that it may in 2 s.
    tree.write("proc/stat", stat("cpu 160 0 0 1400 40 0 0 0", *eight))
    contain(tree, files, "150000", 3_400_000)
    samples = list(part.derive(before, part.read(), 2.0))
    assert number(samples, BUSY) == 0.8
    assert number(samples, IDLE) == 0.2
    assert number(samples, IOWAIT) == 0.025, "of the machine"


@pytest.mark.parametrize(
    ("files", "quota"),
    [(V2, "max"), (V1, "-1"), (V2, "800000"), (V1, "1600000"), (V2, "nonsense"), (V2, "0")],
    ids=["v2 none", "v1 none", "v2 the whole machine", "v1 more than the machine", "unreadable", "zero"],
)
def test_a_container_without_a_limit_shows_the_machine(tree: Tree, files: dict[str, str], quota: str) -> None:
    tree.write("proc/stat", stat("cpu 1 1 1 1", *[f"cpu{n} 0 0 0 0" for n in range(8)]))
    contain(tree, files, quota, 1)
    assert Cpu(Host(tree.proc, tree.sys)).read().quota is None


def test_a_quota_that_appears_later_is_pending_once(tree: Tree) -> None:
    part = Cpu(Host(tree.proc, tree.sys))
    tree.write("proc/stat", stat("cpu 0 0 0 0", "cpu0 0 0 0 0", "cpu1 0 0 0 0"))
    before = part.read()
    contain(tree, V2, "50000", 1)
    assert values(list(part.derive(before, part.read(), 2.0)))[BUSY] == PENDING


def test_a_container_that_began_anew_counts_from_0(tree: Tree) -> None:
    part = Cpu(Host(tree.proc, tree.sys))
    tree.write("proc/stat", stat("cpu 0 0 0 0", "cpu0 0 0 0 0", "cpu1 0 0 0 0"))
    contain(tree, V2, "100000", 5_000_000)
    before = part.read()
    contain(tree, V2, "100000", 500_000)
    assert number(list(part.derive(before, part.read(), 2.0)), BUSY) == 0.25


def test_elsewhere_psutil_reads(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", False)
    part = Cpu(Host(tree.proc, tree.sys))
    before = part.read()
    samples = list(part.derive(before, part.read(), 1.0))
    assert {key.id for key, _ in samples} == set(Cpu.measures)
    assert len(before.cores) == module.psutil.cpu_count()
