"""Sources that come and go while the engine runs."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from fakes import Clock

from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.source import Derived, Source
from perf_tui.measures.model import Status, Value, series
from perf_tui.sources.fake import FakeSource

A, B = series("a"), series("b")
SOON = 20.0


def engine_of(*sources: Source[Any], clock: Clock) -> Engine:
    return Engine(sources, interval=0.04, host="test", monotonic=clock, wall=clock.wall)


def names(snapshot: Snapshot) -> list[str]:
    return [source.name for source in snapshot.sources]


async def step(engine: Engine, clock: Clock) -> Snapshot:
    clock.advance(0.04)
    return await engine.tick()


async def test_one_that_is_added_is_read_with_the_next_tick(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {A: float(n)}), clock=clock)
    before = await engine.tick()
    source = FakeSource(lambda n: {B: float(n)}, "more")
    engine.add_source(source)
    assert (source.opened, source.reads) == (0, 0)
    assert names(engine.store.snapshot) == ["fake"]
    after = await step(engine, clock)
    assert names(before) == ["fake"]
    assert names(after) == ["fake", "more"]
    assert after.values[B] == Value(0.0, Status.OK, None, clock.now)
    assert (await step(engine, clock)).values[B].number == 1.0
    assert source.opened == 1


async def test_one_that_is_removed_is_closed_and_forgotten(clock: Clock) -> None:
    class WithRows(FakeSource):
        def derive(self, reading: Any, at: float) -> Derived:
            return Derived(super().derive(reading, at).samples, {"rows": (1, 2)})

    source = WithRows(lambda n: {B: float(n)}, "more")
    engine = engine_of(FakeSource(lambda n: {A: float(n)}), source, clock=clock)
    assert "rows" in (await engine.tick()).tables
    engine.remove_source("more")
    after = await step(engine, clock)
    await asyncio.sleep(0)
    assert names(after) == ["fake"]
    assert B not in after.values
    assert "rows" not in after.tables
    assert (source.closed, source.reads) == (1, 1)
    assert after.values[A].number == 1.0


async def test_names_stay_unique(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {}), clock=clock)
    for taken in ("fake", "perf-tui"):
        with pytest.raises(ValueError, match=taken):
            engine.add_source(FakeSource(lambda n: {}, taken))
    engine.add_source(FakeSource(lambda n: {}, "more"))
    with pytest.raises(ValueError, match="more"):
        engine.add_source(FakeSource(lambda n: {}, "more"))
    for unknown in ("none", "perf-tui"):
        with pytest.raises(ValueError, match=f"there is no source {unknown}"):
            engine.remove_source(unknown)


async def test_a_name_is_free_as_soon_as_its_source_is_removed(clock: Clock) -> None:
    old = FakeSource(lambda n: {A: 1.0}, "one")
    engine = engine_of(old, clock=clock)
    await engine.tick()
    engine.remove_source("one")
    engine.add_source(FakeSource(lambda n: {B: 2.0}, "one"))
    after = await step(engine, clock)
    assert names(after) == ["one"]
    assert (A in after.values, after.values[B].number) == (False, 2.0)
    await asyncio.sleep(0)
    assert old.closed == 1


async def test_one_that_was_never_read_can_go_again(clock: Clock) -> None:
    engine = engine_of(clock=clock)
    source = FakeSource(lambda n: {A: 1.0})
    engine.add_source(source)
    engine.remove_source("fake")
    assert names(await engine.tick()) == []
    assert (source.opened, source.closed) == (0, 0)


async def test_a_reading_under_way_ends_when_its_source_is_removed(clock: Clock) -> None:
    stuck = FakeSource(lambda n: {A: 1.0}, "stuck")
    stuck.gate = asyncio.Event()
    engine = engine_of(stuck, FakeSource(lambda n: {B: float(n)}), clock=clock)
    await engine.tick()
    engine.remove_source("stuck")
    after = await step(engine, clock)
    assert names(after) == ["fake"]
    for _ in range(5):
        await asyncio.sleep(0)
    assert stuck.closed == 1
    assert not [task for task in asyncio.all_tasks() if "stuck" in task.get_name()]


async def test_one_that_hangs_while_it_closes_delays_no_tick(clock: Clock) -> None:
    class Hanging(FakeSource):
        async def close(self) -> None:
            await asyncio.Event().wait()

    engine = engine_of(Hanging(lambda n: {}, "hanging"), FakeSource(lambda n: {A: float(n)}), clock=clock)
    await engine.tick()
    engine.remove_source("hanging")
    for number in (1.0, 2.0, 3.0):
        assert (await step(engine, clock)).values[A].number == number
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


def test_from_any_thread() -> None:
    engine = Engine([FakeSource(lambda n: {A: float(n)})], interval=0.5)
    sources = [FakeSource(lambda n: {B: float(n)}, f"more {number}") for number in range(8)]
    with_all = threading.Event()
    without = threading.Event()

    def look(snapshot: Snapshot) -> None:
        found = set(names(snapshot))
        if {source.name for source in sources} <= found:
            with_all.set()
        elif with_all.is_set() and "more 3" not in found:
            without.set()

    engine.store.subscribe(look)
    engine.start()
    adding = [threading.Thread(target=engine.add_source, args=(source,)) for source in sources]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join(SOON)
    assert with_all.wait(SOON)
    engine.remove_source("more 3")
    assert without.wait(SOON)
    engine.stop(SOON)
    assert not engine.alive
    assert engine.failure is None
    assert [(source.opened, source.closed) for source in sources] == [(1, 1)] * 8


class _Rows(Source[str]):
    """Gives what it is told to as a table."""

    name, kind = "rows", "test"
    said = "one"

    async def read(self) -> str:
        return self.said

    def derive(self, reading: str, at: float) -> Derived:
        return Derived((), {"rows": reading})


async def test_one_that_somebody_waits_for_is_read_between_two_ticks() -> None:
    engine = Engine([FakeSource(lambda n: {A: float(n)})], interval=60.0, host="test")
    published: asyncio.Queue[Snapshot] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    engine.store.subscribe(lambda snapshot: loop.call_soon_threadsafe(published.put_nowait, snapshot) and None)
    engine.start()
    try:
        async with asyncio.timeout(SOON):
            first = await published.get()
            source = _Rows()
            engine.add_source(source)
            engine.hurry("nobody")
            engine.hurry("rows")
            second = await published.get()
            assert (second.tables["rows"], second.tick) == ("one", first.tick)
            assert second.values == first.values
            source.said = "two"
            engine.hurry("rows")
            assert (await published.get()).tables["rows"] == "two"
    finally:
        engine.stop()
