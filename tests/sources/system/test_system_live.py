"""This machine's real numbers, against programs and files that this project did not write."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from perf_tui.assembly import system_sources
from perf_tui.engine.engine import Engine
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Status, Value
from perf_tui.sources.system.connections import Connections
from perf_tui.sources.system.cpu import Cpu
from perf_tui.sources.system.disk import Disk
from perf_tui.sources.system.filesystems import Filesystems
from perf_tui.sources.system.host import Host, slurp
from perf_tui.sources.system.memory import Memory
from perf_tui.sources.system.network import Network
from perf_tui.sources.system.part import Part
from perf_tui.sources.system.processes import Process, Processes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these oracles are Linux'")

T, Seen = TypeVar("T"), TypeVar("Seen")
TICK = 1 / os.sysconf("SC_CLK_TCK")


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def output(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, env=environment).stdout


def between(oracle: Callable[[], Seen], ours: Callable[[], T]) -> tuple[Seen, T, Seen]:
    """Our reading between two of the oracle's: what is right lies between them."""
    return oracle(), ours(), oracle()


def steady(oracle: Callable[[], Seen], ours: Callable[[], T]) -> tuple[Seen, T]:
    """Our reading between two of the oracle's that agree; others use this machine, so it may take a few tries."""
    for _ in range(50):
        before, found, after = between(oracle, ours)
        if before == after:
            return after, found
    pytest.skip("this machine never stood still")


def by_label(part: Part[T], id: str, label: str) -> dict[str, float | None]:
    found = part.derive(None, part.read(), 0.0)
    return {key.label(label): value.number for key, value in found if key.id == id}


@needs("free")
def test_memory_is_that_of_free() -> None:
    def free() -> dict[str, list[int]]:
        lines = [line.split() for line in output("free", "-b", "-w").splitlines()]
        return {line[0].rstrip(":"): [int(word) for word in line[1:]] for line in lines[1:]}

    before, reading, after = between(free, Memory(Host()).read)
    if reading.limit is not None:
        pytest.skip("a container's memory is not what free says")
    # free's columns: total used free shared buffers cache available; of swap: total used free
    assert reading.total == before["Mem"][0]
    assert reading.swap_total == before["Swap"][0]
    moved = reading.total * 0.05  # others use this machine
    for ours, column in ((reading.available, 6), (reading.cached, 5), (reading.buffers, 4)):
        low, high = sorted((before["Mem"][column], after["Mem"][column]))
        assert ours is not None
        assert low - moved <= ours <= high + moved
    low, high = sorted((before["Swap"][1], after["Swap"][1]))
    assert low - moved <= reading.swap_used <= high + moved


@needs("df")
async def test_file_systems_are_those_of_df() -> None:
    source = Filesystems(Host())
    (found,) = [dict(source.derive(await source.read(), 0.0).samples)]
    await source.close()
    ours = {(key.id.rpartition(".")[2], key.label("mount")): value for key, value in found.items()}
    assert ("total", "/") in ours
    for (kind, mount), value in ours.items():
        if kind != "total" or value.status is not Status.OK:
            continue
        size, used, free = map(int, output("df", "-B1", "--output=size,used,avail", mount).splitlines()[1].split())
        assert value.number == size
        moved = size * 0.02
        assert ours["used", mount].number == pytest.approx(used, abs=moved)
        assert ours["utilization", mount].number == pytest.approx(used / (used + free), abs=0.02)


@pytest.fixture
def conversation() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP connection over loopback, with its listening socket, and a UDP socket."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.create_connection(server.getsockname()) as client,
    ):
        datagrams.bind(("127.0.0.1", 0))
        accepted, _ = server.accept()
        with accepted:
            yield client, accepted


@needs("ss")
def test_sockets_are_those_of_ss(conversation: tuple[socket.socket, socket.socket]) -> None:
    names = {"ESTAB": "established", "TIME-WAIT": "time_wait", "LISTEN": "listen", "CLOSE-WAIT": "close_wait"}

    def ss() -> Counter[str]:
        states = Counter(line.split()[0] for line in output("ss", "-H", "-t", "-a", "-n").splitlines())
        counts = Counter({names[state]: number for state, number in states.items() if state in names})
        counts["udp"] = len(output("ss", "-H", "-u", "-a", "-n").splitlines())
        return counts

    part = Connections(Host())
    expected, found = steady(ss, lambda: by_label(part, "system.network.connections", "state"))
    assert found["established"] is not None
    assert found["established"] >= 2
    assert {state: found[state] for state in (*names.values(), "udp")} == {
        state: expected[state] for state in (*names.values(), "udp")
    }


def cpu_line(name: str = "cpu") -> list[float]:
    """Busy (with stolen), idle, iowait in seconds, by the kernel's own description of /proc/stat."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.split()[0] == name:
            user, nice, system, idle, iowait, irq, softirq, steal, *_ = (int(word) * TICK for word in line.split()[1:])
            return [user + nice + system + irq + softirq + steal, idle, iowait]
    raise AssertionError(name)


def spin(seconds: float) -> None:
    """Use a core for a while."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_cpu_is_that_of_proc_stat() -> None:
    part = Cpu(Host())
    outer, before = cpu_line(), part.read()
    if before.quota is not None:
        pytest.skip("a container's CPU is not the machine's")
    spin(0.3)
    now, last = part.read(), cpu_line()
    values = {str(key): value.number for key, value in part.derive(before, now, 0.3)}
    passed = [after - first for first, after in zip(outer, last, strict=True)]
    for id, seconds in zip(("utilization", "idle", "iowait"), passed, strict=True):
        assert values[f"system.cpu.{id}"] == pytest.approx(seconds / sum(passed), abs=0.1)
    assert values["system.cpu.utilization"] > 0.3 / sum(passed) * 0.8
    cores = [line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu") and line[3] != " "]
    assert {f"system.cpu.core.utilization{{cpu={line.split()[0][3:]}}}" for line in cores} <= values.keys()
    assert values["system.load{period=1m}"] == pytest.approx(
        float(Path("/proc/loadavg").read_text().split()[0]), abs=0.2
    )


@pytest.mark.skipif(not Path("/proc/diskstats").exists(), reason="no /proc/diskstats here")
def test_disk_rates_are_those_of_diskstats(tmp_path: Path) -> None:
    def oracle() -> dict[str, tuple[int, int, int]]:
        lines = (line.split() for line in Path("/proc/diskstats").read_text().splitlines())
        return {line[2]: (int(line[7]), int(line[9]) * 512, int(line[5]) * 512) for line in lines}

    part = Disk(Host())
    first, before = oracle(), part.read()
    path = tmp_path / "written"
    with path.open("wb") as file:
        file.write(os.urandom(4 << 20))
        file.flush()
        os.fsync(file.fileno())
    now, last = part.read(), oracle()
    values = {(key.id, key.label("device")): value.number for key, value in part.derive(before, now, 1.0)}
    assert values, "no disk"
    for device in now:
        for place, id in enumerate(("system.disk.write_ops", "system.disk.write", "system.disk.read")):
            rate = values[id, device]
            assert rate is not None
            assert 0 <= rate <= last[device][place] - first[device][place]
    on = os.stat(tmp_path).st_dev
    device = Path(f"/sys/dev/block/{os.major(on)}:{os.minor(on)}")
    if device.exists():
        name = (device.resolve().parent if (device / "partition").exists() else device.resolve()).name
        assert (values["system.disk.write", name] or 0) >= 4 << 20


def talk(conversation: tuple[socket.socket, socket.socket], size: int) -> None:
    """Send so many bytes over a connection."""
    client, server = conversation

    def swallow() -> None:
        left = size
        while left > 0:
            left -= len(server.recv(65536))

    reader = threading.Thread(target=swallow)
    reader.start()
    client.sendall(bytes(size))
    reader.join()


def test_network_rates_are_those_of_proc_net_dev(conversation: tuple[socket.socket, socket.socket]) -> None:
    def oracle() -> tuple[int, int]:
        fields = next(line for line in Path("/proc/net/dev").read_text().splitlines() if "lo:" in line).split()
        return int(fields[1]), int(fields[9])

    part = Network(Host())
    talk(conversation, 1000)  # so that the interface is there from the beginning
    first, before = oracle(), part.read()
    talk(conversation, 1 << 20)
    now, last = part.read(), oracle()
    values = {(key.id, key.label("interface")): value for key, value in part.derive(before, now, 1.0)}
    for place, id in enumerate(("system.network.receive", "system.network.transmit")):
        rate = values[id, "lo"].number
        assert rate is not None
        assert 1 << 20 <= rate <= last[place] - first[place]
    assert values["system.network.loss", "lo"] == Value(0.0)


def processes(source: Processes, at: float) -> dict[int, Process]:
    table = source.derive(source._scan.scan(), at).tables["processes"]
    assert isinstance(table, tuple)
    return {row.pid: row for row in table}


@needs("ps")
def test_processes_are_those_of_ps() -> None:
    def ps() -> dict[int, list[str]]:
        lines = output("ps", "-ww", "-e", "-o", "pid=,ppid=,rss=,nlwp=,user:32=,stat=,args=").splitlines()
        return {int(line.split()[0]): line.split(None, 6)[1:] for line in lines}

    source = Processes(Host())
    processes(source, 0.0)
    before, found, after = between(ps, lambda: processes(source, 1.0))
    same = [pid for pid, row in before.items() if after.get(pid) == row]
    assert os.getpid() in before
    assert len(same) > 1, "nothing stood still"
    assert set(same) <= found.keys(), "none is missing"
    compared = 0
    for pid in same:
        parent, rss, threads, user, state, args = before[pid]
        row = found[pid]
        assert (row.parent, row.threads, row.user) == (int(parent), int(threads), user)
        assert row.memory == pytest.approx(int(rss) * 1024, rel=0.05)  # it may have grown and shrunk in between
        if "R" not in (row.state, state[0]):  # who runs at an instant differs from look to look
            assert row.state == state[0]
        if row.command.startswith("[") or "\\" in row.command:
            continue  # kernel threads, and what each spells out in its own way
        if args.isascii() and args.isprintable() and len(args) < 4000:
            assert row.command.split() == args.split()
            compared += 1
    assert compared > 0


def test_cpu_of_a_process_is_that_of_its_own_resource_usage() -> None:
    program = (
        "import json, resource, sys, time\n"
        "def used(): u = resource.getrusage(resource.RUSAGE_SELF); return u.ru_utime + u.ru_stime\n"
        "print(json.dumps(used()), flush=True)\n"
        "sys.stdin.readline()\n"
        "end = time.process_time() + 0.5\n"
        "while time.process_time() < end: pass\n"
        "print(json.dumps(used()), flush=True)\n"
        "sys.stdin.readline()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        source = Processes(Host())
        used_before = json.loads(child.stdout.readline())
        processes(source, began := time.monotonic())
        child.stdin.write("go\n")
        child.stdin.flush()
        used = json.loads(child.stdout.readline()) - used_before
        row = processes(source, ended := time.monotonic())[child.pid]
        assert row.cpu is not None
        assert row.cpu * (ended - began) == pytest.approx(used, abs=4 * TICK)
        child.stdin.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert usage.ru_utime + usage.ru_stime >= row.cpu * (ended - began) - 4 * TICK
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()
        child.stdout.close()  # type: ignore[union-attr]


def test_files_of_many_records_are_read_whole(conversation: tuple[socket.socket, socket.socket]) -> None:
    with_many = [socket.create_server(("127.0.0.1", 0)) for _ in range(60)]
    try:
        expected, found = steady(
            lambda: Path("/proc/net/tcp").read_bytes().count(b"\n"), lambda: slurp("/proc/net/tcp")
        )
        assert found.count(b"\n") == expected
        assert expected > 60
        mounts, found = steady(Path("/proc/self/mounts").read_bytes, lambda: slurp("/proc/self/mounts"))
        assert found == mounts
    finally:
        for each in with_many:
            each.close()


def optional() -> set[str]:
    """Measures that this machine may lack."""
    lacking = {"self.handler.failures"}  # there are no handlers
    if not Path("/proc/pressure/cpu").exists():
        lacking.add("system.pressure")
    if not any(name.name for name in Path("/sys/block").glob("*") if not name.name.startswith(("loop", "ram", "zram"))):
        lacking |= {id for id in CATALOGUE if id.startswith("system.disk.")}
    return lacking


async def test_every_measure_of_the_system_has_a_number_here(
    conversation: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    engine = Engine(system_sources(Host()), interval=20.0)
    for _ in range(3):
        talk(conversation, 100_000)
        (tmp_path / "x").write_bytes(b"x" * 100_000)
        spin(0.1)
        snapshot = await engine.tick()
    engine.stop()
    await engine.run()  # closes the sources
    states = {state.name: (state.status, state.error) for state in snapshot.sources}
    for name in ("system", "connections", "filesystems", "processes"):
        assert states[name] == (Status.OK, None)
    good = {key.id for key, value in snapshot.values.items() if value.status is Status.OK}
    wanted = {id for id in CATALOGUE if id.startswith(("system.", "self."))} - optional()
    speeds = [value for _, value in snapshot.all("system.network.utilization")]
    if all(value.status is Status.ABSENT for value in speeds):
        wanted.discard("system.network.utilization")
        assert {value.reason for value in speeds} == {"the link does not say its speed"}
    assert wanted - good == set()
    for key, value in snapshot.values.items():
        assert key.id in CATALOGUE
        assert {name for name, _ in key.labels} == set(CATALOGUE[key.id].labels)
        if value.number is not None and CATALOGUE[key.id].unit == "ratio" and key.id != "self.cpu":
            assert 0 <= value.number <= 1
    assert len(snapshot.tables["processes"]) > 1  # type: ignore[arg-type]


def test_parts_on_an_empty_machine_are_statuses_and_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "sys").mkdir()
    host = Host(str(tmp_path / "proc"), str(tmp_path / "sys"))
    for source in system_sources(host)[:2]:
        samples = source.derive(source._read(), 1.0).samples  # type: ignore[attr-defined]
        assert {value.status for _, value in samples} == {Status.ABSENT}
        assert all(value.number is None and value.reason for _, value in samples)
