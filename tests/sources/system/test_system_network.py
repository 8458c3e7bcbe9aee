"""Interfaces, retransmissions and sockets, from made-up tables."""

from __future__ import annotations

import psutil
import pytest
from fakes import Tree

from perf_tui.engine.source import SourceAbsent
from perf_tui.measures.model import IDLE, PENDING, Sample, Status, Value
from perf_tui.sources.system import connections as sockets_module
from perf_tui.sources.system import network as module
from perf_tui.sources.system.connections import Connections
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.network import InterfaceCounters, Network, Retransmits, Segments, speed

HEAD = (
    "Inter-|   Receive                            |  Transmit\n"
    " face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier comp\n"
)


def row(name: str, received: int = 0, packets: int = 0, lost: int = 0, sent: int = 0, sent_packets: int = 0) -> str:
    return f"{name:>6}: {received} {packets} {lost} 0 9 9 9 9 {sent} {sent_packets} 0 {lost} 9 9 9 9\n"


def named(samples: list[Sample]) -> dict[tuple[str, str], Value]:
    return {(key.id.rpartition(".")[2], key.label("interface")): value for key, value in samples}


def test_interfaces(tree: Tree) -> None:
    tree.write("sys/class/net/eth0/speed", "1000\n")
    tree.write("sys/class/net/lo/speed", "")
    part = Network(Host(tree.proc, tree.sys))
    tree.write("proc/net/dev", HEAD + row("lo", 10, 1, 0, 10, 1) + row("eth0", 1000, 10, 1, 500, 5) + row("idle0"))
    before = part.read()
    assert before.keys() == {"lo", "eth0"}, "one that never carried a packet is left out"
    first = named(list(part.derive(None, before, 0.0)))
    assert first["receive", "eth0"] == first["loss", "eth0"] == first["utilization", "eth0"] == PENDING
    tree.write(
        "proc/net/dev", HEAD + row("lo", 10, 1, 0, 10, 1) + row("eth0", 50_001_000, 80, 3, 25_000_500, 55)
    )  # fmt: skip
    values = named(list(part.derive(before, part.read(), 2.0)))
    assert values["receive", "eth0"] == Value(25e6)
    assert values["transmit", "eth0"] == Value(12.5e6)
    assert values["utilization", "eth0"] == Value(0.2), "the busier direction, of 125 MB/s"
    assert values["loss", "eth0"] == Value(4 / 120), "two received and two sent were lost, of 120 packets"
    assert values["loss", "lo"] == IDLE
    assert values["receive", "lo"] == Value(0.0)
    assert values["utilization", "lo"].status is Status.ABSENT


@pytest.mark.parametrize(
    ("megabits", "bytes_per_second"),
    [
        (1000, 125e6),
        (100_000, 12.5e9),
        (400_000, 50e9),
        (10, 1.25e6),
        (0, None),
        (-1, None),
        (65_535, None),
        (None, None),
    ],
)
def test_speed_of_a_link(megabits: float | None, bytes_per_second: float | None) -> None:
    assert speed(megabits) == bytes_per_second


def test_an_interface_that_appears_is_asked_for_its_speed_at_once(tree: Tree) -> None:
    part = Network(Host(tree.proc, tree.sys))
    tree.write("proc/net/dev", HEAD + row("eth0", 1, 1))
    part.read()
    tree.write("sys/class/net/eth1/speed", "100\n")
    tree.write("proc/net/dev", HEAD + row("eth0", 1, 1) + row("eth1", 1, 1))
    assert part.read()["eth1"].speed == 12.5e6


def test_where_nothing_but_losses_came_all_was_lost(tree: Tree) -> None:
    part = Network(Host(tree.proc, tree.sys))
    values = part.derive(
        {"a": InterfaceCounters(0, 0, 10, 0)}, {"a": InterfaceCounters(0, 0, 10, 5)}, 2.0
    )  # fmt: skip
    assert named(list(values))["loss", "a"] == Value(1.0)


def test_counters_that_were_reset(tree: Tree) -> None:
    # an interface that was taken down and made anew under the same name
    part = Network(Host(tree.proc, tree.sys))
    values = part.derive(
        {"a": InterfaceCounters(1e9, 1e9, 1e6, 1e3)}, {"a": InterfaceCounters(4000, 2000, 10, 0)}, 2.0
    )  # fmt: skip
    found = named(list(values))
    assert (found["receive", "a"], found["transmit", "a"], found["loss", "a"]) == (Value(2000), Value(1000), Value(0.0))


def test_names_with_colons_and_escapes(tree: Tree) -> None:
    tree.write("proc/net/dev", HEAD + row("eth0:1", 1, 1) + row("e\x1b[2J", 1, 1))
    assert Network(Host(tree.proc, tree.sys)).read().keys() == {"eth0:1", r"e\x1b[2J"}


def test_elsewhere_psutil_reads_interfaces(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", False)
    assert (
        "lo" in Network(Host(tree.proc, tree.sys)).read() or not psutil.net_io_counters(pernic=True)["lo"].packets_sent
    )
    with pytest.raises(SourceAbsent):
        Retransmits(Host(tree.proc, tree.sys)).read()


SNMP = """Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn ActiveOpens CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts
Tcp: 1 -1 7 40000 500 {sent} {again} 0 3
Udp: InDatagrams
Udp: 5
"""


def retransmits(tree: Tree, before: tuple[int, int], now: tuple[int, int]) -> Value:
    part = Retransmits(Host(tree.proc, tree.sys))
    readings: list[Segments] = []
    for sent, again in (before, now):
        tree.write("proc/net/snmp", SNMP.format(sent=sent, again=again))
        readings.append(part.read())
    ((_, value),) = part.derive(*readings, 2.0)
    return value


def test_retransmits(tree: Tree) -> None:
    assert retransmits(tree, (1000, 10), (1200, 15)) == Value(0.025)
    assert retransmits(tree, (1000, 10), (1000, 10)) == IDLE
    assert retransmits(tree, (1000, 10), (1200, 10)) == Value(0.0)
    assert retransmits(tree, (1000, 10), (1000, 12)) == Value(1.0)
    assert retransmits(tree, (1000, 10), (100, 1)) == Value(0.01)
    part = Retransmits(Host(tree.proc, tree.sys))
    assert next(iter(part.derive(None, part.read(), 0.0))).value == PENDING


@pytest.mark.parametrize("text", ["", "Ip: a\nIp: 1\n", "Tcp: RtoMin\nTcp: 200\n", "Tcp: OutSegs RetransSegs\n"])
def test_a_kernel_that_does_not_count_segments(tree: Tree, text: str) -> None:
    tree.write("proc/net/snmp", text)
    with pytest.raises(SourceAbsent, match="does not count"):
        Retransmits(Host(tree.proc, tree.sys)).read()


def test_no_snmp_at_all(tree: Tree) -> None:
    with pytest.raises(FileNotFoundError):
        Retransmits(Host(tree.proc, tree.sys)).read()


TCP_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def tcp(*states: str) -> str:
    lines = (f"{n:>4}: 0100007F:1F90 0100007F:A000 {state} 0 0 0 0 0 0 0 0" for n, state in enumerate(states))
    return TCP_HEAD + "".join(f"{line:<149}\n" for line in lines)


def states(part: Connections) -> dict[str, Value]:
    return {key.label("state"): value for key, value in part.derive(None, part.read(), 0.0)}


def numbers(part: Connections) -> dict[str, float | None]:
    return {state: value.number for state, value in states(part).items()}


SOCKSTAT = "sockets: used 9\nTCP: inuse {tcp} orphan 0 tw {tw} alloc 9 mem 1\nUDP: inuse {udp} mem 1\nRAW: inuse 0\n"


def test_sockets_by_state_of_both_families(tree: Tree) -> None:
    tree.write("proc/net/sockstat", SOCKSTAT.format(tcp=4, tw=1, udp=1))
    tree.write("proc/net/tcp", tcp("0A", "01", "01", "06", "08", "03"))
    tree.write("proc/net/tcp6", tcp("0A", "01", "0C", "0D"))
    tree.write("proc/net/udp", TCP_HEAD + " 1: x 07\n 2: x 07\n")
    tree.write("proc/net/udp6", TCP_HEAD + " 1: x 07\n")
    assert numbers(Connections(Host(tree.proc, tree.sys))) == {
        "established": 3, "listen": 2, "time_wait": 1, "close_wait": 1, "udp": 3, "syn_recv": 2, "unknown": 1,
    }  # fmt: skip


SIX = "TCP6: inuse {inuse}\nUDP6: inuse 0\n"


@pytest.mark.parametrize(("inuse", "waiting", "read"), [(0, 1, False), (0, 2, True), (1, 1, True)])
def test_the_table_of_ipv6_is_read_where_there_is_something_in_it(
    tree: Tree, inuse: int, waiting: int, read: bool
) -> None:
    tree.write("proc/net/sockstat", SOCKSTAT.format(tcp=1, tw=waiting, udp=0))
    tree.write("proc/net/sockstat6", SIX.format(inuse=inuse))
    tree.write("proc/net/tcp", tcp("01", "06"))
    tree.write("proc/net/tcp6", tcp("06"))
    tree.write("proc/net/udp", TCP_HEAD)
    found = numbers(Connections(Host(tree.proc, tree.sys)))
    assert (found["established"], found["time_wait"]) == (1, 2 if read else 1)


def test_without_ipv6_and_without_a_summary(tree: Tree) -> None:
    tree.write("proc/net/tcp", tcp("01"))
    tree.write("proc/net/udp", TCP_HEAD)
    assert numbers(Connections(Host(tree.proc, tree.sys))) == {
        "established": 1, "listen": 0, "time_wait": 0, "close_wait": 0, "udp": 0,
    }  # fmt: skip


def test_without_a_table_there_is_no_number(tree: Tree) -> None:
    with pytest.raises(FileNotFoundError):
        Connections(Host(tree.proc, tree.sys)).read()


@pytest.mark.parametrize(
    "summary",
    [
        {"proc/net/sockstat": SOCKSTAT.format(tcp=60_000, tw=500, udp=7)},
        {"proc/net/sockstat": SOCKSTAT.format(tcp=10, tw=59_500, udp=7)},
        {
            "proc/net/sockstat": SOCKSTAT.format(tcp=10, tw=500, udp=3),
            "proc/net/sockstat6": "TCP6: inuse 60000\nUDP6: inuse 4\nUDPLITE6: inuse 0\nFRAG6: inuse 0 memory 0\n",
        },
    ],
    ids=["IPv4", "waiting", "IPv6"],
)
def test_60000_sockets_are_not_read_one_by_one(tree: Tree, summary: dict[str, str]) -> None:
    for name, content in summary.items():
        tree.write(name, content)
    tree.write("proc/net/snmp", SNMP.format(sent=1, again=1))
    found = states(Connections(Host(tree.proc, tree.sys)))  # there is no table to read
    assert found["udp"].number == 7
    assert found["time_wait"].number in (500, 59_500)
    assert found["established"].number == 40_000
    assert found["established"].reason == "with close_wait: that is how the kernel counts them"
    assert found["listen"].status is found["close_wait"].status is Status.ABSENT
    assert "50000" in (found["listen"].reason or "")


def test_elsewhere_psutil_counts(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket:
        def __init__(self, status: str) -> None:
            self.status = status

    listed = [Socket(psutil.CONN_LISTEN), Socket(psutil.CONN_ESTABLISHED), Socket(psutil.CONN_NONE)]
    monkeypatch.setattr(sockets_module, "LINUX", False)
    monkeypatch.setattr(psutil, "net_connections", lambda kind: listed)
    assert numbers(Connections(Host(tree.proc, tree.sys))) == {
        "established": 1, "listen": 1, "time_wait": 0, "close_wait": 0, "udp": 1,
    }  # fmt: skip
