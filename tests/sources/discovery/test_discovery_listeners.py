"""Listeners from a /proc that is made up, and the real ones of this machine."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from fakes import Tree

from perf_tui.sources.discovery import listeners as module
from perf_tui.sources.discovery.listeners import Listener, Listeners
from perf_tui.sources.system.host import Host

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the tables below are of a little-endian machine")

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LOOPBACK, ANY, ADDRESS, RESOLVER = "0100007F", "00000000", "0A01A8C0", "3500007F"
LOOPBACK6, ANY6 = "00000000000000000000000001000000", "0" * 32
MAPPED, MAPPED_ANY = "0000000000000000FFFF00000100007F", "0000000000000000FFFF000000000000"
GLOBAL6 = "B80D0120000000000000000001000000"


def row(address: str, port: int, inode: int, state: str = "0A") -> str:
    rest = "00000000:00000000 00:00000000 00000000  1000        0"
    other = "0" * len(address)
    return f"   0: {address}:{port:04X} {other}:0000 {state} {rest} {inode} 1 0000000000000000 100 0 0 10 0\n"


def process(tree: Tree, pid: int, name: str, *inodes: int) -> None:
    tree.write(f"proc/{pid}/comm", f"{name}\n")
    folder = Path(tree.proc, str(pid), "fd")
    folder.mkdir()
    (folder / "0").symlink_to("/dev/null")
    for number, inode in enumerate(inodes, 3):
        (folder / str(number)).symlink_to(f"socket:[{inode}]")


def tables(tree: Tree, tcp: str = "", tcp6: str | None = None) -> None:
    tree.write("proc/net/tcp", HEAD + tcp)
    if tcp6 is not None:
        tree.write("proc/net/tcp6", HEAD + tcp6)


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", True)


def seen(tree: Tree, known: tuple[int, ...] = (), own: int = 1) -> list[Listener]:
    return Listeners(Host(tree.proc, tree.sys), known, own).read()


def test_loopback_and_every_address_are_reached_over_loopback(tree: Tree) -> None:
    tables(tree, row(LOOPBACK, 8000, 11) + row(ANY, 8001, 12), row(LOOPBACK6, 8002, 13) + row(ANY6, 8003, 14))
    process(tree, 77, "uvicorn", 11, 12, 13, 14)
    assert seen(tree) == [
        Listener("127.0.0.1", 8000, 77, "uvicorn", 11),
        Listener("127.0.0.1", 8001, 77, "uvicorn", 12),
        Listener("::1", 8002, 77, "uvicorn", 13),
        Listener("::1", 8003, 77, "uvicorn", 14),
    ]


def test_other_addresses_of_the_machine_are_left_alone(tree: Tree) -> None:
    tables(tree, row(ADDRESS, 8000, 11) + row(RESOLVER, 53, 12), row(GLOBAL6, 8000, 13))
    process(tree, 77, "x", 11, 12, 13)
    assert seen(tree) == []


def test_mapped_addresses_are_those_of_ipv4(tree: Tree) -> None:
    tables(tree, "", row(MAPPED, 8000, 11) + row(MAPPED_ANY, 8001, 12))
    process(tree, 77, "java", 11, 12)
    assert [(each.address, each.port) for each in seen(tree)] == [("127.0.0.1", 8000), ("127.0.0.1", 8001)]


def test_connections_are_no_listeners(tree: Tree) -> None:
    tables(tree, "".join(row(LOOPBACK, 8000 + number, number, f"{number:02X}") for number in range(1, 13)))
    process(tree, 77, "x", *range(1, 13))
    assert [each.port for each in seen(tree)] == [8010]


def test_one_that_listens_on_both_families_is_asked_once(tree: Tree) -> None:
    tables(tree, row(ANY, 8000, 11), row(ANY6, 8000, 12))
    process(tree, 77, "nginx", 11, 12)
    assert seen(tree) == [Listener("127.0.0.1", 8000, 77, "nginx", 11)]


def test_two_programs_on_one_port_of_two_families_are_two(tree: Tree) -> None:
    tables(tree, row(LOOPBACK, 8000, 11), row(LOOPBACK6, 8000, 12))
    process(tree, 77, "a", 11)
    process(tree, 78, "b", 12)
    assert [(each.address, each.process) for each in seen(tree)] == [("127.0.0.1", "a"), ("::1", "b")]


def test_of_workers_that_share_a_socket_it_is_the_first_process(tree: Tree) -> None:
    tables(tree, row(ANY, 8000, 11))
    for pid in (903, 90, 901):
        process(tree, pid, "gunicorn", 11)
    assert [each.pid for each in seen(tree)] == [90]


def test_of_workers_with_sockets_of_their_own_on_one_port_it_is_the_first_as_well(tree: Tree) -> None:
    tables(tree, row(ANY, 8000, 13) + row(ANY, 8000, 11) + row(ANY, 8000, 12))
    for pid, inode in ((903, 11), (90, 12), (901, 13)):
        process(tree, pid, "granian", inode)
    assert seen(tree) == [Listener("127.0.0.1", 8000, 90, "granian", 12)]


def test_a_process_of_another_user_is_not_touched(tree: Tree) -> None:
    """Its open files cannot be seen, so nobody knows whose port it is."""
    tables(tree, row(ANY, 8000, 11) + row(ANY, 9090, 12))
    tree.write("proc/500/comm", "secret\n")
    assert seen(tree) == []


def test_but_well_known_ports_are_named_whoever_listens(tree: Tree) -> None:
    tables(tree, row(ANY, 8000, 11) + row(ANY, 9090, 12))
    tree.write("proc/500/comm", "secret\n")
    assert seen(tree, known=(9090, 9100)) == [Listener("127.0.0.1", 9090, None, "", 12)]


def test_this_programs_own_ports_are_left_out(tree: Tree) -> None:
    tables(tree, row(LOOPBACK, 4318, 11) + row(LOOPBACK, 8000, 12))
    process(tree, 42, "perf-tui", 11)
    process(tree, 77, "x", 12)
    assert [each.port for each in seen(tree, known=(4318,), own=42)] == [8000]


def test_names_are_clean(tree: Tree) -> None:
    tables(tree, row(ANY, 8000, 11))
    process(tree, 77, "\x1b[31mred", 11)
    assert seen(tree)[0].process == "\\x1b[31mred"


def test_one_that_ends_while_it_is_looked_at_has_no_name(tree: Tree) -> None:
    tables(tree, row(ANY, 8000, 11))
    process(tree, 77, "x", 11)
    tree.remove("proc/77/comm")
    assert seen(tree) == [Listener("127.0.0.1", 8000, 77, "?", 11)]


def test_a_kernel_without_ipv6_and_one_without_a_table(tree: Tree) -> None:
    tables(tree)
    assert seen(tree) == []
    tree.remove("proc/net/tcp")
    with pytest.raises(FileNotFoundError):
        seen(tree)


def test_broken_rows_are_skipped(tree: Tree) -> None:
    tables(tree, "\n  0: \n" + row(ANY, 8000, 11) + "   1: 00000000:1F40 00000000:0000 0A 0")
    process(tree, 77, "x", 11)
    assert [each.port for each in seen(tree)] == [8000]


def test_open_files_are_looked_through_only_for_sockets_that_are_new(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables(tree, row(ANY, 8000, 11) + row(ANY, 8001, 12))
    process(tree, 77, "x", 11)
    looked: list[str] = []
    listing = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: looked.append(str(path)) or listing(path))  # type: ignore[func-returns-value]
    reader = Listeners(Host(tree.proc, tree.sys), (), 1)
    assert [each.port for each in reader.read()] == [8000]
    assert looked
    looked.clear()
    assert [each.port for each in reader.read()] == [8000]
    assert looked == [], "12 is known to be hidden"
    tables(tree, row(ANY, 8002, 13))
    process(tree, 78, "y", 13)
    assert [(each.port, each.process) for each in reader.read()] == [(8002, "y")]
    assert looked


@pytest.mark.parametrize("native", [True, False])
def test_a_real_listener_is_seen(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", native and sys.platform == "linux")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        found = {each.port: each for each in Listeners(Host(), own=0).read()}
        port = server.getsockname()[1]
        assert (found[port].address, found[port].pid) == ("127.0.0.1", os.getpid())
        assert found[port].process == psutil.Process().name()
        assert idle.getsockname()[1] not in found
        again = {each.port: each.key for each in Listeners(Host(), own=0).read()}
        assert again[port] == found[port].key
    assert port not in {each.port for each in Listeners(Host(), own=0).read()}


def test_elsewhere_hidden_processes_are_passed_over_and_well_known_ports_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    class Process(SimpleNamespace):
        def net_connections(self, kind: str) -> list[Any]:
            if self.pid == 5:
                raise psutil.AccessDenied(5)
            where = SimpleNamespace(ip="::", port=8000)
            return [
                SimpleNamespace(status=psutil.CONN_LISTEN, laddr=where),
                SimpleNamespace(status=psutil.CONN_ESTABLISHED, laddr=SimpleNamespace(ip="127.0.0.1", port=8001)),
            ]

        def name(self) -> str:
            raise psutil.NoSuchProcess(self.pid)

    monkeypatch.setattr(module, "LINUX", False)
    monkeypatch.setattr(psutil, "process_iter", lambda: [Process(pid=5), Process(pid=6)])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        closed = socket.create_server(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
        closed.close()
        found = Listeners(Host(), (8000, port, nobody), own=0).read()
    assert sorted(found) == sorted([Listener("::1", 8000, 6, "?", 6), Listener("127.0.0.1", port, None, "", 0)])
