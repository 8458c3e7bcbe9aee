"""The engine, tick by tick, on a clock that stands still."""

from __future__ import annotations

import asyncio
from math import isnan
from typing import Any

import pytest
from fakes import Clock

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Level, Rule
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import TICK_TIME, Snapshot
from perf_tui.engine.source import Derived, Source, SourceDenied, SourceError
from perf_tui.measures.model import IDLE, PENDING, Series, Status, Value, absent, series
from perf_tui.sources.fake import FakeSource

CPU, LOAD, DISK = series("system.cpu.utilization"), series("system.load", period="1m"), series("disk", device="sda")
INTERVAL = 0.04
"""Short, because a tick waits a quarter of it for a source that hangs, in real time."""


def engine_of(*sources: Source[Any], clock: Clock, rules: tuple[Rule, ...] = (), **more: Any) -> Engine:
    return Engine(sources, AlertEngine(rules), INTERVAL, host="test", monotonic=clock, wall=clock.wall, **more)


def states(snapshot: Snapshot) -> dict[str, Status]:
    return {source.name: source.status for source in snapshot.sources}


async def settle() -> None:
    """Let tasks that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def step(engine: Engine, clock: Clock, seconds: float = INTERVAL) -> Snapshot:
    clock.advance(seconds)
    return await engine.tick()


async def test_values_come_through_with_their_status_and_time(clock: Clock) -> None:
    given = {CPU: 0.25, LOAD: PENDING, DISK: absent("no disk"), series("x"): Value(None, Status.DENIED, "ask root")}
    engine = engine_of(FakeSource(lambda n: given), clock=clock)
    snapshot = await engine.tick()
    assert (snapshot.host, snapshot.time, snapshot.at, snapshot.tick) == ("test", clock.day, clock.now, 0)
    assert snapshot.values[CPU] == Value(0.25, Status.OK, None, clock.now)
    assert snapshot.get("system.load", period="1m") == Value(None, Status.PENDING, None, clock.now)
    assert snapshot.get("disk", device="sda").reason == "no disk"
    assert snapshot.get("x").status is Status.DENIED
    assert list(snapshot.all("disk")) == [(DISK, snapshot.values[DISK])]
    assert engine.store.snapshot is snapshot


async def test_before_the_first_tick_everything_is_pending(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: 1.0}), clock=clock)
    before = engine.store.snapshot
    assert (before.host, before.interval, states(before)) == ("test", INTERVAL, {"fake": Status.PENDING})
    assert before.get("system.cpu.utilization") == PENDING
    await engine.tick()
    assert engine.store.snapshot.get("gpu.utilization") == absent("no source gives it")


async def test_the_first_tick_does_not_wait_for_a_slow_source(clock: Clock) -> None:
    slow, fast = FakeSource(lambda n: {DISK: 1.0}, "slow"), FakeSource(lambda n: {CPU: 0.5}, "fast")
    slow.gate = asyncio.Event()
    engine = engine_of(slow, fast, clock=clock)
    first = await engine.tick()
    assert first.values[CPU].number == 0.5
    assert first.get("disk", device="sda") == PENDING, "not absent: it has not begun yet"
    assert states(first) == {"slow": Status.PENDING, "fast": Status.OK}
    slow.gate.set()
    await settle()
    slow.gate = asyncio.Event()
    second = await step(engine, clock)
    assert second.values[DISK] == Value(1.0, Status.OK, None, first.at), "with the time at which it was read"


async def test_a_source_that_hangs_delays_neither_another_nor_the_publication(clock: Clock) -> None:
    stuck, well = FakeSource(lambda n: {DISK: float(n)}, "stuck"), FakeSource(lambda n: {CPU: float(n)}, "well")
    engine = engine_of(stuck, well, clock=clock)
    await engine.tick()
    stuck.gate = asyncio.Event()
    for n in range(1, 8):
        snapshot = await step(engine, clock)
        assert snapshot.values[CPU] == Value(float(n), Status.OK, None, clock.now)
    assert stuck.reads == 2, "no second reading is begun while one is under way"
    old = snapshot.values[DISK]
    assert (old.number, old.status, old.at) == (0.0, Status.STALE, 1000.0), "the last value, and when it is from"
    assert old.reason == "no answer for 0 s"
    assert states(snapshot)["stuck"] is Status.STALE
    stuck.gate.set()
    await settle()
    assert (await step(engine, clock)).values[DISK].status is Status.OK


async def test_one_that_is_known_to_be_slow_is_not_waited_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(FakeSource):
        async def read(self) -> Any:
            clock.advance(0.03)  # more than a quarter of the interval
            return await super().read()

    waited: list[int] = []
    wait = asyncio.wait

    async def counting(tasks: Any, **more: Any) -> Any:
        waited.append(len(tasks))
        return await wait(tasks, **more)

    monkeypatch.setattr(asyncio, "wait", counting)
    engine = engine_of(FakeSource(lambda n: {CPU: 1.0}), Slow(lambda n: {DISK: float(n)}, "slow"), clock=clock)
    await engine.tick()
    await step(engine, clock)
    await step(engine, clock)
    assert waited == [2, 1, 1]


async def test_a_failure_leaves_the_last_number_as_stale_with_its_time_and_reason(clock: Clock) -> None:
    source = FakeSource(lambda n: SourceError("refused") if n in (1, 2) else {CPU: float(n), LOAD: IDLE})
    engine = engine_of(source, clock=clock)
    good = await engine.tick()
    bad = await step(engine, clock)
    assert bad.values[CPU] == Value(0.0, Status.STALE, "refused", good.at)
    assert bad.values[LOAD].status is Status.IDLE
    assert (bad.sources[0].status, bad.sources[0].error) == (Status.ERROR, "refused")
    quiet = await step(engine, clock)
    assert source.reads == 2, "it backs off"
    assert quiet.values[CPU].status is Status.STALE
    await step(engine, clock, 2.0)
    assert source.reads == 3
    again = await step(engine, clock, 4.0)
    assert again.values[CPU] == Value(3.0, Status.OK, None, again.at)
    assert again.sources[0].status is Status.OK


async def test_a_source_that_fails_from_the_start(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: SourceDenied("join the group adm")), clock=clock)
    snapshot = await engine.tick()
    assert states(snapshot) == {"fake": Status.DENIED}
    assert snapshot.sources[0].error == "join the group adm"
    assert snapshot.get("system.cpu.utilization").number is None


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(2), KeyError("x")])
async def test_whatever_a_source_raises_the_engine_goes_on(clock: Clock, error: BaseException) -> None:
    engine = engine_of(
        FakeSource(lambda n: error if n else {CPU: 1.0}, "bad"), FakeSource(lambda n: {DISK: float(n)}, "good"),
        clock=clock,
    )  # fmt: skip
    await engine.tick()
    snapshot = await step(engine, clock)
    assert snapshot.values[CPU].status is Status.STALE
    assert snapshot.values[DISK] == Value(1.0, Status.OK, None, clock.now)
    assert states(snapshot) == {"bad": Status.ERROR, "good": Status.OK}


async def test_series_that_vanish_disappear(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: 1.0, DISK: 2.0} if n == 0 else {CPU: 1.0}), clock=clock)
    first = await engine.tick()
    second = await step(engine, clock)
    assert DISK not in second.values
    assert list(second.all("disk")) == []
    assert DISK in first.values, "what was published before does not change"
    assert list(first.all("disk")) != []


async def test_values_that_bring_their_own_time_keep_it(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: Value(0.5, Status.STALE, "part failed", 990.0)}), clock=clock)
    assert (await engine.tick()).values[CPU].at == 990.0


async def test_no_value_is_younger_than_its_snapshot(clock: Clock) -> None:
    class Slow(FakeSource):
        async def read(self) -> Any:
            clock.advance(0.005)
            return await super().read()

    snapshot = await engine_of(Slow(lambda n: {CPU: 1.0}), clock=clock).tick()
    assert all(value.at <= snapshot.at for value in snapshot.values.values())


async def test_history_lies_under_one_clock(clock: Clock) -> None:
    def play(n: int) -> dict[Series, Value | float]:
        played: dict[Series, Value | float] = {CPU: float(n)}
        if n >= 3:  # a disk that is plugged in later
            played[DISK] = float(n)
        if n == 5:
            played[CPU] = IDLE
        return played

    engine = engine_of(FakeSource(play), clock=clock)
    walls = []
    for _ in range(8):
        snapshot = await step(engine, clock)
        walls.append(clock.day)
    assert [None if isnan(each) else each for each in snapshot.past(CPU, 9)] == [None, 0, 1, 2, 3, 4, None, 6, 7]
    assert [None if isnan(each) else each for each in snapshot.past(DISK, 6)] == [None, 3, 4, 5, 6, 7]
    assert list(snapshot.past(TICK_TIME, 8)) == walls


async def test_stale_numbers_are_gaps_in_history(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: SourceError("x") if n == 1 else {CPU: 1.0}), clock=clock)
    await engine.tick()
    await step(engine, clock)
    snapshot = await step(engine, clock, 3.0)
    past = snapshot.past(CPU, 3)
    assert past[0] == past[2] == 1.0
    assert isnan(past[1])


async def test_a_frozen_snapshot_stands_still(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    await engine.tick()
    frozen = (await step(engine, clock)).frozen()
    for _ in range(3):
        await step(engine, clock)
    assert list(frozen.past(CPU, 2)) == [0, 1]
    assert frozen.history is not engine.history


async def test_a_snapshot_looks_back_from_its_own_tick(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    await engine.tick()
    older = await step(engine, clock)
    await step(engine, clock)
    assert list(older.past(CPU, 2)) == [0, 1]


async def test_what_traces_say_goes_into_the_history(clock: Clock) -> None:
    class WithRows(FakeSource):
        def derive(self, reading: Any, at: float) -> Derived:
            return Derived((), {"rows": (1.0, 2.0)})

    trace = series("row", n="1")
    engine = engine_of(
        WithRows(lambda n: {}), clock=clock, traces=lambda tables: [(trace, tables["rows"][1])]
    )  # fmt: skip
    snapshot = await engine.tick()
    assert list(snapshot.past(trace, 1)) == [2.0]
    assert snapshot.traced("row") == [trace]
    assert snapshot.tables["rows"] == (1.0, 2.0)


async def test_a_jump_of_the_wall_clock_changes_nothing_but_the_time_shown(clock: Clock) -> None:
    hot = Rule("hot", CPU.id, ((Level.CRITICAL, 0.9),), hold=10)
    engine = engine_of(FakeSource(lambda n: {CPU: 0.95}), clock=clock, rules=(hot,))
    engine.interval = 4.0
    await engine.tick()
    for jump in (86_400.0, -2 * 86_400.0):
        clock.day += jump
        snapshot = await step(engine, clock, 4.0)
        assert snapshot.time == clock.day
        assert snapshot.values[CPU].status is Status.OK
        assert [alert.firing for alert in snapshot.alerts] == [False], "`for` runs on the monotonic clock"
    assert [alert.firing for alert in (await step(engine, clock, 4.0)).alerts] == [True]


async def test_an_alert_does_not_clear_because_its_source_fails(clock: Clock) -> None:
    hot = Rule("hot", CPU.id, ((Level.CRITICAL, 0.9),))
    engine = engine_of(
        FakeSource(lambda n: {CPU: 0.95} if n == 0 else SourceError("gone")), clock=clock, rules=(hot,)
    )  # fmt: skip
    assert len((await engine.tick()).alerts) == 1
    for _ in range(3):
        assert len((await step(engine, clock, 10.0)).alerts) == 1


async def test_a_subscriber_that_raises_stays_and_is_reported(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    seen: list[int] = []
    disk_full = True

    def export(snapshot: Snapshot) -> None:
        if disk_full:
            raise OSError(28, "No space left on device", "/tmp/out.json")

    engine.store.subscribe(export)
    engine.store.subscribe(lambda snapshot: seen.append(snapshot.tick))
    await engine.tick()
    snapshot = await step(engine, clock)
    assert seen == [0, 1], "the others are told all the same"
    trouble = snapshot.sources[-1]
    assert (trouble.kind, trouble.status) == ("subscriber", Status.ERROR)
    assert trouble.error == "/tmp/out.json: No space left on device"
    assert "export" in trouble.name
    disk_full = False
    await step(engine, clock)
    assert states(await step(engine, clock)) == {"fake": Status.OK}
    assert engine.failure is None


async def test_a_subscription_ends(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {}), clock=clock)
    seen: list[int] = []
    end = engine.store.subscribe(lambda snapshot: seen.append(snapshot.tick))
    await engine.tick()
    end()
    await engine.tick()
    end()
    assert seen == [0]


async def test_a_tick_that_fails_is_said_and_tried_again(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing of the engine's own should raise; should it, people must not look at a picture that stands still.
    engine = Engine([FakeSource(lambda n: {CPU: float(n)})], interval=INTERVAL, host="test", wall=clock.wall)
    seen: list[Snapshot] = []
    engine.store.subscribe(seen.append)
    evaluate = engine.alerts.evaluate

    def failing(*given: Any) -> Any:
        if len(seen) == 1:
            raise RuntimeError("a fault in judging")
        return evaluate(*given)

    monkeypatch.setattr(engine.alerts, "evaluate", failing)
    await engine.run(ticks=3)
    assert [snapshot.tick for snapshot in seen] == [0, 1, 2], "the bad tick has a picture, then comes the next"
    collector = seen[1].sources[0]
    assert (collector.name, collector.kind, collector.status) == ("perf-tui", "collector", Status.ERROR)
    assert collector.error == "RuntimeError: a fault in judging"
    assert seen[1].values[CPU].status is Status.STALE
    assert states(seen[2]) == {"fake": Status.OK}
    assert engine.failure is None


async def test_each_source_needs_a_name_of_its_own(clock: Clock) -> None:
    with pytest.raises(ValueError, match="unique"):
        engine_of(FakeSource(lambda n: {}, "a"), FakeSource(lambda n: {}, "a"), clock=clock)
    with pytest.raises(ValueError, match="unique"):
        engine_of(FakeSource(lambda n: {}, "perf-tui"), clock=clock)


async def test_the_monitors_own_cost_is_measured(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: 1.0}, "one"), clock=clock)
    first = await engine.tick()
    assert first.get("self.cpu") == Value(None, Status.PENDING, None, first.at)
    assert first.get("self.source.duration", source="one").number == 0.0
    assert first.get("self.tick.duration").number == 0.0
    memory = first.get("self.memory").number
    assert memory is not None
    assert 5e6 < memory < 5e9
    second = await step(engine, clock, 1.0)
    used = second.get("self.cpu").number
    assert used is not None
    assert 0 <= used < 10


async def test_a_hostile_host_name_is_spelled_out(clock: Clock) -> None:
    engine = Engine([], host="web\x1b[31m", monotonic=clock, wall=clock.wall)
    assert (await engine.tick()).host == r"web\x1b[31m"


async def run(engine: Engine, clock: Clock, ticks: int, pauses: dict[int, float]) -> list[int]:
    """Run so many ticks; after tick n, `pauses[n]` seconds pass, else one interval. Returns their numbers."""
    seen: list[int] = []

    def pass_time(snapshot: Snapshot) -> None:
        seen.append(snapshot.tick)
        clock.advance(pauses.get(snapshot.tick, engine.interval))

    engine.store.subscribe(pass_time)
    await engine.run(ticks)
    return seen


async def test_ticks_that_were_missed_are_gaps(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    engine.interval = 2.0
    assert await run(engine, clock, 4, {1: 8.5}) == [0, 1, 5, 6]
    past = engine.store.snapshot.past(CPU, 7)
    assert [None if isnan(each) else each for each in past] == [0, 1, None, None, None, 2, 3]


async def test_a_tick_that_is_late_by_less_than_an_interval_is_not_missed(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    engine.interval = 2.0
    assert await run(engine, clock, 4, {1: 3.9, 2: 2.0}) == [0, 1, 2, 3]


async def test_a_gap_longer_than_memory(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    engine.interval = 2.0
    seen = await run(engine, clock, 3, {0: 100_000.0})
    assert seen == [0, 50_000, 50_001]
    past = engine.store.snapshot.past(CPU, 3)
    assert isnan(past[0])
    assert list(past[1:]) == [1, 2]


async def test_a_shorter_interval_makes_no_gap(clock: Clock) -> None:
    engine = engine_of(FakeSource(lambda n: {CPU: float(n)}), clock=clock)
    engine.interval = 60.0
    engine.store.subscribe(lambda snapshot: engine.set_interval(0.5))
    assert await run(engine, clock, 3, {0: 30.0}) == [0, 1, 2]
    assert engine.store.snapshot.interval == 0.5


async def test_stop_ends_the_run_and_closes_every_source(clock: Clock) -> None:
    good, bad = FakeSource(lambda n: {CPU: 1.0}, "good"), FakeSource(lambda n: {DISK: 1.0}, "bad")

    async def cannot() -> None:
        raise OSError("cannot close")

    bad.close = cannot  # type: ignore[method-assign]
    engine = engine_of(bad, good, clock=clock)
    engine.store.subscribe(lambda snapshot: engine.stop())
    await engine.run()
    assert good.closed == 1
