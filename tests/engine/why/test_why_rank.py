"""What moved around an alert's onset, on histories made up for it."""

from __future__ import annotations

import random
from array import array
from math import inf, nan
from statistics import median, quantiles
from typing import Any

import pytest

from perf_tui.engine.alerts.model import Change, Level, Moved, Rule, Transition
from perf_tui.engine.why.explainer import AGAIN, Explainer
from perf_tui.engine.why.family import family
from perf_tui.engine.why.look import AT_ONCE, BEFORE, EARLIER, LEAD, THIN, Past, candidates, take
from perf_tui.engine.why.rank import ALIKE, MOST, closely, may_have_moved, rank
from perf_tui.engine.why.words import words
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import IDLE, Series, Status, Value, series
from perf_tui.measures.ring import History

P99 = series("app.request.duration", service="checkout", stat="p99")
KV = series("ai.kv_cache.utilization", engine="vllm", model="m")
WAITING = series("ai.requests.waiting", engine="vllm", model="m")
BUSY = series("system.disk.busy", device="sda")
CPU = series("system.cpu.utilization")
ONSET, END = 300, 310


class Story:
    """A history of noise in which series may move."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.series: dict[Series, list[float]] = {}
        self.values: dict[Series, Value] = {}
        """The newest, where they are not numbers."""

    def add(self, key: Series, usual: float, noise: float, after: float | None = None, at: int = END + 1) -> None:
        values = [usual + self.dice.gauss(0, noise) for _ in range(END + 1)]
        if after is not None:
            values[at:] = [after + self.dice.gauss(0, noise) for _ in values[at:]]
        self.series[key] = values

    def history(self) -> History:
        history = History(600)
        for tick in range(END + 1):
            history.record(tick, [(key, values[tick]) for key, values in self.series.items()])
        return history

    def why(self, about: Series | None = P99) -> tuple[Moved, ...]:
        return rank(take(self.history(), END, ONSET, self.values), 2.0, about)


@pytest.fixture
def story() -> Story:
    story = Story()
    story.add(P99, 0.1, 0.01, 1.9, ONSET)
    for number in range(200):
        story.add(series("system.network.receive", interface=f"eth{number}"), 1e6, 1e5)
    return story


def names(why: tuple[Moved, ...]) -> list[str]:
    return [each.series.id for each in why]


def test_what_moved_first_comes_first(story: Story) -> None:
    story.add(KV, 0.61, 0.01, 0.99, ONSET - 12)
    story.add(WAITING, 0.0, 0.0, 37.0, ONSET - 6)
    story.add(BUSY, 0.12, 0.02, 0.88, ONSET + 2)
    why = story.why()
    assert names(why) == ["ai.kv_cache.utilization", "ai.requests.waiting", "system.disk.busy"]
    assert [each.onset for each in why] == [-24.0, -12.0, 4.0]
    assert why[0].before == pytest.approx(0.61, abs=0.01)


def test_noise_is_not_named(story: Story) -> None:
    assert story.why() == ()


def test_the_score_is_in_interquartile_ranges(story: Story) -> None:
    story.add(BUSY, 0.2, 0.05, 0.9, ONSET)
    (moved,) = story.why()
    values = story.series[BUSY]
    before = values[END + 1 - (BEFORE + LEAD + END - ONSET + 1) :][:BEFORE]
    low, middle, high = quantiles(before[::3], n=4)
    held = [min(abs(each - middle) for each in values[place : place + 3]) for place in range(ONSET, END - 1)]
    assert moved.score == pytest.approx(median(held) / (high - low), rel=0.1)


def test_one_of_a_family_is_enough(story: Story) -> None:
    for stat in ("p50", "p95", "mean"):
        story.add(series("app.request.duration", service="checkout", stat=stat), 0.1, 0.01, 1.0, ONSET)
    for cpu in range(8):
        story.add(series("system.cpu.core.utilization", cpu=str(cpu)), 0.1, 0.01, 0.9, ONSET - 3)
    story.add(CPU, 0.1, 0.01, 0.95, ONSET - 3)
    assert len(story.why()) == 1, "the alert's own siblings say nothing, and cores are the CPU"


def test_a_hundred_workers_are_one_piece_of_news(story: Story) -> None:
    for number in range(100):
        story.add(series("worker.cpu", worker=str(number)), 0.1, 0.01, 0.9, ONSET - 3)
    story.add(BUSY, 0.1, 0.01, 0.9, ONSET)
    assert sorted(names(story.why())) == ["system.disk.busy", *["worker.cpu"] * ALIKE]


def test_few_are_named(story: Story) -> None:
    for number, id in enumerate(id for id in CATALOGUE if id.startswith("ai.")):
        story.add(series(id, engine=str(number)), 10, 1, 1000 + number, ONSET - number % 5)
    why = story.why()
    assert len(why) == MOST
    assert [each.onset for each in why] == sorted(each.onset for each in why)


def test_a_series_that_was_constant_has_a_floor(story: Story) -> None:
    story.add(CPU, 0.5, 0.0, 0.505, ONSET)
    assert story.why() == (), "half a percent of CPU is nothing, however constant it was"


def test_what_only_grows_has_moved_when_it_left_its_line(story: Story) -> None:
    done, uptime = series("worker.tasks.completed", worker="a"), series("worker.uptime", worker="b")
    story.series[done] = [tick * 5.0 for tick in range(END + 1)]
    story.series[uptime] = [tick * 2.0 for tick in range(END + 1)]
    assert story.why() == ()
    story.series[done] = [min(tick, ONSET - 10) * 5.0 for tick in range(END + 1)]
    (moved,) = story.why()
    assert moved.series == done
    assert -20.0 <= moved.onset <= -10.0, "it stopped 20 s before"


def test_a_spike_of_one_sample_is_nothing(story: Story) -> None:
    story.add(BUSY, 0.1, 0.01)
    story.series[BUSY][ONSET] = 1.0
    assert story.why() == ()


def test_gaps_are_gaps(story: Story) -> None:
    story.add(BUSY, 0.1, 0.01, 0.9, ONSET - 2)
    for tick in range(0, END, 7):
        story.series[BUSY][tick] = nan
    assert names(story.why()) == ["system.disk.busy"]


def test_what_was_far_for_longer_comes_before_what_was_farther_for_a_moment(story: Story) -> None:
    story.add(BUSY, 0.1, 0.01, 0.5, ONSET - 3)
    story.add(KV, 0.1, 0.01)
    story.series[KV][ONSET - 20 : ONSET - 16] = [0.3, 1.0, 1.0, 1.0]
    assert names(story.why())[0] == "system.disk.busy"


def test_what_comes_and_goes_anyhow_has_not_moved(story: Story) -> None:
    story.add(BUSY, 0.0, 0.0)
    for began in range(5, END, 20):
        story.series[BUSY][began : began + 5] = [0.8] * 5
    assert story.why() == ()


def test_a_time_that_stood_still_must_change_a_lot(story: Story) -> None:
    took, memory = series("worker.tasks.duration", worker="a", stat="p50"), series("gpu.memory.used", gpu="0")
    story.add(took, 1.5, 0.0, 2.5, ONSET)  # the second task that it ever had
    story.add(memory, 1e10, 0.0, 1.5e10, ONSET)
    assert names(story.why()) == ["gpu.memory.used"]
    story.add(took, 1.5, 0.0, 9.0, ONSET)
    assert set(names(story.why())) == {"gpu.memory.used", "worker.tasks.duration"}
    story.add(took, 1.5, 0.0, 0.0, ONSET)
    assert set(names(story.why())) == {"gpu.memory.used", "worker.tasks.duration"}


def test_what_happened_just_before_does_not_hide_that_it_happens_again(story: Story) -> None:
    story.add(BUSY, 0.1, 0.01, 0.9, ONSET - 2)
    story.series[BUSY][ONSET - LEAD - 40 : ONSET - LEAD - 36] = [0.9] * 4
    assert names(story.why()) == ["system.disk.busy"]


def test_what_went_away_has_moved(story: Story) -> None:
    memory = series("worker.memory", worker="a")
    for key in (memory, series("worker.cpu", worker="a")):
        story.add(key, 0.5, 0.01)
        story.series[key][ONSET - 1 :] = [nan] * (END - ONSET + 2)
    story.values = {memory: Value(0.5, Status.STALE)}
    (moved,) = story.why()
    assert (moved.series.label("worker"), moved.after, moved.onset) == ("a", None, -2.0)
    assert words([moved]).endswith("→ gone")


def test_what_is_idle_is_not_gone(story: Story) -> None:
    hits = series("ai.cache.hit", engine="vllm", model="m")
    story.add(hits, 0.5, 0.01)
    story.series[hits][ONSET - 1 :] = [nan] * (END - ONSET + 2)
    story.values = {hits: IDLE}
    assert story.why() == ()


def test_what_is_there_now_and_then_is_not_gone(story: Story) -> None:
    story.add(BUSY, 0.5, 0.01)
    story.series[BUSY][ONSET - 50 : ONSET - 46] = [nan] * 4
    story.series[BUSY][END - 5 :] = [nan] * 6
    assert story.why() == ()


def test_without_a_past_nobody_knows_what_is_usual(story: Story) -> None:
    story.add(BUSY, nan, 0.0, 0.9, ONSET - 5)
    assert story.why() == ()


def test_what_can_explain_are_measures_but_not_the_monitor_s_own() -> None:
    keys = [CPU, series("self.cpu"), series("tick.time"), BUSY]
    assert list(candidates(keys)) == [CPU, BUSY]


def test_families() -> None:
    assert family(series("system.memory.used")) == family(series("system.memory.utilization"))
    assert family(series("app.request.rate", service="a")) != family(
        series("app.request.duration", service="a", stat="p50")
    )
    assert family(BUSY) != family(series("system.disk.busy", device="sdb"))
    stalls = [series("system.pressure", resource=resource, stat="some") for resource in ("cpu", "io")]
    assert family(stalls[0]) != family(stalls[1])
    assert family(series("system.cpu.iowait")) != family(CPU), "waiting for a disk is no work of the CPU"
    assert family(series("worker.cpu", worker="a")) == family(series("worker.tasks.rate", worker="a"))
    assert family(series("ai.requests.running", engine="e")) == family(series("ai.batch.size", engine="e"))
    assert family(WAITING) != family(series("ai.requests.running", engine="vllm", model="m"))
    assert family(series("gpu.power", gpu="0")) == family(series("gpu.utilization", gpu="0"))


def shapes(dice: random.Random) -> list[float]:
    """A window of any kind: noise of any width, steps, trends, stairs, spikes, gaps, constants, infinities."""
    usual, noise = dice.choice([0.0, 0.5, 1e6, -3.0]), dice.choice([0.0, 0.01, 1.0, 5.0])
    count = BEFORE + LEAD + dice.choice([1, 2, 9, 60])
    values = [usual + dice.gauss(0, noise) for _ in range(count)]
    match dice.randrange(6):
        case 0:
            step = dice.choice([0.1, 3.0, 4.0, 5.0, 30.0]) * max(noise, 0.3) * dice.choice([1, -1])
            at = dice.randrange(BEFORE, count)
            length = dice.choice([1, 2, 3, 4, 40])
            values[at : at + length] = [each + step for each in values[at : at + length]]
        case 1:
            values = [usual + place // dice.choice([1, 1, 7, 40]) * 0.3 for place in range(count)]
            values[BEFORE + 5 :] = dice.choice([values[BEFORE + 5 :], [values[BEFORE]] * (count - BEFORE - 5)])
        case 2:
            values[BEFORE - 1] += 1.0
        case 3:
            values = values[: dice.randrange(count)]
            values = [nan] * (count - len(values)) + values
        case _:
            pass
    if dice.random() < 0.5:
        every, first = dice.choice([2, 3, 5, 7]), dice.randrange(7)
        for place in range(first, count, every):
            values[place] = dice.choice([nan, nan, nan, inf, -inf])
    return values[:count]


@pytest.mark.parametrize("seed", range(8))
def test_the_quick_look_never_leaves_out_what_the_close_one_names(seed: int) -> None:
    dice = random.Random(seed)
    named = passed = 0
    for _ in range(150):
        window = array("d", shapes(dice))
        past = Past([(BUSY, window)], BEFORE, BEFORE + LEAD)
        quickly, moved = may_have_moved(window, BEFORE, 0.01), closely(BUSY, window, past, 2.0, 0.01)
        assert quickly or moved is None, list(window)
        named += moved is not None
        passed += quickly
    assert 0 < named < passed < 150


@pytest.mark.parametrize("seed", range(8))
def test_the_close_look_beside_numpy(seed: int) -> None:
    numpy = pytest.importorskip("numpy")
    dice = random.Random(seed)

    def held(numbers: list[float], middle: float) -> Any:
        return numpy.lib.stride_tricks.sliding_window_view(numpy.abs(numpy.array(numbers) - middle), 3).min(axis=1)

    for _ in range(50):
        values = [dice.gauss(10, 1) for _ in range(BEFORE)] + [dice.gauss(40, 3) for _ in range(LEAD + 20)]
        moved = closely(BUSY, array("d", values), Past([], BEFORE, BEFORE + LEAD), 2.0, 0.01)
        assert moved is not None
        some = numpy.array(values[:BEFORE:3])
        assert moved.before == pytest.approx(numpy.median(some))
        # Samples as they stand, without interpolation between two of them.
        low, high = numpy.quantile(some, 0.25, method="lower"), numpy.quantile(some, 0.75, method="higher")
        wobble = numpy.quantile(held(values[:BEFORE], moved.before), 0.95, method="higher")
        usual_since = numpy.quantile(held(values[BEFORE:], moved.before), 0.5, method="higher")
        newest = numpy.mean(numpy.abs(numpy.array(values[-5:]) - moved.before))
        assert moved.score == pytest.approx(min(usual_since, newest) / max(high - low, wobble))
        assert moved.onset == -LEAD * 2.0


def test_what_goes_up_and_down_each_few_minutes_has_not_moved() -> None:
    dice = random.Random(3)
    window = array("d", [dice.gauss(0.1, 0.01) for _ in range(BEFORE + LEAD)] + [0.9] * 20)

    def moved(earlier: list[float]) -> Moved | None:
        past = Past([], BEFORE, BEFORE + LEAD, earlier=lambda key: array("d", earlier))
        return closely(BUSY, window, past, 2.0, 0.01)

    restless = [0.1 if place // 20 % 3 else 0.9 for place in range(EARLIER // THIN)]
    assert moved(restless) is None
    assert moved([nan if place % 3 else each for place, each in enumerate(restless)]) is not None, "too little is known"
    once = [0.1 if place // 50 != 2 else 0.9 for place in range(EARLIER // THIN)]
    assert moved(once) is not None, "once in half an hour is an incident"
    assert moved([]) is not None


def test_what_was_earlier_is_looked_up_before_the_window() -> None:
    history = History(2000)
    for tick in range(1500):
        history.record(tick, [(BUSY, float(tick))])
    past = take(history, 1499, 1489, {})
    ((_, window),) = past.rows
    earlier = past.earlier(BUSY)
    assert len(earlier) == EARLIER // THIN
    assert earlier[-1] + THIN >= window[0] > earlier[-1]


def test_other_threads_get_their_turn_between_short_stretches(story: Story) -> None:
    breaths: list[int] = []
    past = take(story.history(), END, ONSET, story.values, lambda: breaths.append(1))
    assert breaths == [], "windows are read as they are asked for"
    assert [key for key, _ in past.rows] == list(story.series)
    assert len(breaths) == -(-len(story.series) // AT_ONCE) > 1


def test_words() -> None:
    why = (Moved(KV, 0.61, 0.99, 9.0, -20.0), Moved(WAITING, 0.0, 37.0, 9.0, 0.0), Moved(CPU, 0.12, 0.88, 9.0, 4.0))
    assert words(why) == "before it: KV cache vllm 61 → 99%, waiting vllm 0 → 37 · after it: CPU 12 → 88%"
    assert words(()) == ""


def test_off_the_tick_soon_after_it_fired_and_once_more_later(story: Story) -> None:
    story.add(BUSY, 0.12, 0.02, 0.88, ONSET - 3)
    explainer = Explainer(story.history())
    rule = Rule("slow", P99.id, ((Level.CRITICAL, 0.5),))
    fired = Transition(1000.0, Change.RAISED, rule, P99, Level.CRITICAL, 1.9, 1000.0 - 16.0)
    explainer.follow([fired], story.values, ONSET + 8, 2.0)
    question, why = explainer._done.get(timeout=5.0)
    assert (question.rule, question.series, question.since, question.onset) == ("slow", P99, 984.0, ONSET)
    assert names(why) == ["system.disk.busy"]
    explainer.follow([], story.values, ONSET + 9, 2.0)
    assert explainer.answers() == []
    explainer.follow([], story.values, ONSET + 8 + AGAIN, 2.0)
    explainer._done.get(timeout=5.0)
    thread = explainer._thread
    if thread is not None:  # it ends with its last job
        thread.join(5.0)
    assert explainer._thread is None
