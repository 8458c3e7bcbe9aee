"""The oracle for the numbers: the statistics module on the packets that a real gunicorn 27 sent."""

import asyncio
import re
import socket
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perf_tui.engine.source import Derived, SourceError
from perf_tui.measures.model import Status, Value, series
from perf_tui.measures.services import Service
from perf_tui.sources.statsd import MOST_BYTES, MOST_SERVICES, Packet, Reading, Statsd, parse

CAPTURE = (Path(__file__).parents[1] / "data" / "app" / "gunicorn_27_statsd_packets.txt").read_bytes()
TIMES = [float(found) / 1000 for found in re.findall(rb"duration:([0-9.]+)\|ms", CAPTURE)]


def reading(*lines: bytes, dropped: int = 0) -> Reading:
    return Reading(Counter(lines), dropped)


def value(derived: Derived, measure: str, service: str = "gunicorn", **labels: str) -> Value:
    return dict(derived.samples)[series(measure, service=service, **labels)]


def rows(derived: Derived) -> dict[str, Service]:
    table = derived.tables["services"]
    assert isinstance(table, tuple)
    return {row.name: row for row in table}


def test_what_a_real_gunicorn_sent() -> None:
    source = Statsd("127.0.0.1", 0, 60.0)
    source.derive(reading(), 0.0)
    derived = source.derive(reading(*CAPTURE.splitlines()), 10.0)
    assert len(TIMES) == 20
    assert value(derived, "app.request.rate").number == 2.0
    mean = value(derived, "app.request.duration", stat="mean").number
    assert mean == pytest.approx(statistics.fmean(TIMES))
    cuts = statistics.quantiles(TIMES, n=100, method="inclusive")
    for stat, place in (("p50", 49), ("p95", 94), ("p99", 98)):
        found = value(derived, "app.request.duration", stat=stat).number
        assert found == pytest.approx(cuts[place], rel=0.011)
    assert [value(derived, f"app.error.{kind}").number for kind in ("client", "server", "timeout", "total")] == [0] * 4
    assert value(derived, "app.request.active").status is Status.ABSENT
    row = rows(derived)["gunicorn"]
    assert "2 workers" in row.notices
    assert row.buckets is not None
    assert sum(row.buckets.counts) == 20


def test_statuses_are_counted_by_class_and_leave_with_the_window() -> None:
    source = Statsd("127.0.0.1", 0, 10.0)
    source.derive(reading(), 0.0)
    codes = {200: 90, 404: 5, 500: 3, 504: 2}
    lines = Counter({b"gunicorn.request.status.%d:1|c|@1.0" % code: count for code, count in codes.items()})
    derived = source.derive(Reading(lines, 0), 2.0)
    found = {kind: value(derived, f"app.error.{kind}").number for kind in ("client", "server", "timeout", "total")}
    assert found == {"client": 0.05, "server": 0.05, "timeout": 0.02, "total": 0.1}
    assert value(derived, "app.request.rate").number == 50.0
    for at in range(4, 26, 2):
        derived = source.derive(reading(), float(at))
    assert value(derived, "app.error.total").status is Status.IDLE
    assert value(derived, "app.request.rate").number == 0.0


def test_before_a_second_reading_there_is_no_rate() -> None:
    derived = Statsd("127.0.0.1", 0, 60.0).derive(reading(*CAPTURE.splitlines()), 5.0)
    assert value(derived, "app.request.rate").status is Status.PENDING
    assert value(derived, "app.request.duration", stat="p99").status is Status.PENDING


def test_each_prefix_is_a_service_and_there_are_not_too_many() -> None:
    source = Statsd("127.0.0.1", 0, 60.0)
    source.derive(reading(), 0.0)
    lines = [b"shop.gunicorn.request.status.200:1|c", b"eu.pay.gunicorn.request.status.500:1|c"]
    derived = source.derive(reading(*lines), 1.0)
    assert set(rows(derived)) == {"shop", "eu.pay"}
    assert value(derived, "app.error.server", "eu.pay").number == 1.0
    many = [b"s%d.gunicorn.request.status.200:1|c" % number for number in range(200)]
    derived = source.derive(reading(*many), 2.0)
    assert len(rows(derived)) == MOST_SERVICES
    assert "were not gunicorn's" in rows(derived)["shop"].notices[-1]


def test_hanging_workers_and_lost_datagrams_are_said() -> None:
    source = Statsd("127.0.0.1", 0, 60.0)
    lines = [b"gunicorn.log.critical:1|c|@1.0", b"gunicorn.request.status.200:1|c", b"nonsense \x1b[31m"]
    notices = " | ".join(rows(source.derive(reading(*lines, dropped=7), 1.0))["gunicorn"].notices)
    assert "1 critical lines" in notices
    assert "7 datagrams were dropped" in notices
    assert "nonsense \\x1b[31m" in notices


@pytest.mark.parametrize(
    ("line", "packet"),
    [
        (b"gunicorn.requests:1|c|@1.0", Packet("gunicorn", "requests", 1.0, 1.0)),
        (b"gunicorn.request.duration:20.9|ms", Packet("gunicorn", "request.duration", 20.9, 1.0)),
        (b"a.b.gunicorn.workers:2|g", Packet("a.b", "workers", 2.0, 1.0)),
        (b"gunicorn.requests:1|c|@0.1|#env:prod", Packet("gunicorn", "requests", 1.0, 0.1)),
        (b"gunicorn.requests:1|c|@0", None),
        (b"gunicorn.requests:1.2.3|c", None),
        (b"gunicorn.requests:nan|c", None),
        (b"other.requests:1|c", None),
        (b"x" * 50_000, None),
        (b"", None),
    ],
)
def test_lines(line: bytes, packet: Packet | None) -> None:
    assert parse(line) == packet


def test_a_sampled_event_stands_for_several() -> None:
    source = Statsd("127.0.0.1", 0, 60.0)
    source.derive(reading(), 0.0)
    derived = source.derive(reading(b"gunicorn.request.status.200:1|c|@0.1"), 1.0)
    assert value(derived, "app.request.rate").number == 10.0


@pytest.fixture
async def receiver() -> AsyncIterator[Statsd]:
    """One that listens on a free port."""
    source = Statsd("127.0.0.1", 0, 60.0)
    await source.open()
    yield source
    await source.close()


async def received(source: Statsd, lines: int) -> Reading:
    """What came, as soon as that many lines have come."""
    whole: Counter[bytes] = Counter()
    while sum(whole.values()) < lines:
        await asyncio.sleep(0)
        newest = await source.read()
        whole += Counter({line: times for line, times in newest.lines.items() if line})
    return Reading(whole, 0)


async def test_datagrams_are_received(receiver: Statsd) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for line in CAPTURE.splitlines():
            sender.sendto(line, ("127.0.0.1", receiver.port))
        sender.sendto(b"gunicorn.workers:3|g\ngunicorn.requests:1|c", ("127.0.0.1", receiver.port))
    async with asyncio.timeout(5):
        got = await received(receiver, 63)
    assert got.lines[b"gunicorn.requests:1|c|@1.0"] == 20


async def test_what_does_not_fit_is_dropped_and_counted(receiver: Statsd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf_tui.sources.statsd.MOST_BYTES", 100)
    assert MOST_BYTES > 1_000_000
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(5):
            sender.sendto(b"g" * 40, ("127.0.0.1", receiver.port))
    dropped = 0
    async with asyncio.timeout(5):
        while not dropped:
            await asyncio.sleep(0.01)
            dropped += (await receiver.read()).dropped
    assert dropped == 3


async def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(SourceError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            await Statsd("127.0.0.1", port, 60.0).open()
