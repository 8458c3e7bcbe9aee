"""What rules of each kind make of values: windows, changes, missing data, objectives, series taken together."""

from __future__ import annotations

import random
from math import inf, nan
from statistics import fmean

import pytest

from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Kind, Level, Rule, State
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.alerts.windows import Extreme, Mean
from perf_tui.measures.model import IDLE, Series, Status, Value, absent, series

CPU = series("system.cpu.utilization")
RATE = series("app.request.rate", service="shop")
ERRORS = series("app.error.total", service="shop")
P99 = series("app.request.duration", service="shop", stat="p99")
DISKS = [series("system.disk.busy", device=name) for name in ("sda", "sdb", "sdc")]
STALE = Value(0.99, Status.STALE, "late")


def one(**alert: object) -> Rule:
    (rule,) = rules(parse({"alerts": [{"name": "r", **alert}]}, "test.toml"))
    return rule


class Play:
    """An engine on a clock that moves by two seconds a tick."""

    def __init__(self, **alert: object) -> None:
        self.engine = AlertEngine([one(**alert)])
        self.at = 1000.0

    def tick(self, values: dict[Series, Value | float], times: int = 1) -> list[tuple[float, str, str]]:
        """What changed, as (seconds since the beginning, change, level)."""
        lines = []
        given = {key: each if isinstance(each, Value) else Value(each) for key, each in values.items()}
        for _ in range(times):
            changes = self.engine.evaluate(given, self.at, 5e8 + self.at, 2.0)
            lines += [(self.at - 1000.0, str(line.change), line.level.word) for line in changes]
            self.at += 2.0
        return lines

    @property
    def active(self) -> list[tuple[str, str, float]]:
        return [(str(each.series), each.level.word, each.value) for each in self.engine.active()]


class TestWindows:
    def test_the_mean_of_a_window_and_no_word_before_half_of_it(self) -> None:
        play = Play(metric="cpu_percent", warning="80%", window="20s", hysteresis=0.0)
        assert play.tick({CPU: 1.0}, 5) == [], "a first sample is no mean"
        assert play.tick({CPU: 1.0}) == [(10.0, "raised", "warning")]
        assert play.tick({CPU: 0.0}, 2) == [(14.0, "cleared", "warning")], "6 of 7 are 86 %, 6 of 8 are 75 %"

    @pytest.mark.parametrize("over", ["avg", "max", "min", "sum"])
    def test_windows_agree_with_lists(self, over: str) -> None:
        dice = random.Random(7)
        window = Mean(60.0, total=over == "sum") if over in ("avg", "sum") else Extreme(60.0, largest=over == "max")
        expected = {"avg": fmean, "max": max, "min": min, "sum": sum}[over]
        seen: list[tuple[float, float]] = []
        for tick in range(500):
            at, number = tick * 2.0, dice.uniform(-5, 5)
            seen.append((at, number))
            got = window.push(at, number, {})
            inside = [each for when, each in seen if when >= at - 60.0]
            assert got is None if at < 30.0 else got == pytest.approx(expected(inside)), at

    def test_a_window_of_a_day_takes_no_more_room_than_one_of_minutes(self) -> None:
        mean, most = Mean(86400.0), Extreme(86400.0, largest=True)
        for tick in range(50_000):
            mean.push(tick * 2.0, 1.0, {})
            most.push(tick * 2.0, -float(tick), {})
        assert len(mean._sums.buckets) <= 122
        assert len(most._falling) <= 122

    def test_after_a_gap_it_begins_anew(self) -> None:
        for window in (Mean(10.0), Extreme(10.0, largest=True)):
            assert [window.push(at, 1.0, {}) for at in (0.0, 5.0, 100.0, 105.0)] == [None, 1.0, None, 1.0]

    def test_what_is_not_finite_leaves_with_its_bucket(self) -> None:
        mean = Mean(10.0)
        assert [mean.push(at, inf if at == 0 else 1.0, {}) for at in (0.0, 6.0)][-1] == inf
        assert [mean.push(at, 1.0, {}) for at in (12.0, 18.0)][-1] == 1.0


class TestRate:
    def test_a_rise_within_the_window(self) -> None:
        play = Play(metric="worker.memory", kind="rate", window="10s", warning="100B")
        key = series("worker.memory", worker="a")
        for step in range(5):
            assert play.tick({key: 50.0 * step}) == []
        assert play.tick({key: 250.0}) == [(10.0, "raised", "warning")]
        assert play.active == [("worker.memory{worker=a}", "warning", 250.0)]
        assert play.tick({key: 250.0}, 4) == [(18.0, "cleared", "warning")]

    def test_a_fall(self) -> None:
        play = Play(metric="app.request.rate", kind="rate", window="4s", warning=10, direction="below")
        assert play.tick({RATE: 100.0}, 3) == []
        assert play.tick({RATE: 80.0}) == [(6.0, "raised", "warning")]
        assert play.active[0][2] == -20.0
        assert play.engine.active()[0].threshold == -10.0


class TestBaseline:
    def test_half_as_much_again(self) -> None:
        play = Play(metric="app.request.rate", kind="baseline", window="10s", baseline="60s", warning="50%")
        assert play.tick({RATE: 100.0}, 60) == []
        lines = play.tick({RATE: 200.0}, 4)
        assert [line[1:] for line in lines] == [("raised", "warning")]
        assert 0.5 <= play.active[0][2] <= 1.0

    def test_a_fall_by_half(self) -> None:
        play = Play(
            metric="app.request.rate", kind="baseline", window="4s", baseline="40s", critical="50%", direction="below"
        )
        assert play.tick({RATE: 100.0}, 40) == []
        assert [line[1:] for line in play.tick({RATE: 10.0}, 4)] == [("raised", "critical")]

    def test_what_was_nothing_is_compared_with_what_matters(self) -> None:
        play = Play(metric="error_rate", kind="baseline", window="4s", baseline="40s", critical=3.0)
        assert play.tick({ERRORS: 0.0}, 40) == []
        assert play.tick({ERRORS: 0.0001}, 10) == [], "a hundredth of a percent is not infinitely more than none"
        assert [line[1:] for line in play.tick({ERRORS: 0.2}, 4)] == [("raised", "critical")]


class TestNoData:
    def play(self, **more: object) -> Play:
        return Play(metric="app.request.rate", kind="no_data", labels={"service": "shop"}, critical="10s", **more)

    def test_it_counts_from_the_last_sample(self) -> None:
        play = self.play()
        assert play.tick({RATE: 0.0}, 100) == [], "0 is a value"
        assert play.tick({RATE: Value(0.0, Status.STALE, "late")}, 4) == []
        assert play.tick({RATE: Value(None, Status.ERROR, "gone")}) == [(208.0, "raised", "critical")]
        assert play.active == [(str(RATE), "critical", 10.0)]
        assert play.engine.active()[0].unit == "s"
        assert play.tick({RATE: 1.0}) == [(210.0, "cleared", "critical")]

    def test_a_series_that_is_gone_is_missed(self) -> None:
        play = self.play()
        play.tick({RATE: 1.0})
        assert play.tick({}, 6) == [(10.0, "raised", "critical")]
        assert play.tick({}, 100) == []

    def test_one_that_never_came_is_missed_too(self) -> None:
        play = self.play()
        assert play.tick({CPU: 1.0}, 6) == [(10.0, "raised", "critical")]
        assert play.active[0][0] == "app.request.rate{service=shop}"
        assert play.tick({RATE: 1.0}) == [(12.0, "cleared", "critical")]

    def test_on_a_whole_measure_until_a_series_comes(self) -> None:
        play = Play(metric="app.request.rate", kind="no_data", critical="10s")
        assert play.tick({}, 6) == [(10.0, "raised", "critical")]
        assert play.tick({RATE: 1.0}) == [(12.0, "cleared", "critical")]
        assert play.tick({RATE: STALE}, 6) == [(22.0, "raised", "critical")]

    def test_no_traffic_is_data(self) -> None:
        play = Play(metric="app.request.duration", kind="no_data", critical="10s")
        assert play.tick({P99: IDLE}, 50) == []
        assert len(play.tick({P99: absent("not told")}, 50)) == 1

    def test_time_that_nobody_watched_does_not_count(self) -> None:
        play = self.play()
        play.tick({RATE: 1.0})
        play.tick({RATE: STALE})
        play.at += 3600.0
        assert play.tick({RATE: STALE}, 4) == []
        assert len(play.tick({RATE: STALE})) == 1


class TestTogether:
    @pytest.mark.parametrize(
        ("aggregate", "below", "numbers", "value"),
        [
            ("max", "above", (0.1, 0.9, 0.2), 0.9), ("min", "above", (0.9, 0.85, 0.99), 0.85),
            ("sum", "above", (0.5, 0.5, 0.5), 1.5), ("avg", "above", (0.6, 0.95, 0.95), 2.5 / 3),
            ("any", "above", (0.1, 0.9, 0.2), 0.9), ("any", "below", (0.1, 0.9, 0.2), 0.1),
        ],
    )  # fmt: skip
    def test_of_three(self, aggregate: str, below: str, numbers: tuple[float, ...], value: float) -> None:
        play = Play(metric="system.disk.busy", aggregate=aggregate, warning="80%", direction=below)
        play.tick(dict(zip(DISKS, numbers, strict=True)))
        assert play.active == [("system.disk.busy", "warning", pytest.approx(value))]

    def test_count(self) -> None:
        play = Play(metric="system.disk.busy", aggregate="count", warning=3, direction="below")
        assert play.tick(dict.fromkeys(DISKS, 0.0)) == []
        assert play.tick(dict.fromkeys(DISKS[:2], 0.0)) == [(2.0, "raised", "warning")]

    def test_labels_keep_apart(self) -> None:
        play = Play(metric="app.request.duration", aggregate="max", by=["service"], critical="1s")
        keys = [
            series("app.request.duration", service=name, stat=stat) for name in ("a", "b") for stat in ("p50", "p99")
        ]
        play.tick(dict(zip(keys, (0.1, 0.2, 0.1, 3.0), strict=True)))
        assert play.active == [("app.request.duration{service=b}", "critical", 3.0)]

    def test_a_member_that_is_missing_may_make_it_worse_never_better(self) -> None:
        play = Play(metric="system.disk.busy", aggregate="max", warning="70%", critical="90%")
        sda, sdb, _ = DISKS
        assert play.tick({sda: 0.8, sdb: 0.1}) == [(0.0, "raised", "warning")]
        assert play.tick({sda: STALE, sdb: 0.1}, 100) == [], "nobody knows whether sda is better"
        assert play.tick({sda: STALE, sdb: 0.95}) == [(202.0, "escalated", "critical")]
        assert play.tick({sda: 0.1, sdb: 0.1}) == [(204.0, "cleared", "critical")]

    @pytest.mark.parametrize("aggregate", ["sum", "avg", "count"])
    def test_a_sum_without_a_part_is_none(self, aggregate: str) -> None:
        play = Play(metric="system.disk.busy", aggregate=aggregate, warning=0.5, direction="below")
        sda, sdb, sdc = DISKS
        assert play.tick({sda: 0.0, sdb: STALE}) == []
        assert play.tick({sda: 0.0, sdb: IDLE, sdc: absent("no")}) != [] or aggregate == "count"

    def test_they_end_with_their_last_member(self) -> None:
        play = Play(metric="system.disk.busy", aggregate="any", warning="70%")
        play.tick(dict.fromkeys(DISKS, 0.9))
        assert play.tick({DISKS[0]: 0.9}) == []
        assert play.tick({CPU: 0.1}) == [(4.0, "cleared", "warning")]
        assert play.tick(dict.fromkeys(DISKS, 0.9)) == [(6.0, "raised", "warning")]


class TestBurnRate:
    def test_an_outage_is_told_within_minutes_and_a_spike_is_not(self) -> None:
        """Allowed is 0.5 %; 14.4 times that over 1 h is used up by 259 s in which everything fails."""
        play = Play(metric="error_rate", kind="burn_rate", objective="99.5%")
        assert play.tick({ERRORS: 0.0, RATE: 10.0}, 1800) == []
        assert play.tick({ERRORS: 1.0, RATE: 10.0}, 30) == []
        lines = play.tick({ERRORS: 1.0, RATE: 10.0}, 120)
        assert [line[1:] for line in lines] == [("raised", "critical")]
        assert 255 <= lines[0][0] - 3600 <= 275

    def test_what_is_over_is_over_with_the_short_window(self) -> None:
        play = Play(metric="error_rate", kind="burn_rate", objective="99.5%", critical=14.4)
        play.tick({ERRORS: 0.0}, 1800)
        assert len(play.tick({ERRORS: 1.0}, 150)) == 1
        lines = play.tick({ERRORS: 0.0}, 200)
        assert [line[1] for line in lines] == ["cleared"]
        assert 270 <= lines[0][0] - 3900 <= 310, "five minutes later"

    def test_minutes_with_many_requests_weigh_more(self) -> None:
        rule = {"metric": "error_rate", "kind": "burn_rate", "objective": "99%", "period": "20h", "critical": 14.4}
        heavy, light = Play(**rule), Play(**rule)
        for play, rate in ((heavy, 1000.0), (light, 0.001)):
            play.tick({ERRORS: 0.0, RATE: 1.0}, 60)
            play.tick({ERRORS: 0.5, RATE: rate}, 3)
        assert [len(play.active) for play in (heavy, light)] == [1, 0]

    def test_latency_under_a_bound(self) -> None:
        play = Play(
            metric="app.request.duration", labels={"stat": "p99"}, kind="burn_rate", objective="99%", bound="500ms",
            period="12h", critical=14.4,
        )  # fmt: skip
        assert play.tick({P99: 0.5}, 60) == [], "at the bound is within it"
        assert len(play.tick({P99: 0.6}, 60)) == 1
        assert play.engine.active()[0].unit == "1"

    def test_right_after_the_start_the_unknown_past_counts_as_good(self) -> None:
        play = Play(metric="error_rate", kind="burn_rate", objective="99.5%", critical=14.4)
        assert play.tick({ERRORS: 1.0}, 100) == []
        assert len(play.tick({ERRORS: 1.0}, 60)) == 1


class TestLabels:
    @pytest.mark.parametrize(
        ("wanted", "fits"),
        [
            ("sda", ["sda"]), ("!sda", ["sdb", "nvme0"]), ("~sd.*", ["sda", "sdb"]), ("!~sd.*", ["nvme0"]),
            ("~sd", []), ("~sda|nvme0", ["sda", "nvme0"]), ("!", ["sda", "sdb", "nvme0"]),
        ],
    )  # fmt: skip
    def test_matchers(self, wanted: str, fits: list[str]) -> None:
        rule = one(metric="system.disk.busy", labels={"device": wanted}, warning=0.5)
        found = [name for name in ("sda", "sdb", "nvme0") if rule.matches(series("system.disk.busy", device=name))]
        assert found == fits


class TestClearing:
    def test_limits_of_their_own(self) -> None:
        play = Play(metric="cpu_percent", warning=80, critical=95, clear={"warning": 60, "critical": 85})
        steps = [
            (0.96, "raised critical"),
            (0.86, ""),
            (0.84, "lowered warning"),
            (0.61, ""),
            (0.59, "cleared warning"),
        ]
        for number, said in steps:
            assert [" ".join(line[1:]) for line in play.tick({CPU: number})] == ([said] if said else [])

    def test_keep_firing_for(self) -> None:
        play = Play(metric="cpu_percent", warning=80, keep_firing_for="6s", **{"for": "2s"})
        assert play.tick({CPU: 0.9}, 2) == [(2.0, "raised", "warning")]
        assert play.tick({CPU: 0.1}, 4) == [(10.0, "cleared", "warning")]

    def test_states_of_rules(self) -> None:
        play = Play(metric="cpu_percent", warning=80, **{"for": "2s"})
        assert play.engine.states() == {}
        for number, state in ((0.9, State.PENDING), (0.9, State.FIRING), (0.1, State.FIRING), (0.1, State.RESOLVED)):
            play.tick({CPU: number})
            assert play.engine.states() == {"r": state}
        play.tick({CPU: nan}, 500)
        assert play.engine.states() == {}, "a quarter of an hour later"


BAD = [
    ({"kind": "rate", "warning": 0.5}, "alerts[0]: a rate rule needs window"),
    ({"window": "0s", "warning": 0.5}, "alerts[0].window: '0s' is no span of time; it must be above 0"),
    ({"kind": "no_data", "warning": "5%"}, 'alerts[0].warning: "5%" is no duration; '),
    ({"kind": "no_data", "warning": "5s", "window": "1m"}, "alerts[0].window: it is of use to rules of kind threshold"),
    ({"by": ["cpu"], "warning": 0.5}, "alerts[0].by: it is of use with aggregate alone"),
    ({"aggregate": "max", "by": ["disk"], "warning": 0.5}, "alerts[0].by[0]: system.cpu.utilization has no such label"),
    ({"clear": {"critical": 0.4}, "warning": 0.5}, "alerts[0].clear.critical: the rule has no limit of this level"),
    ({"clear": {"warning": 0.6}, "warning": 0.5}, "alerts[0].clear.warning: 0.6 is beyond the limit that it is to"),
    ({"kind": "burn_rate"}, "alerts[0]: a burn_rate rule needs objective"),
    ({"kind": "burn_rate", "objective": "0%"}, "alerts[0].objective: '0%' leaves no budget"),
    ({"kind": "burn_rate", "objective": "99%", "direction": "below"}, "alerts[0].direction: a burn_rate rule has only"),
    ({"aggregate": "count", "warning": "5%"}, 'alerts[0].warning: "5%" is no limit here; write a plain number'),
    ({"kind": "rate", "window": "5s", "warning": 0}, "alerts[0].warning: 0 is no limit of a rate rule"),
    ({"kind": "threshold"}, "alerts[0]: a rule needs at least one of info, warning, critical"),
]


@pytest.mark.parametrize(("alert", "said"), BAD)
def test_what_is_wrong_is_said(alert: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse({"alerts": [{"name": "r", "metric": "system.cpu.utilization", **alert}]}, "x")
    assert str(raised.value).startswith("x: " + said)


def test_a_label_that_is_no_expression() -> None:
    with pytest.raises(ConfigError, match=r"labels\.device: no regular expression"):
        one(metric="system.disk.busy", labels={"device": "~("}, warning=0.5)


def test_kinds_are_the_schema_s() -> None:
    assert {each.value for each in Kind} == {"threshold", "no_data", "rate", "baseline", "burn_rate"}
    assert one(metric="cpu_percent", warning=5).level(0.05) is Level.WARNING
