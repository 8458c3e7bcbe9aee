"""Rules changed while the program runs, silences lifted, handlers that fail, and what would have been."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from math import nan

import pytest
from fakes import Clock

from perf_tui.engine.alerts.backtest import Moment, recalled, run
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Alert, Change, Kind, Level, Matcher, Rule, Silence, State, Transition, compared
from perf_tui.engine.alerts.outlet import Outlet
from perf_tui.engine.alerts.retold import retold
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import TICK_TIME, SourceState
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.measures.ring import History
from perf_tui.sources.fake import FakeSource

CPU, MEMORY = series("system.cpu.utilization"), series("system.memory.utilization")
BOTH = ((Level.CRITICAL, 0.9), (Level.WARNING, 0.7))
WALL = 5e8


class Play:
    """An engine of alerts on a clock of its own."""

    def __init__(self, *rules: Rule) -> None:
        self.alerts = AlertEngine(rules)
        self.at = 0.0

    def tick(self, cpu: float | Value | None, memory: float | None = None, times: int = 1) -> list[str]:
        said = []
        for _ in range(times):
            values = {CPU: cpu if isinstance(cpu, Value) else Value(cpu)} if cpu is not None else {}
            if memory is not None:
                values[MEMORY] = Value(memory)
            lines = self.alerts.evaluate(values, self.at, WALL + self.at, 2.0)
            said += [f"{line.change} {line.level.word} {line.rule.name}" for line in lines]
            self.at += 2.0
        return said

    def attend(self) -> list[str]:
        return [f"{line.change} {line.rule.name}" for line in self.alerts.attend(self.at, WALL + self.at)]

    def change(self, *rules: Rule) -> list[str]:
        self.alerts.change(rules)
        return self.attend()

    @property
    def states(self) -> list[tuple[str, State | None]]:
        return [(alert.rule.name, alert.state) for alert in self.alerts.active()]


HOT = Rule("hot", CPU.id, BOTH, hold=4.0)


def same(rule: Rule) -> Rule:
    """An equal rule that is another object, as it comes from a configuration that was read anew."""
    matchers = tuple(Matcher(each.label, re.compile(each.pattern.pattern), each.wanted) for each in rule.matchers)
    return Rule(
        **{name: getattr(rule, name) for name in Rule.__dataclass_fields__ if name != "matchers"}, matchers=matchers
    )


class TestChange:
    def test_what_is_as_it_was_goes_on_wherever_it_stands_now(self) -> None:
        full = Rule("full", MEMORY.id, BOTH, hold=4.0)
        play = Play(HOT, full)
        assert play.tick(0.8, 0.8, times=2) == []
        assert play.change(Rule("new", CPU.id, BOTH, hold=60.0), same(full), same(HOT)) == []
        assert play.tick(0.8, 0.8) == ["raised warning hot", "raised warning full"]
        assert play.change(same(HOT)) == ["cleared full"]
        assert play.states == [("hot", State.FIRING)]
        assert play.tick(0.8, 0.8, times=3) == []
        assert play.tick(0.1, 0.1, times=3) == ["cleared warning hot"]

    def test_a_pending_alert_of_a_rule_that_is_gone_goes_without_a_word(self) -> None:
        play = Play(HOT)
        play.tick(0.8)
        assert play.states == [("hot", State.PENDING)]
        assert play.change() == []
        assert (play.states, play.alerts.rules) == ([], ())
        assert play.tick(0.99, times=9) == []

    def test_an_edited_rule_keeps_its_alert_where_it_still_can_have_it(self) -> None:
        play = Play(HOT)
        play.tick(0.8, times=3)
        play.alerts.acknowledge(play.alerts.active()[0])
        play.attend()
        longer = Rule("hot", CPU.id, BOTH, hold=60.0, message="hot")
        assert play.change(longer) == []
        (alert,) = play.alerts.active()
        assert (alert.state, alert.rule.message, alert.since) == (State.ACKNOWLEDGED, "hot", WALL)
        assert play.tick(0.95) == ["escalated critical hot"]
        assert play.change(Rule("hot", CPU.id, ((Level.WARNING, 0.5),))) == ["cleared hot"]
        assert play.tick(0.95) == ["raised warning hot"]

    def test_a_higher_limit_ends_what_it_no_longer_concerns(self) -> None:
        play = Play(Rule("hot", CPU.id, BOTH))
        assert play.tick(0.8) == ["raised warning hot"]
        play.change(Rule("hot", CPU.id, ((Level.CRITICAL, 0.98), (Level.WARNING, 0.95))))
        assert play.tick(0.8) == ["cleared warning hot"]

    @pytest.mark.parametrize(
        "rule",
        [
            Rule("r", CPU.id, ((Level.WARNING, 0.3),), kind=Kind.RATE, window=20.0),
            Rule("r", CPU.id, ((Level.WARNING, 0.7),), window=20.0),
            Rule("r", CPU.id, ((Level.WARNING, 0.7),), window=20.0, over="max"),
            Rule("r", CPU.id, ((Level.WARNING, 0.5),), kind=Kind.BASELINE, window=4.0, baseline=20.0),
            Rule("r", CPU.id, ((Level.WARNING, 0.7),), window=20.0, aggregate="max"),
            Rule("r", CPU.id, ((Level.WARNING, 6.0),), kind=Kind.NO_DATA),
        ],
    )
    def test_windows_go_on(self, rule: Rule) -> None:
        """Whether the rules were changed meanwhile or not makes no difference to a rule that was not."""
        told = []
        for changed in (False, True):
            play = Play(rule)
            said = play.tick(0.4, times=12) + play.tick(0.6, times=3)
            said += play.tick(None, times=3) if rule.kind is Kind.NO_DATA else []
            if changed:
                play.change(Rule("another", CPU.id, BOTH, hold=1e9), same(rule))
            said += play.tick(None if rule.kind is Kind.NO_DATA else 0.95, times=12)
            told.append(said)
        assert told[0] == told[1]
        assert told[0], "there is something to see"

    def test_missing_data_that_never_came_goes_on_missing(self) -> None:
        silent = Rule("silent", MEMORY.id, ((Level.CRITICAL, 10.0),), kind=Kind.NO_DATA)
        play = Play(silent)
        assert play.tick(0.1, times=4) == []
        assert play.change(HOT, same(silent)) == []
        assert play.tick(0.1, times=2) == ["raised critical silent"]
        assert play.change(same(silent), HOT) == []
        assert play.tick(0.1, 0.5) == ["cleared critical silent"]

    def test_flapping_is_not_forgotten(self) -> None:
        rule = Rule("hot", CPU.id, BOTH)
        play = Play(rule)
        for tick in range(20):
            play.tick(0.8 if tick % 4 < 2 else 0.1)
        assert play.alerts.active()[0].flapping
        play.change(HOT.__class__("other", MEMORY.id, BOTH), same(rule))
        assert play.alerts.active()[0].flapping

    async def test_through_the_engine_from_another_thread(self, clock: Clock) -> None:
        engine = Engine([FakeSource(lambda n: {CPU: 0.8})], monotonic=clock, wall=clock.wall, host="test")
        shown: asyncio.Queue[int] = asyncio.Queue()
        task = asyncio.create_task(engine.run(1))
        await task
        engine.store.subscribe(lambda snapshot: shown.put_nowait(len(snapshot.alerts)))
        await asyncio.to_thread(engine.change_rules, [Rule("hot", CPU.id, BOTH)])
        assert await shown.get() == 0
        assert [rule.name for rule in engine.alerts.rules] == ["hot"]
        await engine.tick()
        assert await shown.get() == 1
        await asyncio.to_thread(engine.change_rules, [])
        assert await shown.get() == 0
        assert [line.change for line in engine.store.snapshot.log] == [Change.RAISED, Change.CLEARED]


class TestLift:
    def test_a_silence_is_lifted_and_what_still_holds_is_told(self) -> None:
        play = Play(Rule("hot", CPU.id, BOTH), Rule("warm", CPU.id, BOTH))
        play.alerts.silence(Silence(WALL + 3600.0, "hot"))
        assert play.attend() == []
        assert [silence.rule for silence in play.alerts.silences()] == ["hot"]
        play.tick(0.8)
        assert play.states == [("hot", State.SILENCED), ("warm", State.FIRING)]
        play.alerts.lift("hot", CPU)
        assert play.attend() == ["lifted hot"]
        assert play.alerts.silences() == ()
        assert play.states == [("hot", State.FIRING), ("warm", State.FIRING)]
        assert play.tick(0.8) == ["raised warning hot"]

    def test_a_silence_of_labels_is_lifted_with_its_alert_or_with_its_rule(self) -> None:
        play = Play(HOT)
        play.alerts.silence(Silence(WALL + 3600.0, "hot", (("cpu", "1"),)))
        play.attend()
        play.alerts.lift("another")
        play.attend()
        assert len(play.alerts.silences()) == 1
        play.alerts.lift("hot")
        play.attend()
        assert play.alerts.silences() == ()
        play.alerts.silence(Silence(WALL + 3600.0, "hot", (("cpu", "0"),)))
        play.attend()
        play.alerts.lift("hot", series(CPU.id, cpu="1"))
        play.attend()
        assert len(play.alerts.silences()) == 1
        play.alerts.lift("hot", series(CPU.id, cpu="0"))
        play.attend()
        assert play.alerts.silences() == ()


def test_who_cannot_be_told_is_a_line_when_it_begins_and_when_it_ends() -> None:
    play = Play()
    failing = {"handler pager": "it answered 500"}
    (line,) = play.alerts.report(failing)
    assert (line.change, line.level, line.rule.message, line.series.label("handler"), line.quiet, line.number) == (
        Change.FAILED, Level.WARNING, "it answered 500", "pager", "handler", 1,
    )  # fmt: skip
    assert play.alerts.report({"handler pager": "it answered 500; 3 not delivered"}) == []
    (line,) = play.alerts.report({})
    assert (line.change, line.rule.message, line.value, line.number) == (Change.CLEARED, "it delivers again", 0.0, 2)
    assert play.alerts.report({}) == []
    assert [each.number for each in play.alerts.log()] == [1, 2]


def test_what_calm_rules_compare_is_known(clock: Clock) -> None:
    used = series("system.memory.used")
    growth = Rule("growth", used.id, ((Level.WARNING, 1e9),), kind=Kind.RATE, window=4.0)
    most = Rule("most", "system.cpu.core.utilization", ((Level.WARNING, 0.99),), aggregate="avg")
    silent = Rule("silent", "app.request.rate", ((Level.CRITICAL, 99.0),), kind=Kind.NO_DATA)

    def play(n: int) -> dict[Series, float]:
        return {used: 100.0 * n, series(most.metric, cpu="0"): 0.2, series(most.metric, cpu="1"): 0.4}

    async def ticks() -> Engine:
        engine = Engine(
            [FakeSource(play)], AlertEngine([growth, most, silent]), 2.0, monotonic=clock, wall=clock.wall, host="test"
        )
        for _ in range(6):
            await engine.tick()
            clock.advance(2.0)
        return engine

    snapshot = asyncio.run(ticks()).store.snapshot
    now = {rule.name: snapshot.past(compared(rule.name), 3).tolist() for rule in (growth, most, silent)}
    assert now["growth"] == [200.0] * 3
    assert now["most"] == pytest.approx([0.3] * 3)
    assert now["silent"] == [6.0, 8.0, 10.0]


# -- what would have been

PLAYED = [0.3, 0.8, 0.8, 0.8, 0.97, 0.3, 0.3, 0.3, nan, 0.3, 0.75, 0.75, 0.75, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8]


async def lived(rules: list[Rule], clock: Clock) -> Engine:
    """An engine that has seen PLAYED, with these rules in force."""
    engine = Engine(
        [FakeSource(lambda n: {CPU: PLAYED[n] if PLAYED[n] == PLAYED[n] else Value(None, Status.ERROR)})],
        AlertEngine(rules), 2.0, monotonic=clock, wall=clock.wall, host="test",
    )  # fmt: skip
    for _ in PLAYED:
        await engine.tick()
        clock.advance(2.0)
    return engine


@pytest.mark.parametrize(
    "rule",
    [
        HOT,
        Rule("hot", CPU.id, BOTH),
        Rule("hot", CPU.id, BOTH, hold=2.0, keep=6.0, clear=((Level.WARNING, 0.5),)),
        Rule("hot", CPU.id, ((Level.WARNING, 0.3),), kind=Kind.RATE, window=4.0),
        Rule("hot", CPU.id, ((Level.WARNING, 0.7),), window=6.0),
        Rule("hot", CPU.id, ((Level.WARNING, 0.7),), aggregate="max"),
        Rule("hot", CPU.id, ((Level.INFO, 0.25),), below=True),
    ],
)
async def test_what_would_have_been_is_what_was(rule: Rule, clock: Clock) -> None:
    """The oracle is the engine that ran: the same rule over what it left in memory gives the same transitions."""
    engine = await lived([rule], clock)
    snapshot = engine.store.snapshot
    past, interval = recalled(snapshot.history, snapshot.tick, [rule])
    assert (len(past), interval) == (len(PLAYED), 2.0)
    outcome = run([rule], past, interval)

    def essence(lines: object) -> list[tuple[object, ...]]:
        return [(line.time, line.change, line.level, line.value, line.since) for line in lines]  # type: ignore[attr-defined]

    assert essence(outcome.lines) == essence(snapshot.log)
    assert outcome.lines, "there is something to compare"


async def test_episodes_in_words(clock: Clock) -> None:
    engine = await lived([], clock)
    snapshot = engine.store.snapshot
    past, interval = recalled(snapshot.history, snapshot.tick, [HOT])
    outcome = run([HOT], past, interval)
    first = past[0].wall

    def at(second: float) -> str:
        return time.strftime("%H:%M:%S", time.localtime(first + second))

    assert retold(outcome, 5) == [
        "would have fired 3 times in the last 36.0s",
        f"{at(36)} warning for 0s, still (peak 80%)",
        f"{at(24)} warning for 6.00s (peak 75%)",
        f"{at(6)} critical for 8.00s (peak 97%)",
    ]
    assert retold(outcome, 1)[-1] == "and 2 more before"
    assert retold(run([], [], 2.0), 5) == ["there is nothing in memory to try it on yet"]
    calm = Rule("calm", CPU.id, ((Level.WARNING, 2.0),))
    assert retold(run([calm], past, interval), 5) == ["would not have fired in the last 36.0s"]
    assert outcome.numbers["hot"].tolist()[:5] == PLAYED[:5]


def test_a_gap_in_the_past_counts_neither_way() -> None:
    history = History(100)
    for tick in (0, 1, 40, 41, 42, 43):
        history.record(tick, [(TICK_TIME, WALL + 2.0 * tick), (CPU, 0.8)])
    past, interval = recalled(history, 43, [HOT])
    outcome = run([HOT], past, interval)
    assert [(line.change, line.time) for line in outcome.lines] == [(Change.RAISED, WALL + 82.0)]


def test_a_clock_that_was_set_back_stands_still() -> None:
    history = History(100)
    for tick, wall in enumerate((0.0, 2.0, -3600.0, -3598.0, -3596.0)):
        history.record(tick, [(TICK_TIME, WALL + wall), (CPU, 0.8)])
    past, _ = recalled(history, 4, [HOT])
    assert [moment.at for moment in past] == [0.0, 2.0, 2.0, 4.0, 6.0]


def test_a_rule_on_very_many_series_is_tried_on_less_of_the_past() -> None:
    history = History(1800)
    keys = [series("system.disk.busy", device=f"sd{n}") for n in range(1000)]
    for tick in range(300):
        history.record(tick, [(TICK_TIME, WALL + tick), *((key, 0.1) for key in keys)])
    past, _ = recalled(history, 299, [Rule("busy", "system.disk.busy", BOTH)])
    assert len(past) == 100


def test_a_recorded_day_is_only_another_past() -> None:
    moments = [Moment(2.0 * n, WALL + 2.0 * n, {CPU: Value(0.95)}) for n in range(4)]
    (episode,) = run([HOT], moments, 2.0).episodes
    assert (episode.level, episode.began, episode.ended, episode.peak) == (Level.CRITICAL, WALL + 4.0, None, 0.95)


async def test_handlers_hear_that_an_alert_has_ended_with_its_rule(clock: Clock) -> None:
    heard: list[str] = []

    class Ear(Outlet):
        def tick(self, lines: Sequence[Transition], active: Sequence[Alert], at: float, wall: float) -> None:
            heard.extend(f"{line.change} {line.quiet}".strip() for line in lines)

        def resume(self, log: Sequence[Transition]) -> None: ...
        def troubles(self) -> tuple[SourceState, ...]:
            return ()

        def failures(self) -> dict[str, int]:
            return {}

        def close(self) -> None: ...

    engine = Engine(
        [FakeSource(lambda n: {CPU: 0.8})], AlertEngine([Rule("hot", CPU.id, BOTH)]), 2.0, outlet=Ear(),
        monotonic=clock, wall=clock.wall, host="test",
    )  # fmt: skip
    await engine.tick()
    engine.change_rules([])
    await engine._attend()
    assert heard == ["raised"], "a tick hands it out"
    await engine.tick()
    assert heard == ["raised", "cleared"]
