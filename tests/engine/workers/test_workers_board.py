"""The board over time: every state with its way back, expiry, rates, measures, bounds."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import Clock

from perf_tui.engine.stage import Moment
from perf_tui.engine.workers.board import Board, Expected
from perf_tui.measures.model import Sample, Status, Value, series
from perf_tui.measures.workers import (
    CLOSEUP,
    HERE,
    SIGHTINGS,
    SUMMARY,
    WORKERS,
    Body,
    Closeup,
    Event,
    Group,
    Sighting,
    State,
    Summary,
    Usage,
    Work,
    Worker,
)  # fmt: skip

INTERVAL = 2.0


class Play:
    """A board, and sources that say what they are told to at each tick."""

    def __init__(self, clock: Clock, **options: Any) -> None:
        self.clock = clock
        self.board = Board(("web-1",), **options)
        self.values: dict[Any, Value] = {}
        self.summary: Summary | None = None
        self.closeup = Closeup("")

    def tick(self, *given: Sighting) -> list[Worker]:
        self.clock.advance(INTERVAL)
        derived = self.board.derive(
            {SIGHTINGS: given, CLOSEUP: self.closeup}, Moment(self.clock.now, self.clock.day, INTERVAL)
        )
        self.values = {sample.series: sample.value for sample in derived.samples if isinstance(sample, Sample)}
        self.summary = derived.tables[SUMMARY]  # type: ignore[assignment]
        return list(derived.tables[WORKERS])  # type: ignore[call-overload]

    def seen(self, **more: Any) -> Sighting:
        fields: dict[str, Any] = {
            "system": "heartbeat", "source": "beats", "name": "a", "kind": "agent", "word": "idle",
            "state": State.WAITING, "heard": self.clock.now + INTERVAL,
        }  # fmt: skip
        return Sighting(**{**fields, **more})

    def counts(self) -> dict[str, float | None]:
        return {
            key.id.removeprefix("workers."): value.number
            for key, value in self.values.items()
            if key.id.startswith("workers.")
        }


@pytest.fixture
def play(clock: Clock) -> Play:
    return Play(clock)


def test_every_state_is_reached_and_left_again(play: Play) -> None:
    silent = play.seen()
    steps: list[tuple[Sighting, State]] = [
        (play.seen(), State.WAITING),
        (play.seen(word="busy", state=State.PROCESSING), State.PROCESSING),
        (play.seen(word="ready", state=State.ACTIVE), State.ACTIVE),
        (play.seen(word="crashed", state=State.ERROR), State.ERROR),
        (play.seen(), State.WAITING),
        (play.seen(word="odd", state=State.UNKNOWN), State.UNKNOWN),
        (play.seen(), State.WAITING),
        (silent, State.STALE),
        (play.seen(), State.WAITING),
    ]
    for given, state in steps:
        fresh = given if given is silent else given._replace(heard=play.clock.now + INTERVAL)
        (worker,) = play.tick(fresh)
        assert worker.state is state
        assert worker.word == given.word
        expected = {"active": 0.0, "processing": 0.0, "waiting": 0.0, "error": 0.0, "stale": 0.0}
        assert play.counts() == (expected | {str(state): 1.0} if str(state) in expected else expected)
        assert worker.lasting == 0.0
    (worker,) = play.tick(play.seen())
    assert (worker.state, worker.lasting) == (State.WAITING, INTERVAL)


def test_one_that_is_silent_is_stale_and_then_dropped_everywhere(clock: Clock) -> None:
    play = Play(clock, forget=10.0)
    last = play.seen(work=Work(done=5.0), body=Body(cpu=0.5, memory=100.0))
    play.tick(last)
    key = series("worker.memory", worker="a")
    assert play.values[key] == Value(100.0)
    states = []
    for _ in range(6):
        workers = play.tick(last)
        states.append([(worker.state, worker.silent) for worker in workers])
        if workers and workers[0].state is State.STALE:
            assert play.values[key] == Value(100.0, Status.STALE, "a is silent", last.heard)
    waiting = [[(State.WAITING, 2.0)], [(State.WAITING, 4.0)]]
    assert states == [*waiting, [(State.STALE, 6.0)], [(State.STALE, 8.0)], [(State.STALE, 10.0)], []]
    assert key not in play.values
    assert play.counts()["stale"] == 0.0
    assert play.tick() == []


def test_one_that_ended_stays_for_a_while_though_others_believe_in_it(clock: Clock) -> None:
    play = Play(clock, forget=6.0)
    ended = clock.now
    for seconds in (2.0, 4.0, 6.0):
        gone = play.seen(system="process", source="p", word="gone", state=State.ERROR, ended=ended, pid=3, host=HERE)
        (worker,) = play.tick(play.seen(system="rq", pid=3, host="web-1", state=State.PROCESSING), gone)
        assert (worker.state, worker.word, worker.host) == (State.ERROR, "gone", HERE)
        assert clock.now - ended == seconds
    assert play.tick(play.seen(system="rq", pid=3, host="web-1"), gone) == []


def test_one_whose_place_was_taken_is_dropped_at_once(play: Play) -> None:
    left = play.seen(system="process", source="p", pid=3, host=HERE, ended=play.clock.now, left=True)
    assert play.tick(play.seen(system="rq", pid=3, host="web-1"), left) == []


def test_the_rate_is_over_the_window_and_survives_a_restart(clock: Clock) -> None:
    play = Play(clock, window=10.0)
    rates = []
    for done, failed in [(10.0, 0.0), (10.0, 1.0), (12.0, 2.0), (1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 0.0)]:
        (worker,) = play.tick(play.seen(work=Work(done=done, failed=failed)))
        rates.append(worker.rate)
    # +1, +3, then reset to 1: so many in the seconds since the first reading, at most ten.
    assert rates == [None, 1 / 2, 4 / 4, 5 / 6, 5 / 8, 5 / 10, 4 / 10]
    assert play.values[series("worker.tasks.rate", worker="a")] == Value(4 / 10)
    assert play.values[series("worker.tasks.completed", worker="a")] == Value(1.0)


def test_tokens_per_second_are_taken_from_their_count_where_no_source_tells_them(clock: Clock) -> None:
    play = Play(clock, window=6.0)
    rates = [play.tick(play.seen(usage=Usage(output=count)))[0].usage.rate for count in (10.0, 16.0, 16.0, 16.0, 16.0)]
    assert rates == [None, 6 / 2, 6 / 4, 6 / 6, 0.0]
    assert play.tick(play.seen(usage=Usage(output=90.0, rate=7.0)))[0].usage.rate == 7.0


def test_what_nobody_tells_has_no_series(play: Play) -> None:
    play.tick(play.seen())
    assert not [key for key in play.values if key.id.startswith("worker.")]
    play.tick(play.seen(body=Body(memory=7.0), work=Work(failed=0.0)))
    assert {key.id: value.status for key, value in play.values.items() if key.id.startswith("worker.")} == {
        "worker.cpu": Status.PENDING,
        "worker.memory": Status.OK,
        "worker.tasks.failed": Status.OK,
        "worker.tasks.rate": Status.PENDING,
    }


def test_without_any_worker_the_counts_are_absent_and_later_zero(play: Play) -> None:
    play.tick()
    assert {value.status for value in play.values.values()} == {Status.ABSENT}
    play.tick(play.seen())
    play.tick()
    assert set(play.counts().values()) == {0.0}


def test_where_workers_are_expected_none_is_zero(clock: Clock) -> None:
    play = Play(clock, groups=[Expected("mail", 4), Expected("web")])
    play.tick()
    assert set(play.counts().values()) == {0.0}
    assert play.summary is not None
    assert (play.summary.alive, play.summary.expected, play.summary.level) == (0, 4, "critical")
    play.tick(
        *(play.seen(name=f"m{number}", group="mail") for number in range(3)),
        play.seen(name="m3", group="mail", state=State.ERROR),
        play.seen(name="w", group="web"),
        play.seen(name="x"),
    )
    assert play.summary.groups == (Group("mail", 3, 4, 4), Group("web", 1, 1, None))
    assert (play.summary.alive, play.summary.expected, play.summary.level) == (3, 4, "ok")


def test_ids_are_unique(play: Play) -> None:
    given = [play.seen(), play.seen(), play.seen(pid=9), play.seen(source="other", kind="rq", pid=9)]
    ids = [worker.id for worker in play.tick(*given)]
    assert ids == ["a", "a#2", "a#3", "a:9"]
    assert [worker.id for worker in play.tick(*given)] == ids


def test_only_so_many_have_measures_and_the_first_keep_them(clock: Clock) -> None:
    play = Play(clock, measured=2)

    def measured() -> list[str]:
        return [key.label("worker") for key in play.values if key.id == "worker.memory"]

    def named(*names: str) -> list[Sighting]:
        return [play.seen(name=name, body=Body(memory=1.0)) for name in names]

    play.tick(*named("b", "c"))
    assert measured() == ["b", "c"]
    assert len(play.tick(*named("a", "b", "c"))) == 3
    assert measured() == ["b", "c"]
    assert play.summary is not None
    assert play.summary.unmeasured == 1
    play.tick(*named("a", "c"))
    play.tick(*named("a", "c"))
    assert measured() == ["a", "c"]
    assert play.summary.unmeasured == 0


def test_events_of_all_sources_come_in_order_and_are_bounded(play: Play) -> None:
    beats = tuple(Event(float(number), f"b{number}") for number in range(0, 40, 2))
    queue = tuple(Event(float(number), f"q{number}", number == 37) for number in range(1, 41, 2))
    (worker,) = play.tick(
        play.seen(pid=1, host=HERE, events=beats), play.seen(system="rq", pid=1, host=HERE, source="q", events=queue)
    )
    assert [event.time for event in worker.events] == [float(number) for number in range(20, 40)]
    assert worker.error == "q37"
    (worker,) = play.tick(play.seen(events=beats))
    assert worker.error == ""


def test_the_age_of_a_task_is_on_the_wall_clock(play: Play) -> None:
    began = play.clock.day - 30.0
    (worker,) = play.tick(play.seen(work=Work("resize", since=began)))
    assert worker.task_age == pytest.approx(32.0)
    (worker,) = play.tick(play.seen(work=Work("resize", since=play.clock.day + 99.0)))
    assert worker.task_age == 0.0


def test_one_that_is_looked_at_has_measures_for_as_long(clock: Clock) -> None:
    play = Play(clock, measured=1)

    def measured(looked_at: str, files: int | None = None) -> list[str]:
        play.closeup = Closeup(looked_at, files)
        play.tick(*(play.seen(name=name, body=Body(memory=1.0)) for name in ("a", "b", "c")))
        return sorted(key.label("worker") for key in play.values if key.id == "worker.memory")

    assert measured("") == ["a"]
    assert measured("c", 7) == ["a", "c"]
    assert play.values[series("worker.files", worker="c")] == Value(7.0)
    assert measured("b") == ["a", "b"]
    assert measured("a", 9) == ["a"]
    assert play.values[series("worker.files", worker="a")] == Value(9.0)
    assert measured("nobody") == ["a"]


def test_what_it_tells_of_itself_has_measures(play: Play) -> None:
    body = Body(cpu=0.5, memory=7.0, gpu_memory=8.0, threads=3, read=1.0, write=2.0, uptime=60.0)
    for count in (10.0, 16.0):
        play.tick(play.seen(body=body, work=Work(done=1.0, p50=4.0, p95=9.0), usage=Usage(output=count)))
    found = {key.id.removeprefix("worker.") + key.label("stat"): value.number for key, value in play.values.items()}
    assert {id: number for id, number in found.items() if not id.startswith("workers.")} == {
        "cpu": 0.5, "memory": 7.0, "gpu_memory": 8.0, "threads": 3.0, "io.read": 1.0, "io.write": 2.0, "uptime": 60.0,
        "tasks.completed": 1.0, "tasks.rate": 0.0, "tasks.durationp50": 4.0, "tasks.durationp95": 9.0,
        "tokens.rate": 3.0,
    }  # fmt: skip
