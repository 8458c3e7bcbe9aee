"""The engine on its own thread: start, stop, nothing left behind, nothing that keeps the program from ending."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading

from perf_tui.engine.blocking import Blocking
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.source import Derived, Source
from perf_tui.measures.model import Status, series
from perf_tui.sources.fake import FakeSource

A = series("a")
SOON = 20.0
"""Seconds after which a test gives up; never reached when all is well."""


class OnThread(Source[int]):
    """A source that blocks, with a thread to do so."""

    name, kind = "on thread", "test"

    def __init__(self) -> None:
        self.blocking = Blocking("test source")

    async def read(self) -> int:
        return await self.blocking.call(threading.active_count)

    def derive(self, reading: int, at: float) -> Derived:
        return Derived()

    async def close(self) -> None:
        self.blocking.close()


def ours(others: list[threading.Thread]) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("perf-tui") and each not in others]


def test_start_and_stop_leave_no_thread() -> None:
    others = threading.enumerate()
    source = FakeSource(lambda n: {A: float(n)})
    engine = Engine([source, OnThread()], interval=0.5)
    published = threading.Event()
    engine.store.subscribe(lambda snapshot: published.set())
    assert not engine.alive
    engine.start()
    assert published.wait(SOON)
    assert engine.alive
    engine.stop(SOON)
    assert not engine.alive
    assert engine.failure is None
    assert (source.opened, source.closed) == (1, 1)
    for thread in ours(others):
        thread.join(SOON)
    assert [thread.name for thread in ours(others)] == []


def test_stop_before_start_and_twice() -> None:
    engine = Engine([FakeSource(lambda n: {})])
    engine.stop()
    engine.start()
    engine.stop(SOON)
    engine.stop(SOON)
    assert not engine.alive


def test_a_subscriber_may_stop_it() -> None:
    engine = Engine([FakeSource(lambda n: {})], interval=0.5)
    engine.store.subscribe(lambda snapshot: engine.stop())
    engine.start()
    assert engine._thread is not None
    engine._thread.join(SOON)
    assert not engine.alive
    assert engine.store.troubles == ()


def test_stop_does_not_wait_out_the_interval_nor_a_source_that_hangs() -> None:
    source = FakeSource(lambda n: {A: 1.0}, deadline=1000)
    source.gate = asyncio.Event()
    engine = Engine([source], interval=60)
    published = threading.Event()
    engine.store.subscribe(lambda snapshot: published.set())
    engine.start()
    assert published.wait(SOON)
    engine.stop(SOON)
    assert not engine.alive
    assert source.closed == 1


def test_a_new_interval_counts_at_once() -> None:
    engine = Engine([FakeSource(lambda n: {})], interval=60)
    ticks: list[int] = []
    first, second = threading.Event(), threading.Event()

    def seen(snapshot: Snapshot) -> None:
        ticks.append(snapshot.tick)
        (second if first.is_set() else first).set()

    engine.store.subscribe(seen)
    engine.start()
    assert first.wait(SOON)
    engine.set_interval(0.5)
    assert second.wait(SOON), "not after a minute"
    engine.stop(SOON)
    assert ticks[:2] == [0, 1]


def test_what_ends_the_thread_is_said() -> None:
    class Fatal(BaseException):
        pass

    engine = Engine([FakeSource(lambda n: {A: 1.0})], interval=0.5)
    seen: list[Snapshot] = []

    def judge(*arguments: object) -> None:
        raise Fatal("the end")

    engine.alerts.evaluate = judge  # type: ignore[assignment, method-assign]
    engine.store.subscribe(seen.append)
    engine.start()
    assert engine._thread is not None
    engine._thread.join(SOON)
    assert not engine.alive
    assert isinstance(engine.failure, Fatal)
    collector = seen[-1].sources[0]
    assert (collector.name, collector.status, collector.error) == ("perf-tui", Status.ERROR, "Fatal: the end")
    assert seen[-1].values[A].status is Status.STALE


def test_a_call_that_hangs_in_the_kernel_does_not_keep_the_program_from_ending() -> None:
    program = textwrap.dedent("""
        import threading
        from perf_tui.engine.blocking import Blocking
        from perf_tui.engine.engine import Engine
        from perf_tui.engine.source import Derived, Source

        hanging = threading.Event()

        def hang():
            hanging.set()
            threading.Event().wait()

        class Stuck(Source):
            name, kind = "stuck", "test"
            async def read(self):
                await Blocking("stuck").call(hang)
            def derive(self, reading, at):
                return Derived()

        engine = Engine([Stuck()], interval=0.5)
        engine.start()
        hanging.wait()
        engine.stop()
        print("alive" if engine.alive else "stopped")
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
