"""The life of one source: readings, failures, back-off, recovery, deadlines, closing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from fakes import Clock

from perf_tui.engine.runner import Runner
from perf_tui.engine.source import Derived, Source, SourceAbsent, SourceDenied, SourceError
from perf_tui.measures.model import Sample, Status, ok, series
from perf_tui.sources.fake import FakeSource

A = series("a")


class Scripted(Source[object]):
    """Does what the test says at each step of its life."""

    name, kind, deadline = "scripted", "test", 5.0

    def __init__(self) -> None:
        self.opening: Callable[[], None] = lambda: None
        self.deriving: Callable[[], Derived] = lambda: Derived([Sample(A, ok(1.0))])
        self.closing: Callable[[], None] = lambda: None
        self.log: list[str] = []

    async def open(self) -> None:
        self.log.append("open")
        self.opening()

    async def read(self) -> object:
        self.log.append("read")
        return None

    def derive(self, reading: object, at: float) -> Derived:
        self.log.append("derive")
        return self.deriving()

    async def close(self) -> None:
        self.log.append("close")
        self.closing()


def fail(error: BaseException) -> Callable[[], Derived]:
    def raising() -> Derived:
        raise error

    return raising


async def test_a_good_reading(clock: Clock) -> None:
    source = FakeSource(lambda n: {A: float(n)}, name="one")
    runner = Runner(source, clock)
    assert (runner.state.name, runner.state.kind, runner.state.status) == ("one", "fake", Status.PENDING)
    assert runner.due(0)
    await runner.start(0)
    assert runner.state.status is Status.OK
    assert runner.state.duration == 0.0
    assert runner.read_at == clock.now
    derived = runner.take()
    assert derived is not None
    assert list(derived.samples) == [Sample(A, ok(0.0))]
    assert runner.take() is None
    assert (source.opened, source.reads, source.closed) == (1, 1, 0)


async def test_it_is_due_on_each_nth_tick_counted_from_its_last_reading(clock: Clock) -> None:
    source = FakeSource(lambda n: {A: 1.0})
    source.every = 5
    runner = Runner(source, clock)
    await runner.start(1)
    assert [tick for tick in range(2, 9) if runner.due(tick)] == [6, 7, 8]
    # An engine that can only do each second tick must not miss the source's turn for good.
    await runner.start(7)
    assert not runner.due(11)
    assert runner.due(13)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (SourceError("connection refused"), Status.ERROR, "connection refused"),
        (SourceDenied("join the group adm"), Status.DENIED, "join the group adm"),
        (SourceAbsent("no GPU here"), Status.ABSENT, "no GPU here"),
        (SourceError(), Status.ERROR, "SourceError"),
        (SourceError("evil \x1b[2J"), Status.ERROR, r"evil \x1b[2J"),
        (PermissionError(13, "Permission denied", "/x/io"), Status.DENIED, "no permission to read /x/io; root has it"),
        (FileNotFoundError(2, "No such file", "/proc/x"), Status.ABSENT, "there is no /proc/x"),
        (OSError(95, "Not supported", "/proc/pressure/cpu"), Status.ERROR, "/proc/pressure/cpu: Not supported"),
        (ConnectionRefusedError(111, "Connection refused"), Status.ERROR, "Connection refused"),
        (NotImplementedError(), Status.ABSENT, "this system does not give it"),
        (KeyError("x"), Status.ERROR, "KeyError: 'x'"),
        (ValueError(), Status.ERROR, "ValueError"),
        (TimeoutError("the peer took too long"), Status.ERROR, "TimeoutError: the peer took too long"),
        (asyncio.CancelledError(), Status.ERROR, "CancelledError"),
        (SystemExit(3), Status.ERROR, "SystemExit: 3"),
    ],
)  # fmt: skip
async def test_failures_have_a_status_and_a_reason(
    clock: Clock, error: BaseException, status: Status, reason: str
) -> None:
    source = FakeSource(lambda n: error)
    runner = Runner(source, clock)
    await runner.start(0)
    assert (runner.state.status, runner.state.error) == (status, reason)
    assert runner.state.duration is None
    assert runner.failed
    assert runner.take() is None
    assert source.closed == 1


async def test_back_off_doubles_to_a_minute(clock: Clock) -> None:
    runner = Runner(FakeSource(lambda n: SourceError("down")), clock)
    pauses = []
    for tick in range(9):
        await runner.start(tick)
        failed_at = clock.now
        while not runner.due(tick + 1):
            clock.advance(0.5)
        pauses.append(clock.now - failed_at)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60, 60]


async def test_recovery_begins_anew(clock: Clock) -> None:
    source = FakeSource(lambda n: SourceError("down") if n in (0, 1, 3) else {A: 1.0})
    runner = Runner(source, clock)
    for tick, expected in enumerate([Status.ERROR, Status.ERROR, Status.OK, Status.ERROR]):
        await runner.start(tick)
        assert runner.state.status is expected
        clock.advance(60)
    assert source.opened == 3, "opened again after each failure, not after a success"
    await runner.start(4)
    assert runner.state.error is None
    # and the pause after the failure in between was the shortest again
    source._play = lambda n: SourceError("down again")
    await runner.start(5)
    clock.advance(2)
    assert runner.due(6)


async def test_a_reading_without_end_is_given_up_at_the_deadline(clock: Clock) -> None:
    source = FakeSource(lambda n: {A: 1.0}, deadline=0.01)
    source.gate = asyncio.Event()
    runner = Runner(source, clock)
    await runner.start(0)
    assert (runner.state.status, runner.state.error) == (Status.ERROR, "no answer within 0.01 s")
    source.gate = None
    clock.advance(2)
    await runner.start(1)
    assert runner.state.status is Status.OK


async def test_opening_counts_against_the_deadline_too(clock: Clock) -> None:
    class Slow(Scripted):
        deadline = 0.01

        async def open(self) -> None:
            await asyncio.Event().wait()

    runner = Runner(source := Slow(), clock)
    await runner.start(0)
    assert runner.state.error == "no answer within 0.01 s"
    assert source.log == [], "what was not opened is not closed"


async def test_what_open_raises_is_a_failure(clock: Clock) -> None:
    source = Scripted()
    source.opening = fail(SourceDenied("ask root"))
    runner = Runner(source, clock)
    await runner.start(0)
    assert runner.state.status is Status.DENIED
    assert source.log == ["open"]


def failing_generator() -> Iterator[Sample]:
    yield Sample(A, ok(1.0))
    raise ZeroDivisionError("in the middle")


@pytest.mark.parametrize(
    "deriving",
    [fail(ZeroDivisionError("in the middle")), lambda: Derived(failing_generator())],
    ids=["at once", "while its samples are taken"],
)
async def test_a_derivation_that_raises_is_the_sources_failure(clock: Clock, deriving: Callable[[], Derived]) -> None:
    source = Scripted()
    source.deriving = deriving
    runner = Runner(source, clock)
    await runner.start(0)
    assert runner.state.error == "ZeroDivisionError: in the middle"
    assert runner.take() is None
    assert source.log == ["open", "read", "derive", "close"]


async def test_a_source_that_cannot_close_is_left_alone(clock: Clock) -> None:
    source = Scripted()
    source.deriving, source.closing = fail(SourceError("bad reading")), fail(OSError("bad close"))
    runner = Runner(source, clock)
    await runner.start(0)
    assert runner.state.error == "bad reading"
    source.deriving = lambda: Derived([Sample(A, ok(1.0))])
    await runner.start(1)
    assert runner.state.status is Status.OK
    await runner.close()


async def test_a_source_that_hangs_while_closing_delays_only_itself(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perf_tui.engine.runner.CLOSING", 0.01)

    class Stuck(Scripted):
        async def close(self) -> None:
            await asyncio.Event().wait()

    runner = Runner(Stuck(), clock)
    await runner.start(0)
    await runner.close()


async def test_closing_ends_the_reading_under_way(clock: Clock) -> None:
    source = FakeSource(lambda n: {A: 1.0})
    source.gate = asyncio.Event()
    runner = Runner(source, clock)
    task = runner.start(0)
    await asyncio.sleep(0)
    assert runner.reading
    assert not runner.due(1)
    await runner.close()
    assert task.cancelled()
    assert source.closed == 1
    assert runner.state.status is Status.PENDING, "not its failure"
    await runner.close()
    assert source.closed == 1


async def test_it_is_late_when_its_numbers_are_old_and_the_next_ones_do_not_come(clock: Clock) -> None:
    source = FakeSource(lambda n: {A: 1.0})
    runner = Runner(source, clock)
    await runner.start(0)
    source.gate = asyncio.Event()
    clock.advance(2)
    task = runner.start(1)
    await asyncio.sleep(0)
    assert not runner.late(interval=2)
    clock.advance(3)  # 5 s since the last reading: two and a half periods
    assert not runner.late(interval=2)
    clock.advance(1)
    assert runner.late(interval=2)
    assert (runner.state.status, runner.state.error) == (Status.STALE, "no answer for 4 s")
    # Old by a new and shorter interval, but the reading has just begun: that is no news.
    source.gate.set()
    await task
    assert runner.state.status is Status.OK
    clock.advance(60)
    source.gate = asyncio.Event()
    task = runner.start(2)
    await asyncio.sleep(0)
    assert not runner.late(interval=0.5)
    await runner.close()


async def test_a_source_that_never_answered_is_pending_not_late(clock: Clock) -> None:
    source = FakeSource(lambda n: {A: 1.0})
    source.gate = asyncio.Event()
    runner = Runner(source, clock)
    runner.start(0)
    await asyncio.sleep(0)
    clock.advance(100)
    assert not runner.late(interval=2)
    assert runner.state.status is Status.PENDING
    await runner.close()
