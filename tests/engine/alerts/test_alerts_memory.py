"""What alerts remember from one run to the next: each state, rules that changed, files that are wrong, kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest
from fakes import Clock

from perf_tui.engine.alerts.engine import RETURNING, AlertEngine
from perf_tui.engine.alerts.keeper import Keeper
from perf_tui.engine.alerts.memory import InUseError, Memory
from perf_tui.engine.alerts.model import Change, Kind, Level, Moved, Rule, Silence, State, Transition
from perf_tui.engine.engine import Engine
from perf_tui.handlers.words import iso
from perf_tui.measures.model import Status, Value, series
from perf_tui.sources.fake import FakeSource

CPU, RATE = series("system.cpu.utilization"), series("app.request.rate", service="shop")
BOTH = ((Level.CRITICAL, 0.9), (Level.WARNING, 0.7))
HOT = Rule("hot", CPU.id, BOTH, hold=4.0)
WALL = 5e8
KILLS = 60


class Run:
    """One run of the program: an engine of alerts with the memory."""

    def __init__(self, path: Path, *rules: Rule, at: float = 1000.0, wall: float = WALL) -> None:
        self.alerts, self.memory = AlertEngine(rules), Memory(path)
        self.at, self.wall = at, wall
        self.lines = self.alerts.restore(self.memory.open(100), at, wall)

    def tick(self, *values: float | Value | None, times: int = 1) -> list[str]:
        said = []
        for _ in range(times):
            given = {
                key: each if isinstance(each, Value) else Value(each)
                for key, each in zip((CPU, RATE), values, strict=False)
                if each is not None
            }
            said += map(words, self.alerts.evaluate(given, self.at, self.wall, 2.0))
            self.at, self.wall = self.at + 2.0, self.wall + 2.0
        return said

    def end(self) -> None:
        self.memory.save(self.alerts.log(), self.alerts.saved(), self.alerts.hush.silences())
        self.memory.close()

    @property
    def state(self) -> State | None:
        return self.alerts.active()[0].state if self.alerts.active() else None


def key(time: str, rule: str, change: str) -> tuple[str, str, str]:
    return time, rule, change


def words(line: Transition) -> str:
    return f"{line.change} {line.level.word}" + (f" ({line.quiet})" if line.quiet else "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "alerts.sqlite"


# what the value was, for how many ticks, what was done then, and the value after the restart → what is told
RESTARTS = {
    "inactive, still well": (0.1, 1, "", 0.1, []),
    "inactive, wrong since": (0.1, 1, "", 0.8, ["raised warning"]),
    "pending, still wrong": (0.8, 1, "", 0.8, ["raised warning"]),
    "pending, well since": (0.8, 1, "", 0.1, []),
    "firing, unchanged": (0.8, 5, "", 0.8, []),
    "firing, worse since": (0.8, 5, "", 0.95, ["escalated critical"]),
    "firing, gone since": (0.8, 5, "", 0.1, ["cleared warning"]),
    "acknowledged, unchanged": (0.8, 5, "ack", 0.8, []),
    "acknowledged, worse since": (0.8, 5, "ack", 0.95, ["escalated critical"]),
    "acknowledged, gone since": (0.8, 5, "ack", 0.1, ["cleared warning"]),
    "silenced, unchanged": (0.8, 5, "silence", 0.8, []),
    "silenced, gone since": (0.8, 5, "silence", 0.1, ["cleared warning (silenced)"]),
    "no data, still none": (0.8, 5, "no data", None, []),
    "no data, well since": (0.8, 5, "no data", 0.1, ["cleared warning"]),
}


@pytest.mark.parametrize("restart", RESTARTS)
def test_after_a_restart_in_each_state(path: Path, restart: str) -> None:
    before, times, do, after, told = RESTARTS[restart]
    run = Run(path, HOT)
    run.tick(before, times=times)
    if do == "ack":
        run.alerts.acknowledge(run.alerts.active()[0])
        run.alerts.attend(run.at, run.wall)
    elif do == "silence":
        run.alerts.silence(Silence(run.wall + 3600.0, "hot"))
        run.alerts.attend(run.at, run.wall)
    elif do == "no data":
        run.tick(Value(None, Status.ERROR), times=10)
    state = run.state
    run.end()
    again = Run(path, HOT, at=7.0, wall=run.wall + 60.0)  # the machine was started anew: its clock is another
    if state in (State.PENDING, State.ACKNOWLEDGED, State.SILENCED):
        assert again.state is state, "shown as it was before there is a sample"
    assert again.tick(after if after is not None else Value(None, Status.ERROR), times=8) == told
    again.end()


def test_the_log_goes_on_where_it_ended(path: Path) -> None:
    run = Run(path, HOT)
    run.tick(0.8, times=5)
    why = (Moved(RATE, 1.0, 9.0, 5.0, -4.0),)
    run.alerts.explain("hot", CPU, run.alerts.active()[0].since, why)
    run.end()
    again = Run(path, HOT)
    (line,) = again.alerts.log()
    assert (line.number, line.rule.name, line.series, line.why, line.threshold) == (1, "hot", CPU, why, 0.7)
    again.tick(0.1, times=5)
    assert [(each.number, each.change) for each in again.alerts.log()] == [(1, Change.RAISED), (2, Change.CLEARED)]
    again.end()


def test_a_series_that_does_not_come_back_ends(path: Path) -> None:
    run = Run(path, HOT)
    run.tick(0.8, times=5)
    run.end()
    again = Run(path, HOT)
    assert again.tick(times=int(RETURNING / 2)) == []
    assert again.tick() == ["cleared warning"]
    again.end()


@pytest.mark.parametrize("rules", [(), (Rule("hot", CPU.id, ((Level.CRITICAL, 0.9),)),), (Rule("hot", RATE.id, BOTH),)])
def test_a_rule_that_is_gone_or_another_takes_its_alert_along(path: Path, rules: tuple[Rule, ...]) -> None:
    run = Run(path, HOT)
    run.tick(0.8, times=5)
    run.end()
    again = Run(path, *rules)
    assert list(map(words, again.lines)) == ["cleared warning"]
    assert again.alerts.active() == ()
    again.end()


def test_missing_data_goes_on_missing(path: Path) -> None:
    silent = Rule("silent", RATE.id, ((Level.CRITICAL, 10.0),), kind=Kind.NO_DATA)
    run = Run(path, silent)
    assert run.tick(0.1, 5.0) == []
    assert run.tick(0.1, times=10) == ["raised critical"]
    run.end()
    again = Run(path, silent)
    assert again.tick(0.1, times=60) == []
    assert again.tick(0.1, 5.0) == ["cleared critical"]
    again.end()


def test_values_beyond_numbers_and_hostile_labels(path: Path) -> None:
    odd = series("m", name="'; DROP TABLE log; --\x00\udc80")
    run = Run(path, Rule("x", "m", BOTH))
    run.alerts.evaluate({odd: Value(inf)}, 0.0, WALL, 2.0)
    run.end()
    again = Run(path, Rule("x", "m", BOTH))
    assert [(each.series, each.value) for each in again.alerts.active()] == [(odd, inf)]
    again.end()


def test_one_process_at_a_time(path: Path) -> None:
    first = Run(path, HOT)
    with pytest.raises(InUseError):
        Memory(path).open(1)
    first.end()
    Run(path, HOT).end()


async def test_a_second_engine_says_so_and_goes_on(path: Path, clock: Clock) -> None:
    first = Run(path, HOT)
    engine = Engine(
        [FakeSource(lambda n: {CPU: 0.8})], AlertEngine([Rule("hot", CPU.id, BOTH)]), 2.0, keeper=Keeper(path),
        monotonic=clock, wall=clock.wall, host="test",
    )  # fmt: skip
    await engine.run(1)
    snapshot = engine.store.snapshot
    (notice,) = [each for each in snapshot.sources if each.name == "alert memory"]
    assert (notice.status, "another perf-tui" in (notice.error or "")) == (Status.ABSENT, True)
    assert len(snapshot.alerts) == 1
    first.end()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    keeper = Keeper(tmp_path / "x" / "alerts.sqlite")
    asyncio.run(keeper.restore(AlertEngine([]), 0.0, WALL))
    assert keeper.trouble is not None
    assert keeper.trouble.status is Status.DENIED


async def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    keeper = Keeper(tmp_path / "x" / "alerts.sqlite")
    alerts = AlertEngine([])
    await keeper.restore(alerts, 0.0, WALL)
    assert keeper.trouble is not None
    assert keeper.trouble.status is Status.ERROR
    await keeper.keep(alerts, [])
    await keeper.close()


def test_a_file_that_is_no_database_is_put_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1000)
    run = Run(path, HOT)
    run.tick(0.8, times=5)
    run.end()
    assert path.with_name("alerts.sqlite.broken").read_bytes().startswith(b"not a database")
    assert len(Run(path, HOT).alerts.active()) == 1


async def test_what_did_not_change_is_not_written(path: Path) -> None:
    keeper, alerts = Keeper(path), AlertEngine([Rule("hot", CPU.id, BOTH)])
    await keeper.restore(alerts, 0.0, WALL)
    await keeper.keep(alerts, alerts.evaluate({CPU: Value(0.8)}, 0.0, WALL, 2.0))
    with sqlite3.connect(path) as reader:
        before = reader.execute("PRAGMA data_version").fetchone()
        for tick in range(1, 50):
            await keeper.keep(alerts, alerts.evaluate({CPU: Value(0.8 + tick / 1000)}, 2.0 * tick, WALL, 2.0))
        assert reader.execute("PRAGMA data_version").fetchone() == before
    reader.close()
    await keeper.close()


def test_killed_at_any_moment_it_loses_nothing_and_tells_nothing_twice(path: Path) -> None:
    script = Path(__file__).with_name("killed.py")
    command = [sys.executable, str(script), str(path), str(KILLS), "11"]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    *rest, _ = done.stdout.split("killed\n")
    shown = [line for part in rest for line in part.splitlines() if line]
    assert not [line for line in shown if line.startswith("trouble")]
    assert len(rest) == KILLS
    assert len(shown) > KILLS, "there was something to lose"
    memory = Memory(path)
    kept = {line.number: line for line in memory.open(100_000).log}
    memory.close()
    numbers = [int(line.split()[0]) for line in shown]
    assert numbers == sorted(set(numbers)), "no line is shown twice"
    for line in shown:
        number, change, name, level, quiet = line.split()
        found = kept[int(number)]
        assert (found.change, found.rule.name, found.level, found.quiet or "-") == (change, name, int(level), quiet)
    # What a handler was told of is in the log; it was told of each line once, and in their order.
    handed = [json.loads(line) for line in Path(f"{path}.jsonl").read_text().splitlines()]
    known = {key(iso(line.time), line.rule.name, line.change): line for line in kept.values() if not line.quiet}
    found = [known[key(each["time"], each["rule"], each["change"])].number for each in handed]
    assert found == sorted(set(found)), "no handler is told twice"
    # What was on its way at the moment of a kill may be lost, and nothing else: of each process one tick at most.
    lost = {line.time for line in known.values() if line.number not in found}
    assert len(lost) <= KILLS
    assert len(handed) > KILLS
    # Nobody hears that it began while they think that it goes on, or that it ended twice.
    on: dict[str, bool] = {}
    for line in (kept[number] for number in sorted(kept)):
        if line.change is Change.RAISED:
            assert not on.get(line.rule.name, False)
            on[line.rule.name] = True
        elif line.change is Change.CLEARED:
            assert on[line.rule.name]
            on[line.rule.name] = False
