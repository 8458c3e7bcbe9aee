"""Workers that write heartbeats into a file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fakes import Clock

from perf_tui.engine.source import SourceError
from perf_tui.measures.workers import SIGHTINGS, Event, Sighting, State, Usage
from perf_tui.sources.workers.heartbeat import HeartbeatSource


class Beating:
    """A file of heartbeats and the source that follows it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self.clock = path, clock
        self.source = HeartbeatSource("loaders", str(path), "/log", 60.0, clock=clock, wall=clock.wall)

    def write(self, worker: str = "a", **fields: Any) -> None:
        self.raw(json.dumps({"worker": worker, "time": self.clock.day, **fields}) + "\n")

    def raw(self, text: str | bytes) -> None:
        with self.path.open("ab") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    async def read(self) -> list[Sighting]:
        reading = await self.source.read()
        return list(self.source.derive(reading, self.clock.now).tables[SIGHTINGS])  # type: ignore[call-overload]

    async def one(self) -> Sighting:
        (found,) = await self.read()
        return found


@pytest.fixture
async def beating(tmp_path: Path, clock: Clock) -> AsyncIterator[Beating]:
    path = tmp_path / "beats.jsonl"
    path.touch()
    play = Beating(path, clock)
    await play.source.open()
    yield play
    await play.source.close()


async def test_a_line_says_everything(beating: Beating, clock: Clock) -> None:
    await beating.read()
    beating.write(
        "DATA_ENG", kind="role", state="processing", task="load", task_started=clock.day - 3, done=12, failed=1,
        retried=2, pid=77, host="web-1", interval=10, version="1.2", log="/var/log/x", error="no disk", event="began",
    )  # fmt: skip
    found = await beating.one()
    assert found == Sighting(
        "heartbeat", "workers loaders", "DATA_ENG", "role", "processing", State.PROCESSING, clock.now,
        period=10.0, group="loaders", host="web-1", pid=77,
        work=found.work, events=(Event(clock.day, "began"), Event(clock.day, "no disk", True)), log="/var/log/x",
        facts=(("version", "1.2"),),
    )  # fmt: skip
    assert found.work is not None
    assert found.work._asdict() == {
        "task": "load", "since": clock.day - 3, "running": 1, "done": 12.0, "failed": 1.0, "retried": 2.0,
        "p50": None, "p95": None,
    }  # fmt: skip


async def test_what_it_uses_of_models(beating: Beating) -> None:
    await beating.read()
    beating.write(
        "agent", model="tiny", tokens_in=900, tokens_out=100.0, cache_reads=80, cost=0.25, context=0.4,
        context_limit=2048,
    )  # fmt: skip
    assert (await beating.one()).usage == Usage("tiny", 900, 100, 80, 0.25, None, 0.4, 2048)


@pytest.mark.parametrize("fields", [{}, {"tokens_in": "many", "context": 40, "cost": None, "model": ""}])
async def test_what_is_no_number_is_not_told(beating: Beating, fields: dict[str, object]) -> None:
    await beating.read()
    beating.write("agent", **fields)
    assert (await beating.one()).usage is None


async def test_what_stood_in_the_file_counts_by_its_time(beating: Beating, clock: Clock) -> None:
    beating.write("old")
    clock.advance(30.0)
    beating.write("new", state="idle")
    beating.write("older", time=clock.day - 100)
    clock.advance(5.0)
    found = {each.name: clock.now - each.heard for each in await beating.read()}
    assert found == {"old": 35.0, "new": 5.0}


async def test_the_least_line_is_a_sign_of_life(beating: Beating) -> None:
    beating.raw('{"worker": "a"}\n')
    found = await beating.one()
    assert (found.word, found.state, found.kind, found.heard) == ("active", State.ACTIVE, "loaders", beating.clock.now)


async def test_the_time_between_lines_is_learnt_where_they_do_not_say_it(beating: Beating, clock: Clock) -> None:
    periods = []
    for gap in (0.0, 2.0, 9.0, 2.0, 2.0, 2.0, 2.0, 2000.0):
        clock.advance(gap)
        beating.write()
        periods.append((await beating.one()).period)
    assert periods == [0.0, 2.0, 9.0, 9.0, 9.0, 9.0, 2.0, 300.0]


async def test_the_usual_time_comes_from_the_tasks_that_ended(beating: Beating, clock: Clock) -> None:
    for done, seconds in enumerate((1.0, 2.0, 4.0)):
        beating.write(task="load", task_started=clock.day, done=done)
        clock.advance(seconds)
        beating.write(state="idle", done=done + 1)
    beating.write(task="load", done=3)
    found = await beating.one()
    assert found.work is not None
    assert (found.work.p50, found.work.p95) == (2.0, pytest.approx(3.8))
    assert found.work.since == clock.day
    clock.advance(2.0)
    beating.write(task="load", done=3)
    assert (await beating.one()).work == found.work


async def test_one_that_says_goodbye_leaves(beating: Beating) -> None:
    beating.write(state="stopped")
    assert (await beating.one()).left


async def test_one_that_is_silent_is_forgotten(beating: Beating, clock: Clock) -> None:
    beating.write()
    await beating.read()
    clock.advance(60.0)
    assert len(await beating.read()) == 1
    clock.advance(1.0)
    assert await beating.read() == []


async def test_bad_lines_do_no_harm_beside_good_ones(beating: Beating) -> None:
    await beating.read()
    beating.raw(b'\xff\xfe\n{"worker": ""}\n[1]\n{"worker": "a", "done": 1e999}\n"x"\n\n{"kind": 3}\nnull\n')
    beating.write(
        "b", pid=-1, done=True, failed="many", task_started="soon", interval=None, state="odd\x1b[31m", time="x"
    )
    by_name = {each.name: each for each in await beating.read()}
    assert list(by_name) == ["b"]
    found = by_name["b"]
    assert (found.pid, found.state, found.word, found.heard) == (None, State.UNKNOWN, "odd\\x1b[31m", beating.clock.now)
    assert found.work is not None
    assert (found.work.done, found.work.failed) == (None, None)


async def test_a_file_of_something_else_is_said(beating: Beating) -> None:
    await beating.read()
    beating.raw("hello \x1b[2J\n")
    with pytest.raises(SourceError, match=r"no line is a heartbeat; the first is hello \\x1b\[2J"):
        await beating.read()


async def test_times_may_be_text(beating: Beating) -> None:
    beating.write(time="2023-11-14T22:13:10Z", task="t", task_started="2023-11-14T22:13:00+00:00")
    found = await beating.one()  # the clock says 22:13:20
    assert found.heard == beating.clock.now - 10.0
    assert found.work is not None
    assert found.work.since == 1.7e9 - 20


async def test_a_missing_file_is_said_and_found_later(tmp_path: Path, clock: Clock) -> None:
    play = Beating(tmp_path / "later", clock)
    await play.source.open()
    with pytest.raises(SourceError, match="there is no file"):
        await play.read()
    play.write()
    assert (await play.one()).name == "a"
    await play.source.close()
