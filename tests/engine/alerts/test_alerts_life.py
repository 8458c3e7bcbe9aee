"""The life of alerts where people, targets and clocks interfere, as tables: what happens, what is told, what is shown.

Each state is met by each thing that can happen in it: a value that gets worse, better or is missing, somebody who
knows, a silence that begins, ends or is lifted, a clock that jumps, a restart, an edited rule.
"""

from __future__ import annotations

import asyncio
from math import nan

import pytest
from alert_tables import (
    BOTH,
    CPU,
    CRITICAL,
    LATE,
    STALE,
    WALL,
    WARNING,
    Do,
    Lives,
    Player,
    play,
    rule,
    shown,
    told,
    words,
)
from fakes import Clock

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.flap import SPAN
from perf_tui.engine.alerts.hush import MOST_TOLD
from perf_tui.engine.alerts.model import Change, Kind, Rule, Silence, State, Transition
from perf_tui.engine.engine import Engine
from perf_tui.measures.model import Series, Value, series
from perf_tui.sources.fake import FakeSource

LIVES: Lives = {
    "every state": (
        rule(hold=4.0),
        [
            (0, 0.1, "", "inactive"),
            (2, 0.8, "", "pending warning"),
            (4, 0.8, "", "pending warning"),
            (6, 0.8, "raised warning", "firing warning"),
            (6, "ack", "[acknowledged warning]", "acknowledged warning"),
            (8, LATE, "", "acknowledged warning"),
            (10, 0.95, "escalated critical", "firing critical"),
            (10, "silence 6", "[silenced critical]", "silenced critical"),
            (12, LATE, "", "silenced critical"),
            (14, LATE, "", "silenced critical"),
            (16, LATE, "", "no data critical"),
            (18, 0.1, "", "firing critical"),
            (20, 0.1, "", "firing critical"),
            (22, 0.1, "cleared critical", "resolved"),
            (922, 0.1, "", "resolved"),
            (924, 0.1, "", "inactive"),
        ],
    ),
    "who knows of it hears when it gets worse and when it ends, not that it is less bad": (
        rule(),
        [
            (0, 0.95, "raised critical", "firing critical"),
            (0, "ack", "[acknowledged critical]", "acknowledged critical"),
            (2, 0.8, "[lowered warning: acknowledged]", "acknowledged warning"),
            (4, 0.95, "[escalated critical: acknowledged]", "acknowledged critical"),
            (6, 0.1, "cleared critical", "resolved"),
            (8, 0.95, "raised critical", "firing critical"),
        ],
    ),
    "what is pending cannot be acknowledged": (
        rule(hold=10.0),
        [(0, 0.8, "", "pending warning"), (0, "ack", "", "pending warning")],
    ),
    "what began and ended within a silence was never told": (
        rule(),
        [
            (0, "silence 60", "", "inactive"),
            (2, 0.8, "[raised warning: silenced]", "silenced warning"),
            (4, 0.95, "[escalated critical: silenced]", "silenced critical"),
            (6, 0.1, "[cleared critical: silenced]", "resolved"),
        ],
    ),
    "what outlasts a silence is told": (
        rule(),
        [
            (0, "silence 5", "", "inactive"),
            (2, 0.8, "[raised warning: silenced]", "silenced warning"),
            (4, 0.8, "", "silenced warning"),
            (6, 0.8, "raised warning", "firing warning"),
            (8, 0.1, "cleared warning", "resolved"),
        ],
    ),
    "what got worse within a silence is told after it": (
        rule(),
        [
            (0, 0.8, "raised warning", "firing warning"),
            (0, "silence 5", "[silenced warning]", "silenced warning"),
            (2, 0.95, "[escalated critical: silenced]", "silenced critical"),
            (6, 0.95, "escalated critical", "firing critical"),
        ],
    ),
    "missing samples neither resolve nor reset": (
        rule(hold=6.0),
        [
            (0, 0.8, "", "pending warning"),
            (2, LATE, "", "pending warning"),
            (4, STALE, "", "pending warning"),
            (6, 0.8, "raised warning", "firing warning"),
            (8, Value(nan), "", "firing warning"),
            (10, LATE, "", "firing warning"),
            (12, LATE, "", "no data warning"),
            (600, STALE, "", "no data warning"),
            (602, 0.8, "", "firing warning"),
        ],
    ),
    "what nobody saw for more than three intervals does not advance `for`": (
        rule(hold=6.0),
        [
            (0, 0.8, "", "pending warning"),
            (2, 0.8, "", "pending warning"),
            (2 + 6.1, 0.8, "", "pending warning"),
            (10.1, 0.8, "", "pending warning"),
            (12.1, 0.8, "raised warning", "firing warning"),
        ],
    ),
    "a gap of just three intervals does": (
        rule(hold=6.0),
        [(0, 0.8, "", "pending warning"), (6, 0.8, "raised warning", "firing warning")],
    ),
    "nor does it advance the end": (
        rule(hold=6.0),
        [
            (0, 0.8, "", "pending warning"),
            (6, 0.8, "raised warning", "firing warning"),
            (8, 0.1, "", "firing warning"),
            (3600, 0.1, "", "firing warning"),
            (3604, 0.1, "", "firing warning"),
            (3606, 0.1, "cleared warning", "resolved"),
        ],
    ),
    "the wall clock has no say": (
        rule(hold=4.0),
        [
            (0, 0.8, "", "pending warning"),
            (0, "wall +86400", "", "pending warning"),
            (2, 0.8, "", "pending warning"),
            (2, "wall -172800", "", "pending warning"),
            (4, 0.8, "raised warning", "firing warning"),
            (4, "silence 10", "[silenced warning]", "silenced warning"),
            (4, "wall +86400", "", "silenced warning"),
            (6, 0.8, "", "silenced warning"),
            (16, 0.8, "", "firing warning"),
        ],
    ),
    "hysteresis, hold and keep together": (
        rule(hold=2.0, keep=4.0, clear=((CRITICAL, 0.8), (WARNING, 0.5))),
        [
            (0, 0.9, "", "pending critical"),
            (2, 0.9, "raised critical", "firing critical"),
            (4, 0.81, "", "firing critical"),
            (6, 0.79, "", "firing critical"),
            (8, 0.79, "", "firing critical"),
            (10, 0.79, "lowered warning", "firing warning"),
            (12, 0.51, "", "firing warning"),
            (14, 0.49, "", "firing warning"),
            (16, 0.51, "", "firing warning"),
            (18, 0.0, "", "firing warning"),
            (20, 0.0, "", "firing warning"),
            (22, 0.0, "cleared warning", "resolved"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES)
def test_life(life: str) -> None:
    play(*LIVES[life])


_FIRED: list[tuple[float, Do]] = [(0, 0.8), (2, 0.8), (4, 0.8)]
STATES: dict[str, list[tuple[float, Do]]] = {
    "inactive": [(0, 0.1)],
    "pending": [(0, 0.8), (2, 0.8)],
    "firing": _FIRED,
    "acknowledged": [*_FIRED, (4, "ack")],
    "silenced": [*_FIRED, (4, "silence 600")],
    "no data": [*_FIRED, (6, LATE), (8, LATE), (10, LATE)],
    "resolved": [*_FIRED, (6, 0.1), (8, 0.1), (10, 0.1)],
}
"""How a rule that must hold for four seconds comes into each state."""
EVENTS: dict[str, list[tuple[float, Do]]] = {
    "goes on": [(2, 0.8)],
    "worse": [(2, 0.95)],
    "better": [(2, 0.1), (4, 0.1), (6, 0.1)],
    "missing": [(2, LATE), (4, LATE), (6, LATE)],
    "gone": [(2, None)],
    "known": [(0, "ack"), (2, 0.8)],
    "silenced": [(0, "silence 3"), (2, 0.8)],
    "silence over": [(0, "silence 3"), (2, 0.8), (4, 0.8), (6, 0.8)],
    "lifted": [(0, "silence 60"), (0, "lift"), (2, 0.8)],
    "clock": [(0, "wall 86400"), (0, "wall -172800"), (2, 0.8)],
    "unwatched": [(3600, 0.8)],
    "restart": [(0, "restart 60"), (2, 0.8)],
    "edited": [(0, "rule"), (2, 0.8)],
}
"""What can happen then, in seconds from there."""
MATRIX: dict[str, dict[str, tuple[str, str]]] = {
    "inactive": {
        "goes on": ("", "pending warning"),
        "worse": ("", "pending critical"),
        "better": ("", "inactive"),
        "missing": ("", "inactive"),
        "gone": ("", "inactive"),
        "silenced": ("", "pending warning"),
        "silence over": ("raised warning", "firing warning"),
        "lifted": ("", "pending warning"),
        "clock": ("", "pending warning"),
        "unwatched": ("", "pending warning"),
        "restart": ("", "pending warning"),
        "edited": ("", "pending warning"),
    },
    "pending": {
        "goes on": ("raised warning", "firing warning"),
        "worse": ("raised critical", "firing critical"),
        "better": ("", "inactive"),
        "missing": ("", "pending warning"),
        "gone": ("", "inactive"),
        "known": ("raised warning", "firing warning"),
        "silenced": ("[silenced warning], [raised warning: silenced]", "silenced warning"),
        "silence over": ("[silenced warning], [raised warning: silenced], raised warning", "firing warning"),
        "lifted": ("[silenced warning], [lifted warning], raised warning", "firing warning"),
        "clock": ("raised warning", "firing warning"),
        "unwatched": ("", "pending warning"),
        "restart": ("", "pending warning"),
        "edited": ("raised warning", "firing warning"),
    },
    "firing": {
        "goes on": ("", "firing warning"),
        "worse": ("escalated critical", "firing critical"),
        "better": ("cleared warning", "resolved"),
        "missing": ("", "no data warning"),
        "gone": ("cleared warning", "resolved"),
        "known": ("[acknowledged warning]", "acknowledged warning"),
        "silenced": ("[silenced warning]", "silenced warning"),
        "silence over": ("[silenced warning]", "firing warning"),
        "lifted": ("[silenced warning], [lifted warning]", "firing warning"),
        "clock": ("", "firing warning"),
        "unwatched": ("", "firing warning"),
        "restart": ("", "firing warning"),
        "edited": ("", "firing warning"),
    },
    "acknowledged": {
        "goes on": ("", "acknowledged warning"),
        "worse": ("escalated critical", "firing critical"),
        "better": ("cleared warning", "resolved"),
        "missing": ("", "acknowledged warning"),
        "gone": ("cleared warning", "resolved"),
        "known": ("[acknowledged warning]", "acknowledged warning"),
        "silenced": ("[silenced warning]", "silenced warning"),
        "silence over": ("[silenced warning]", "acknowledged warning"),
        "lifted": ("[silenced warning], [lifted warning]", "acknowledged warning"),
        "clock": ("", "acknowledged warning"),
        "unwatched": ("", "acknowledged warning"),
        "restart": ("", "acknowledged warning"),
        "edited": ("", "acknowledged warning"),
    },
    "silenced": {
        "goes on": ("", "silenced warning"),
        "worse": ("[escalated critical: silenced]", "silenced critical"),
        "better": ("[cleared warning: silenced]", "resolved"),
        "missing": ("", "silenced warning"),
        "gone": ("[cleared warning: silenced]", "resolved"),
        "known": ("[acknowledged warning]", "silenced warning"),
        "silenced": ("[silenced warning]", "silenced warning"),
        "silence over": ("[silenced warning]", "silenced warning"),
        "lifted": ("[silenced warning], [lifted warning]", "firing warning"),
        "clock": ("", "silenced warning"),
        "unwatched": ("", "firing warning"),
        "restart": ("", "silenced warning"),
        "edited": ("", "silenced warning"),
    },
    "no data": {
        "goes on": ("", "firing warning"),
        "worse": ("escalated critical", "firing critical"),
        "better": ("cleared warning", "resolved"),
        "missing": ("", "no data warning"),
        "gone": ("cleared warning", "resolved"),
        "known": ("[acknowledged warning]", "acknowledged warning"),
        "silenced": ("[silenced warning]", "silenced warning"),
        "silence over": ("[silenced warning]", "firing warning"),
        "lifted": ("[silenced warning], [lifted warning]", "firing warning"),
        "clock": ("", "firing warning"),
        "unwatched": ("", "firing warning"),
        "restart": ("", "firing warning"),
        "edited": ("", "firing warning"),
    },
    "resolved": {
        "goes on": ("", "pending warning"),
        "worse": ("", "pending critical"),
        "better": ("", "resolved"),
        "missing": ("", "resolved"),
        "gone": ("", "resolved"),
        "silenced": ("", "pending warning"),
        "silence over": ("raised warning", "firing warning"),
        "lifted": ("", "pending warning"),
        "clock": ("", "pending warning"),
        "unwatched": ("", "pending warning"),
        "restart": ("", "pending warning"),
        "edited": ("", "pending warning"),
    },
}
"""For each state and each event the lines of the log, and the state after it."""


@pytest.mark.parametrize(("state", "event"), [(state, event) for state, row in MATRIX.items() for event in row])
def test_each_event_in_each_state(state: str, event: str) -> None:
    player = Player(rule(hold=4.0))
    player.do(-2.0, 0.0)
    for second, do in STATES[state]:
        player.do(second, do)
    assert shown(player.engine).removesuffix(" warning") == state
    last = STATES[state][-1][0]
    lines = [line for later, do in EVENTS[event] for line in player.do(last + later, do)]
    assert (told(lines), shown(player.engine)) == MATRIX[state][event]


def test_no_state_and_no_event_is_left_out() -> None:
    """A state or a kind of line that is added to the model must be added to the tables, too."""
    suppressed = {State.SUPPRESSED}  # it takes a second alert: TestDown
    assert set(STATES) == MATRIX.keys() == set(State) - suppressed
    missing = [(state, event) for state in STATES for event in EVENTS if event not in MATRIX[state]]
    assert missing == [("inactive", "known"), ("resolved", "known")], "there is no alert that somebody could know of"
    lines = " ".join(lines for row in MATRIX.values() for lines, _ in row.values())
    lines += " ".join(row[2] for _, rows in LIVES.values() for row in rows)
    assert [change for change in Change if change.value not in lines] == [Change.FAILED], "of handlers, not of alerts"


class TestFlapping:
    def run(self, engine: AlertEngine, number: float, at: float) -> list[str]:
        return [words(each) for each in engine.evaluate({CPU: Value(number)}, at, WALL + at, 2.0)]

    def test_what_comes_and_goes_is_told_that_it_does_and_then_only_when_it_gets_worse(self) -> None:
        engine = AlertEngine([rule()])
        lines = []
        for tick in range(200):
            lines += self.run(engine, 0.8 if tick % 4 < 2 else 0.1, 1000.0 + 2 * tick)
        assert lines == ["raised warning", "cleared warning"] * 2 + ["raised warning"]
        (alert,) = engine.active()
        assert alert.flapping
        assert [line.flapping for line in engine.log()] == [False] * 4 + [True]
        assert self.run(engine, 0.95, 1400.0) == ["escalated critical"]
        assert self.run(engine, 0.95, 1402.0) == []

    def test_its_end_needs_longer_each_time(self) -> None:
        engine = AlertEngine([rule()])
        at, stays = 1000.0, []
        for _ in range(7):
            self.run(engine, 0.8, at)
            began = at
            while engine.active():
                at += 1.0
                self.run(engine, 0.1, at)
            stays.append(at - began)
            at += 1.0
        assert stays[:2] == [1.0, 1.0]
        longer = [each for each in stays if each > 1.0]
        assert longer == sorted(longer)
        assert longer[0] == pytest.approx(16.0, abs=2)
        assert longer[-1] > 100.0

    def test_people_learn_of_the_end_when_it_has_stopped(self) -> None:
        engine = AlertEngine([rule()])
        for tick in range(40):
            self.run(engine, 0.8 if tick % 4 < 2 else 0.1, 1000.0 + 2 * tick)
        lines, at = [], 1080.0
        while at < 1080.0 + SPAN + 60.0:
            lines += [(at, line) for line in self.run(engine, 0.1, at)]
            at += 2.0
        assert [line for _, line in lines] == ["[cleared warning: flapping]", "cleared warning"]
        assert lines[1][0] - lines[0][0] == pytest.approx(SPAN, abs=4)

    def test_four_times_in_an_hour_is_not_flapping(self) -> None:
        engine = AlertEngine([rule()])
        lines = []
        for tick in range(1800):
            lines += self.run(engine, 0.8 if tick % 300 < 30 else 0.1, 1000.0 + 2 * tick)
        assert lines == ["raised warning", "cleared warning"] * 6


class TestStorm:
    def test_the_worst_are_told_one_by_one_and_the_rest_only_logged(self) -> None:
        disks = Rule("disk", "busy", BOTH)
        engine = AlertEngine([disks])
        values = {series("busy", device=str(n)): Value(0.95 if n >= 50 else 0.8) for n in range(57)}
        lines = engine.evaluate(values, 0.0, WALL, 2.0)
        assert len(lines) == 57
        heard = [line for line in lines if not line.quiet]
        assert len(heard) == MOST_TOLD
        assert [line.level for line in heard].count(CRITICAL) == 7, "the worst come first"
        assert {line.quiet for line in lines} == {"", "storm"}
        assert len(engine.active()) == 57, "all are shown"

    def test_who_was_not_told_of_the_beginning_is_not_told_of_the_end(self) -> None:
        engine = AlertEngine([Rule("disk", "busy", BOTH)])
        keys = [series("busy", device=str(n)) for n in range(57)]
        engine.evaluate(dict.fromkeys(keys, Value(0.8)), 0.0, WALL, 2.0)
        lines = engine.evaluate(dict.fromkeys(keys, Value(0.1)), 2.0, WALL, 2.0)
        assert [line.quiet for line in lines].count("") == MOST_TOLD
        assert len(engine.active()) == 0

    def test_after_the_storm_people_are_told_again(self) -> None:
        engine = AlertEngine([Rule("disk", "busy", BOTH)])
        values = {series("busy", device=str(n)): Value(0.8) for n in range(30)}
        engine.evaluate(values, 0.0, WALL, 2.0)
        late = series("busy", device="late")
        assert engine.evaluate({**values, late: Value(0.8)}, 2.0, WALL, 2.0)[0].quiet == "storm"
        later = series("busy", device="later")
        assert engine.evaluate({**values, late: Value(0.8), later: Value(0.8)}, 6.0, WALL, 2.0)[0].quiet == ""


class TestDown:
    ERRORS = series("app.error.total", service="shop")
    RATE = series("app.request.rate", service="shop")
    OTHER = series("app.error.total", service="other")
    RULES = (
        Rule("errors", "app.error.total", ((CRITICAL, 0.1),)),
        Rule("silent", "app.request.rate", ((CRITICAL, 4.0),), kind=Kind.NO_DATA, labels=(("service", "shop"),)),
        Rule("too", "app.error.total", ((CRITICAL, 4.0),), kind=Kind.NO_DATA),
    )

    def test_a_target_that_is_down_stands_for_what_depends_on_it(self) -> None:
        engine = AlertEngine(self.RULES)
        up = {self.ERRORS: Value(0.0), self.RATE: Value(1.0), self.OTHER: Value(0.0)}
        engine.evaluate(up, 0.0, WALL, 2.0)
        down = {self.ERRORS: STALE, self.RATE: STALE, self.OTHER: Value(0.0)}
        lines: list[Transition] = []
        for at in (2.0, 4.0, 6.0):
            lines += engine.evaluate(down, at, WALL + at, 2.0, {"shop"})
        assert [(line.rule.name, words(line)) for line in lines] == [
            ("silent", "raised critical"), ("too", "[raised critical: suppressed]"),
        ]  # fmt: skip
        root, dependent = engine.active()
        assert (root.state, root.firing, dependent.state, dependent.firing, dependent.by) == (
            State.FIRING, True, State.SUPPRESSED, False, "silent",
        )  # fmt: skip
        # Somebody else measures its errors too: they follow from its being down. Those of another service do not.
        more = {self.ERRORS: Value(1.0), self.RATE: STALE, self.OTHER: Value(1.0)}
        lines = engine.evaluate(more, 8.0, WALL + 8, 2.0, {"shop"})
        assert sorted((str(line.series), line.rule.name, words(line)) for line in lines) == [
            (str(self.OTHER), "errors", "raised critical"),
            (str(self.ERRORS), "errors", "[raised critical: suppressed]"),
            (str(self.ERRORS), "too", "[cleared critical: suppressed]"),
        ]  # fmt: skip
        # It is back: what still holds is told now.
        lines = engine.evaluate({**more, self.RATE: Value(1.0)}, 10.0, WALL + 10, 2.0)
        assert [(line.rule.name, words(line)) for line in lines] == [
            ("silent", "cleared critical"), ("errors", "raised critical"),
        ]  # fmt: skip

    def test_without_a_rule_that_tells_of_it_nothing_is_kept_quiet(self) -> None:
        engine = AlertEngine(self.RULES[:1])
        (line,) = engine.evaluate({self.ERRORS: Value(1.0)}, 0.0, WALL, 2.0, {"shop"})
        assert line.quiet == ""

    def test_a_series_that_is_missing_on_a_target_that_answers_suppresses_nothing(self) -> None:
        engine = AlertEngine(self.RULES)
        for at in range(0, 8, 2):
            engine.evaluate({self.ERRORS: Value(0.0), self.RATE: LATE}, at, WALL + at, 2.0)
        (line,) = engine.evaluate({self.ERRORS: Value(1.0), self.RATE: LATE}, 8.0, WALL + 8, 2.0)
        assert (line.rule.name, line.quiet) == ("errors", "")


class TestFromOtherThreads:
    async def test_a_wish_is_shown_before_the_next_tick(self, clock: Clock) -> None:
        hot = Rule("hot", CPU.id, BOTH)
        engine = Engine(
            [FakeSource(lambda n: {CPU: 0.8})], AlertEngine([hot]), 2.0, monotonic=clock, wall=clock.wall, host="test"
        )
        task = asyncio.create_task(engine.run(1))
        seen: asyncio.Queue[State | None] = asyncio.Queue()
        engine.store.subscribe(lambda snapshot: seen.put_nowait(snapshot.alerts[0].state))
        assert await seen.get() is State.FIRING
        await task
        alert = engine.store.snapshot.alerts[0]
        await asyncio.to_thread(engine.acknowledge, alert)
        assert await seen.get() is State.ACKNOWLEDGED
        await asyncio.to_thread(engine.silence, 60.0, "hot")
        assert await seen.get() is State.SILENCED
        assert [line.change.value for line in engine.store.snapshot.log] == ["raised", "acknowledged", "silenced"]
        assert engine.store.snapshot.alerts[0].until == clock.day + 60.0

    def test_a_silence_by_labels(self) -> None:
        silence = Silence(0.0, "", (("device", "sda"),))
        keys: list[Series] = [series("busy", device=name) for name in ("sda", "sdb")]
        assert [silence.covers(rule(), key) for key in keys] == [True, False]
        assert not Silence(0.0, "other").covers(rule(), CPU)


class TestWhy:
    async def test_what_else_moved_is_attached_on_a_later_tick(self, clock: Clock) -> None:
        waiting = series("ai.requests.waiting", engine="vllm", model="m")
        hot = Rule("hot", CPU.id, BOTH)
        played = FakeSource(lambda n: {CPU: 0.8 if n >= 100 else 0.1, waiting: 37.0 if n >= 95 else 0.0})
        engine = Engine([played], AlertEngine([hot]), 2.0, monotonic=clock, wall=clock.wall, host="test")
        for _ in range(103):
            await engine.tick()
            clock.advance(2.0)
        assert engine.store.snapshot.alerts[0].why == ()
        answer = engine._why._done.get(timeout=5.0)
        engine._why._done.put(answer)
        snapshot = await engine.tick()
        (moved,) = snapshot.alerts[0].why
        assert (moved.series, moved.before, moved.after, moved.onset) == (waiting, 0.0, 37.0, -10.0)
        assert snapshot.log[-1].why == (moved,)
