"""Stages: what is worked out of the tables of several sources, once in each tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fakes import Clock

from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.engine.source import Derived
from perf_tui.engine.stage import Moment, Stage
from perf_tui.measures.model import Sample, Series, Status, Value, ok, series
from perf_tui.sources.fake import FakeSource

TOTAL = series("total")


class Rows(FakeSource):
    """Gives its name as the only row of a table."""

    def derive(self, reading: Any, at: float) -> Derived:
        return Derived((), {"rows": (self.name,)})


class Played(Stage):
    """Does with the tables what the test says."""

    def __init__(self, name: str, play: Callable[[Mapping[str, object], Moment], Derived]) -> None:
        self.name = name
        self._play = play

    def derive(self, tables: Mapping[str, object], moment: Moment) -> Derived:
        return self._play(tables, moment)


def rows_of(*names: str) -> list[Rows]:
    return [Rows(lambda n: {}, name) for name in names]


def engine_of(*stages: Stage, clock: Clock, names: tuple[str, ...] = ("a", "b"), **more: Any) -> Engine:
    return Engine(
        rows_of(*names), interval=2.0, host="test", stages=stages, monotonic=clock, wall=clock.wall, **more
    )  # fmt: skip


async def test_a_stage_sees_the_tables_of_its_own_tick_and_of_the_stages_before_it(clock: Clock) -> None:
    first = Played("first", lambda tables, moment: Derived((), {"rows": ("more",)}))
    seen: list[tuple[object, Moment]] = []

    def count(tables: Mapping[str, object], moment: Moment) -> Derived:
        seen.append((tables["rows"], moment))
        return Derived([Sample(TOTAL, ok(float(len(tables["rows"]))))], {"counted": True})  # type: ignore[arg-type]

    engine = engine_of(first, Played("second", count), clock=clock)
    snapshot = await engine.tick()
    assert seen == [(("a", "b", "more"), Moment(clock.now, clock.day, 2.0))]
    assert snapshot.values[TOTAL] == Value(3.0, Status.OK, None, clock.now)
    assert snapshot.tables["counted"] is True
    assert [source.name for source in snapshot.sources] == ["a", "b"]
    assert list(snapshot.past(TOTAL, 1)) == [3.0]


async def test_it_does_not_see_what_it_gave_itself(clock: Clock) -> None:
    def double(tables: Mapping[str, object], moment: Moment) -> Derived:
        return Derived((), {"rows": tables["rows"]})

    engine = engine_of(Played("twice", double), clock=clock)
    for _ in range(3):
        snapshot = await engine.tick()
        clock.advance(2.0)
    assert snapshot.tables["rows"] == ("a", "b", "a", "b")


async def test_one_that_fails_is_told_and_its_numbers_age_until_it_works_again(clock: Clock) -> None:
    broken = False

    def play(tables: Mapping[str, object], moment: Moment) -> Derived:
        if broken:
            raise ValueError("no rows")
        return Derived([Sample(TOTAL, ok(1.0))])

    other: list[float] = []

    def next_one(tables: Mapping[str, object], moment: Moment) -> Derived:
        other.append(moment.at)
        return Derived()

    engine = engine_of(Played("sums", play), Played("next", next_one), clock=clock)
    await engine.tick()
    began = clock.now
    broken = True
    clock.advance(2.0)
    snapshot = await engine.tick()
    assert snapshot.values[TOTAL] == Value(1.0, Status.STALE, "ValueError: no rows", began)
    state = snapshot.sources[-1]
    assert (state.name, state.kind, state.status, state.error) == ("sums", "stage", Status.ERROR, "ValueError: no rows")
    broken = False
    clock.advance(2.0)
    snapshot = await engine.tick()
    assert snapshot.values[TOTAL].status is Status.OK
    assert [source.name for source in snapshot.sources] == ["a", "b"]
    assert len(other) == 3


async def test_its_tables_are_traced_like_those_of_sources(clock: Clock) -> None:
    def traces(tables: Mapping[str, object]) -> list[tuple[Series, float]]:
        return [(TOTAL, 7.0)] if "traced" in tables else []

    engine = engine_of(Played("s", lambda tables, moment: Derived((), {"traced": 1})), clock=clock, traces=traces)
    snapshot: Snapshot = await engine.tick()
    assert list(snapshot.past(TOTAL, 1)) == [7.0]


def test_its_name_is_taken(clock: Clock) -> None:
    stage = Played("a", lambda tables, moment: Derived())
    with pytest.raises(ValueError, match="must be unique: a"):
        engine_of(stage, clock=clock)
    engine = engine_of(stage, clock=clock, names=("b",))
    with pytest.raises(ValueError, match="there is no source a"):
        engine.remove_source("a")
