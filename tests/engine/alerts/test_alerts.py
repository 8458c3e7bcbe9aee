"""The life of alerts, as tables: limits, levels and holds."""

from __future__ import annotations

from math import inf, nan

import pytest
from alert_tables import CPU, CRITICAL, GONE, INFO, OK, THREE, WARNING, Lives, now, play, rule

from perf_tui.config.load import parse
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.log import LOG_LENGTH
from perf_tui.engine.alerts.model import Change, Rule
from perf_tui.engine.alerts.rules import rules
from perf_tui.measures.model import IDLE, PENDING, Status, Value, absent, series

MISSING = (
    PENDING, IDLE, absent("x"), Value(None, Status.ERROR, "x"), Value(None, Status.DENIED, "x"),
    Value(0.1, Status.STALE, "late"), Value(nan),
)  # fmt: skip

LIVES: Lives = {
    "without a hold it fires and clears at once": (
        rule(),
        [
            (0, 0.69, "", "inactive"),
            (2, 0.70, "raised warning", "firing warning"),
            (4, 0.60, "cleared warning", "resolved"),
        ],
    ),
    "it is pending until it has lasted": (
        rule(hold=6.0),
        [
            (0, 0.8, "", "pending warning"),
            (2, 0.8, "", "pending warning"),
            (4, 0.8, "", "pending warning"),
            (6, 0.8, "raised warning", "firing warning"),
        ],
    ),
    "a tick that comes a little early counts": (
        rule(hold=6.0),
        [(0, 0.8, "", "pending warning"), (5.97, 0.8, "raised warning", "firing warning")],
    ),
    "a dip while it is pending begins the hold anew": (
        rule(hold=4.0),
        [
            (0, 0.8, "", "pending warning"),
            (2, 0.69, "", "inactive"),  # below the limit; hysteresis does not hold what nobody was told
            (4, 0.8, "", "pending warning"),
            (6, 0.8, "", "pending warning"),
            (8, 0.8, "raised warning", "firing warning"),
        ],
    ),
    "it is raised at the level of that moment": (
        rule(hold=2.0),
        [
            (0, 0.8, "", "pending warning"),
            (1, 0.95, "", "pending critical"),
            (2, 0.95, "raised critical", "firing critical"),
        ],
    ),
    "it escalates at once": (
        rule(hold=4.0),
        [
            (0, 0.8, "", "pending warning"),
            (4, 0.8, "raised warning", "firing warning"),
            (6, 0.9, "escalated critical", "firing critical"),
        ],
    ),
    "over all three levels": (
        rule(THREE),
        [
            (0, 0.5, "raised info", "firing info"),
            (2, 0.7, "escalated warning", "firing warning"),
            (4, 0.9, "escalated critical", "firing critical"),
            (6, 0.8, "lowered warning", "firing warning"),
            (8, 0.6, "lowered info", "firing info"),
            (10, 0.4, "cleared info", "resolved"),
        ],
    ),
    "it is lowered only after the hold": (
        rule(hold=4.0),
        [
            (0, 0.95, "", "pending critical"),
            (4, 0.95, "raised critical", "firing critical"),
            (6, 0.8, "", "firing critical"),
            (8, 0.8, "", "firing critical"),
            (10, 0.8, "lowered warning", "firing warning"),
        ],
    ),
    "it is cleared only after the hold": (
        rule(hold=4.0),
        [
            (0, 0.8, "", "pending warning"),
            (4, 0.8, "raised warning", "firing warning"),
            (6, 0.2, "", "firing warning"),
            (8, 0.2, "", "firing warning"),
            (10, 0.2, "cleared warning", "resolved"),
        ],
    ),
    "a relapse begins getting better anew": (
        rule(hold=4.0),
        [
            (0, 0.8, "", "pending warning"),
            (4, 0.8, "raised warning", "firing warning"),
            (6, 0.2, "", "firing warning"),
            (8, 0.8, "", "firing warning"),
            (10, 0.2, "", "firing warning"),
            (12, 0.2, "", "firing warning"),
            (14, 0.2, "cleared warning", "resolved"),
        ],
    ),
    "a moment of calm does not clear what was a warning all along": (
        rule(hold=4.0),
        [
            (0, 0.95, "", "pending critical"),
            (4, 0.95, "raised critical", "firing critical"),
            (6, 0.8, "", "firing critical"),
            (10, 0.1, "lowered warning", "firing warning"),
            (12, 0.1, "", "firing warning"),
            (14, 0.1, "cleared warning", "resolved"),
        ],
    ),
    "hysteresis: a level is left 5 % below its limit": (
        rule(),
        [
            (0, 0.9, "raised critical", "firing critical"),
            (2, 0.86, "", "firing critical"),
            (4, 0.8549, "lowered warning", "firing warning"),
            (6, 0.86, "", "firing warning"),
            (8, 0.666, "", "firing warning"),
            (10, 0.664, "cleared warning", "resolved"),
            (12, 0.69, "", "resolved"),
        ],
    ),
    "without hysteresis": (
        rule(hysteresis=0.0),
        [(0, 0.7, "raised warning", "firing warning"), (2, 0.6999, "cleared warning", "resolved")],
    ),
    "below: falling under the limit is what is bad": (
        rule(((CRITICAL, 4.0), (WARNING, 6.0)), below=True),
        [
            (0, 6.0, "", "inactive"),  # fewer than six, not six
            (2, 5.0, "raised warning", "firing warning"),
            (4, 3.0, "escalated critical", "firing critical"),
            (6, 4.1, "", "firing critical"),
            (8, 4.2, "lowered warning", "firing warning"),
            (10, 6.2, "", "firing warning"),
            (12, 6.3, "cleared warning", "resolved"),
        ],
    ),
    "below: a share can always be good again": (
        rule(((WARNING, 0.99),), below=True, most=1.0),
        [
            (0, 0.98, "raised warning", "firing warning"),
            (2, 0.993, "", "firing warning"),
            (4, 1.0, "cleared warning", "resolved"),
        ],
    ),
    "below the whole": (
        rule(((WARNING, 1.0),), below=True, most=1.0),
        [
            (0, 1.0, "", "inactive"),
            (2, 0.99, "raised warning", "firing warning"),
            (4, 1.0, "cleared warning", "resolved"),
        ],
    ),
    "the value 0 is a value": (
        rule(((CRITICAL, 1.0),), below=True),
        [(0, 0.0, "raised critical", "firing critical"), (2, 2.0, "cleared critical", "resolved")],
    ),
    "0 clears": (rule(), [(0, 0.9, "raised critical", "firing critical"), (2, 0.0, "cleared critical", "resolved")]),
    "a negative limit": (
        rule(((WARNING, -0.2),), below=True),
        [
            (0, -0.3, "raised warning", "firing warning"),
            (2, -0.195, "", "firing warning"),
            (4, -0.19, "cleared warning", "resolved"),
        ],
    ),
    "beyond every bound": (rule(), [(0, inf, "raised critical", "firing critical")]),
    "a missing sample neither begins nor ends anything": (
        rule(hold=6.0),
        [
            *[(n, value, "", "inactive") for n, value in enumerate(MISSING)],
            (10, 0.8, "", "pending warning"),
            *[(11 + n / 8, value, "", "pending warning") for n, value in enumerate(MISSING)],
            (16, 0.8, "raised warning", "firing warning"),
            *[(20 + n, value, "", "no data warning") for n, value in enumerate(MISSING)],
            (30, 0.1, "", "firing warning"),
            *[(31 + n, value, "", "no data warning") for n, value in enumerate(MISSING)],
            (40, 0.1, "cleared warning", "resolved"),
        ],
    ),
    "a series that is gone takes its alert along": (
        rule(hold=2.0),
        [
            (0, 0.8, "", "pending warning"),
            (2, GONE, "", "inactive"),
            (4, 0.8, "", "pending warning"),
            (6, 0.8, "raised warning", "firing warning"),
            (8, GONE, "cleared warning", "resolved"),
            (10, 0.8, "", "pending warning"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES)
def test_life(life: str) -> None:
    play(*LIVES[life], interval=inf)


def test_a_transition_says_when_what_and_since_when() -> None:
    engine = AlertEngine([rule(hold=2.0, message="too much")])
    engine.evaluate({CPU: Value(0.8)}, 10.0, 500.0)
    engine.evaluate({CPU: Value(0.82)}, 12.0, 502.0)
    (alert,) = engine.active()
    assert (alert.value, alert.threshold, alert.since, alert.level) == (0.82, 0.7, 500.0, WARNING)
    assert (alert.series, alert.rule.message) == (CPU, "too much")
    (raised,) = engine.log()
    assert (raised.time, raised.change, raised.since, raised.value, raised.threshold) == (
        502.0, Change.RAISED, 500.0, 0.82, 0.7,
    )  # fmt: skip
    engine.evaluate({CPU: Value(0.95)}, 14.0, 504.0)
    escalated = engine.log()[-1]
    assert (escalated.change, escalated.threshold, escalated.since) == (Change.ESCALATED, 0.9, 500.0)
    engine.evaluate({CPU: Value(0.1)}, 16.0, 506.0)
    engine.evaluate({CPU: Value(0.1)}, 18.0, 508.0)
    cleared = engine.log()[-1]
    assert (cleared.change, cleared.level, cleared.value, cleared.threshold) == (Change.CLEARED, CRITICAL, 0.1, 0.9)


def test_each_series_lives_by_itself() -> None:
    engine = AlertEngine([Rule("disk", "busy", ((WARNING, 0.8),), hold=2.0)])
    sda, sdb = series("busy", device="sda"), series("busy", device="sdb")
    engine.evaluate({sda: Value(0.9), sdb: Value(0.1)}, 0, 0)
    changes = engine.evaluate({sda: Value(0.9), sdb: Value(0.9)}, 2, 2)
    assert [(each.series, each.change) for each in changes] == [(sda, Change.RAISED)]
    changes = engine.evaluate({sda: Value(0.9), sdb: Value(0.9)}, 4, 4)
    assert [(each.series, each.change) for each in changes] == [(sdb, Change.RAISED)]
    changes = engine.evaluate({sdb: Value(0.9)}, 6, 6)  # sda was taken out
    assert [(each.series, each.change) for each in changes] == [(sda, Change.CLEARED)]
    assert [alert.series for alert in engine.active()] == [sdb]


def test_labels_choose_series() -> None:
    full = Rule("root", "full", ((WARNING, 0.8),), labels=(("mount", "/"),))
    engine = AlertEngine([full])
    engine.evaluate({series("full", mount="/"): Value(0.9), series("full", mount="/home"): Value(0.9)}, 0, 0)
    assert [str(alert.series) for alert in engine.active()] == ["full{mount=/}"]
    assert not full.matches(series("other", mount="/"))
    assert full.matches(series("full", mount="/", device="sda"))


def test_several_rules_on_one_series() -> None:
    engine = AlertEngine([rule(((WARNING, 0.7),)), rule(((CRITICAL, 0.5),))])
    engine.evaluate({CPU: Value(0.8)}, 0, 0)
    assert now(engine.active()) == "firing critical, firing warning"


def test_order_is_firing_then_worst_then_oldest() -> None:
    engine = AlertEngine([
        Rule("pending", "p", ((CRITICAL, 1.0),), hold=100.0),
        Rule("warning", "w", ((WARNING, 1.0),)),
        Rule("young", "y", ((CRITICAL, 1.0),)),
        Rule("old", "o", ((CRITICAL, 1.0),)),
        Rule("info", "i", ((INFO, 1.0),)),
    ])  # fmt: skip
    values = {series(id): Value(2.0) for id in "pwoi"}
    engine.evaluate(values, 0, 0)
    engine.evaluate({**values, series("y"): Value(2.0)}, 1, 1)
    assert [alert.rule.name for alert in engine.active()] == ["old", "young", "warning", "info", "pending"]


def test_what_was_handed_out_does_not_change() -> None:
    engine = AlertEngine([rule()])
    engine.evaluate({CPU: Value(0.8)}, 0, 0)
    before, log = engine.active(), engine.log()
    engine.evaluate({CPU: Value(0.95)}, 2, 2)
    assert now(before) == "firing warning"
    assert len(log) == 1


def test_the_log_is_bounded() -> None:
    engine = AlertEngine([rule(hysteresis=0.0)])
    for tick in range(LOG_LENGTH + 100):
        at = tick * 3600.0  # often enough for the log, not so often that it flaps
        engine.evaluate({CPU: Value(0.8 if tick % 2 else 0.1)}, at, at)
    assert len(engine.log()) == LOG_LENGTH
    assert engine.log()[-1].time == (LOG_LENGTH + 99) * 3600.0


def test_rules_come_from_the_configuration() -> None:
    config = parse(
        {
            "alerts": [
                {"name": "cpu", "metric": "cpu_percent", "warning": 80, "critical": "95%", "for": "6s"},
                {"name": "root", "metric": "disk_usage", "critical": "90%", "message": "full"},
                {
                    "name": "cache", "metric": "ai.cache.hit", "labels": {"model": "m"}, "warning": 0.5,
                    "direction": "below", "hysteresis": 0.1,
                },
                {"name": "slow", "metric": "app.request.duration", "labels": {"stat": "p99"}, "info": "250ms"},
                {"name": "few", "metric": "active_workers", "warning": 6, "critical": 4, "direction": "below"},
            ]
        },
        "test.toml",
    )  # fmt: skip
    cpu, root, cache, slow, few = rules(config)
    assert (cpu.metric, cpu.thresholds, cpu.hold) == (CPU.id, ((CRITICAL, 0.95), (WARNING, 0.8)), 6.0)
    assert cpu.message == "CPU is high"
    assert (root.labels, root.message) == ((("mount", "/"),), "full")
    assert (cache.below, cache.labels, cache.hysteresis, cache.most) == (True, (("model", "m"),), 0.1, 1.0)
    assert cache.message == "cache hit is low"
    assert (slow.thresholds, slow.most) == (((INFO, 0.25),), inf)
    assert (few.thresholds, few.level(6), few.level(5), few.level(3)) == (
        ((CRITICAL, 4.0), (WARNING, 6.0)), OK, WARNING, CRITICAL,
    )  # fmt: skip


def test_the_rules_that_ship() -> None:
    shipped = {each.metric: (dict(each.thresholds), each.hold) for each in rules(parse({}, "test.toml"))}
    assert shipped == {
        "system.cpu.utilization": ({WARNING: 0.80, CRITICAL: 0.95}, 6.0),
        "system.memory.utilization": ({WARNING: 0.85}, 6.0),
        "app.error.total": ({CRITICAL: 0.10}, 6.0),
    }
