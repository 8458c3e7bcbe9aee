"""The system source: each part fails alone, keeps its last numbers, and says why. Pressure, and reading files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import psutil
import pytest
from fakes import Clock, Tree

from perf_tui.engine.engine import Engine
from perf_tui.measures.model import Sample, Series, Status, Value, absent, ok, series
from perf_tui.sources.system import host as host_module
from perf_tui.sources.system import pressure as pressure_module
from perf_tui.sources.system.host import Host, first_block, slurp
from perf_tui.sources.system.part import Part
from perf_tui.sources.system.pressure import Pressure
from perf_tui.sources.system.source import PartsSource


class Scripted(Part[float]):
    """Gives what `reading` returns as a counter of device sda."""

    measures = ("disk.read", "disk.total")

    def __init__(self, reading: Callable[[], float]) -> None:
        self.reading = reading

    def read(self) -> float:
        return self.reading()

    def derive(self, before: float | None, now: float, seconds: float) -> Iterable[Sample]:
        if now < 0:
            raise ArithmeticError("less than nothing")
        if before is not None:
            yield Sample(series("disk.read", device="sda"), ok((now - before) / seconds))
        if now < 1000:
            yield Sample(series("disk.total", device="sda"), ok(now))


class Well(Part[float]):
    measures = ("load",)

    def read(self) -> float:
        return 5.0

    def derive(self, before: float | None, now: float, seconds: float) -> Iterable[Sample]:
        yield Sample(series("load"), ok(now))


def raising(error: Exception) -> Callable[[], float]:
    def read() -> float:
        raise error

    return read


def derived(source: PartsSource, at: float) -> dict[Series, Value]:
    return dict(source.derive(source._read(), at).samples)


READ, TOTAL = series("disk.read", device="sda"), series("disk.total", device="sda")


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (FileNotFoundError(2, "No such file", "/proc/diskstats"), Status.ABSENT, "there is no /proc/diskstats"),
        (PermissionError(13, "Denied", "/proc/stat"), Status.DENIED, "no permission to read /proc/stat; root has it"),
        (psutil.AccessDenied(1), Status.DENIED, "no permission to read it; root has it"),
        (NotImplementedError(), Status.ABSENT, "this system does not give it"),
        (OSError(5, "Input/output error"), Status.ERROR, "Input/output error"),
        (ValueError("not sure how to read it"), Status.ERROR, "ValueError: not sure how to read it"),
    ],
)
def test_a_part_that_fails_fails_alone(error: Exception, status: Status, reason: str) -> None:
    source = PartsSource("system", [Scripted(raising(error)), Well()])
    values = derived(source, 1.0)
    assert values[series("disk.read")] == values[series("disk.total")] == Value(None, status, reason)
    assert values[series("load")] == Value(5.0)


def test_the_last_numbers_stay_with_their_time_while_a_part_fails() -> None:
    part = Scripted(lambda: 10.0)
    source = PartsSource("system", [part])
    derived(source, 100.0)
    part.reading = lambda: 14.0
    assert derived(source, 102.0) == {READ: Value(2.0), TOTAL: Value(14.0)}
    part.reading = raising(OSError(5, "Input/output error"))
    for at in (104.0, 106.0):
        assert derived(source, at) == {
            READ: Value(2.0, Status.STALE, "Input/output error", 102.0),
            TOTAL: Value(14.0, Status.STALE, "Input/output error", 102.0),
        }
    part.reading = lambda: 30.0
    assert derived(source, 110.0)[READ] == Value(2.0), "over all the time since the last good reading"


def test_a_derivation_that_raises_fails_alone_too() -> None:
    part = Scripted(lambda: 10.0)
    source = PartsSource("system", [part, Well()])
    derived(source, 1.0)
    part.reading = lambda: -1.0
    values = derived(source, 2.0)
    assert values[series("load")] == Value(5.0)
    assert values[TOTAL] == Value(10.0, Status.STALE, "ArithmeticError: less than nothing", 1.0)
    part.reading = lambda: 14.0
    assert derived(source, 3.0)[READ] == Value(2.0), "from the last good reading"
    assert PartsSource("x", [Scripted(lambda: -1.0)]).derive((-1.0,), 1.0).samples == [
        Sample(series("disk.read"), Value(None, Status.ERROR, "ArithmeticError: less than nothing")),
        Sample(series("disk.total"), Value(None, Status.ERROR, "ArithmeticError: less than nothing")),
    ]


def test_a_good_reading_without_a_series_says_that_there_is_none() -> None:
    source = PartsSource("system", [Scripted(lambda: 5000.0)])
    assert derived(source, 1.0) == {
        series("disk.read"): absent("this machine has none"), series("disk.total"): absent("this machine has none"),
    }  # fmt: skip


async def test_it_reads_on_a_thread_and_closes_it(clock: Clock) -> None:
    source = PartsSource("system", [Scripted(lambda: 1.0)])
    engine = Engine([source], interval=0.5, host="test", monotonic=clock, wall=clock.wall)
    await engine.run(ticks=1)
    assert engine.store.snapshot.values[TOTAL] == Value(1.0, Status.OK, None, clock.now)
    assert source._blocking._jobs is None


# -- pressure


def pressed(part: Pressure) -> dict[tuple[str, str], Value]:
    return {(key.label("resource"), key.label("stat")): value for key, value in part.derive(None, part.read(), 0.0)}


def psi(tree: Tree, resource: str, *stats: str) -> None:
    lines = (f"{stat} avg10={n + 1}.50 avg60=0.00 avg300=0.00 total=7\n" for n, stat in enumerate(stats))
    tree.write(f"proc/pressure/{resource}", "".join(lines))


def test_pressure(tree: Tree) -> None:
    for resource in ("cpu", "memory", "io"):
        psi(tree, resource, "some", "full")
    values = pressed(Pressure(Host(tree.proc)))
    assert len(values) == 6
    assert values["io", "some"] == Value(0.015)
    assert values["cpu", "full"] == Value(0.025)


def test_older_kernels_have_no_full_pressure_of_the_cpu(tree: Tree) -> None:
    psi(tree, "cpu", "some")
    psi(tree, "memory", "some", "full")
    values = pressed(Pressure(Host(tree.proc)))
    assert values["cpu", "some"] == Value(0.015)
    assert values["cpu", "full"] == absent("this kernel does not count it")
    assert values["io", "some"] == absent("this kernel does not count it")


def test_a_kernel_without_pressure(tree: Tree) -> None:
    (value, *_) = PartsSource("system", [Pressure(Host(tree.proc))])._read()
    assert value == (Status.ABSENT, "this kernel does not count it; Linux 4.20 with CONFIG_PSI does")


def test_a_kernel_that_was_started_without_it(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tree.proc)

    def unsupported(name: str) -> bytes:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(host, "read_proc", unsupported)
    (value, *_) = PartsSource("system", [Pressure(host)])._read()
    assert value == (Status.ABSENT, "this kernel does not count it; it does when started with psi=1")


def test_a_sandbox_that_forbids_it(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tree.proc)

    def denied(name: str) -> bytes:
        raise PermissionError(13, "Permission denied", f"/proc/{name}")

    monkeypatch.setattr(host, "read_proc", denied)
    (value, *_) = PartsSource("system", [Pressure(host)])._read()
    assert value == (Status.DENIED, "no permission to read /proc/pressure/cpu; root has it")


def test_other_systems_have_no_pressure(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure_module, "LINUX", False)
    (value, *_) = PartsSource("system", [Pressure(Host(tree.proc))])._read()
    assert value == (Status.ABSENT, "only Linux counts it")


# -- reading files


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 48, 1000])
def test_slurp_reads_all(tree: Tree, size: int) -> None:
    content = bytes(range(256)) * 4
    path = tree.write("proc/file", content[:size])
    assert slurp(str(path), block=16) == content[:size]
    assert first_block(str(path), 16) == content[: min(size, 16)]


def test_slurp_goes_on_after_a_short_page(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    # The kernel gives a page less the record that did not fit, and the rest with the next read.
    pages = [b"a" * 3900, b"b" * 3000, b""]
    monkeypatch.setattr(host_module.os, "read", lambda handle, block: pages.pop(0))
    assert slurp(str(tree.write("proc/file", ""))) == b"a" * 3900 + b"b" * 3000


def test_files_are_closed_whatever_happens(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tree.write("proc/file", "x"))
    opened = os.open(path, os.O_RDONLY)
    os.close(opened)  # the number that the next file gets

    def failing(handle: int, block: int) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(host_module.os, "read", failing)
        for read in (slurp, first_block):
            with pytest.raises(OSError, match="Input/output"):
                read(path)
    again = os.open(path, os.O_RDONLY)
    os.close(again)
    assert again == opened


def test_numbers_and_names_below_sys(tree: Tree) -> None:
    host = Host(tree.proc, tree.sys)
    tree.write("sys/number", "42\n")
    tree.write("sys/word", "max\n")
    tree.write("sys/empty", "")
    assert [host.sys_number(name) for name in ("number", "word", "empty", "none")] == [42.0, None, None, None]
    tree.write("sys/block/sda/x", "")
    assert host.sys_names("block") == {"sda"}
    assert host.sys_names("none") == frozenset()
