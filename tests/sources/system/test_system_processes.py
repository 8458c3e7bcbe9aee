"""Processes, from a made-up /proc."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fakes import Clock, Tree

from perf_tui.engine.engine import Engine
from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.measures.model import Status
from perf_tui.sources.system import processes as module
from perf_tui.sources.system import procscan
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.processes import Process, Processes
from perf_tui.sources.system.procscan import IDENTITY_EVERY, IO_EVERY, ProcScan, user_name

HERTZ, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class People:
    """Processes below a made-up /proc."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def set(
        self, pid: int, name: bytes | str = "sleep", command: bytes = b"sleep\x0060\x00", *,
        user: int = 0, system: int = 0, pages: int = 100, threads: int = 1, state: str = "S", started: int = 5000,
        io: tuple[int, int] | None = (0, 0),
    ) -> None:  # fmt: skip
        raw = name.encode() if isinstance(name, str) else name
        head = b"%d (%b) %b 1 2 3 4 5 4194304 6 7 8 9" % (pid, raw, state.encode())
        about = pages - pages % 64  # as the kernel counts there
        tail = f" {user} {system} 0 0 20 0 {threads} 0 {started} 123456 {about} 18446744073709551615 1 1 0 0\n"
        self.tree.write(f"proc/{pid}/stat", head + tail.encode())
        self.tree.write(f"proc/{pid}/cmdline", command)
        self.tree.write(f"proc/{pid}/statm", f"{pages * 9} {pages} 50 1 0 300 0\n")
        if io is not None:
            text = f"rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: {io[0]}\nwrite_bytes: {io[1]}\n"
            self.tree.write(f"proc/{pid}/io", text)

    def end(self, pid: int) -> None:
        shutil.rmtree(self.tree.root / f"proc/{pid}")


@pytest.fixture
def people(tree: Tree) -> People:
    return People(tree)


def rows(source: Processes, at: float) -> dict[int, Process]:
    table = source.derive(source._scan.scan(), at).tables["processes"]
    assert isinstance(table, tuple)
    return {row.pid: row for row in table}


def test_a_row(people: People, tree: Tree) -> None:
    people.set(42, "python3", b"python3\0-m\0app\0", user=150, system=50, pages=2000, threads=7, started=12_300)
    source = Processes(Host(tree.proc))
    row = rows(source, 1000.0)[42]
    assert row == Process(
        pid=42, parent=1, user=user_name(os.getuid()), state="S", cpu=None, memory=2000 * PAGE, read=None, write=None,
        threads=7, name="python3", command="python3 -m app", started=12_300 / HERTZ,
    )  # fmt: skip
    people.set(42, "python3", user=150 + HERTZ, system=50 + 2 * HERTZ, threads=7, started=12_300)
    assert rows(source, 1002.0)[42].cpu == 1.5, "three seconds of CPU time in two"


def test_rows_come_by_pid_and_other_entries_of_proc_are_left_alone(people: People, tree: Tree) -> None:
    for pid in (300, 7, 42):
        people.set(pid)
    tree.write("proc/stat", "cpu 1 2 3 4\n")
    tree.write("proc/self/stat", "nothing")
    tree.write("proc/7x/stat", "nothing")
    assert list(rows(Processes(Host(tree.proc)), 0.0)) == [7, 42, 300]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"a) R 1 (b", "a) R 1 (b"),
        (b"((((", "(((("),
        (b"))))", "))))"),
        (b") ", ") "),
        (b"with blanks and\ttab", r"with blanks and\x09tab"),
        (b"two\nlines", r"two\x0alines"),
        (b"\x1b[31mred", r"\x1b[31mred"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("日本語".encode(), "日本語"),
        ("👩‍🚀".encode(), "👩‍🚀"),
        ("日本語プロ".encode()[:14], "日本語プ\\xe3\\x83"),  # the kernel cuts at 15 bytes
        (b"", ""),
        (b"[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_names_of_any_kind(people: People, tree: Tree, raw: bytes, shown: str) -> None:
    people.set(42, raw, b"", user=5, threads=3)
    row = rows(Processes(Host(tree.proc)), 0.0)[42]
    assert (row.name, row.command, row.state, row.threads, row.parent) == (shown, f"[{shown}]", "S", 3, 1)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"python\0-c\0print('a b')\0", "python -c print('a b')"),
        (b"nginx: master process\0\0\0\0", "nginx: master process"),  # a title that was set over the arguments
        (b"a\0\0b\0", "a  b"),
        (b"evil\0\x1b]0;title\x07\0", r"evil \x1b]0;title\x07"),
        (b"\xff\0", r"\xff"),
        (b"x" * 10_000, "x" * 4096),
    ],
)
def test_command_lines_of_any_kind(people: People, tree: Tree, raw: bytes, shown: str) -> None:
    people.set(42, command=raw)
    assert rows(Processes(Host(tree.proc)), 0.0)[42].command == shown


def test_one_that_vanishes_while_it_is_read_is_left_out(
    people: People, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (1, 2, 3, 4, 5):
        people.set(pid)
    (tree.root / "proc/2/stat").unlink()
    tree.write("proc/3/stat", "")
    (tree.root / "proc/4/cmdline").unlink()
    read = procscan.first_block

    def dying(path: str, size: int = 4096) -> bytes:
        if path.endswith("/5/io"):
            raise ProcessLookupError(3, "No such process")
        return read(path, size)

    monkeypatch.setattr(procscan, "first_block", dying)
    assert list(rows(Processes(Host(tree.proc)), 0.0)) == [1]


def test_one_that_has_ended_is_left_out_of_later_passes(people: People, tree: Tree) -> None:
    people.set(1)
    people.set(2)
    scan = ProcScan(tree.proc)
    for _ in range(3):
        assert [row.pid for row in scan.scan()] == [1, 2]
    people.end(2)
    assert [row.pid for row in scan.scan()] == [1]
    people.set(2, started=9000, command=b"another\0")
    assert [row.command for row in scan.scan()] == ["sleep 60", "another"]


def test_a_pid_that_is_another_process_now_has_no_rate_yet(people: People, tree: Tree) -> None:
    people.set(42, "old", b"old\0", user=900, started=100, io=(5000, 5000))
    source = Processes(Host(tree.proc))
    rows(source, 0.0)
    rows(source, 2.0)
    people.set(42, "old", b"new\0", user=1, started=700, io=(10, 10))  # of the same name, and it may be younger in CPU
    row = rows(source, 4.0)[42]
    assert (row.cpu, row.read, row.write, row.command, row.started) == (None, None, None, "new", 700 / HERTZ)
    people.set(42, "old", b"new\0", user=1 + HERTZ, started=700, io=(10, 10))
    assert rows(source, 6.0)[42].cpu == 0.5


def test_one_that_calls_exec_shows_its_new_command_at_once(people: People, tree: Tree) -> None:
    people.set(42, "sh", b"sh\0entrypoint.sh\0")
    source = Processes(Host(tree.proc))
    rows(source, 0.0)
    people.set(42, "gunicorn", b"gunicorn\0app:app\0")
    row = rows(source, 2.0)[42]
    assert (row.name, row.command) == ("gunicorn", "gunicorn app:app")


def test_one_that_sets_its_title_or_user_shows_it_before_long(
    people: People, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.set(42, "postgres", b"postgres\0-D\0/data\0")
    source = Processes(Host(tree.proc))
    rows(source, 0.0)
    people.set(42, "postgres", b"postgres: idle\0")
    monkeypatch.setattr(procscan, "_user", lambda folder: "postgres")
    for n in range(1, IDENTITY_EVERY + 1):
        row = rows(source, 2.0 * n)[42]
    assert (row.command, row.user) == ("postgres: idle", "postgres")


def test_io_rates(people: People, tree: Tree) -> None:
    people.set(42, user=1, io=(1000, 2000))
    source = Processes(Host(tree.proc))
    assert rows(source, 0.0)[42].read is None
    people.set(42, user=2, io=(5000, 2000))
    row = rows(source, 2.0)[42]
    assert (row.read, row.write) == (2000.0, 0.0)
    # It used no CPU since, so that its counters would not be read again; but it moved bytes the last time.
    row = rows(source, 4.0)[42]
    assert (row.read, row.write) == (0.0, 0.0), "a rate does not outlive what it measured"


def test_io_of_idle_processes_is_read_now_and_then(people: People, tree: Tree) -> None:
    people.set(42, user=1, io=(0, 0))
    source = Processes(Host(tree.proc))
    rows(source, 0.0)
    people.set(42, user=1, io=(8000, 0))
    rates = [rows(source, float(n))[42].read for n in range(1, IO_EVERY + 1)]
    seen = [(n, rate) for n, rate in enumerate(rates, 1) if rate]
    assert len(seen) == 1
    at, rate = seen[0]
    assert rate == 8000 / at, "over all the time since the counters were read"


def test_io_that_may_not_be_read_or_is_not_counted(people: People, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    people.set(1, io=None)  # a kernel without the counters
    people.set(2)
    read = procscan.first_block

    def denying(path: str, size: int = 4096) -> bytes:
        if path.endswith("/2/io"):
            raise PermissionError(13, "Permission denied", path)
        return read(path, size)

    monkeypatch.setattr(procscan, "first_block", denying)
    source = Processes(Host(tree.proc))
    for at in (0.0, 2.0):
        found = rows(source, at)
        assert [(found[pid].read, found[pid].write) for pid in (1, 2)] == [(None, None)] * 2


def hide(monkeypatch: pytest.MonkeyPatch, *pids: int) -> None:
    """As hidepid=1 does: what lies in the folders of others may not be opened."""
    opening = os.open

    def hidden(path: str, flags: int) -> int:
        if any(f"/proc/{pid}/" in path for pid in pids):
            raise PermissionError(1, "Operation not permitted", path)
        return opening(path, flags)

    monkeypatch.setattr(os, "open", hidden)


def test_under_hidepid_our_own_are_shown(people: People, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    for pid in (1, 2, 3):
        people.set(pid)
    hide(monkeypatch, 1, 2)
    source = Processes(Host(tree.proc))
    assert list(rows(source, 0.0)) == [3]
    assert list(rows(source, 2.0)) == [3]


async def test_where_none_may_be_read_that_is_said(
    people: People, tree: Tree, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.set(1)
    hide(monkeypatch, 1)
    scan = ProcScan(tree.proc)
    with pytest.raises(SourceDenied, match="hidepid"):
        scan.scan()
    engine = Engine([Processes(Host(tree.proc))], interval=2.0, host="x", monotonic=clock, wall=clock.wall)
    await engine.run(ticks=1)
    (state,) = engine.store.snapshot.sources
    assert state.status is Status.DENIED
    assert "root may" in (state.error or "")


def test_an_empty_proc_is_an_error(tree: Tree) -> None:
    with pytest.raises(SourceError, match="no process can be seen"):
        ProcScan(tree.proc).scan()


def test_a_missing_proc_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        ProcScan("/nonexistent").scan()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0


def test_no_more_files_stay_open_than_allowed_and_none_for_long(people: People, tree: Tree) -> None:
    before = open_files()
    for pid in range(1, 31):
        people.set(pid)
    scan = ProcScan(tree.proc)
    scan._most_open = 10
    for _ in range(3):
        assert len(scan.scan()) == 30
    assert open_files() == before + 10
    for pid in range(1, 26):
        people.end(pid)
    for _ in range(2):
        assert len(scan.scan()) == 5
    assert open_files() == before + 5
    del scan
    assert open_files() == before


async def test_a_closed_source_keeps_no_file_open(people: People, tree: Tree) -> None:
    before, others = open_files(), threading.enumerate()
    people.set(1)
    source = Processes(Host(tree.proc))
    await source.read()
    await source.read()
    assert open_files() == before + 1
    threads = [thread for thread in threading.enumerate() if thread not in others]
    await source.close()
    for thread in threads:  # one that has ended holds nothing of its last call
        thread.join()
    assert open_files() == before
    assert len(await source.read()) == 1, "it can be opened again"
    await source.close()


def test_users_without_a_name() -> None:
    assert user_name(0) == "root"
    assert user_name(3_999_999_999) == "3999999999"


def test_a_real_process_its_end_and_its_zombie() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
    try:
        source = Processes(Host())
        alive = rows(source, 0.0)[child.pid]
        assert alive.parent == os.getpid()
        assert alive.command.endswith("-c import time; time.sleep(60)")
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has taken notice
        zombie = rows(source, 2.0)[child.pid]
        assert zombie.state == "Z"
        assert zombie.memory == 0
        child.wait()
        assert child.pid not in rows(source, 4.0)
    finally:
        child.kill()
        child.wait()


async def test_elsewhere_psutil_reads(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", False)
    source = Processes(Host(tree.proc))
    reading = await source.read()
    table = source.derive(reading, 0.0).tables["processes"]
    assert isinstance(table, tuple)
    me = {row.pid: row for row in table}[os.getpid()]
    assert me.memory > 1_000_000
    assert me.threads >= 1
    assert "pytest" in me.command
    assert me.read is None
    assert 0 < me.started < rows(Processes(Host()), 0.0)[os.getpid()].started + 5
    assert [row.pid for row in table] == sorted(row.pid for row in table)
    await source.close()
